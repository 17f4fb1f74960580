import { existsSync, readdirSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { BackupJob } from '../../../server/backup/schema.ts';
import { SYSTEM } from '../../../server/identity.ts';
import { type Bench, HOST, openBench } from '../api/harness.ts';

let bench: Bench;
let to: string;
beforeEach(async () => {
  bench = await openBench();
  to = join(await mkdtemp(join(tmpdir(), 'haidang-backup-')), 'copy');
});
afterEach(async () => {
  await bench.close();
  await rm(join(to, '..'), { recursive: true, force: true });
});

const headers = { host: HOST, origin: `http://${HOST}` };
const begin = (payload: object, cookie = '') =>
  bench.app.inject({ method: 'POST', url: '/api/v1/backups', headers: { ...headers, cookie }, payload });
const current = () => bench.app.inject({ method: 'GET', url: '/api/v1/backups/current', headers });

async function ended(): Promise<BackupJob> {
  for (;;) {
    const job = (await current()).json() as BackupJob;
    if (job.state !== 'running') return job;
    await new Promise((done) => setTimeout(done, 20));
  }
}

it('an administrator at the network begins none: it writes where the request says', async () => {
  const cookie = await bench.signIn({ user: 'chief', role: 'administrator' });
  const answer = await begin({ to }, cookie);
  expect(answer.statusCode).toBe(403);
  expect(answer.json()).toMatchObject({ code: 'HD_FORBIDDEN' });
  expect(existsSync(to)).toBe(false);
});

it('the control socket begins one, follows it to its end, and it is in the audit trail', async () => {
  bench.local = true;
  expect((await current()).statusCode).toBe(404);
  const started = await begin({ to });
  expect(started.statusCode).toBe(202);
  expect((await begin({ to })).statusCode).toBe(429);
  expect(await ended()).toMatchObject({ state: 'done', error: null, summary: { to, events: 0, problems: [] } });
  expect(readdirSync(join(to, 'backups')).length).toBe(1);
  const { records } = await bench.records.as(SYSTEM).find('audit');
  expect(records.map(({ document }) => [document.act, document.actor, document.target])).toContainEqual([
    'backup.start',
    'local:0',
    to,
  ]);
});

it('a folder that cannot be used fails the backup with the reason', async () => {
  bench.local = true;
  expect((await begin({ to: 'relative' })).statusCode).toBe(400);
  await begin({ to: join(bench.folder, 'inside') });
  expect(await ended()).toMatchObject({
    state: 'failed',
    error: expect.stringMatching(/lie in each other/),
    summary: null,
  });
});

import { rm, writeFile } from 'node:fs/promises';
import type { Server } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { run as backup } from '../../../server/commands/backup.ts';
import { run as firstRun } from '../../../server/commands/first-run.ts';
import { run as health, healthLines } from '../../../server/commands/health.ts';
import { run as user } from '../../../server/commands/user.ts';
import { listenOnControlSocket } from '../../../server/control/socket.ts';
import type { SystemHealth } from '../../../server/health/schema.ts';
import { SYSTEM } from '../../../server/identity.ts';
import { type Bench, openBench } from '../api/harness.ts';

let bench: Bench;
let socket: Server;
const said: string[] = [];

beforeAll(async () => {
  bench = await openBench();
  bench.local = true;
  await bench.app.ready();
  // Every request counts as local in this bench; the marks are for real servers.
  socket = await listenOnControlSocket(bench.folder, bench.app, { mark: () => {} } as never);
  vi.stubEnv('HAIDANG_DATA', bench.folder);
  for (const stream of ['log', 'error'] as const)
    vi.spyOn(console, stream).mockImplementation((...words: unknown[]) => void said.push(words.join(' ')));
  await bench.addAgency('one');
});
afterAll(async () => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  socket?.closeAllConnections();
  await new Promise<void>((done) => (socket ? socket.close(() => done()) : done()));
  await bench?.close();
});
beforeEach(() => {
  said.length = 0;
});
const text = () => said.join('\n');
const audited = async (act: string) =>
  (await bench.records.as(SYSTEM).find('audit', { limit: 1000 })).records.filter(
    ({ document }) => document.act === act,
  );

describe('haidang first-run', () => {
  it('shows what is there, what is open, and what to do next', async () => {
    expect(await firstRun([])).toBe(1);
    expect(text()).toMatch(/1 +administrator +open +0 administrators, without a second factor/);
    expect(text()).toMatch(/4 +store +open +embedded/);
    expect(text()).toContain('Next: haidang first-run administrator NAME');
  });

  it('names the province, takes the agencies, and puts aside what can wait', async () => {
    expect(await firstRun(['province', 'Tỉnh Cà Mau'])).toBe(0);
    const file = join(bench.folder, 'co-quan.csv');
    await writeFile(file, 'id,name,networks\nso-y-te,Sở Y tế,10.1.0.0/16\nso-tp,Sở Tư pháp,10.2.0.0/16\n');
    expect(await firstRun(['agencies', file, '--dry-run'])).toBe(0);
    expect(text()).toContain('Would be done: 2 added');
    expect(await firstRun(['agencies', file])).toBe(0);
    expect(text()).toContain('Done: 2 added');
    await rm(file);
    expect(await firstRun(['store'])).toBe(0);
    expect(text()).toContain('haidang migrate --to opensearch');
    expect(await firstRun(['tls'])).toBe(0);
    expect(text()).toContain('allowed_hosts: [soc.example.vn]');
    for (const step of ['administrator', 'tls', 'collector']) expect(await firstRun([step, '--skip'])).toBe(0);
    expect(await firstRun(['store', '--done'])).toBe(0);
    said.length = 0;
    expect(await firstRun(['--json'])).toBe(0);
    expect(JSON.parse(text())).toMatchObject({
      finished: true,
      province: 'Tỉnh Cà Mau',
      facts: { agencies: 3, store: 'embedded' },
      steps: [
        { step: 'administrator', state: 'skipped' },
        { step: 'province', state: 'done' },
        { step: 'agencies', state: 'done' },
        { step: 'store', state: 'done' },
        { step: 'tls', state: 'skipped' },
        { step: 'collector', state: 'skipped' },
      ],
    });
    expect(await firstRun(['tls', '--open'])).toBe(0);
    expect(await firstRun([])).toBe(1);
    expect((await audited('setup.step')).length).toBeGreaterThanOrEqual(6);
  });

  it.each([
    ['a step that is none', ['nothing'], /the steps are administrator, province/],
    ['no name', ['province'], /first-run province NAME/],
    ['no file', ['agencies'], /agencies FILE.csv/],
    ['no agency', ['collector'], /--agency ID/],
    ['two decisions', ['tls', '--done', '--skip'], /one of --done, --skip and --open/],
    ['a province without a name', ['province', '--done'], /once it has a name/],
  ])('says what is wrong: %s', async (_what, args, message) => {
    await expect(firstRun(args)).rejects.toMatchObject({ message: expect.stringMatching(message), exitCode: 2 });
  });
});

describe('haidang health', () => {
  it('shows parts, threads, queues, disk and certificates of the server', async () => {
    expect(await health([])).toBe(0);
    expect(text()).toMatch(/part records +ok/);
    expect(text()).toMatch(/thread event writer +runs, \d+ calls? under way/);
    expect(text()).toMatch(/disk +50\.0 % used, .* no forecast yet/);
    expect(text()).toContain('All is well.');
    said.length = 0;
    await health(['--json']);
    expect(JSON.parse(text()).workers).toContainEqual(expect.objectContaining({ name: 'records', state: 'runs' }));
  });

  it('marks each line that needs somebody, whatever logs and people wrote into it', () => {
    const wrong: SystemHealth = {
      at: '',
      version: '1',
      startedAt: '',
      memoryBytes: 0,
      parts: [{ name: 'records', state: 'does not answer' }],
      workers: [{ name: 'detection', state: 'waits', deaths: 2, calls: 1 }],
      queues: { detection: 5, trouble: 'a batch fails', collectors: 0, deadLettered: 0, consoles: 0 },
      store: { events: 1, days: 1, since: null },
      disk: { totalBytes: 1, freeBytes: 0, usedPercent: 96, state: 'stopped', daysLeft: 0.5 },
      certificates: [{ what: 'collector', name: 'máy', notAfter: '2026-01-01', state: 'over' }],
      backup: { state: 'failed', to: '/b', startedAt: '', error: 'no room' },
      restoredAt: null,
    };
    const marked = healthLines(wrong).filter(({ ok }) => !ok);
    expect(marked.map(({ what }) => what)).toEqual([
      'part records',
      'thread detection',
      'rules',
      'disk',
      'certificate collector máy',
      'backup',
    ]);
    expect(marked[1]?.is).toBe('is started again, 1 call under way, died 2 times');
  });
});

describe('haidang user', () => {
  const account = async (name: string) => (await bench.accounts.users.get(name)) as { role: string; disabled: boolean };

  it('changes what is named and leaves the rest; other rights end tokens, a lock ends sessions', async () => {
    await bench.signIn({ user: 'minh', role: 'analyst', agencies: ['one'], displayName: 'Trần Minh' });
    const { token } = await bench.accounts.sessions.start('minh');
    expect(await user(['change', 'minh', '--role', 'lead', '--all-agencies'])).toBe(0);
    expect(text()).toBe('minh: lead, all agencies, active.');
    expect(await account('minh')).toMatchObject({ role: 'lead', agencies: 'all', displayName: 'Trần Minh' });
    expect(await user(['change', 'minh', '--agency', 'one', '--display-name', 'Minh'])).toBe(0);
    expect(await account('minh')).toMatchObject({ role: 'lead', agencies: ['one'], displayName: 'Minh' });
    expect(await bench.accounts.sessions.find(token)).toBeDefined();
    expect(await user(['lock', 'minh'])).toBe(0);
    expect(await bench.accounts.sessions.find(token)).toBeUndefined();
    expect(await account('minh')).toMatchObject({ disabled: true });
    expect(await user(['unlock', 'minh'])).toBe(0);
    expect(await account('minh')).toMatchObject({ disabled: false });
  });

  it.each([
    ['nothing to change', ['change', 'minh'], /takes --role/],
    ['both bounds', ['change', 'minh', '--agency', 'one', '--all-agencies'], /not both/],
    ['a role that is none', ['change', 'minh', '--role', 'king'], /--role must be one of/],
    ['nobody', ['lock', 'nobody'], /there is no user "nobody"/],
  ])('says what is wrong: %s', async (_what, args, message) => {
    await expect(user(args)).rejects.toMatchObject({ message: expect.stringMatching(message), exitCode: 2 });
  });
});

describe('haidang backup', () => {
  const ID = '20261122T213352123Z-9f3a';

  it('puts a restore that was tried on record, and shows it', async () => {
    expect(await backup(['status'])).toBe(0);
    expect(text()).toContain('No place is configured');
    expect(text()).toContain('No restore was tried yet');
    expect(await backup(['drill', ID, '--note', 'đủ dữ liệu'])).toBe(0);
    said.length = 0;
    expect(await backup(['status'])).toBe(0);
    expect(text()).toContain(`Last restore that was tried: ${ID} by local:0`);
    expect(text()).toContain('đủ dữ liệu');
    expect(await audited('backup.drill')).toHaveLength(1);
    await expect(backup(['drill', ID])).rejects.toMatchObject({ exitCode: 2 });
    await expect(backup(['drill', 'x', '--note', 'y'])).rejects.toMatchObject({ exitCode: 2 });
  });

  it('goes to the configured place alone where none is named', async () => {
    await expect(backup(['now'])).rejects.toMatchObject({ exitCode: 2, code: 'HD_BAD_REQUEST' });
  });
});

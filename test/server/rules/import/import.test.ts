import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ImportJob, ImportReport } from '../../../../server/rules/import/schema.ts';
import type { RuleList } from '../../../../server/rules/schema.ts';
import { type Bench, HOST, openBench } from '../../api/harness.ts';
import { batchOf, sshFailure } from '../../store/frames.ts';
import { zipOf } from './zip-file.ts';

const id = (last: string) => `3f0c1f9e-5d1b-4a58-8d0b-0000000000${last}`;
const rule = (last: string, part: string, logsource = '{product: linux, service: sshd}') => `title: Rule ${last}
id: ${id(last)}
status: test
level: medium
logsource: ${logsource}
detection:
  selection: {${part}}
  condition: selection
`;
const OWN = rule('01', 'user.name: minh');

let bench: Bench;
let folder: string;
const cookies: Record<string, string> = {};
const ask = (who: string, method: 'GET' | 'POST', path: string, payload?: object | Buffer) => {
  bench.local = who === 'local';
  const type = Buffer.isBuffer(payload) ? 'application/octet-stream' : 'application/json';
  return bench.app.inject({
    method,
    url: `/api/v1/rules${path}`,
    headers: {
      host: HOST,
      origin: `http://${HOST}`,
      cookie: cookies[who] ?? '',
      ...(payload ? { 'content-type': type } : {}),
    },
    ...(payload ? { payload } : {}),
  });
};
const settled = async (who = 'admin'): Promise<ImportJob> => {
  for (;;) {
    const job = (await ask(who, 'GET', '/imports/current')).json<ImportJob>();
    if (job.state !== 'running') return job;
    await new Promise((done) => setTimeout(done, 100));
  }
};
const report = async (query = '') =>
  (await ask('admin', 'GET', `/imports/current/report${query}`)).json<ImportReport>();
const begin = async (path: string) => {
  expect((await ask('local', 'POST', '/imports', { path })).statusCode).toBe(202);
  return settled();
};
const listed = async () => new Map((await ask('admin', 'GET', '')).json<RuleList>().rules.map((one) => [one.id, one]));

beforeAll(async () => {
  bench = await openBench();
  cookies['admin'] = await bench.signIn({ user: 'hoa', role: 'administrator' });
  cookies['analyst'] = await bench.signIn({ user: 'lan' });
  await mkdir(join(bench.folder, 'rules'));
  await writeFile(join(bench.folder, 'rules', 'own.yml'), OWN);
  await ask('admin', 'POST', '/reload');
  await bench.events.append(batchOf([sshFailure(0, '198.51.100.9')]));
  folder = join(bench.folder, 'sigma');
  await mkdir(join(folder, 'rules'), { recursive: true });
  const write = (name: string, text: string) => writeFile(join(folder, 'rules', name), text);
  await write('runs.yml', rule('02', 'event.outcome: failure'));
  await write('source.yml', rule('03', 'event.outcome: failure', '{product: windows, service: sysmon}'));
  await write('field.yml', rule('04', 'file.hash.md5: abc'));
  await write('same.yml', OWN);
  await write('wrong.yml', rule('05', 'user.name|nope: x'));
  await write(
    'many.yml',
    `title: Many
id: ${id('06')}
status: test
level: high
correlation: {type: event_count, rules: [${id('02')}], group-by: [source.ip], timespan: 1m, condition: {gte: 3}}
---
title: Of nothing
id: ${id('07')}
status: test
level: high
correlation: {type: event_count, rules: [no_such], group-by: [source.ip], timespan: 1m, condition: {gte: 3}}
`,
  );
});
afterAll(() => bench.close());

describe('an import', () => {
  it('is begun by administrators, from a path by the server’s own user alone', async () => {
    expect((await ask('analyst', 'POST', '/imports', { path: folder })).statusCode).toBe(403);
    expect((await ask('admin', 'POST', '/imports', { path: folder })).json()).toMatchObject({ code: 'HD_FORBIDDEN' });
    expect((await ask('analyst', 'GET', '/imports/current')).statusCode).toBe(403);
    expect((await ask('admin', 'GET', '/imports/current')).statusCode).toBe(404);
  });

  it('says what runs, what has no data, what is there already, and what is refused and where', async () => {
    const job = await begin(folder);
    expect(job).toMatchObject({ state: 'ready', counts: { runs: 2, 'no-data': 2, present: 1, refused: 2 }, looked: 1 });
    const { rows } = await report();
    const of = (file: string) => rows.filter((row) => row.file === `rules/${file}`);
    expect(of('runs.yml')).toMatchObject([{ state: 'runs', id: id('02'), reasons: [], replaces: false }]);
    expect(of('source.yml')).toMatchObject([{ state: 'no-data', reasons: ['source-never'] }]);
    expect(of('field.yml')).toMatchObject([{ state: 'no-data', reasons: ['field-never'], fields: ['file.hash.md5'] }]);
    expect(of('same.yml')).toMatchObject([{ state: 'present', reasons: ['same'] }]);
    expect(of('wrong.yml')).toMatchObject([
      { state: 'refused', code: 'HD_RULE_UNKNOWN_MODIFIER', line: 7, id: id('05') },
    ]);
    expect(of('many.yml')).toMatchObject([
      { state: 'refused', code: 'HD_RULE_REFERENCE', line: 11 },
      { state: 'runs', id: id('06') },
    ]);
    expect(await report('?state=refused&limit=1')).toMatchObject({ total: 2, rows: [{ state: 'refused' }] });
    expect([...(await listed()).keys()]).toEqual([id('01')]);
  });

  it('is taken over as drafts, which are in force only once somebody switches them on', async () => {
    const taken = await ask('admin', 'POST', '/imports/current/take', { as: 'draft', states: ['runs', 'no-data'] });
    expect(taken.json()).toMatchObject({ state: 'taken', taken: { rules: 4, as: 'draft' } });
    const rules = await listed();
    expect(rules.get(id('01'))).toMatchObject({ enabled: true });
    for (const last of ['02', '03', '04', '06']) expect(rules.get(id(last))).toMatchObject({ enabled: false });
    expect((await ask('admin', 'POST', '/imports/current/take', { as: 'draft', states: ['runs'] })).statusCode).toBe(
      400,
    );
  });

  it('once more replaces what an import brought, and puts in force with a reason alone', async () => {
    await writeFile(join(folder, 'rules', 'runs.yml'), rule('02', 'event.outcome: success'));
    expect(await begin(folder)).toMatchObject({ state: 'ready' });
    expect((await report('?state=runs')).rows).toMatchObject([{ id: id('02'), replaces: true }]);
    const choice = { as: 'enabled', states: ['runs'], ids: [id('02')] };
    expect((await ask('admin', 'POST', '/imports/current/take', choice)).statusCode).toBe(400);
    const taken = await ask('admin', 'POST', '/imports/current/take', { ...choice, reason: 'agreed in the shift' });
    expect(taken.json()).toMatchObject({ taken: { rules: 1, as: 'enabled' } });
    expect((await listed()).get(id('02'))).toMatchObject({ enabled: true });
    expect(await readdir(join(bench.folder, 'rules', 'drafts'))).not.toContain(`${id('02')}.yml`);
  });

  it('of an archive that is sent is read like a folder, and leaves no file behind', async () => {
    const sent = zipOf([{ name: 'sigma-master/a.yml', content: rule('08', 'event.outcome: failure') }]);
    expect((await ask('analyst', 'POST', '/imports/file?name=r.zip', sent)).statusCode).toBe(403);
    expect((await ask('admin', 'POST', '/imports/file?name=r.zip', sent)).statusCode).toBe(202);
    expect(await settled()).toMatchObject({ from: 'r.zip', state: 'ready', counts: { runs: 1 } });
    expect((await ask('admin', 'POST', '/imports/current/cancel')).json()).toMatchObject({ state: 'cancelled' });
    expect(await readdir(join(bench.folder, 'incoming'))).toEqual([]);
    const text = Buffer.from(rule('09', 'event.outcome: failure'));
    expect((await ask('admin', 'POST', '/imports/file?name=one.yml', text)).statusCode).toBe(202);
    expect(await settled()).toMatchObject({ state: 'ready', counts: { runs: 1 } });
    expect((await ask('admin', 'POST', '/imports/file?name=no.zip', Buffer.from('no archive'))).statusCode).toBe(202);
    expect(await settled()).toMatchObject({ state: 'failed', error: expect.stringContaining('no zip archive') });
    expect((await ask('admin', 'POST', '/imports/file?name=..%2Fx', text)).statusCode).toBe(400);
  });

  it('of what is not there fails with a reason', async () => {
    expect(await begin(join(folder, 'nothing'))).toMatchObject({
      state: 'failed',
      error: expect.stringContaining('ENOENT'),
    });
  });
});

const SIGMA = join(import.meta.dirname, '../../../../../shared/data/sigma/sigmahq-rules.tar.gz');
if (existsSync(SIGMA)) {
  describe('the public rules', () => {
    it('are read and judged while the main thread goes on', async () => {
      const unpacked = join(bench.folder, 'public');
      await mkdir(unpacked);
      execFileSync('tar', ['-xzf', SIGMA, '-C', unpacked]);
      let longest = 0;
      let last = performance.now();
      const beat = setInterval(() => {
        longest = Math.max(longest, performance.now() - last);
        last = performance.now();
      }, 20);
      expect((await ask('local', 'POST', '/imports', { path: unpacked })).statusCode).toBe(202);
      const job = await settled();
      clearInterval(beat);
      expect(job.state).toBe('ready');
      const { runs = 0, 'no-data': noData = 0 } = job.counts ?? {};
      expect(runs + noData).toBeGreaterThan(3_700);
      console.info(JSON.stringify({ counts: job.counts, longestPauseMs: Math.round(longest) }));
    }, 120_000);
  });
}

import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { readArguments, UsageError } from '../../../server/commands/arguments.ts';
import type { Connection } from '../../../server/commands/connection.ts';
import { ACT_OPTIONS, readIncidentAct } from '../../../server/commands/incident-acts.ts';
import { readSettingsAct, SETTINGS_OPTIONS } from '../../../server/commands/incident-settings.ts';
import type { IncidentDetail } from '../../../server/incidents/schema.ts';
import { type Bench, HOST, openBench } from '../api/harness.ts';
import { RULE } from '../api/rule.ts';

let bench: Bench;
let connection: Connection;
let folder: string;
let id = '';
beforeAll(async () => {
  bench = await openBench({ rules: [RULE] });
  await bench.addAgency('one');
  await bench.addAlert('a1');
  await bench.addAlert('a2');
  const cookie = await bench.signIn({ user: 'lan' });
  const headers = { host: HOST, origin: `http://${HOST}`, cookie };
  const send = async (method: string, url: string, payload?: object | Buffer) => {
    const more = Buffer.isBuffer(payload) ? { 'content-type': 'application/octet-stream' } : {};
    const answer = await bench.app.inject({
      ...{ method: method as 'GET', url, headers: { ...headers, ...more } },
      ...(payload === undefined ? {} : { payload }),
    });
    if (answer.statusCode >= 400) throw new Error(`${answer.statusCode} ${answer.payload}`);
    return answer;
  };
  connection = {
    running: true,
    ask: async (method, path, body) => (await send(method, path, body as object | undefined)).json(),
    sendFile: async (path, bytes) => (await send('POST', path, bytes)).json(),
    file: async (path) => (await send('GET', path)).rawPayload,
    close: async () => {},
  };
  folder = await mkdtemp(join(tmpdir(), 'haidang-incident-acts-'));
});
afterAll(async () => {
  await bench?.close();
  await rm(folder, { recursive: true, force: true });
});

/** Does what a command line says. */
async function did(...line: readonly string[]): Promise<IncidentDetail> {
  const { values, positionals } = readArguments(line, { ...ACT_OPTIONS, status: { type: 'string' } });
  const act = readIncidentAct(positionals, values);
  if (!act) throw new UsageError('no act');
  const detail = await act(connection);
  if (!detail) throw new Error('no answer');
  return detail;
}

describe('haidang incident', () => {
  it('makes one of an alert, with what is said of it', async () => {
    const when = ['--detected', '2026-11-22T08:15:00+07:00'];
    const detail = await did('make', '--alert', 'a1', '--title', 'Dò mật khẩu', '--class', 'test/test', ...when);
    id = detail.incident.id;
    expect(detail.incident).toMatchObject({ title: 'Dò mật khẩu', rsit: 'test/test', alerts: 1 });
    expect(detail.incident.detectedAt).toBe('2026-11-22T01:15:00.000Z');
  });

  it('sets, comments, gives tasks and ends them', async () => {
    const set = await did('set', id, '--severity', 'critical', '--class', 'none', '--owner', 'lan', '--tlp', 'green');
    expect(set.incident).toMatchObject({ severity: 'critical', rsit: null, owner: 'lan', tlp: 'green' });
    expect((await did('set', id, '--status', 'investigating', '--owner', 'none')).incident).toMatchObject({
      status: 'investigating',
      owner: null,
    });
    expect((await did('comment', id, '--text', 'Đã gọi.')).comments).toMatchObject([{ text: 'Đã gọi.' }]);
    const [task] = (await did('task', id, '--title', 'Chặn', '--due', '2030-01-01T00:00:00Z')).tasks;
    expect(task).toMatchObject({ title: 'Chặn', due: '2030-01-01T00:00:00.000Z', doneAt: null });
    const done = await did('task', id, task?.id ?? '', '--done', '--due', 'none');
    expect(done.tasks).toMatchObject([{ due: null, doneBy: 'lan' }]);
  });

  it('adds and takes out, by what is seen as well as by id', async () => {
    const added = await did(
      ...['add', id, '--alert', 'a2', '--indicator', 'xau[.]example[.]net', '--technique', 'T1021.004'],
      ...['--system', 'Cổng dịch vụ công', '--level', '4', '--agency', 'one'],
    );
    expect(added.systems).toMatchObject([{ name: 'Cổng dịch vụ công', level: 4, agency: 'one' }]);
    expect(added.indicators.map(({ value }) => value)).toContain('xau.example.net');
    const left = await did(
      ...['remove', id, '--alert', 'a2', '--indicator', 'xau.example.net', '--technique', 'T1021.004'],
      ...['--system', 'Cổng dịch vụ công'],
    );
    expect(left.alerts.map((one) => one.id)).toEqual(['a1']);
    expect(left.systems).toEqual([]);
    expect(left.indicators.map(({ value }) => value)).not.toContain('xau.example.net');
    expect(left.techniques.map(({ technique }) => technique)).not.toContain('T1021.004');
  });

  it('keeps evidence, hands it over, and gives it back byte for byte but never over a file', async () => {
    const file = join(folder, 'nhật ký.log');
    await writeFile(file, 'dòng một\n');
    const [piece] = (await did('evidence', id, '--file', file, '--note', 'Từ máy chủ')).evidence;
    expect(piece).toMatchObject({ name: 'nhật ký.log', note: 'Từ máy chủ', bytes: 12 });
    const name = piece?.id ?? '';
    const handed = await did('evidence', id, name, '--hand-over', '--note', 'Cho Minh');
    expect(handed.evidence[0]?.custody.map(({ act }) => act)).toEqual(['added', 'handed']);
    const to = join(folder, 'copy.log');
    await expect(did('evidence', id, name, '--to', to)).rejects.toThrow('no answer');
    expect(await readFile(to, 'utf8')).toBe('dòng một\n');
    await expect(did('evidence', id, name, '--to', to)).rejects.toThrow(/EEXIST/);
  });

  it('merges and parts', async () => {
    const other = (await did('make', '--title', 'Khác', '--agency', 'one')).incident.id;
    expect((await did('merge', id, other)).merged).toMatchObject([{ id: other, title: 'Khác' }]);
    expect((await did('part', id, other)).merged).toEqual([]);
  });

  it('refuses what was decided upon an older version, and what says nothing', async () => {
    await expect(did('set', id, '--title', 'x', '--if-version', '1')).rejects.toThrow(/409/);
    await expect(did('set', id)).rejects.toThrow(UsageError);
    await expect(did('make')).rejects.toThrow(UsageError);
    await expect(did('remove', id)).rejects.toThrow(UsageError);
    await expect(did('task', id, 't', '--done', '--open')).rejects.toThrow(UsageError);
    await expect(did('set', id, '--detected', 'soon')).rejects.toThrow(UsageError);
    await expect(did('vanish', id)).rejects.toThrow('no act');
  });

  it('sets which rules make incidents by themselves, and what is never an indicator', async () => {
    const said: string[] = [];
    const log = vi.spyOn(console, 'log').mockImplementation((text: string) => void said.push(text));
    const author = { ...connection };
    const cookie = await bench.signIn({ user: 'author', role: 'rule-author' });
    const headers = { host: HOST, origin: `http://${HOST}`, cookie };
    author.ask = async (method, url, payload) => {
      const answer = await bench.app.inject({
        method,
        url,
        headers,
        ...(payload ? { payload: payload as object } : {}),
      });
      if (answer.statusCode >= 400) throw new Error(`${answer.statusCode} ${answer.payload}`);
      return answer.json();
    };
    const set = async (...line: readonly string[]) => {
      const { values, positionals } = readArguments(line, { ...ACT_OPTIONS, ...SETTINGS_OPTIONS });
      const act = readSettingsAct(positionals, { ...values, json: line[0] !== 'settings' });
      if (!act) throw new UsageError('no act');
      expect(await act(author)).toBe(0);
      return said.at(-1) ?? '';
    };
    expect(await set('settings')).toContain('No alert becomes an incident by itself.');
    await set('by-rule', RULE.id, '--severity', 'high');
    await set('by-rule', '*', '--severity', 'critical');
    await set('allow', '192.0.2.0/24', 'example.org');
    expect(JSON.parse(await set('by-rule', RULE.id, '--severity', 'low'))).toEqual({
      byRule: [
        { rule: '*', severity: 'critical' },
        { rule: RULE.id, severity: 'low' },
      ],
      allow: ['192.0.2.0/24', 'example.org'],
    });
    await set('by-rule', '*', '--off');
    await set('allow', '192.0.2.0/24', '--off');
    expect(await set('settings')).toMatch(new RegExp(`${RULE.id} +low[^]*Never an indicator:\n  example.org$`));
    await expect(set('by-rule', '*', '--severity', 'dreadful')).rejects.toThrow('400');
    await expect(set('allow', 'no name')).rejects.toThrow('400');
    await expect(set('by-rule', '*')).rejects.toThrow(UsageError);
    await expect(set('allow')).rejects.toThrow('no act');
    log.mockRestore();
  });
});

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ParserChanged, ParserDetail, ParserList, ParserTrialAnswer } from '../../../server/parsers/schema.ts';
import { parsersOfGroup } from '../../../server/parsers/store.ts';
import { openParserTrials } from '../../../server/parsers/try-parsers.ts';
import { type Bench, HOST, openBench } from '../api/harness.ts';

const YAML = `name: igate-pay
title: Payments
dataset: igate.pay
steps: [{dissect: '%{client} %{result}'}]
fields:
  client: source.ip
  result: {to: event.outcome, map: {OK: success, NO: failure}}
samples:
  - {line: '203.0.113.5 OK', expect: {event.outcome: success}}
  - {line: '203.0.113.6 NO', expect: {source.ip: 203.0.113.6}}
`;

describe('parsers on the server', () => {
  let bench: Bench;
  const cookies: Record<string, string> = {};

  beforeAll(async () => {
    bench = await openBench();
    await bench.addAgency('one');
    cookies['author'] = await bench.signIn({ user: 'author', role: 'rule-author', agencies: 'all' });
    cookies['root'] = await bench.signIn({ user: 'root2', role: 'administrator', agencies: 'all' });
    cookies['bound'] = await bench.signIn({ user: 'bound', role: 'administrator', agencies: ['one'] });
    cookies['analyst'] = await bench.signIn({ user: 'analyst', role: 'analyst', agencies: 'all' });
  }, 120_000);
  afterAll(() => bench?.close());

  async function ask<T>(who: string, method: 'GET' | 'POST' | 'PUT' | 'DELETE', path: string, body?: object) {
    const response = await bench.app.inject({
      method,
      url: `/api/v1${path}`,
      headers: { cookie: cookies[who] ?? '', host: HOST },
      ...(body === undefined ? {} : { payload: body }),
    });
    return { status: response.statusCode, body: (response.body === '' ? null : response.json()) as T };
  }

  it('are tried with lines, and say for each what became of it', async () => {
    const lines = ['203.0.113.9 NO', 'nothing', '203.0.113.9 MAYBE'];
    const { status, body } = await ask<ParserTrialAnswer>('author', 'POST', '/parsers/try', { yaml: YAML, lines });
    expect(status).toBe(200);
    expect(body).toMatchObject({ name: 'igate-pay', problems: [], samples: 2 });
    expect(body.lines[0]).toMatchObject({ event: { source: { ip: '203.0.113.9' }, event: { outcome: 'failure' } } });
    expect(body.lines[1]).toMatchObject({ event: null, stopsAt: { column: 1, part: ' ' } });
    expect(body.lines[2]?.left).toEqual([
      { name: 'result', field: 'event.outcome', why: 'its value is not listed in "map"' },
    ]);
    const wrong = await ask<ParserTrialAnswer>('author', 'POST', '/parsers/try', { yaml: 'name: x', lines });
    expect(wrong.body.lines).toEqual([]);
    expect(wrong.body.problems[0]).toMatchObject({ line: 1 });
  });

  it('are kept once their samples hold, with every wording and its author', async () => {
    const bad = await ask<{ code: string; detail: string }>('author', 'PUT', '/parsers/igate-pay', {
      yaml: YAML.replace('NO: failure', 'NO: success').replace(
        'expect: {source.ip: 203.0.113.6}',
        'expect: {event.outcome: failure}',
      ),
    });
    expect(bad).toMatchObject({ status: 400, body: { code: 'HD_PARSER_INVALID' } });
    expect(bad.body.detail).toContain('Line 10, column 1: Sample 2: "event.outcome" should be "failure"');

    const first = await ask<ParserChanged>('author', 'PUT', '/parsers/igate-pay', { yaml: YAML, expected: 0 });
    expect(first).toMatchObject({
      status: 200,
      body: { parser: { version: 1, title: 'Payments' }, policies: [], waiting: [] },
    });
    const second = YAML.replace('title: Payments', 'title: Payments of the portal');
    expect((await ask('author', 'PUT', '/parsers/igate-pay', { yaml: second, expected: 0 })).status).toBe(409);
    expect((await ask('root', 'PUT', '/parsers/igate-pay', { yaml: second, expected: 1 })).status).toBe(200);
    expect((await ask('author', 'PUT', '/parsers/other', { yaml: second })).status).toBe(400);

    const { body } = await ask<ParserDetail>('author', 'GET', '/parsers/igate-pay');
    expect(body.versions.map(({ version, by, yaml }) => [version, by, yaml])).toEqual([
      [2, 'root2', second],
      [1, 'author', YAML],
    ]);
    const { body: list } = await ask<ParserList>('author', 'GET', '/parsers');
    expect(list.parsers.map(({ name, version }) => [name, version])).toEqual([['igate-pay', 2]]);
    expect(list.builtIn).toContain('nginx');
  });

  it('go to the groups that an administrator names, and wait there for a policy', async () => {
    expect((await ask('author', 'PUT', '/parsers/igate-pay/groups', { groups: ['portals'] })).status).toBe(403);
    const { status, body } = await ask<ParserChanged>('root', 'PUT', '/parsers/igate-pay/groups', {
      groups: ['portals'],
    });
    expect({ status, waiting: body.waiting, groups: body.parser.groups }).toEqual({
      status: 200,
      waiting: ['portals'],
      groups: ['portals'],
    });
    expect((await parsersOfGroup(bench.records, 'portals')).length).toBe(1);
    expect(await parsersOfGroup(bench.records, 'others')).toEqual([]);
    expect((await ask('root', 'DELETE', '/parsers/igate-pay')).status).toBe(400);
    await ask('root', 'PUT', '/parsers/igate-pay/groups', { groups: [] });
    expect((await ask('root', 'DELETE', '/parsers/igate-pay')).status).toBe(204);
    expect((await ask('root', 'GET', '/parsers/igate-pay')).status).toBe(404);
    // What comes again under the name goes on counting.
    expect((await ask<ParserChanged>('root', 'PUT', '/parsers/igate-pay', { yaml: YAML })).body.parser.version).toBe(3);
  });

  it('are of the province alone; who is bound to an agency may try, and write a file for the own machine', async () => {
    expect((await ask('bound', 'GET', '/parsers')).status).toBe(403);
    expect((await ask('bound', 'PUT', '/parsers/igate-pay', { yaml: YAML })).status).toBe(403);
    expect((await ask('bound', 'POST', '/parsers/try', { yaml: YAML, lines: [] })).status).toBe(200);
    expect((await ask('analyst', 'POST', '/parsers/try', { yaml: YAML, lines: [] })).status).toBe(403);
    expect((await ask('analyst', 'GET', '/parsers/not-understood')).body).toEqual({ sources: [], complete: true });
  });

  it('that take too long to try are ended, and the next one is tried', async () => {
    // What no thread can do within a millisecond: a parser is read and made ready, and lines travel both ways.
    const trials = openParserTrials(1);
    const lines = Array.from({ length: 100 }, () => 'a'.repeat(16_384));
    try {
      await expect(trials.run({ yaml: YAML, lines, timeZone: 'UTC' })).rejects.toThrow('took longer than 0.001 s');
    } finally {
      await trials.close();
    }
    const again = openParserTrials();
    try {
      const all = [1, 2, 3].map(() => again.run({ yaml: YAML, lines: ['203.0.113.5 OK'], timeZone: 'UTC' }));
      for (const { lines } of await Promise.all(all)) expect(lines[0]?.event).not.toBeNull();
    } finally {
      await again.close();
    }
  });
}, 120_000);

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Bench, HOST, openBench } from '../api/harness.ts';
import { failures, storeEvents } from './events.ts';

const SECRET = 'mat-cua-hai';
let bench: Bench;
let province = '';
let one = '';
beforeAll(async () => {
  bench = await openBench();
  await storeEvents(bench.events, failures(30), { agency: 'one', collector: 'c1aaaaaa' });
  const secret = failures(6, [SECRET]).map((event) => ({ ...event, labels: { [SECRET]: 'x' } }));
  await storeEvents(bench.events, secret, { agency: 'two', collector: 'c2bbbbbb' });
  province = await bench.signIn({ user: 'tinh', role: 'viewer' });
  one = await bench.signIn({ user: 'mot', agencies: ['one'] });
});
afterAll(() => bench.close());

const ask = async (path: string, query: Record<string, string>, cookie = province) => {
  const url = `/api/v1/events${path}?${new URLSearchParams(query)}`;
  return bench.app.inject({ url, headers: { host: HOST, cookie } });
};

describe('values of a field', () => {
  it('come with counts, the rest and how many were looked at', async () => {
    const answer = (await ask('/values', { field: 'user.name', limit: '1' })).json();
    expect(answer).toEqual({
      field: 'user.name',
      values: [{ value: 'root', count: 20 }],
      other: 16,
      absent: 0,
      looked: 36,
      complete: true,
    });
    const of = { field: 'user.name', kql: 'source.ip: 203.0.113.1 and not user.name: admin' };
    expect((await ask('/values', of, one)).json().values).toEqual([{ value: 'root', count: 4 }]);
  });

  it('need the name of one field', async () => {
    for (const query of [{}, { field: '' }, { field: 'user.*' }, { field: 'x'.repeat(301) }]) {
      expect((await ask('/values', query as Record<string, string>)).statusCode).toBe(400);
    }
    expect((await ask('/values', { field: 'a', kql: 'b: (' })).json().code).toBe('HD_KQL_SYNTAX');
  });
});

describe('the histogram', () => {
  it('is divided by the values of a field where that is asked for', async () => {
    const plain = (await ask('/histogram', { from: 'now-1h', buckets: '60' })).json();
    expect(plain).not.toHaveProperty('stack');
    const answer = (await ask('/histogram', { from: 'now-1h', by: 'user.name', values: '2' })).json();
    expect(answer).toMatchObject({
      total: 36,
      complete: true,
      stack: { field: 'user.name', values: ['root', 'admin'] },
    });
    expect(answer.stack.buckets).toHaveLength(answer.buckets.length);
    for (const [at, { count }] of answer.buckets.entries()) {
      const { counts, other, absent } = answer.stack.buckets[at];
      expect(counts[0] + counts[1] + other + absent).toBe(count);
    }
    const sum = (place: number) =>
      answer.stack.buckets.reduce((total: number, { counts }: { counts: number[] }) => total + (counts[place] ?? 0), 0);
    expect([sum(0), sum(1)]).toEqual([20, 10]);
  });
});

describe('the fields of the events', () => {
  it('are listed with type and coverage', async () => {
    const answer = (await ask('/fields', { sample: '10' })).json();
    expect(answer).toMatchObject({ looked: 10, complete: false });
    expect(answer.fields).toContainEqual({ name: 'source.ip', events: 10, type: 'ip' });
    expect(answer.fields.some(({ name }: { name: string }) => name === 'source')).toBe(false);
    expect((await ask('/fields', { kql: `user.name: ${SECRET}` })).json()).toMatchObject({ looked: 6, complete: true });
  });
});

describe('suggestions', () => {
  it('are names of fields: those seen first, then those that ECS knows, by any of their parts', async () => {
    const names = async (prefix: string) => (await ask('/suggest', { prefix })).json().suggestions as string[];
    expect((await names('sour')).slice(0, 2)).toEqual(['source.ip', 'source.port']);
    expect(await names('sour')).toContain('source.address');
    expect(await names('outcome')).toEqual(['event.outcome']);
    expect(await names('zzz')).toEqual([]);
    expect((await names('')).length).toBe(20);
  });

  it('are values of a field', async () => {
    const values = await ask('/suggest', { field: 'user.name', prefix: 'R' });
    expect(values.json().suggestions).toEqual(['root']);
  });
});

describe('a user bound to one agency', () => {
  it('is told nothing of another by values, histogram, fields, suggestions or export', async () => {
    const asked: [string, Record<string, string>][] = [
      ['/values', { field: 'user.name' }],
      ['/values', { field: `labels.${SECRET}` }],
      ['/values', { field: 'organization.id' }],
      ['/histogram', { by: 'user.name' }],
      ['/histogram', { by: 'organization.id' }],
      ['/fields', {}],
      ['/suggest', { field: 'user.name' }],
      ['/suggest', { prefix: 'labels' }],
      ['/export', { format: 'csv' }],
      ['/export', { format: 'ndjson' }],
    ];
    for (const [path, query] of asked) {
      const seen = await ask(path, query, province);
      const answer = await ask(path, query, one);
      expect([path, answer.statusCode]).toEqual([path, 200]);
      const body = answer.payload.replaceAll(`"field":"labels.${SECRET}"`, '');
      expect([path, body.includes(SECRET), /"two"|,two,/.test(body)]).toEqual([path, false, false]);
      expect([path, /mat-cua-hai|"two"|,two,/.test(seen.payload)]).toEqual([path, true]);
    }
  });
});

describe('progress', () => {
  it('is told to the user who asked, under the name that the client chose, while it runs', async () => {
    const { events } = bench;
    const real = events.as.bind(events);
    let finish: () => void = () => {};
    events.as = (identity) => ({
      ...real(identity),
      search: async (_query, _signal, onProgress) => {
        onProgress?.({ done: 0.25, rows: 1_000, documents: 30 });
        await new Promise<void>((resolve) => {
          finish = resolve;
        });
        return { events: [], next: null, complete: true };
      },
    });
    try {
      const search = 'a-name-of-mine';
      const asked = ask('', { search });
      const told = () => ask('/progress', { search });
      for (let turn = 0; turn < 100 && !(await told()).json().running; turn++)
        await new Promise((go) => setImmediate(go));
      expect((await told()).json()).toEqual({ running: true, done: 0.25, rows: 1_000, documents: 30 });
      expect((await ask('/progress', { search }, one)).json()).toMatchObject({ running: false });
      finish();
      expect((await asked).statusCode).toBe(200);
      expect((await told()).json()).toMatchObject({ running: false });
      expect((await ask('/progress', { search: 'a b' })).statusCode).toBe(400);
    } finally {
      events.as = real;
    }
  });
});

describe('a search that stopped early', () => {
  it('says why, and how far back it looked', async () => {
    const { events } = bench;
    const real = events.as.bind(events);
    const ts = Date.UTC(2026, 10, 22, 8);
    events.as = (identity) => ({
      ...real(identity),
      search: async () => ({
        events: [],
        next: `${ts.toString(36)}.a1`,
        complete: false,
        stopped: 'documents' as const,
      }),
    });
    try {
      const answer = (await ask('', {})).json();
      expect(answer).toMatchObject({ complete: false, stopped: 'documents', reached: '2026-11-22T08:00:00.000Z' });
    } finally {
      events.as = real;
    }
  });
});

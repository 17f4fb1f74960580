import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SYSTEM } from '../../../server/identity.ts';
import { csvField } from '../../../server/search/csv.ts';
import { type ExportTally, exportText } from '../../../server/search/export.ts';
import type { EventQuery, EventView } from '../../../server/store/event-store.ts';
import { type Bench, HOST, openBench } from '../api/harness.ts';
import type { Parsed } from '../store/frames.ts';
import { failures, storeEvents } from './events.ts';

const EVENTS = 1_300;
let bench: Bench;
let cookie = '';
beforeAll(async () => {
  bench = await openBench({ exportEvents: EVENTS });
  const [first, ...others] = failures(EVENTS);
  const formula: Parsed = {
    ...first,
    '@timestamp': '',
    message: '=HYPERLINK("http://x";"y")',
    labels: { many: ['a', '@b'] },
  };
  await storeEvents(bench.events, [formula, ...others]);
  cookie = await bench.signIn({ user: 'lan' });
});
afterAll(() => bench.close());

const download = (query: Record<string, string>) =>
  bench.app.inject({
    url: `/api/v1/events/export?${new URLSearchParams({ from: 'now-1h', ...query })}`,
    headers: { host: HOST, cookie },
  });

/** What the audit trail says of the export of a query: its end is recorded after its last byte. */
async function audited(kql: string) {
  const view = bench.records.as(SYSTEM);
  for (;;) {
    const { records } = await view.find('audit', { limit: 1_000 });
    const documents = records.map(({ document }) => document);
    const start = documents.find(({ act, detail }) => act === 'events.export' && detail['kql'] === kql);
    const end = documents.find(({ act, target }) => act === 'events.exported' && target === start?.target);
    if (start && end) return { start, end };
    await new Promise((go) => setTimeout(go, 10));
  }
}

describe('an export', () => {
  it('gives every event once, newest first, over many pages', async () => {
    const answer = await download({ format: 'ndjson', kql: 'event.outcome: failure' });
    expect(answer.statusCode).toBe(200);
    expect(answer.headers['content-type']).toContain('application/x-ndjson');
    expect(answer.headers['content-disposition']).toMatch(/^attachment; filename="haidang-\d{14}\.ndjson"$/);
    const lines = answer.payload.trimEnd().split('\n');
    expect(lines).toHaveLength(EVENTS);
    const times = lines.map((line) => JSON.parse(line)['@timestamp'] as string);
    expect(times).toEqual([...times].sort().reverse());
    expect(new Set(times).size).toBe(EVENTS);
    const { start, end } = await audited('event.outcome: failure');
    expect(start).toMatchObject({ actor: 'lan', detail: { format: 'ndjson' } });
    expect(end).toMatchObject({ actor: 'lan', detail: { events: EVENTS, whole: true } });
  });

  it('gives a CSV of the chosen columns in which no text is run as a formula', async () => {
    const answer = await download({
      format: 'csv',
      kql: 'HYPERLINK',
      fields: 'user.name, message,labels.many,no.such',
    });
    expect(answer.headers['content-type']).toContain('text/csv');
    expect(answer.payload).toBe(
      `\ufeffuser.name,message,labels.many,no.such\r\nroot,"'=HYPERLINK(""http://x"";""y"")","a; @b",\r\n`,
    );
    const all = await download({ format: 'csv' });
    expect(all.payload.split('\r\n')).toHaveLength(EVENTS + 2);
  });

  it('is refused where it would be larger than configured, instead of being cut', async () => {
    await storeEvents(bench.events, failures(1), { first: 5_000 });
    const answer = await download({ format: 'ndjson' });
    expect(answer.json()).toMatchObject({ code: 'HD_TOO_LARGE', status: 413 });
    expect(answer.json().detail).toContain(`${EVENTS + 1} events`);
    expect((await download({ format: 'ndjson', kql: 'user.name: admin' })).statusCode).toBe(200);
  });

  it('is refused for a wrong query, format or column list, and without a session', async () => {
    const wrong: Record<string, string>[] = [
      { format: 'xlsx' },
      {},
      { format: 'csv', kql: 'a: (' },
      { format: 'csv', fields: ' , ' },
    ];
    for (const query of wrong) expect((await download(query)).statusCode).toBe(400);
    const bare = await bench.app.inject({ url: '/api/v1/events/export?format=csv', headers: { host: HOST } });
    expect(bare.statusCode).toBe(401);
  });

  it('ends when its client goes away, and the audit trail says how much went out', async () => {
    const { events } = bench;
    const real = events.as.bind(events);
    let stopped: unknown;
    events.as = (identity) => {
      const view = real(identity);
      return {
        ...view,
        count: async () => ({ count: 10, complete: true }),
        search: async (query: EventQuery, signal?: AbortSignal) => {
          if (query.after === undefined)
            return { ...(await view.search({ ...query, condition: { kind: 'always' }, limit: 10 })), next: 'zz.1' };
          // The second page never comes: only the client's going ends it.
          await new Promise((resolve) => signal?.addEventListener('abort', resolve));
          stopped = signal?.reason;
          throw stopped;
        },
      };
    };
    try {
      await bench.app.listen({ host: '127.0.0.1', port: 0 });
      const { port } = bench.app.server.address() as AddressInfo;
      const request = get({ port, path: '/api/v1/events/export?format=ndjson&kql=gone', headers: { cookie } });
      const [answer] = (await once(request, 'response')) as [IncomingMessage];
      const [text] = (await once(answer, 'data')) as [Buffer];
      expect(text.toString().trimEnd().split('\n')).toHaveLength(10);
      request.destroy();
      const { end } = await audited('gone');
      expect(end).toMatchObject({ actor: 'lan', detail: { events: 10, whole: false } });
      expect(stopped).toBeInstanceOf(Error);
    } finally {
      events.as = real;
    }
  });

  it('is refused while two of the same user are under way', async () => {
    const { events } = bench;
    const real = events.as.bind(events);
    const waiting: (() => void)[] = [];
    events.as = (identity) => ({
      ...real(identity),
      count: () => new Promise((resolve) => waiting.push(() => resolve({ count: 0, complete: true }))),
      search: async () => ({ events: [], next: null, complete: true }),
    });
    try {
      const under = [download({ format: 'csv' }), download({ format: 'csv' })];
      while (waiting.length < 2) await new Promise((go) => setTimeout(go, 5));
      const third = await download({ format: 'csv' });
      expect(third.json()).toMatchObject({ code: 'HD_TOO_MANY' });
      for (const go of waiting) go();
      for (const answer of await Promise.all(under)) expect(answer.statusCode).toBe(200);
      waiting.length = 0;
      const next = download({ format: 'csv' });
      while (waiting.length < 1) await new Promise((go) => setTimeout(go, 5));
      waiting[0]?.();
      expect((await next).statusCode).toBe(200);
    } finally {
      events.as = real;
    }
  });
});

describe('the pages of an export', () => {
  const range = { from: '2026-11-20T00:00:00.000Z', to: '2026-11-21T00:00:00.000Z' };
  const request = { range, condition: { kind: 'always' }, format: 'ndjson', columns: [], limit: 1_000_000 } as const;
  const never = new AbortController().signal;

  /** A view of endless events of one length, which notes how many each page was asked for. */
  function endless(length: number, pages: number) {
    const limits: number[] = [];
    const view = {
      search: async ({ limit }: EventQuery) => {
        limits.push(limit);
        const event = { '@timestamp': range.from, event: { original: 'x'.repeat(length) } };
        const events = Array.from({ length: limit }, (_, sequence) => ({ id: 'x', sequence, event }));
        return { events, next: limits.length < pages ? 'a.b' : null, complete: true };
      },
    } as unknown as EventView;
    return { view, limits };
  }

  it('are asked for only when the one before was taken', async () => {
    const { view, limits } = endless(100, 1_000);
    const tally: ExportTally = { events: 0, whole: false };
    const text = exportText(view, request, tally, never);
    for (let taken = 1; taken <= 3; taken++) {
      await text.next();
      expect(limits).toHaveLength(taken);
    }
    await text.return(undefined);
    expect(tally).toEqual({ events: 1_500, whole: false });
  });

  it('get shorter where lines are long', async () => {
    const { view, limits } = endless(200_000, 5);
    const tally: ExportTally = { events: 0, whole: false };
    for await (const _ of exportText(view, request, tally, never));
    expect(limits).toEqual([500, 250, 125, 62, 31]);
    expect(tally.whole).toBe(true);
  });

  it('end with an error at the limit, never with a file that is silently cut', async () => {
    const { view } = endless(10, 10);
    const tally: ExportTally = { events: 0, whole: false };
    const taken = async () => {
      for await (const _ of exportText(view, { ...request, limit: 700 }, tally, never));
    };
    await expect(taken()).rejects.toMatchObject({ code: 'HD_TOO_LARGE' });
    expect(tally).toEqual({ events: 500, whole: false });
  });
});

describe('a field of a CSV', () => {
  it.each<[unknown, string]>([
    ['plain', 'plain'],
    ['=1+1', '"\'=1+1"'],
    ['+84 91', '"\'+84 91"'],
    ['-1', '"\'-1"'],
    [-1, '-1'],
    ['@SUM(A1)', '"\'@SUM(A1)"'],
    ['\t=1', '"\'\t=1"'],
    ['  =1', '"\'  =1"'],
    ['＝1', '"\'＝1"'],
    ['a=b', 'a=b'],
    ['say "hi", now', '"say ""hi"", now"'],
    ['two\nlines', '"two\nlines"'],
    [null, ''],
    [['a', 1, true], '"a; 1; true"'],
    [['=a', 'b'], '"\'=a; b"'],
    [{ a: 1 }, '"{""a"":1}"'],
    ['Sở Nội vụ', 'Sở Nội vụ'],
  ])('%j is written as %s', (value, text) => {
    expect(csvField(value)).toBe(text);
  });
});

import { beforeEach, describe, expect, it } from 'vitest';
import type { Condition } from '../../../rules/query/condition.ts';
import { parseKql } from '../../../rules/query/kql.ts';
import { SYSTEM } from '../../../server/identity.ts';
import type { Bench } from './conformance.ts';
import { AGENCY_A, batchOf, COLLECTOR, idAt, type Parsed, sshFailure } from './frames.ts';

const RANGE = { from: '2026-11-20T00:00:00.000Z', to: '2026-11-21T00:00:00.000Z' };

/** Eight events of different kinds; the tests name them by `tag`. */
const SAMPLES: readonly Parsed[] = [
  { ...sshFailure(1), labels: { tag: 'ssh-1' } },
  { ...sshFailure(2, '203.0.113.9', 'admin'), labels: { tag: 'ssh-2' } },
  {
    ...sshFailure(3, '10.1.2.3', 'thu-ky'),
    event: { kind: 'event', module: 'system', dataset: 'system.auth', action: 'ssh_login', outcome: 'success' },
    message: 'Accepted publickey for thu-ky from 10.1.2.3 port 40003 ssh2',
    labels: { tag: 'ssh-ok' },
  },
  {
    '@timestamp': '2026-11-20T08:00:04.000Z',
    event: {
      original: 'GET /dich-vu/ho-so.php?id=1%20UNION%20SELECT HTTP/1.1 404',
      module: 'nginx',
      dataset: 'nginx.access',
      category: ['web'],
    },
    http: { request: { method: 'GET' }, response: { status_code: 404 } },
    url: { original: '/dich-vu/ho-so.php?id=1%20UNION%20SELECT', path: '/dich-vu/ho-so.php' },
    source: { ip: '2001:db8:5::17' },
    labels: { tag: 'web-404' },
  },
  {
    '@timestamp': '2026-11-20T08:00:05.000Z',
    message: 'Tiếp nhận hồ sơ đất đai số 4711, trạng thái: chờ xử lý',
    event: { module: 'igate', category: ['process'], severity: 3 },
    'user.name': 'nguyễn văn a',
    labels: { tag: 'viet' },
  },
  {
    '@timestamp': '2026-11-20T08:00:06.000Z',
    message: 'ការ​ព្រមាន៖ ចូល​មិន​ត្រឹមត្រូវ',
    event: { module: 'portal', category: ['authentication', 'web'] },
    labels: { tag: 'khmer' },
  },
  {
    '@timestamp': '2026-11-20T08:00:07.000Z',
    message: 'quoted "word" and back\\slash, tab\tend; underscore_name',
    event: { kind: 'pipeline_error' },
    process: { command_line: 'powershell.exe -EncodedCommand SQBFAFgA' },
    rule: { name: 'ET SCAN Suspicious inbound' },
    labels: { tag: 'quotes', many: ['alpha beta', 'gamma'], nothing: null, flag: true },
  },
  {
    '@timestamp': '2026-11-19T23:00:00.000Z',
    message: 'late arrival from the evening before',
    event: { module: 'system' },
    labels: { tag: 'late' },
  },
];

/** Query → tags of the events that satisfy it, newest first. */
const QUERIES: readonly (readonly [kql: string, tags: readonly string[]])[] = [
  ['', ['quotes', 'khmer', 'viet', 'web-404', 'ssh-ok', 'ssh-2', 'ssh-1']],
  ['event.outcome: failure', ['ssh-2', 'ssh-1']],
  ['event.outcome: FAILURE and user.name: Admin', ['ssh-2']],
  ['not event.module: system', ['quotes', 'khmer', 'viet', 'web-404']],
  ['event.category: web', ['khmer', 'web-404']],
  ['event.category: *', ['khmer', 'viet', 'web-404', 'ssh-2', 'ssh-1']],
  ['not event.category: *', ['quotes', 'ssh-ok']],
  ['event.kind: pipeline_error', ['quotes']],
  ['source.ip: 203.0.113.7', ['ssh-1']],
  ['source.ip: 203.0.113.0/24', ['ssh-2', 'ssh-1']],
  ['source.ip: 10.0.0.0/8', ['ssh-ok']],
  ['source.ip: "2001:db8:5::/48"', ['web-404']],
  ['not source.ip: *', ['quotes', 'khmer', 'viet']],
  ['source.ip: 203.*', ['ssh-2', 'ssh-1']],
  ['user.name: *', ['viet', 'ssh-ok', 'ssh-2', 'ssh-1']],
  ['user.name: "nguyễn văn a"', ['viet']],
  ['user.name: (root or admin)', ['ssh-2', 'ssh-1']],
  ['http.response.status_code: 404', ['web-404']],
  ['http.response.status_code >= 400', ['web-404']],
  ['http.response.status_code < 400', []],
  ['event.severity > 2', ['viet']],
  ['source.port >= 40002', ['ssh-ok', 'ssh-2']],
  ['process.pid: 1001', ['ssh-1']],
  ['url.path: "/dich-vu/ho-so.php"', ['web-404']],
  ['url.path: /dich-vu/*', ['web-404']],
  ['url.original: *union*', ['web-404']],
  ['process.command_line: *encodedcommand*', ['quotes']],
  ['process.command_line: powershell*', ['quotes']],
  ['rule.name: "et scan suspicious inbound"', ['quotes']],
  ['rule.name: "et scan"', []],
  ['labels.many: gamma', ['quotes']],
  ['labels.flag: true', ['quotes']],
  ['labels.t*: khmer', ['khmer']],
  ['@timestamp >= "2026-11-20T08:00:06.000Z"', ['quotes', 'khmer']],
  ['@timestamp < "2026-11-20T08:00:02.000Z"', ['ssh-1']],
  ['failed', ['ssh-2', 'ssh-1']],
  ['FAILED and not admin', ['ssh-1']],
  ['"failed password"', ['ssh-2', 'ssh-1']],
  ['"password failed"', []],
  ['fail*', ['ssh-2', 'ssh-1']],
  ['accept', []],
  ['"hồ sơ đất đai"', ['viet']],
  ['HỒ', ['viet']],
  ['4711', ['viet']],
  ['ត្រឹមត្រូវ', ['khmer']],
  ['word', ['quotes']],
  ['underscore_name', ['quotes']],
  ['name', ['quotes']],
  ['"back\\\\slash"', ['quotes']],
  ['failed or 4711', ['viet', 'ssh-2', 'ssh-1']],
  ['organization.id: so-tai-chinh and khmer', []],
  ['organization.id: so-y-te', []],
  ['agent.id: c1aaaaaa and event.module: igate', ['viet']],
  ['haidang.source: "file:/var/log/auth.log" and event.module: igate', ['viet']],
  ['event.outcome: failure or url.path: *.php', ['web-404', 'ssh-2', 'ssh-1']],
  ['not (event.outcome: failure or url.path: *.php)', ['quotes', 'khmer', 'viet', 'ssh-ok']],
];

/** Searching: semantics, order, paging, histogram, look-up by id. */
export function searchCases(bench: Bench): void {
  const view = () => bench.store.events.as(SYSTEM);
  const tagsOf = async (condition: Condition, range = RANGE) => {
    const page = await view().search({ range, condition, limit: 100 });
    expect(page.complete).toBe(true);
    return page.events.map(({ event }) => (event['labels'] as { tag: string }).tag);
  };

  describe('search', () => {
    beforeEach(async () => {
      // Over two days of event ids and out of order: neither has to do with event time.
      await bench.store.events.append(batchOf(SAMPLES.slice(0, 5)));
      await bench.store.events.append(batchOf(SAMPLES.slice(5).reverse(), { day: '20261119' }));
    });

    it('finds what the matcher says, for every kind of query', async () => {
      for (const [kql, tags] of QUERIES) expect([kql, await tagsOf(parseKql(kql))]).toEqual([kql, tags]);
    });

    it('counts what it finds', async () => {
      for (const [kql, tags] of QUERIES) {
        const { count } = await view().count({ range: RANGE, condition: parseKql(kql) });
        expect([kql, count]).toEqual([kql, tags.length]);
      }
    });

    it('takes the range with its start and without its end', async () => {
      const from = '2026-11-20T08:00:02.000Z';
      expect(await tagsOf({ kind: 'always' }, { from, to: '2026-11-20T08:00:04.000Z' })).toEqual(['ssh-ok', 'ssh-2']);
      expect(await tagsOf({ kind: 'always' }, { from: RANGE.to, to: RANGE.from })).toEqual([]);
    });

    it('refuses a range that is none', async () => {
      const search = view().search({
        range: { from: 'yesterday', to: RANGE.to },
        condition: { kind: 'always' },
        limit: 1,
      });
      await expect(search).rejects.toMatchObject({ code: 'HD_TIME_RANGE' });
    });

    it('sets over the payload what the certificate says', async () => {
      const forged: Parsed = {
        ...sshFailure(8),
        organization: { id: 'so-y-te', name: 'Sở Y tế' },
        'organization.id': 'so-y-te',
        'agent.id': 'c2bbbbbb',
        'haidang.source': 'elsewhere',
        event: { ...sshFailure(8).event, ingested: '1999-01-01T00:00:00.000Z' },
        labels: { tag: 'forged' },
      };
      await bench.store.events.append(batchOf([forged], { first: 100 }));
      expect(await tagsOf(parseKql('organization.id: so-y-te'))).toEqual([]);
      const [found] = (
        await view().search({ range: RANGE, condition: parseKql('organization.id: so-tai-chinh'), limit: 1 })
      ).events;
      expect(found?.event).toMatchObject({ organization: { id: AGENCY_A }, agent: { id: COLLECTOR } });
      expect(found?.event).toMatchObject({ haidang: { source: 'file:/var/log/auth.log' } });
      expect(found?.event.event.ingested).toBe('2026-11-20T08:00:01.000Z');
      expect(Object.keys(found?.event ?? {})).not.toContain('organization.id');
    });

    it('finds events by id, in the order asked for, and says nothing of others', async () => {
      const ids = [1, 3, 2].map((sequence) => {
        const sample = SAMPLES[sequence - 1];
        return idAt(sequence, String(sample?.event?.['original'] ?? sample?.message));
      });
      const found = await view().getMany([ids[0] ?? '', 'nonsense', idAt(99, 'x'), ids[1] ?? '', ids[2] ?? '']);
      expect(found.map(({ id }) => id)).toEqual(ids);
      expect(found.map(({ sequence }) => sequence)).toEqual([1, 3, 2]);
      expect((await view().get(ids[1] ?? ''))?.event.message).toContain('Accepted publickey');
      expect(await view().get(idAt(1, 'another hash'))).toBeUndefined();
    });

    it('counts by interval, empty ones too', async () => {
      const range = { from: '2026-11-20T08:00:00.000Z', to: '2026-11-20T08:00:10.000Z' };
      for (const kql of ['not event.module: portal', 'not message: ត្រឹមត្រូវ']) {
        const histogram = await view().histogram({ range, condition: parseKql(kql), intervalSeconds: 3 });
        expect(histogram.buckets).toEqual([
          { start: '2026-11-20T08:00:00.000Z', count: 2 },
          { start: '2026-11-20T08:00:03.000Z', count: 3 },
          { start: '2026-11-20T08:00:06.000Z', count: 1 },
          { start: '2026-11-20T08:00:09.000Z', count: 0 },
        ]);
        expect(histogram).toMatchObject({ total: 6, complete: true });
      }
    });

    it('stops when the caller does', async () => {
      const stop = new AbortController();
      const search = view().search({ range: RANGE, condition: parseKql('message: *a*'), limit: 10 }, stop.signal);
      stop.abort();
      await expect(search).rejects.toThrow();
      expect(await tagsOf(parseKql('event.module: igate'))).toEqual(['viet']);
    });
  });

  describe('paging', () => {
    it('shows each event once, newest first, while others arrive', async () => {
      // 60 events on 6 different times, over three days of ids: most share their time with others.
      const events = Array.from({ length: 60 }, (_, at) => sshFailure(at % 6));
      await bench.store.events.append(batchOf(events.slice(0, 25)));
      await bench.store.events.append(batchOf(events.slice(25, 40), { day: '20261119' }));
      await bench.store.events.append(batchOf(events.slice(40), { day: '20261118' }));
      for (const kql of ['', 'message: *password*']) {
        const seen: { ts: string; sequence: number }[] = [];
        let after: string | undefined;
        for (let page = 0; page < 20; page++) {
          const query = { range: RANGE, condition: parseKql(kql), limit: 7, ...(after === undefined ? {} : { after }) };
          const found = await view().search(query);
          seen.push(...found.events.map(({ event, sequence }) => ({ ts: event['@timestamp'], sequence })));
          if (found.next === null) break;
          after = found.next;
          await bench.store.events.append(batchOf([sshFailure(50 + page)], { first: 500 + page }));
        }
        expect(seen).toHaveLength(60);
        expect(new Set(seen.map(({ sequence }) => sequence)).size).toBe(60);
        const sorted = [...seen].sort((a, b) => (a.ts === b.ts ? b.sequence - a.sequence : a.ts < b.ts ? 1 : -1));
        expect(seen).toEqual(sorted);
        await bench.restart();
        break;
      }
    });

    it('refuses a place that no page gave', async () => {
      const search = view().search({ range: RANGE, condition: { kind: 'always' }, limit: 5, after: "x' or 1" });
      await expect(search).rejects.toMatchObject({ code: 'HD_BAD_REQUEST' });
    });
  });
}

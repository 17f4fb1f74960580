import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseLine } from '../../../collector/parsers/index.ts';
import { readLine, timeOf } from '../../../server/store/line.ts';
import { ByteSink } from '../../../server/store/opensearch/byte-sink.ts';
import { findable } from '../../../server/store/opensearch/document.ts';
import { FramePreparer, type PreparedLine, placeBytes } from '../../../server/store/opensearch/prepare.ts';
import { eventOf, type StoredDocument } from '../../../server/store/opensearch/stored-document.ts';
import { TimeReader } from '../../../server/store/opensearch/time-reader.ts';
import { stamp } from '../../../server/store/stamp.ts';
import { accessLog, authLog } from '../../e2e/logs.ts';
import { batchOf, batchOfLines, COLLECTOR, DAY, EPOCH, idAt, linesIn, type Parsed, sshFailure } from './frames.ts';

const NOW = Date.UTC(2026, 10, 20, 9);
const LIMITS = { past: 8, future: 2 };
const PLACE = { node: 'main', sequence: 77, batch: 5 };

type Document = StoredDocument & Readonly<Record<string, unknown>>;

function written(line: PreparedLine | undefined): Document {
  if (line?.kind !== 'event') throw new Error('The line is no event.');
  const sink = new ByteSink(16);
  line.writeTo(sink, placeBytes(PLACE.node, PLACE.batch), PLACE.sequence);
  const text = sink.written().toString('utf8');
  expect(Buffer.from(text).equals(sink.written())).toBe(true);
  expect(text).not.toContain('\n');
  expect(sink.length).toBeLessThanOrEqual(line.size);
  return JSON.parse(text) as Document;
}

/** The document as it is made of the parsed event; words have no order. */
function expected(line: string, position: number, source: string) {
  const read = readLine(line, `${DAY}-${COLLECTOR}-${EPOCH}-${position}-`);
  if (typeof read === 'string') return read;
  const from = { agency: 'so-tai-chinh', collector: COLLECTOR, receivedAt: '2026-11-20T08:00:01.000Z', source };
  const event = stamp(read.event, from);
  return { event, document: { ...findable(event), '@timestamp': read.ts, store: { ...from, ...PLACE } } };
}

function withSortedWords({ text, ...rest }: Readonly<Record<string, unknown>>) {
  return typeof text === 'string' ? { ...rest, text: text.split(' ').sort() } : rest;
}

/** Lines whose documents were made without parsing them. */
let keptLines = 0;

/** Prepares lines and compares each with what is made by parsing it. */
function compare(preparer: FramePreparer, lines: readonly string[]): void {
  const batch = batchOfLines(lines);
  const prepared = preparer.prepare(batch, NOW, LIMITS).lines;
  for (const [at, line] of linesIn(batch.body).entries()) {
    const found = prepared[at];
    const should = expected(line, at + 1, 'file:/var/log/auth.log');
    if (typeof should === 'string') {
      expect(found).toMatchObject({ kind: 'letter', document: { reason: should } });
      continue;
    }
    const whole = written(found);
    const { document: _, line: kept, ...document } = whole;
    if (kept !== undefined) {
      keptLines++;
      expect(JSON.stringify(kept)).not.toMatch(/\\ud[89a-f]/);
    }
    expect(withSortedWords(document)).toEqual(withSortedWords(JSON.parse(JSON.stringify(should.document))));
    expect(eventOf(whole)).toEqual(JSON.parse(JSON.stringify(should.event)));
  }
}

const text = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 30 }),
  fc.string({ unit: 'binary', maxLength: 20 }),
  fc.constantFrom(
    'Failed password for root',
    'C:\\Windows\\System32\\cmd.exe /c "dir"',
    'Đăng nhập thất bại\n\ttừ 10.0.0.1',
    'ΟΔΟΣ İstanbul \ud800 𝔘',
    '\u0000\u001f',
    'x'.repeat(1_001),
    `${'y'.repeat(230)} z`,
    '71000000000001',
    '10.251.0.1',
    '',
  ),
);
const address = fc.oneof(
  fc.ipV4(),
  fc.ipV6(),
  fc.constantFrom('10.251.0.1', '010.1.1.1', '::ffff:1.2.3.4', 'fe80::1%eth0', '2001:DB8::A', 'none', ''),
);
const scalar = fc.oneof(
  text,
  address,
  fc.integer(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.boolean(),
  fc.constant(null),
  fc.constantFrom<unknown>('22', '0022', '1e3', '-5', 1.5, -0.25, 1e21, 123_456_789_012_345, 2 ** 70),
);
const value = fc.oneof(
  { weight: 6, arbitrary: scalar },
  { weight: 2, arbitrary: fc.array(scalar, { maxLength: 3 }) },
  { weight: 1, arbitrary: fc.json({ maxDepth: 2 }).map((json) => JSON.parse(json) as unknown) },
);
const fields = fc.record(
  {
    message: fc.oneof(text, value),
    user: fc.record({ name: value, id: value }, { requiredKeys: [] }),
    source: fc.record({ ip: fc.oneof(address, value), port: value }, { requiredKeys: [] }),
    process: fc.record({ command_line: value, pid: value, name: text }, { requiredKeys: [] }),
    error: fc.record({ message: value, code: value }, { requiredKeys: [] }),
    labels: fc.dictionary(
      fc.oneof(fc.constantFrom('a', 'a.b', '7', 'có dấu', '__proto__', 'with space'), text),
      value,
      { maxKeys: 3 },
    ),
    organization: fc.oneof(text, fc.record({ id: value, name: value }, { requiredKeys: [] })),
    agent: fc.record({ id: value, version: value }, { requiredKeys: [] }),
    haidang: fc.record({ source: value, peer: value, truncated: fc.boolean() }, { requiredKeys: [] }),
    'haidang.source': value,
    tags: fc.array(text, { maxLength: 3 }),
    suricata: fc.record({ eve: fc.record({ flow: value }) }),
  },
  { requiredKeys: [] },
);
const number = fc.oneof(fc.nat(), fc.integer(), fc.double({ noNaN: true, noDefaultInfinity: true }));
const tame = fc.record(
  {
    message: text,
    user: fc.record({ name: text, id: fc.oneof(text, number) }, { requiredKeys: [] }),
    source: fc.record({ ip: fc.oneof(fc.ipV4(), fc.ipV6()), port: fc.nat() }, { requiredKeys: [] }),
    process: fc.record({ command_line: text, pid: fc.oneof(number, fc.nat().map(String)) }, { requiredKeys: [] }),
    labels: fc.record({ site: text, count: number, on: fc.boolean(), none: fc.constant(null) }, { requiredKeys: [] }),
    organization: fc.record({ id: text, name: text }, { requiredKeys: [] }),
    agent: fc.record({ version: text }),
    haidang: fc.record({ peer: text, source: text, truncated: fc.boolean() }, { requiredKeys: [] }),
    tags: fc.array(text, { maxLength: 3 }),
    related: fc.record({ ip: fc.array(fc.ipV4(), { maxLength: 2 }) }),
  },
  { requiredKeys: [] },
);
const extras = fc.record(
  { original: fc.oneof(text, value), ingested: value, outcome: value, severity: value },
  { requiredKeys: [] },
);
const event = fc.oneof(
  { weight: 3, arbitrary: fc.tuple(tame, fc.record({ original: text, outcome: text }, { requiredKeys: [] })) },
  { weight: 2, arbitrary: fc.tuple(fields, fc.constant({})) },
  { weight: 1, arbitrary: fc.tuple(tame, extras) },
);

describe('documents made of the bytes of lines', () => {
  it('are those that parsing gives, for lines of one shape with whatever values', () => {
    keptLines = 0;
    fc.assert(
      fc.property(fc.array(event, { minLength: 1, maxLength: 4 }), fc.boolean(), (events, spaced) => {
        // Each twice: the second time its shape is known.
        const lines = [...events, ...events].map(([event, extra], at) => {
          const whole = {
            '@timestamp': new Date(NOW - at * 1_003).toISOString(),
            event: { ...extra, id: idAt(at + 1, 'x') },
            ...event,
          };
          return spaced ? JSON.stringify(whole, null, ' ').replaceAll('\n', '\t') : JSON.stringify(whole);
        });
        compare(new FramePreparer(), lines);
      }),
      { numRuns: 300 },
    );
    expect(keptLines).toBeGreaterThan(200);
  });

  it('are those that parsing gives, where values of a known shape change their kind', () => {
    const preparer = new FramePreparer();
    const line = (at: number, port: string, ip: string, name: string, more = '') =>
      `{"@timestamp":"2026-11-20T08:00:0${at % 10}Z","event":{"id":"${idAt(at, 'x')}"},"source":{"port":${port},"ip":"${ip}"},"user":{"name":"${name}"}${more}}`;
    const ports = [
      '22',
      '22.0',
      '22.5',
      '-0',
      '-7',
      '1e3',
      '"22"',
      '"022"',
      '00',
      'null',
      'true',
      '123456789012345678',
    ];
    const ips = ['10.0.0.1', '10.0.0.256', '::1', 'x', '10.0.0.1 ', '\\u0031.1.1.1'];
    const names = [
      'Root',
      'a\\"B\\\\C\\/d',
      'Đức',
      '\\ud800',
      '\\u00c0\\n',
      'n'.repeat(1_000),
      'N'.repeat(1_001),
      'é'.repeat(700),
    ];
    const lines: string[] = [];
    for (const port of ports)
      for (const ip of ips) for (const name of names) lines.push(line(lines.length + 1, port, ip, name));
    compare(preparer, [
      ...lines,
      line(lines.length + 1, '1', '::1', 'a', ',"x":1,"x":2'),
      line(lines.length + 2, '1', '::1', 'a', ',"x":3,"x":2'),
    ]);
  });

  it('are those that parsing gives, for what the parsers make of logs', () => {
    const preparer = new FramePreparer();
    const context = { now: NOW, timeZone: 'UTC' };
    const logs = [...authLog(300, { endsAt: NOW, stepMs: 20 }), ...accessLog(300, { endsAt: NOW, stepMs: 20 })];
    const events = logs.map((log) => parseLine(log, 'auto', context) as unknown as Parsed);
    keptLines = 0;
    compare(preparer, linesIn(batchOf(events).body));
    expect(keptLines).toBe(events.length);
  });

  it('are not made of lines that are no events, though their shape is known', () => {
    const preparer = new FramePreparer();
    const good = linesIn(batchOf([sshFailure(1), sshFailure(2), sshFailure(3), sshFailure(4)]).body);
    const [first = '', second = '', third = '', fourth = ''] = good;
    compare(preparer, [first, second, third, fourth]);
    const bad = [
      first.replace('2026-11-20T08', '2026-11-20 08'),
      second.replace(`${EPOCH}-2-`, `${EPOCH}-3-`),
      third.slice(0, -1),
      fourth.replace('"name":"sshd"', '"name":"ss\thd"'),
    ];
    const prepared = preparer.prepare(batchOfLines(bad), NOW, LIMITS).lines;
    expect(prepared.map(({ kind }) => kind)).toEqual(['letter', 'letter', 'letter', 'letter']);
  });

  it('replace what is no UTF-8, as the cluster takes nothing else', () => {
    const preparer = new FramePreparer();
    const batch = batchOf([sshFailure(1, '10.0.0.1', 'aaaa'), sshFailure(2, '10.0.0.1', 'đđ')]);
    preparer.prepare(batch, NOW, LIMITS);
    const plain = zstdDecompressSync(batch.body);
    const at = plain.lastIndexOf('đđ');
    plain[at] = 0xff;
    const [, line] = preparer.prepare({ ...batch, body: zstdCompressSync(plain) }, NOW, LIMITS).lines;
    const { user } = written(line) as unknown as { user: { name: string } };
    expect(user.name).toBe('\ufffd\ufffdđ');
  });

  it('have the times that parsing gives, whatever is written between times of the same day', () => {
    const times = new TimeReader();
    const clock = fc.constantFrom('00', '08', '23', '24', '59', '60', '61', 'x1', '-1').map(String);
    const rest = fc.tuple(clock, clock, clock, fc.constantFrom('000', '007', '999', '1', 'abc', '1234'));
    const end = fc.constantFrom('Z', 'z', '+07:00', '');
    const date = fc.constantFrom(
      '2026-11-20T',
      '2026-11-21T',
      '2026-02-30T',
      '2026-13-01T',
      '1969-12-31T',
      '2026-11-20 ',
    );
    fc.assert(
      fc.property(date, rest, end, (day, [hour, minute, second, ms], zone) => {
        const text = `${day}${hour}:${minute}:${second}.${ms}${zone}`;
        const known = timeOf(text);
        const bytes = Buffer.from(`"${text}"`);
        expect(times.read(bytes, 1, bytes.length - 1)).toBe(typeof known === 'number' && known >= 0 ? known : -1);
      }),
      { numRuns: 2_000 },
    );
  });
});

import { zstdCompressSync } from 'node:zlib';
import { encodeRecordHeader } from '../../../collector/spool/record.ts';

const u16 = (...values: number[]) => {
  const bytes = Buffer.alloc(2 * values.length);
  for (const [at, value] of values.entries()) bytes.writeUInt16BE(value, 2 * at);
  return bytes;
};
const u32 = (...values: number[]) => {
  const bytes = Buffer.alloc(4 * values.length);
  for (const [at, value] of values.entries()) bytes.writeUInt32BE(value, 4 * at);
  return bytes;
};
const set = (id: number, ...parts: Buffer[]) => {
  const body = Buffer.concat(parts);
  return Buffer.concat([u16(id, body.length + 4), body]);
};
const SECONDS = 1_795_255_200;
const FIELDS = u16(8, 4, 12, 4, 7, 2, 11, 2, 4, 1, 1, 4, 2, 4, 22, 4, 21, 4);
const FLOW = Buffer.concat([
  Buffer.from([192, 0, 2, 10, 203, 0, 113, 5]),
  u16(40_000, 443),
  Buffer.from([6]),
  u32(1_500, 10, 90_000, 95_000),
]);

function v9(...sets: Buffer[]): Buffer {
  return Buffer.concat([u16(9, sets.length), u32(100_000, SECONDS, 1, 7), ...sets]);
}

function ipfix(...sets: Buffer[]): Buffer {
  const body = Buffer.concat(sets);
  return Buffer.concat([u16(10, body.length + 16), u32(SECONDS, 1, 7), body]);
}

/** Datagrams of every version: templates, options, flows, lengths in the record, a field of an enterprise. */
export const FLOW_DATAGRAMS: readonly Buffer[] = [
  Buffer.concat([u16(5, 1), u32(100_000, SECONDS, 0, 1), Buffer.from([0, 0]), u16(0), Buffer.alloc(48, 3)]),
  v9(set(0, u16(256, 9), FIELDS), set(256, FLOW, FLOW)),
  v9(set(1, u16(257, 4, 8, 1, 4, 34, 4, 36, 1), Buffer.alloc(2)), set(257, u32(1, 100), Buffer.from([1]))),
  ipfix(set(2, u16(256, 9), FIELDS), set(256, FLOW)),
  ipfix(
    set(2, u16(258, 3, 8, 4, 82, 65_535, 0x8000 | 12, 4), u32(29_305)),
    set(258, Buffer.from([192, 0, 2, 1, 4]), Buffer.from('eth0'), Buffer.from([203, 0, 113, 1])),
  ),
];

const varint = (value: number): number[] => (value > 127 ? [(value % 128) + 128, ...varint(value >>> 7)] : [value]);
const field = (number: number, body: Buffer | string) => {
  const bytes = Buffer.from(body as string);
  return Buffer.concat([Buffer.from([number * 8 + 2, ...varint(bytes.length)]), bytes]);
};
const attribute = (key: string, value: Buffer) => Buffer.concat([field(1, key), field(2, value)]);

/** A request with a resource, a scope, attributes of every kind, nested ones and ids. */
export function otlpProtobuf(): Buffer {
  const time = Buffer.concat([Buffer.from([1 * 8 + 1]), Buffer.alloc(8, 0x18)]);
  const nested = field(6, field(1, attribute('deep', field(5, field(1, field(1, 'một'))))));
  const record = Buffer.concat([
    time,
    Buffer.from([2 * 8, 13]),
    field(3, 'WARN'),
    field(5, field(1, 'Thanh toán bị từ chối')),
    field(6, attribute('client.ip', field(1, '203.0.113.9'))),
    field(6, attribute('count', Buffer.from([3 * 8, 7]))),
    field(6, attribute('map', nested)),
    field(9, Buffer.alloc(16, 7)),
    field(10, Buffer.alloc(8, 7)),
  ]);
  const scope = Buffer.concat([field(1, field(1, 'lib')), field(2, record), field(2, record)]);
  return field(1, Buffer.concat([field(1, field(1, attribute('service.name', field(1, 'igate')))), field(2, scope)]));
}

export function otlpJson(): string {
  const values = [{ stringValue: 'a' }, { intValue: '9007199254740993' }, { doubleValue: 1.5 }, { boolValue: true }];
  const record = {
    timeUnixNano: '1795255200000000000',
    severityText: 'WARN',
    body: { stringValue: 'Thanh toán bị từ chối' },
    attributes: [
      { key: 'client.ip', value: { stringValue: '203.0.113.9' } },
      { key: 'list', value: { arrayValue: { values } } },
      { key: 'map', value: { kvlistValue: { values: [{ key: 'b', value: { bytesValue: 'AAEC' } }] } } },
    ],
    traceId: '0102030405060708090a0b0c0d0e0f10',
  };
  return JSON.stringify({
    resourceLogs: [{ resource: {}, scopeLogs: [{ scope: { name: 'x' }, logRecords: [record] }] }],
  });
}

export function bulkRequest(): string {
  const lines = [
    { create: { _index: 'filebeat', _id: 'a1' } },
    {
      '@timestamp': '2026-11-22T10:00:00Z',
      message: 'Nov 22 10:00:00 h sshd[1]: Failed password for root from 203.0.113.9 port 2 ssh2',
    },
    { index: {} },
    {
      event: { category: ['network'] },
      source: { ip: '203.0.113.9', port: '22' },
      'host.name': 'a',
      winlog: { event_id: 4624 },
    },
    { delete: { _id: 'x' } },
    { update: { _id: 'y' } },
    { doc: { a: 1 } },
  ];
  return `${lines.map((line) => JSON.stringify(line)).join('\n')}\n`;
}

/** The text of a frame as a collector makes it (`ecs/wire.ts`), with so many events. */
export function frameText(events: number): string {
  const header = {
    version: 1,
    collector: 'c0test01',
    epoch: '5f0a3b1c',
    day: '20261122',
    first: 1,
    last: events,
    spooledAt: '2026-11-22T10:00:00.000Z',
    sources: [
      {
        source: 'file:/var/log/a.log',
        read: events,
        spooled: events,
        dropped: {},
        unparsed: 0,
        position: { offset: 9 },
      },
    ],
    runs: events > 0 ? [[0, events]] : [],
  };
  const lines = Array.from({ length: events }, (_, n) => ({
    '@timestamp': '2026-11-22T10:00:00.000Z',
    event: { id: `20261122-c0test01-5f0a3b1c-${n + 1}-0011223344556677`, kind: 'event', original: `dòng ${n}` },
    message: `dòng ${n}`,
    source: { ip: '203.0.113.9', port: n },
  }));
  return `${[header, ...lines].map((line) => JSON.stringify(line)).join('\n')}\n`;
}

export function frame(events: number): Buffer {
  return zstdCompressSync(frameText(events));
}

/** A segment of the spool with so many frames. */
export function segment(frames: number): Buffer {
  const parts = Array.from({ length: frames }, (_, n) => {
    const payload = frame(n);
    return Buffer.concat([encodeRecordHeader(n + 1, n, payload), payload]);
  });
  return Buffer.concat(parts);
}

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { HttpFault } from '../../../collector/inputs/http-body.ts';
import { otlpAnswer, readOtlp } from '../../../collector/inputs/http-otlp.ts';
import { protoFields } from '../../../collector/inputs/protobuf.ts';

const JSON_TYPE = 'application/json';
const PROTO_TYPE = 'application/x-protobuf';

/** A small encoder of the wire format, written apart from the decoder. */
function varint(value: bigint): Buffer {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, value);
  do {
    bytes.push(Number(rest & 127n) | (rest > 127n ? 128 : 0));
    rest >>= 7n;
  } while (rest > 0n);
  return Buffer.from(bytes);
}
const tag = (number: number, wire: number) => varint(BigInt(number * 8 + wire));
const bytes = (number: number, value: Buffer | string) => {
  const inner = Buffer.from(value as string);
  return Buffer.concat([tag(number, 2), varint(BigInt(inner.length)), inner]);
};
const message = (number: number, ...fields: Buffer[]) => bytes(number, Buffer.concat(fields));
const int = (number: number, value: bigint) => Buffer.concat([tag(number, 0), varint(value)]);
const fixed64 = (number: number, value: bigint) => {
  const eight = Buffer.alloc(8);
  eight.writeBigUInt64LE(value);
  return Buffer.concat([tag(number, 1), eight]);
};
const fixed32 = (number: number, value: number) => {
  const four = Buffer.alloc(4);
  four.writeUInt32LE(value);
  return Buffer.concat([tag(number, 5), four]);
};
const real = (number: number, value: number) => {
  const eight = Buffer.alloc(8);
  eight.writeDoubleLE(value);
  return Buffer.concat([tag(number, 1), eight]);
};
const pair = (key: string, ...value: Buffer[]) => Buffer.concat([bytes(1, key), message(2, ...value)]);

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const SPAN = 'b7ad6b7169203331';
const TIME = 1_795_255_200_123_456_789n;

const JSON_REQUEST = {
  resourceLogs: [
    {
      resource: {
        attributes: [
          { key: 'service.name', value: { stringValue: 'igate' } },
          { key: 'team', value: { stringValue: 'portal' } },
        ],
      },
      scopeLogs: [
        {
          scope: { name: 'vn.igate.payment', version: '1.2' },
          logRecords: [
            {
              timeUnixNano: String(TIME),
              severityNumber: 17,
              severityText: 'ERROR',
              body: { stringValue: 'Thanh toán bị từ chối' },
              attributes: [
                { key: 'client.address', value: { stringValue: '203.0.113.9' } },
                { key: 'http.response.status_code', value: { intValue: '502' } },
                { key: 'payment.amount', value: { intValue: '9007199254740993' } },
                { key: 'ratio', value: { doubleValue: 0.5 } },
                { key: 'retry', value: { boolValue: true } },
                { key: 'list', value: { arrayValue: { values: [{ stringValue: 'a' }, { intValue: '-2' }] } } },
                { key: 'map', value: { kvlistValue: { values: [{ key: 'k', value: { stringValue: 'v' } }] } } },
              ],
              traceId: TRACE.toUpperCase(),
              spanId: SPAN,
            },
          ],
        },
      ],
    },
  ],
};

function protobufRequest(): Buffer {
  const record = Buffer.concat([
    fixed64(1, TIME),
    int(2, 17n),
    bytes(3, 'ERROR'),
    message(5, bytes(1, 'Thanh toán bị từ chối')),
    message(6, pair('client.address', bytes(1, '203.0.113.9'))),
    message(6, pair('http.response.status_code', int(3, 502n))),
    message(6, pair('payment.amount', int(3, 9007199254740993n))),
    message(6, pair('ratio', real(4, 0.5))),
    message(6, pair('retry', int(2, 1n))),
    message(6, pair('list', message(5, message(1, bytes(1, 'a')), message(1, int(3, -2n))))),
    message(6, pair('map', message(6, message(1, pair('k', bytes(1, 'v')))))),
    fixed32(8, 1),
    bytes(9, Buffer.from(TRACE, 'hex')),
    bytes(10, Buffer.from(SPAN, 'hex')),
    // A field of a later version is skipped.
    bytes(99, 'from the future'),
  ]);
  const scope = message(2, message(1, bytes(1, 'vn.igate.payment'), bytes(2, '1.2')), bytes(2, record));
  const resource = message(
    1,
    message(1, pair('service.name', bytes(1, 'igate'))),
    message(1, pair('team', bytes(1, 'portal'))),
  );
  return message(1, resource, scope);
}

const only = (body: Buffer, type: string) => {
  const read = readOtlp(body, type);
  expect(read).toMatchObject({ accepted: 1, rejected: 0 });
  const documents = [...read.documents];
  expect(documents).toHaveLength(1);
  return JSON.parse(String(documents[0])) as Record<string, unknown>;
};

describe('OTLP logs', () => {
  test('JSON and protobuf say the same, under ECS names where there is one', () => {
    const fromJson = only(Buffer.from(JSON.stringify(JSON_REQUEST)), JSON_TYPE);
    expect(fromJson).toEqual({
      '@timestamp': new Date(Number(TIME / 1_000_000n)).toISOString(),
      message: 'Thanh toán bị từ chối',
      service: { name: 'igate' },
      client: { address: '203.0.113.9' },
      http: { response: { status_code: 502 } },
      log: { level: 'error', logger: 'vn.igate.payment' },
      trace: { id: TRACE },
      span: { id: SPAN },
      labels: {
        team: 'portal',
        payment_amount: '9007199254740993',
        ratio: '0.5',
        retry: 'true',
        list: '["a",-2]',
        map: '{"k":"v"}',
      },
    });
    expect(only(protobufRequest(), PROTO_TYPE)).toEqual(fromJson);
  });

  test('a record nested too deep is rejected alone, and the answer says so in the encoding of the request', () => {
    let deep = bytes(1, 'bottom');
    for (let level = 0; level < 30; level++) deep = message(5, message(1, deep));
    const body = message(1, message(2, message(2, message(5, bytes(1, 'good'))), message(2, message(5, deep))));
    const read = readOtlp(body, PROTO_TYPE);
    expect([...read.documents].map(String)).toEqual(['{"message":"good"}']);
    expect(read).toMatchObject({ rejected: 1, reason: expect.stringContaining('16 levels') });
    const json = JSON.parse(String(otlpAnswer(read, JSON_TYPE).body));
    expect(json).toEqual({ partialSuccess: { rejectedLogRecords: '1', errorMessage: read.reason } });
    const [partial] = [...protoFields(otlpAnswer(read, PROTO_TYPE).body as Buffer)];
    const [count, reason] = [...protoFields(partial?.value as Buffer)];
    expect([count?.value, String(reason?.value)]).toEqual([1n, read.reason]);
    expect(otlpAnswer({ rejected: 0, reason: '' }, PROTO_TYPE).body).toHaveLength(0);
  });

  test('is bounded: a great resource cannot stand in each of many records, nor values without end in one', () => {
    const record = message(2, message(5, bytes(1, 'x')));
    const resource = (size: number) => message(1, message(1, pair('service.name', bytes(1, 'n'.repeat(size)))));
    const request = message(1, resource(100_000), message(2, ...Array.from({ length: 500 }, () => record)));
    const read = readOtlp(request, PROTO_TYPE);
    expect(read.accepted + read.rejected).toBe(500);
    expect(read.rejected).toBeGreaterThan(400);
    expect(read.reason).toContain('too large to stand in so many records');
    let held = 0;
    for (const document of read.documents) held += document.length;
    expect(held).toBeLessThan(5_000_000);
    const usual = message(1, resource(300), message(2, ...Array.from({ length: 2_000 }, () => record)));
    expect(readOtlp(usual, PROTO_TYPE)).toMatchObject({ accepted: 2_000, rejected: 0 });

    const list = message(5, message(5, ...Array.from({ length: 10_500 }, () => bytes(1, ''))));
    const attributes = Array.from({ length: 10_500 }, (_, at) => message(6, bytes(1, `k${at}`)));
    const greedy = message(1, message(2, message(2, list), message(2, ...attributes), record));
    expect(readOtlp(greedy, PROTO_TYPE)).toMatchObject({
      accepted: 1,
      rejected: 2,
      reason: expect.stringContaining('10000 values'),
    });
  });

  test('no attribute sets what only this program sets', () => {
    const attributes = [
      'organization.id',
      'event.id',
      'haidang.peer',
      'agent.id',
      '__proto__',
      '@timestamp',
      'message',
    ];
    const record = {
      body: { stringValue: 'b' },
      attributes: attributes.map((key) => ({ key, value: { stringValue: 'x' } })),
    };
    const body = Buffer.from(JSON.stringify({ resourceLogs: [{ scopeLogs: [{ logRecords: [record] }] }] }));
    const document = only(body, JSON_TYPE);
    expect(document['message']).toBe('b');
    expect(Object.keys(document).sort()).toEqual(['labels', 'message']);
  });

  test('damaged and random requests are refused or read, and never fail otherwise', () => {
    const sound = protobufRequest();
    const attempt = (body: Buffer, type: string) => {
      try {
        readOtlp(body, type);
      } catch (error) {
        expect(error).toBeInstanceOf(HttpFault);
        expect((error as HttpFault).status).toBe(400);
      }
    };
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(sound.length - 1), fc.nat(255)), { maxLength: 6 }),
        fc.nat(sound.length),
        (edits, end) => {
          const damaged = Buffer.from(sound);
          for (const [at, byte] of edits) damaged[at] = byte;
          attempt(damaged.subarray(0, end), PROTO_TYPE);
        },
      ),
      { numRuns: 2_000 },
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (body) => attempt(Buffer.from(body), PROTO_TYPE)),
      { numRuns: 1_000 },
    );
    fc.assert(
      fc.property(fc.json(), (text) => attempt(Buffer.from(`{"resourceLogs":${text}}`), JSON_TYPE)),
      { numRuns: 500 },
    );
    expect(() => readOtlp(sound, 'text/plain')).toThrow(HttpFault);
  });
});

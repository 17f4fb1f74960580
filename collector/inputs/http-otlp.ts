import { HttpFault } from './http-body.ts';
import { MOST_JSON_VALUES, weighJson } from './json-weight.ts';
import { otlpDocument } from './otlp-document.ts';
import { type OtlpLogs, type OtlpRecord, readOtlpJson, readOtlpProtobuf } from './otlp-message.ts';
import { ProtoFault } from './protobuf.ts';

/** Documents of an OTLP request, made as they are asked for, and how many records could not be read. */
export interface OtlpRequest {
  readonly documents: Iterable<Buffer>;
  /** How many documents there are. */
  readonly accepted: number;
  readonly rejected: number;
  readonly reason: string;
}

const PROTOBUF = 'application/x-protobuf';

/** Reads the body of `POST /v1/logs` (OTLP/HTTP); throws `HttpFault` 400, 413 or 415. */
export function readOtlp(body: Buffer, type: string): OtlpRequest {
  let logs: OtlpLogs;
  try {
    if (type === PROTOBUF) logs = readOtlpProtobuf(body);
    else if (type === 'application/json') logs = readOtlpJson(light(body).toString('utf8'));
    else throw new HttpFault(415, `OTLP comes as ${PROTOBUF} or application/json.`);
  } catch (error) {
    if (error instanceof ProtoFault) throw new HttpFault(400, `Not an OTLP logs request: ${error.message}.`);
    throw error;
  }
  const { records, rejected, reason } = logs;
  return { documents: documentsOf(records), accepted: records.length, rejected, reason };
}

function* documentsOf(records: readonly OtlpRecord[]): Generator<Buffer> {
  for (const record of records) yield Buffer.from(otlpDocument(record));
}

function light(body: Buffer): Buffer {
  if (weighJson(body).values <= MOST_JSON_VALUES) return body;
  throw new HttpFault(413, `The request holds more than ${MOST_JSON_VALUES} values; send less in one request.`);
}

/** The answer in the encoding of the request; `partial_success` where records were rejected (OTLP/HTTP, *Partial Success*). */
export function otlpAnswer(
  request: Pick<OtlpRequest, 'rejected' | 'reason'>,
  type: string,
): { type: string; body: string | Buffer } {
  const { rejected, reason } = request;
  if (type !== PROTOBUF) {
    const partial = { partialSuccess: { rejectedLogRecords: String(rejected), errorMessage: reason } };
    return { type: 'application/json', body: JSON.stringify(rejected > 0 ? partial : {}) };
  }
  if (rejected === 0) return { type: PROTOBUF, body: Buffer.alloc(0) };
  const text = Buffer.from(reason);
  const inner = Buffer.concat([Buffer.from([8, ...varint(rejected), 18, ...varint(text.length)]), text]);
  return { type: PROTOBUF, body: Buffer.concat([Buffer.from([10, ...varint(inner.length)]), inner]) };
}

function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  while (rest > 127) {
    bytes.push((rest % 128) + 128);
    rest = Math.floor(rest / 128);
  }
  return [...bytes, rest];
}

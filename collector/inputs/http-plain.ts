import { HttpFault } from './http-body.ts';
import { MOST_JSON_DEPTH, MOST_JSON_VALUES, weighJson } from './json-weight.ts';

const NEWLINE = 10;
const RETURN = 13;

/**
 * The records of a plain request: the elements of a JSON array, one JSON object however it is laid out, or lines. JSON
 * in an array is written anew, so only its spacing may differ from what was sent. Records are cut as they are asked
 * for: millions of short ones wait for nothing in memory. Throws `HttpFault` 413 where JSON holds too many values.
 */
export function plainRecords(body: Buffer, type: string): Iterable<Buffer> {
  if (type === 'application/json' || type.endsWith('+json')) {
    const parsed = parseWhole(body);
    if (Array.isArray(parsed)) return elements(parsed);
    if (parsed !== undefined) return [Buffer.from(JSON.stringify(parsed))];
  }
  return lines(body);
}

function* elements(array: readonly unknown[]): Generator<Buffer> {
  for (const each of array) yield Buffer.from(typeof each === 'string' ? each : JSON.stringify(each));
}

function* lines(body: Buffer): Generator<Buffer> {
  let at = 0;
  while (at < body.length) {
    const newline = body.indexOf(NEWLINE, at);
    const end = newline < 0 ? body.length : newline;
    const line = body.subarray(at, end > at && body[end - 1] === RETURN ? end - 1 : end);
    if (line.length > 0) yield line;
    at = end + 1;
  }
}

function parseWhole(body: Buffer): unknown {
  const { values, depth } = weighJson(body);
  if (values > MOST_JSON_VALUES)
    throw new HttpFault(413, `The body holds more than ${MOST_JSON_VALUES} values; send less in one request.`);
  if (depth > MOST_JSON_DEPTH) return undefined;
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    return undefined;
  }
}

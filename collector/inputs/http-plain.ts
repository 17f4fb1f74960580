const NEWLINE = 10;
const RETURN = 13;

/**
 * The records of a plain request: the elements of a JSON array, one JSON object however it is laid out, or lines. JSON
 * in an array is written anew, so only its spacing may differ from what was sent.
 */
export function plainRecords(body: Buffer, type: string): Buffer[] {
  if (type === 'application/json' || type.endsWith('+json')) {
    const parsed = parseWhole(body);
    if (Array.isArray(parsed))
      return parsed.map((each) => Buffer.from(typeof each === 'string' ? each : JSON.stringify(each)));
    if (parsed !== undefined) return [Buffer.from(JSON.stringify(parsed))];
  }
  const records: Buffer[] = [];
  let at = 0;
  while (at < body.length) {
    const newline = body.indexOf(NEWLINE, at);
    const end = newline < 0 ? body.length : newline;
    const line = body.subarray(at, end > at && body[end - 1] === RETURN ? end - 1 : end);
    if (line.length > 0) records.push(line);
    at = end + 1;
  }
  return records;
}

function parseWhole(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    return undefined;
  }
}

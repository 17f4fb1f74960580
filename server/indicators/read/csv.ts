import type { IndicatorType } from '../../../rules/indicators/indicator.ts';
import { type ListSink, readSecond, readTlp } from './read-list.ts';

/** Names of columns, and what they hold. */
const COLUMNS: Readonly<Record<string, 'value' | 'type' | 'expires' | 'confidence' | 'tlp'>> = {
  value: 'value',
  indicator: 'value',
  ioc: 'value',
  type: 'type',
  ioc_type: 'type',
  expires: 'expires',
  valid_until: 'expires',
  confidence: 'confidence',
  tlp: 'tlp',
};
const TYPES: Readonly<Record<string, IndicatorType>> = {
  ip: 'network',
  ipv4: 'network',
  ipv6: 'network',
  cidr: 'network',
  network: 'network',
  domain: 'domain',
  hostname: 'domain',
  fqdn: 'domain',
  url: 'url',
  hash: 'hash',
  md5: 'hash',
  sha1: 'hash',
  sha256: 'hash',
  sha512: 'hash',
  email: 'email',
};
const MOST_LINE = 8_192;

/** Reads CSV (RFC 4180, fields without line breaks) line by line: columns by the names in its first line, else the value alone in the first. */
export async function readCsv(lines: AsyncIterable<string>, sink: ListSink): Promise<void> {
  let columns: readonly (string | undefined)[] | undefined;
  let at = 0;
  for await (const line of lines) {
    at++;
    const text = at === 1 ? line.replace(/^\ufeff/, '') : line;
    if (text.trim() === '' || text.startsWith('#')) continue;
    if (text.length > MOST_LINE) {
      sink.refuse(at, `The line is longer than ${MOST_LINE} characters.`);
      continue;
    }
    const fields = splitCsv(text);
    if (!columns) {
      const named = fields.map((field) => COLUMNS[field.trim().toLowerCase()]);
      columns = named.includes('value') ? named : ['value'];
      if (named.includes('value')) continue;
    }
    readRow(at, columns, fields, sink);
  }
}

function readRow(
  at: number,
  columns: readonly (string | undefined)[],
  fields: readonly string[],
  sink: ListSink,
): void {
  const of = (name: string): string => fields[columns.indexOf(name)]?.trim() ?? '';
  const typeName = of('type')
    .toLowerCase()
    .replaceAll(/[^a-z0-9]/g, '');
  const type = Object.hasOwn(TYPES, typeName) ? TYPES[typeName] : undefined;
  if (typeName !== '' && !type) {
    sink.refuse(at, `The type "${of('type')}" is not read.`);
    return;
  }
  const expires = readSecond(of('expires'));
  if (of('expires') !== '' && expires === undefined) {
    sink.refuse(at, `"${of('expires')}" is no time such as 2026-12-31.`);
    return;
  }
  const confidence = of('confidence') === '' ? Number.NaN : Number(of('confidence'));
  const tlp = readTlp(of('tlp'));
  if (tlp) sink.mark(tlp);
  sink.add(at, type, of('value'), {
    ...(expires === undefined ? {} : { expires }),
    ...(Number.isNaN(confidence) ? {} : { confidence }),
  });
}

function splitCsv(line: string): string[] {
  if (!line.includes('"')) return line.split(line.includes(',') || !line.includes(';') ? ',' : ';');
  const fields: string[] = [];
  for (const [, quoted, plain] of line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g))
    fields.push(quoted?.replaceAll('""', '"') ?? plain ?? '');
  return fields;
}

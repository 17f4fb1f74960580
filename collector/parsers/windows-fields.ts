import type { Draft } from './draft.ts';
import { endpoint, isAddress, portNumber, relate } from './draft.ts';
import { put } from './put.ts';

const MAX_ARGS = 256;

/** A value that says something: not empty, `-`, or a name that the system could not tell. */
export function known(text: string | undefined): string | undefined {
  const trimmed = text?.trim();
  return trimmed === undefined || trimmed === '' || trimmed === '-' || trimmed === 'N/A' ? undefined : trimmed;
}

/** The last part of a path with either slash. */
export function baseName(path: string): string {
  return path.slice(Math.max(path.lastIndexOf('\\'), path.lastIndexOf('/')) + 1);
}

/** Sets `path`, `name`, `directory` and `extension` under a field set. */
export function putPath(draft: Draft, field: 'file' | 'dll', text: string | undefined): void {
  const path = known(text);
  if (path === undefined) return;
  const name = baseName(path);
  put(draft, `${field}.path`, path);
  put(draft, `${field}.name`, name);
  if (field === 'dll') return;
  const directory = path.slice(0, path.length - name.length);
  put(draft, 'file.directory', directory.length > 1 && !directory.endsWith(':\\') ? directory.slice(0, -1) : directory);
  // `a.exe:Zone.Identifier` is a stream of a file.
  const bare = name.includes(':') ? name.slice(0, name.indexOf(':')) : name;
  const dot = bare.lastIndexOf('.');
  if (dot > 0) put(draft, 'file.extension', bare.slice(dot + 1));
}

/** A process id in decimal or as `0x1a4`. */
export function pidOf(text: string | undefined): number | undefined {
  const value = known(text);
  if (value === undefined || !/^(?:\d{1,10}|0x[0-9a-f]{1,8})$/i.test(value)) return undefined;
  return Number(value);
}

/** Sets `executable`, `name` and `pid` of `process` or `process.parent`. */
export function putProcess(
  draft: Draft,
  field: 'process' | 'process.parent',
  image: string | undefined,
  pid: string | undefined,
): void {
  const executable = known(image);
  if (executable !== undefined) {
    put(draft, `${field}.executable`, executable);
    put(draft, `${field}.name`, baseName(executable));
  }
  put(draft, `${field}.pid`, pidOf(pid));
}

/** Splits a Windows command line at blanks outside quotes; `\"` inside quotes is the mark itself. */
function argumentsOf(line: string): string[] {
  const args: string[] = [];
  let current = '';
  let quoted = false;
  let started = false;
  for (let at = 0; at < line.length; at++) {
    const mark = line[at] as string;
    if (mark === '\\' && line[at + 1] === '"') {
      current += '"';
      at++;
      started = true;
    } else if (mark === '"') {
      quoted = !quoted;
      started = true;
    } else if (!quoted && (mark === ' ' || mark === '\t')) {
      if (started) args.push(current);
      current = '';
      started = false;
      if (args.length >= MAX_ARGS) return args;
    } else {
      current += mark;
      started = true;
    }
  }
  if (started) args.push(current);
  return args;
}

/** Sets `command_line`, `args` and `args_count` of `process` or `process.parent`. */
export function putCommandLine(draft: Draft, field: 'process' | 'process.parent', text: string | undefined): void {
  const line = known(text);
  if (line === undefined) return;
  put(draft, `${field}.command_line`, line);
  const args = argumentsOf(line);
  if (args.length === 0 || args.length >= MAX_ARGS) return;
  put(draft, `${field}.args`, args);
  put(draft, `${field}.args_count`, args.length);
}

/** Splits `DOMAIN\name`. */
export function accountOf(text: string | undefined): { name: string; domain?: string } | undefined {
  const whole = known(text);
  if (whole === undefined) return undefined;
  const slash = whole.indexOf('\\');
  if (slash < 0) return { name: whole };
  const name = whole.slice(slash + 1);
  return name === '' ? undefined : { name, ...(slash > 0 && { domain: whole.slice(0, slash) }) };
}

/** An address without the prefix of an IPv4 address written as IPv6 (RFC 4291 §2.5.5.2). */
export function addressOf(text: string | undefined): string | undefined {
  const value = known(text)?.replace(/^::ffff:(?=\d{1,3}\.)/i, '');
  const bare = value?.startsWith('\\\\') ? value.slice(2) : value;
  return bare !== undefined && isAddress(bare) && !/^(?:0\.0\.0\.0|::)$/.test(bare) ? bare : undefined;
}

/** Sets one end of a connection. */
export function putEnd(
  draft: Draft,
  side: 'source' | 'destination',
  address: string | undefined,
  port: string | undefined,
  name?: string,
): void {
  const ip = addressOf(address);
  const found = ip === undefined ? undefined : endpoint(ip);
  if (found) draft[side] = { ...draft[side], ...found };
  const number = portNumber(known(port));
  if (found && number !== undefined && number > 0) put(draft, `${side}.port`, number);
  const domain = known(name);
  if (domain !== undefined && endpoint(domain)?.domain !== undefined) put(draft, `${side}.domain`, domain);
}

const HASHES: Readonly<Record<string, string>> = {
  MD5: 'hash.md5',
  SHA1: 'hash.sha1',
  SHA256: 'hash.sha256',
  IMPHASH: 'pe.imphash',
};

/** Sets hashes from `MD5=…,SHA256=…,IMPHASH=…`. */
export function putHashes(draft: Draft, field: string, text: string | undefined): void {
  for (const part of (known(text) ?? '').split(',', 8)) {
    const mark = part.indexOf('=');
    const name = part.slice(0, mark).trim().toUpperCase();
    const value = part
      .slice(mark + 1)
      .trim()
      .toLowerCase();
    if (mark < 0 || !Object.hasOwn(HASHES, name) || !/^[0-9a-f]{32,64}$/.test(value) || /^0+$/.test(value)) continue;
    put(draft, `${field}.${HASHES[name]}`, value);
    relate(draft, 'hash', value);
  }
}

import type { EcsEvent } from '../../ecs/event.ts';
import type { ParseContext, Parser } from '../record.ts';
import { CEF_ROWS } from './cef-fields.ts';
import { DeviceFields, sumDirections, takeFields, userOfSource } from './device-fields.ts';
import type { Draft } from './draft.ts';
import { classify, finish, newDraft, relate } from './draft.ts';
import { countOf, put } from './put.ts';
import { isoTimeAt, monthAt, sureZone, twoDigits, utcTime, yearlessTime, zonedTime } from './time.ts';
import { classifyVerdict, verdictOf } from './verdict.ts';

const MARK = /(?:^|[\s:>])CEF: ?\d{1,2}(?:\.\d{1,2})?\|/;
const MAX_CEF = 65_536;
const MAX_HEAD = 512;
const MAX_PAIRS = 400;
/** A key begins the text or follows a blank; blanks inside a value are its own. */
const KEY = /(?:^|[ \t])([A-Za-z_][A-Za-z0-9_.[\]]{0,63})=/g;
const BSD_TIME =
  /^([A-Z][a-z]{2}) ([ \d]\d) (?:(\d{4}) )?(\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(?: (?:([A-Z]{1,5})|([+-]\d{2}:?\d{2})))?$/;
const WORDS: Readonly<Record<string, number>> = { low: 3, medium: 6, high: 8, 'very-high': 10 };

/** Splits the header's seven parts at bars that no backslash precedes; the last is the extension. */
function splitHeader(text: string): string[] | undefined {
  const parts: string[] = [];
  let start = 0;
  for (let at = 0; at < text.length && parts.length < 7; at++) {
    if (text[at] === '\\') at++;
    else if (text[at] === '|') {
      parts.push(text.slice(start, at).replace(/\\([\\|])/g, '$1'));
      start = at + 1;
    }
  }
  // A message without an extension may leave out the last bar.
  if (parts.length === 6) parts.push(text.slice(start));
  else parts.push(text.slice(start));
  return parts.length >= 7 ? parts : undefined;
}

/** Reads `key=value key2=value with blanks`: a value ends where the next key begins; `\=`, `\\`, `\n` and `\r` are escapes. */
export function readExtension(text: string): Map<string, string> {
  const pairs = new Map<string, string>();
  const starts: { key: string; from: number; value: number }[] = [];
  KEY.lastIndex = 0;
  for (let found = KEY.exec(text); found && starts.length < MAX_PAIRS; found = KEY.exec(text)) {
    starts.push({ key: found[1] as string, from: found.index, value: found.index + found[0].length });
  }
  for (const [at, { key, value }] of starts.entries()) {
    const end = starts[at + 1]?.from ?? text.length;
    const raw = text.slice(value, end).trim();
    const clean = raw.includes('\\')
      ? raw.replace(/\\(.)/g, (_, mark: string) => (mark === 'n' ? '\n' : mark === 'r' ? '\r' : mark))
      : raw;
    if (!pairs.has(key)) pairs.set(key, clean);
  }
  return pairs;
}

/** `cs1=… cs1Label=…`: the label is the field's name. */
function nameCustoms(pairs: Map<string, string>): void {
  for (const [key, label] of [...pairs]) {
    if (!key.endsWith('Label')) continue;
    const value = pairs.get(key.slice(0, -5));
    pairs.delete(key);
    // The dictionary itself gives these two places a meaning, and a table row reads them.
    if (
      (key === 'c6a2Label' && /^source ipv6/i.test(label)) ||
      (key === 'c6a3Label' && /^destination ipv6/i.test(label))
    )
      continue;
    const name = label.replace(/[^A-Za-z0-9]+/g, '_').replace(/^_+|_+$/g, '');
    if (value === undefined || !/^[A-Za-z]/.test(name) || pairs.has(name)) continue;
    pairs.delete(key.slice(0, -5));
    pairs.set(name, value);
  }
}

/** A time in milliseconds since 1970, RFC 3339, or `MMM dd [yyyy] HH:mm:ss` with or without a zone. */
export function deviceTime(text: string | undefined, context: ParseContext): number | undefined {
  if (text === undefined) return undefined;
  if (/^\d{10}$/.test(text)) return Number(text) * 1000;
  if (/^\d{13}$/.test(text)) return Number(text);
  const iso = isoTimeAt(text, 0, context.timeZone);
  if (iso) return iso.ms;
  const found = BSD_TIME.exec(text);
  if (!found) return undefined;
  const month = monthAt(text, 0);
  const day = Number(found[2]);
  const seconds = Number(found[4]) * 3_600 + Number(found[5]) * 60 + Number(found[6]);
  if (month < 0 || seconds > 86_399) return undefined;
  const offset = found[9]?.replace(':', '');
  const zone = offset !== undefined ? 'UTC' : sureZone(found[8], context.timeZone);
  const shift = offset === undefined ? 0 : (twoDigits(offset, 1) * 60 + twoDigits(offset, 3)) * 60_000;
  const east = offset?.startsWith('-') ? -1 : 1;
  const local = found[3] === undefined ? undefined : utcTime(Number(found[3]), month, day, seconds);
  const ms =
    found[3] === undefined
      ? yearlessTime(month, day, seconds, context.now, zone)
      : local === undefined
        ? undefined
        : zonedTime(local, zone);
  const fraction = Number((found[7] ?? '').slice(0, 3).padEnd(3, '0'));
  return ms === undefined ? undefined : ms + fraction - east * shift;
}

function setDevice(draft: Draft, [, vendor = '', product = '', version = '']: readonly string[]): void {
  put(draft, 'observer.vendor', vendor);
  put(draft, 'observer.product', product);
  put(draft, 'observer.version', version);
}

function setSeverity(draft: Draft, text: string): void {
  const word = text.trim().toLowerCase();
  const level = countOf(word) ?? WORDS[word];
  if (level !== undefined && level <= 10) put(draft, 'event.severity', level);
}

/** Success and failure by the words of `outcome`; CEF leaves the value to the vendor. */
export function toldOutcome(text: string | undefined): 'success' | 'failure' | undefined {
  if (text === undefined) return undefined;
  if (/^\/?(?:success|succeeded|successful|ok|passed?|allowed|accept(?:ed)?)$/i.test(text)) return 'success';
  return /^\/?(?:fail(?:ed|ure)?|error|denied|blocked|rejected)$/i.test(text) ? 'failure' : undefined;
}

function classifyCef(draft: Draft, action: string | undefined, outcome: string | undefined): void {
  const ends = draft.source?.ip !== undefined && draft.destination?.ip !== undefined;
  const told = toldOutcome(outcome);
  if (ends) classifyVerdict(draft, ['network'], ['connection'], action);
  else if (verdictOf(action)) classify(draft, [], [verdictOf(action) as string], action);
  else if (action !== undefined) draft.event.action = action;
  if (told !== undefined) draft.event.outcome = told;
  if (draft.event.category?.length === 0) delete draft.event.category;
}

/** Reads `CEF:0|vendor|product|version|signature|name|severity|extension` (ArcSight Common Event Format, revision 25). */
export function readCefMessage(message: string, context: ParseContext): EcsEvent | undefined {
  const mark = message.length > MAX_CEF ? null : MARK.exec(message.slice(0, MAX_HEAD));
  if (!mark) return undefined;
  const parts = splitHeader(message.slice(mark.index).replace(/^[\s:>]/, ''));
  if (!parts) return undefined;
  const [, , , , signature = '', name = '', severity = '', extension = ''] = parts;
  const pairs = readExtension(extension);
  nameCustoms(pairs);
  const fields = new DeviceFields(pairs);
  const time = deviceTime(fields.peek('rt') ?? fields.peek('end') ?? fields.peek('start'), context);
  const draft = newDraft(message, message, 'cef.log', context, time);
  setDevice(draft, parts);
  put(draft, 'event.code', signature);
  setSeverity(draft, severity);
  takeFields(draft, fields, CEF_ROWS);
  sumDirections(draft);
  userOfSource(draft);
  if (draft.user === undefined && draft.destination?.user !== undefined) draft.user = { ...draft.destination.user };
  const direction = fields.take('deviceDirection');
  if (direction === '0') put(draft, 'network.direction', 'inbound');
  if (direction === '1') put(draft, 'network.direction', 'outbound');
  classifyCef(
    draft,
    fields.take('act') ?? fields.take('deviceAction'),
    fields.take('outcome') ?? fields.take('categoryOutcome'),
  );
  for (const [key, to] of [
    ['start', 'event.start'],
    ['end', 'event.end'],
  ] as const) {
    const ms = deviceTime(fields.peek(key), context);
    if (ms !== undefined) put(draft, to, new Date(ms).toISOString());
    fields.take(key);
  }
  fields.take('rt');
  const host = draft['observer'] as { hostname?: string } | undefined;
  if (host?.hostname !== undefined) relate(draft, 'hosts', host.hostname);
  draft.message = fields.take('msg') ?? fields.take('message') ?? name;
  put(draft, 'cef.name', name);
  const rest = fields.rest();
  if (Object.keys(rest).length > 0) put(draft, 'cef.extensions', rest);
  return finish(draft);
}

/** Says whether a message begins as CEF does. */
export function isCefMessage(message: string): boolean {
  return /^(?:\S{1,255} )?CEF: ?\d{1,2}(?:\.\d{1,2})?\|/.test(message);
}

/** The Common Event Format of ArcSight, which many devices offer; with or without a syslog header. */
export const cef: Parser = { name: 'cef', detects: (line) => isCefMessage(line), parse: readCefMessage };

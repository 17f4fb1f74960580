import { clockAt, utcTime, zonedTime } from './time.ts';

const HEAD =
  /^(?:node=(\S{1,255}) )?type=([A-Z][A-Z0-9_]{1,40}|UNKNOWN\[\d{1,5}\]) msg=audit\((\d{1,4})([./-])(\d{1,2})\4(\d{2,4}) (\d\d:\d\d:\d\d)\.(\d{3}):(\d{1,15})\) ?: ?/;
const NAME = /(?:^|[\s'{])([A-Za-z][\w[\]-]{0,40})=/g;
/** Records of one value that may hold anything; and what else may stand in a command that somebody typed. */
const WHOLE: Readonly<Record<string, string>> = { PROCTITLE: 'proctitle', CWD: 'cwd' };
const ONLY: Readonly<Record<string, RegExp>> = {
  EXECVE: /^(?:argc|a\d{1,3}(?:_len|\[\d{1,3}\])?)$/,
  USER_CMD: /^(?:pid|uid|auid|ses|subj|cwd|cmd|exe|hostname|addr|terminal|res)$/,
};
const ACCOUNTS: Readonly<Record<string, string>> = {
  uid: 'UID',
  auid: 'AUID',
  euid: 'EUID',
  gid: 'GID',
  ouid: 'OUID',
  ogid: 'OGID',
  id: 'ID',
};
/** An account that the machine has no name for. */
const NAMELESS = /^unknown\((\d{1,10})\)$/;

/** The head of a record that `ausearch -i` wrote. */
export interface InterpretedHead {
  readonly node: string | undefined;
  readonly type: string;
  readonly ms: number | undefined;
  readonly serial: number;
  readonly length: number;
}

/** The day as a locale writes it: the year first, the day first with full stops, else the month first where it can be. */
function dayOf(
  one: number,
  mark: string,
  two: number,
  three: number,
): readonly [year: number, month: number, day: number] {
  if (one > 31) return [one, two, three];
  const year = three < 100 ? 2000 + three : three;
  return mark === '.' || one > 12 ? [year, two, one] : [year, one, two];
}

/** Reads `type=SYSCALL msg=audit(11/22/2026 08:01:02.123:456) : `, times in the collector's zone. */
export function interpretedHead(line: string, zone: string): InterpretedHead | undefined {
  const found = HEAD.exec(line.slice(0, 512));
  if (!found) return undefined;
  const [whole, node, type = '', one, mark = '', two, three, clock = '', millis, serial] = found;
  const [year, month, day] = dayOf(Number(one), mark, Number(two), Number(three));
  const local = utcTime(year, month - 1, day, clockAt(clock, 0));
  const ms = local === undefined ? undefined : zonedTime(local, zone) + Number(millis);
  return { node, type, ms, serial: Number(serial), length: whole.length };
}

/** A value without the marks that end the record's parts, and without quotes. */
function unquoted(text: string): string {
  let end = text.length;
  while (end > 0 && /[\s'}]/.test(text[end - 1] as string)) end--;
  return text.slice(0, end).replace(/^"(.*)"$/s, '$1');
}

/**
 * The pairs of such a record: values stand without quotes and may hold blanks, and accounts are named where the kernel
 * gives numbers; the names come under the keys that enriched records have for them (`UID`).
 */
export function interpretedPairs(text: string, record: string): Map<string, string> {
  const pairs = new Map<string, string>();
  const whole = WHOLE[record];
  const only = ONLY[record];
  if (whole !== undefined && text.startsWith(`${whole}=`)) return pairs.set(whole, text.slice(whole.length + 1).trim());
  const marks = [...text.matchAll(NAME)].filter((mark) => only === undefined || only.test(mark[1] as string));
  for (const [at, mark] of marks.entries()) {
    const name = mark[1] as string;
    const behind = text.slice(mark.index + mark[0].length, marks[at + 1]?.index);
    const value = unquoted(behind);
    if (pairs.has(name) || value === '' || value.startsWith('{') || name === 'msg') continue;
    const named = Object.hasOwn(ACCOUNTS, name) && !/^\d+$/.test(value) && value !== 'unset';
    const number = named ? NAMELESS.exec(value)?.[1] : undefined;
    if (number !== undefined) pairs.set(name, number);
    else pairs.set(named ? (ACCOUNTS[name] as string) : name, value);
  }
  return pairs;
}

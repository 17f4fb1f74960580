import { RSIT_KEYS } from '../../ecs/rsit.ts';
import type { Severity } from '../../rules/rule.ts';

/** A term within which something must be reported, counted from the detection (T0). */
export interface Clock {
  readonly id: string;
  readonly hours: number;
  /** It runs for incidents of this severity or above. */
  readonly severity: Severity;
  /** Classes (RSIT) that it runs for; every class where none is named. */
  readonly classes: readonly string[];
  /** Where it is written. */
  readonly source: string;
}

/**
 * What ends a term: `notice` any version that a recipient took, in the minimal form too; `report` one in full form;
 * `follow-up` a later one in full form to a recipient who had one; `closed` the end of the incident; `hand` only a
 * person's word, as the notice goes elsewhere. A person's word ends each of the others too.
 */
export type TermEnd = 'notice' | 'report' | 'follow-up' | 'closed' | 'hand';

/** One term of the law, as the configuration has it. */
export interface Term extends Clock {
  readonly until: TermEnd;
  /** What people call it; the ids of the defaults have names of their own. */
  readonly name: Names | undefined;
}

/** A text in the languages of the product. */
export interface Names {
  readonly vi: string;
  readonly en: string;
  readonly km: string;
}

/** The report of every year: due at the end of a day of the year, `MM-DD`. */
export interface YearlyTerm {
  readonly day: string;
  /** Days before it from which it is counted down. */
  readonly noticeDays: number;
  readonly source: string;
}

/** What the configuration says of the legal clocks. */
export interface ClockSettings {
  readonly terms: readonly Term[];
  /** Percent of a term after which people are warned the first and the second time. */
  readonly warnPercent: readonly [number, number];
  readonly yearly: YearlyTerm | undefined;
  /** IANA name: by it the year's day ends, and times in notices are written. */
  readonly timeZone: string;
}

export const SEVERITIES: readonly Severity[] = ['informational', 'low', 'medium', 'high', 'critical'];
const ENDS: readonly TermEnd[] = ['notice', 'report', 'follow-up', 'closed', 'hand'];
const ID = /^[a-z0-9][a-z0-9-]{0,63}$/;
// Citations stand in the language of the law, and say that nobody has checked them against the gazette.
const CHECK = '(nguồn thứ cấp, cần đối chiếu văn bản gốc)';
const DECREE = `Nghị định 331/2026/NĐ-CP, điểm d khoản 2 Điều 31 ${CHECK}`;
const PERSONAL = [
  'information-content-security/unauthorised-information-access',
  'information-content-security/data-loss',
  'information-content-security/data-leak',
];

/** Terms of the law as far as it is known: the default of a setting, and no constant. */
export const TERMS: readonly Term[] = [
  term('immediate', 1, 'critical', 'notice', `${DECREE}: “ngay”, tính là một giờ`),
  term('initial', 24, 'high', 'report', DECREE),
  term('detailed', 72, 'high', 'follow-up', DECREE),
  { ...term('personal-data', 72, 'informational', 'hand', `Luật 91/2025/QH15, Điều 23 ${CHECK}`), classes: PERSONAL },
  term(
    'closing',
    720,
    'high',
    'closed',
    `${DECREE}: báo cáo kết thúc, không nêu hạn; lấy một tháng như NIS2, Art. 23.4.d`,
  ),
];

/** The yearly report as far as it is known. */
export const YEARLY: YearlyTerm = { day: '12-25', noticeDays: 45, source: `Nghị định 331/2026/NĐ-CP ${CHECK}` };

/** Percent of a term after which people are warned. */
export const WARN_PERCENT: readonly [number, number] = [50, 80];

function term(id: string, hours: number, severity: Severity, until: TermEnd, source: string): Term {
  return { id, hours, severity, classes: [], source, until, name: undefined };
}

/** The terms that a report to a recipient ends: what is near one of them leaves first. */
export function reportTerms(terms: readonly Term[]): readonly Clock[] {
  return terms.filter(({ until }) => until === 'notice' || until === 'report' || until === 'follow-up');
}

type Fields = Readonly<Record<string, unknown>>;

/** Reads `clocks.terms`. */
export function clockTerms(value: unknown): readonly Term[] {
  if (!Array.isArray(value) || value.length > 50) throw new Error('must be a list of at most 50 terms.');
  const terms = value.map((one, at) => readTerm(one, `entry ${at + 1}`));
  const ids = terms.map(({ id }) => id);
  const twice = ids.find((id, at) => ids.indexOf(id) !== at);
  if (twice !== undefined) throw new Error(`names the term "${twice}" twice.`);
  return terms;
}

function readTerm(value: unknown, where: string): Term {
  const { id, hours, severity, classes, source, until, name, ...more } = mapOf(value, where);
  known(more, where);
  if (typeof id !== 'string' || !ID.test(id)) throw new Error(`${where}: "id" must be 1 to 64 of a-z, 0-9 and "-".`);
  if (typeof hours !== 'number' || !(hours > 0 && hours <= 9_000))
    throw new Error(`${where}: "hours" must be a number above 0, up to 9000.`);
  if (!SEVERITIES.includes(severity as Severity))
    throw new Error(`${where}: "severity" must be one of ${SEVERITIES.join(', ')}.`);
  if (!ENDS.includes(until as TermEnd)) throw new Error(`${where}: "until" must be one of ${ENDS.join(', ')}.`);
  return {
    ...{ id, hours, severity: severity as Severity, until: until as TermEnd },
    classes: classesOf(classes, where),
    source: sourceOf(source, where),
    name: name === undefined ? undefined : namesOf(name, where),
  };
}

function classesOf(value: unknown, where: string): readonly string[] {
  if (value === undefined) return [];
  if (Array.isArray(value) && value.every((one) => RSIT_KEYS.includes(one))) return value as string[];
  throw new Error(`${where}: "classes" must be a list of keys of the incident taxonomy, such as availability/ddos.`);
}

function sourceOf(value: unknown, where: string): string {
  if (typeof value === 'string' && value !== '' && value.length <= 500) return value;
  throw new Error(`${where}: "source" must say where the term is written.`);
}

function namesOf(value: unknown, where: string): Names {
  const { vi, en, km, ...more } = mapOf(value, `${where}, "name"`);
  known(more, where);
  for (const text of [vi, en, km])
    if (typeof text !== 'string' || text === '' || text.length > 100)
      throw new Error(`${where}: "name" must hold vi, en and km, each a text of 1 to 100 characters.`);
  return { vi, en, km } as Names;
}

/** Reads `clocks.warn_percent`. */
export function warnPercent(value: unknown): readonly [number, number] {
  const isPercent = (one: unknown) => Number.isInteger(one) && Number(one) >= 1 && Number(one) <= 99;
  if (Array.isArray(value) && value.length === 2 && value.every(isPercent) && value[0] < value[1])
    return [value[0], value[1]];
  throw new Error('must be two whole numbers of percent, the smaller one first, such as [50, 80].');
}

/** Reads `clocks.yearly`; `false`: there is none. */
export function yearlyTerm(value: unknown): YearlyTerm | undefined {
  if (value === false) return undefined;
  const { day, notice_days: noticeDays = YEARLY.noticeDays, source, ...more } = mapOf(value, 'it');
  known(more, 'it');
  const isDay = typeof day === 'string' && /^\d\d-\d\d$/.test(day) && isOfEveryYear(day);
  if (!isDay) throw new Error('"day" must be a day of every year such as "12-25", month first.');
  if (!Number.isInteger(noticeDays) || Number(noticeDays) < 1 || Number(noticeDays) > 300)
    throw new Error('"notice_days" must be a whole number from 1 to 300.');
  return { day, noticeDays: Number(noticeDays), source: sourceOf(source, 'it') };
}

function isOfEveryYear(day: string): boolean {
  const [month = 0, date = 0] = day.split('-').map(Number);
  const found = new Date(Date.UTC(2027, month - 1, date));
  return found.getUTCMonth() === month - 1 && found.getUTCDate() === date;
}

function mapOf(value: unknown, where: string): Fields {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Fields;
  throw new Error(`${where} must hold "key: value" lines.`);
}

function known(more: Fields, where: string): void {
  const [wrong] = Object.keys(more);
  if (wrong !== undefined) throw new Error(`${where}: there is no "${wrong.slice(0, 50)}" here; see clocks.md.`);
}

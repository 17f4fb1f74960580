import type { Rule } from '../../rules/rule.ts';
import type { AgencyBook } from '../agencies/names.ts';
import { HaidangError } from '../errors.ts';
import type { RecordFilter, Versioned } from '../store/record-store.ts';
import { PROVINCE } from './keys.ts';
import type { AlertRecord } from './record.ts';
import type { AlertRow } from './schema.ts';

/** Rules by id, for the titles and guidance that an alert shows. */
export type RuleBook = ReadonlyMap<string, Rule>;

const books = new WeakMap<readonly Rule[], RuleBook>();

/** The rules in force by id. Rules may change while the server runs: ask for each answer anew. */
export function ruleBook(rules: readonly Rule[]): RuleBook {
  let book = books.get(rules);
  if (!book) {
    book = new Map(rules.map((rule) => [rule.id, rule]));
    books.set(rules, book);
  }
  return book;
}

/** A rule's title in each language that it has. */
export function titles(rule: Rule): AlertRow['title'] {
  const { vi, km } = rule.extension.titles;
  return { en: rule.title, ...(vi === undefined ? {} : { vi }), ...(km === undefined ? {} : { km }) };
}

/**
 * The version that people's acts compare against: it counts acts, not the record's own changes, so that an alert which
 * grows with every event can still be closed.
 */
export function actVersion(alert: AlertRecord): number {
  return alert.timeline.length;
}

/** Makes queue rows of alert records. A rule that is gone leaves the title it had when it fired. */
export async function alertRows(
  records: readonly Versioned<AlertRecord>[],
  rules: RuleBook,
  agencies: AgencyBook,
): Promise<AlertRow[]> {
  const names = await agencies.all();
  return records.map(({ id, change, document: alert }) => {
    const rule = rules.get(alert.rule);
    const involved = alert.agencies
      ?.map(({ agency, count }) => ({ agency, name: names.get(agency)?.name ?? agency, count }))
      .sort((left, right) => right.count - left.count);
    return {
      id,
      version: actVersion(alert),
      change,
      rule: alert.rule,
      title: rule ? titles(rule) : { en: alert.ruleTitle },
      severity: alert.severity,
      ...(alert.asset && alert.ruleLevel && alert.ruleLevel !== alert.severity
        ? { ruleLevel: alert.ruleLevel, asset: { ...alert.asset } }
        : {}),
      status: alert.status,
      ...(alert.mergedInto === undefined ? {} : { mergedInto: alert.mergedInto }),
      ...(alert.incident === undefined ? {} : { incident: alert.incident }),
      verdict: alert.verdict,
      owner: alert.owner,
      agency: alert.agency,
      agencyName: involved ? listedNames(involved) : (names.get(alert.agency)?.name ?? alert.agency),
      scope: alert.agency === PROVINCE || alert.part !== undefined ? ('province' as const) : ('agency' as const),
      ...(involved ? { agencies: involved } : {}),
      count: alert.count,
      countSinceClose: alert.countAtClose === null ? 0 : Math.max(0, alert.count - alert.countAtClose),
      first: alert.first,
      last: alert.last,
      createdAt: alert.createdAt,
      updatedAt: alert.updatedAt,
      group: { ...alert.group },
      entities: Object.fromEntries(
        Object.entries(alert.entities).map(([field, { values, total }]) => [field, { values: [...values], total }]),
      ),
      tags: [...alert.tags],
    };
  });
}

/** Agencies named in a line: the others are told by their number. */
const NAMED = 3;

function listedNames(involved: readonly { readonly name: string }[]): string {
  const named = involved.slice(0, NAMED).map(({ name }) => name);
  return [...named, ...(involved.length > NAMED ? [`+${involved.length - NAMED}`] : [])].join(' · ');
}

const LISTS = {
  status: ['new', 'in_progress', 'closed'],
  severity: ['informational', 'low', 'medium', 'high', 'critical'],
  rule: undefined,
  agency: undefined,
  owner: undefined,
} as const;

/** The record filter of a list query: each parameter is a comma-separated list, any of which may fit. */
export function alertFilter(query: Partial<Record<keyof typeof LISTS, string>>): NonNullable<RecordFilter['where']> {
  // What became part of another alert is in no list: its events are counted there.
  const where: Record<string, readonly string[]> = { status: LISTS.status };
  for (const [name, allowed] of Object.entries(LISTS)) {
    const text = query[name as keyof typeof LISTS];
    if (text === undefined || text === '') continue;
    const values = text.split(',').map((value) => value.trim());
    if (values.length > 100) throw new HaidangError('HD_BAD_REQUEST', `"${name}" takes at most 100 values.`);
    const wrong = allowed && values.find((value) => !(allowed as readonly string[]).includes(value));
    if (wrong !== undefined)
      throw new HaidangError(
        'HD_BAD_REQUEST',
        `"${wrong.slice(0, 50)}" is no ${name}; there are ${allowed?.join(', ')}.`,
      );
    where[name] = values;
  }
  return where;
}

import { SYSTEM } from '../identity.ts';
import { RECORD_INDEXES } from '../store/record-kinds.ts';
import type { RecordKind, RecordStore, Versioned } from '../store/record-store.ts';
import { MARKER } from './marker.ts';
import type { Source } from './source.ts';
import type { Target } from './target.ts';

/** One day compared id by id. */
export interface DayComparison {
  readonly day: string;
  /** In the folder, and in the cluster. */
  readonly events: number;
  readonly moved: number;
  /** Of the folder's, not in the cluster: how many, and the first ones' ids without hash. */
  readonly lost: number;
  readonly lostIds: readonly string[];
  /** Refused by the cluster as events, and kept there as dead letters. */
  readonly refused: number;
  /** Rows that the folder had lost, and that came back from their frames. */
  readonly restored: number;
  /** In the cluster, and not of this folder. */
  readonly foreign: number;
}

/** What was compared, and whether all is there once. */
export interface Verification {
  readonly days: readonly DayComparison[];
  readonly deadLetters: { readonly expected: number; readonly found: number };
  readonly records: readonly {
    readonly kind: string;
    readonly expected: number;
    readonly same: number;
    readonly more: number;
  }[];
  readonly signals: { readonly expected: number; readonly found: number };
  readonly ok: boolean;
}

const NAMED = 20;
const PAGE = 1_000;
/** Ids of one counting: some 200 KB. */
const IDS = 5_000;
/** Ids that stand on one side only, at most, before the rest is only counted. */
const MOST_ODD = 200_000;

/** Compares folder and cluster: every event by id, every dead letter by id, every record by content, signals by count. */
export async function verify(source: Source, target: Target, onDay: (day: string) => void): Promise<Verification> {
  await target.refresh();
  const days: DayComparison[] = [];
  const letters = { expected: 0, found: 0 };
  const inCluster = (await target.events.days()).map(({ day }) => day);
  for (const day of [...new Set([...source.days, ...inCluster])].sort()) {
    onDay(day);
    days.push(await compareDay(source, target, day));
    if (source.days.includes(day)) await compareLetters(source, target, day, letters);
  }
  const records: Verification['records'][number][] = [];
  for (const kind of Object.keys(RECORD_INDEXES) as RecordKind[]) {
    records.push(await compareRecords(source.records, target.records, kind));
  }
  const signals = { expected: source.countSignals(), found: await target.countSignals() };
  const ok =
    days.every(({ lost, foreign }) => lost === 0 && foreign === 0) &&
    letters.found === letters.expected &&
    records.every(({ expected, same, more }) => same === expected && more === 0) &&
    signals.found === signals.expected;
  return { days, deadLetters: letters, records, signals, ok };
}

async function compareDay(source: Source, target: Target, day: string): Promise<DayComparison> {
  const events = await countIfSame(source, target, day);
  if (events === undefined) return compareIds(source, target, day);
  return { day, events, moved: events, lost: 0, lostIds: [], refused: 0, restored: 0, foreign: 0 };
}

/** How many events the day has where both have the very same ids: each is there, and there are no more than these. */
async function countIfSame(source: Source, target: Target, day: string): Promise<number | undefined> {
  if (!source.days.includes(day)) return undefined;
  let events = 0;
  let page: string[] = [];
  const allThere = async () => page.length === 0 || (await target.countIds(day, page)) === page.length;
  for (const id of source.idsOf(day)) {
    events++;
    page.push(id);
    if (page.length < IDS) continue;
    if (!(await allThere())) return undefined;
    page = [];
  }
  return (await allThere()) && (await target.countDay(day)) === events ? events : undefined;
}

/** Which ids differ, and why: only where counting has found that some do. */
async function compareIds(source: Source, target: Target, day: string): Promise<DayComparison> {
  const here = source.days.includes(day) ? source.idsOf(day)[Symbol.iterator]() : [][Symbol.iterator]();
  const there = target.idsOf(day)[Symbol.asyncIterator]();
  // Both come in order of their numbers, so that nearly all meet at once; what does not waits here for its like.
  const onlyHere = new Set<string>();
  const onlyThere = new Set<string>();
  let events = 0;
  let moved = 0;
  for (;;) {
    const left: IteratorResult<string, unknown> = here.next();
    const right: IteratorResult<string, unknown> = await there.next();
    if (left.done && right.done) break;
    if (!left.done) events++;
    if (!right.done) moved++;
    if (!left.done && !right.done && left.value === right.value) continue;
    if (!left.done && !onlyThere.delete(left.value)) onlyHere.add(left.value);
    if (!right.done && !onlyHere.delete(right.value)) onlyThere.add(right.value);
    if (onlyHere.size + onlyThere.size > MOST_ODD)
      throw new Error(
        `Day ${day} differs in more than ${MOST_ODD} events; the cluster was not filled from this folder.`,
      );
  }
  const missing = [...onlyHere];
  const lostIds: string[] = [];
  for (let at = 0; at < missing.length; at += PAGE) {
    const page = missing.slice(at, at + PAGE);
    const kept = await target.haveLetters(page);
    lostIds.push(...page.filter((id) => !kept.has(id)));
  }
  const restored = [...onlyThere].filter((id) => source.days.includes(day) && source.coveredBy(day, id)).length;
  return {
    day,
    events,
    moved,
    lost: lostIds.length,
    lostIds: lostIds.slice(0, NAMED),
    refused: missing.length - lostIds.length,
    restored,
    foreign: onlyThere.size - restored,
  };
}

async function compareLetters(
  source: Source,
  target: Target,
  day: string,
  counts: { expected: number; found: number },
): Promise<void> {
  let page: string[] = [];
  const ask = async () => {
    counts.expected += page.length;
    counts.found += (await target.haveLetters(page)).size;
    page = [];
  };
  for (const { id } of source.lettersOf(day)) {
    page.push(id);
    if (page.length === PAGE) await ask();
  }
  await ask();
}

/** Both stores give records in the order of their changes, which is the same in both. */
async function compareRecords(source: RecordStore, target: RecordStore, kind: RecordKind) {
  const counts = { kind, expected: 0, same: 0, more: 0 };
  const there = everyRecord(target, kind);
  let right = await there.next();
  for await (const record of everyRecord(source, kind)) {
    counts.expected++;
    for (; !right.done && right.value.change < record.change; right = await there.next()) counts.more++;
    if (right.done || right.value.change !== record.change) continue;
    if (sameRecord(record, right.value)) counts.same++;
    right = await there.next();
  }
  for (; !right.done; right = await there.next()) counts.more++;
  return counts;
}

function sameRecord(a: Versioned<unknown>, b: Versioned<unknown>): boolean {
  return a.id === b.id && a.version === b.version && JSON.stringify(a.document) === JSON.stringify(b.document);
}

/** All records of a kind, but for the marker of the move. */
export async function* everyRecord(records: RecordStore, kind: RecordKind): AsyncGenerator<Versioned<object>> {
  let after = 0;
  for (;;) {
    const page: readonly Versioned<object>[] = await records.as(SYSTEM).changesSince(kind, after, PAGE);
    for (const record of page) if (kind !== 'setting' || record.id !== MARKER) yield record;
    const last = page.at(-1);
    if (!last || page.length < PAGE) return;
    after = last.change;
  }
}

import { HaidangError } from '../../errors.ts';
import type {
  GroupedUpTo,
  GroupingLease,
  GroupingLog,
  GroupingState,
  GroupingStep,
  MatchEntry,
  StepResult,
} from '../match-log.ts';
import { type DetectionShelf, readSignals, writeAlerts, writeSignals } from './detection.ts';
import { deleteEntries, deleteGrouped, nodesOf, readEntries } from './match-entries.ts';
import type { OneByOne } from './match-log.ts';
import type { Place } from './record-documents.ts';

interface StateSource extends Omit<GroupingState, 'begun'> {
  readonly begun?: GroupingStep;
  /** Of the lease under which it was written. */
  readonly token: number;
}

interface HeldState {
  readonly source: StateSource;
  readonly text: string;
  readonly place: Place;
}

const STATE = 'grouping';
/** Entries of one node that a step takes at most, and bytes of all of them. */
const MOST_OF_NODE = 8;
const MOST_BYTES = 8 * 1024 * 1024;
/** How often new servers are looked for, milliseconds. */
const NODES_EVERY = 2_000;
/** Steps after which entries are let go of, where there is never a pause. */
const CLEAN_EVERY = 64;
const START: StateSource = { token: 0, step: 0, done: {}, nodes: [] };

/** Where grouping stands, with what to compare when it is written; undefined where nothing was ever grouped. */
export async function readGroupingState({ cluster, names }: DetectionShelf): Promise<HeldState | undefined> {
  const { body } = await cluster.request<{
    readonly found?: boolean;
    readonly _seq_no: number;
    readonly _primary_term: number;
    readonly _source: { readonly state: string };
  }>({ method: 'GET', path: `/${names.matches}/_doc/${STATE}`, accept: [404] });
  if (!body.found) return undefined;
  const text = body._source.state;
  return { source: JSON.parse(text) as StateSource, text, place: { seqNo: body._seq_no, term: body._primary_term } };
}

/** Opens grouping for the holder of its lease: whoever held it before can write nothing from then on. */
export async function openGroupingLog(
  shelf: DetectionShelf,
  lease: GroupingLease,
  oneByOne: OneByOne,
): Promise<GroupingLog> {
  const { cluster, names, fresh } = shelf;
  let held = await readGroupingState(shelf);
  /** Entries of the step that is begun. */
  let pending: readonly MatchEntry[] = [];
  let isWritten = false;
  let known: readonly string[] = [];
  let lookedAt = Number.NEGATIVE_INFINITY;
  let dirty = false;
  const cleaned = new Map<string, number>();

  const lost = () =>
    new HaidangError('HD_LEASE_LOST', 'Another server groups the matches of all now; this one must not write them.', {
      retryAfter: 5,
    });
  const source = () => held?.source ?? START;
  const save = async (next: StateSource): Promise<void> => {
    const text = JSON.stringify(next);
    const answer = await cluster.request<{ readonly _seq_no: number; readonly _primary_term: number }>({
      method: 'PUT',
      path: held ? `/${names.matches}/_doc/${STATE}` : `/${names.matches}/_create/${STATE}`,
      query: held ? { if_seq_no: held.place.seqNo, if_primary_term: held.place.term } : {},
      body: { kind: 'state', state: text },
      accept: [409],
    });
    if (answer.status !== 409) {
      held = { source: next, text, place: { seqNo: answer.body._seq_no, term: answer.body._primary_term } };
      return;
    }
    const there = await readGroupingState(shelf);
    // The answer to a try before was lost on the way.
    if (there?.text !== text) throw lost();
    held = there;
  };
  const doneWith = (entries: readonly MatchEntry[]): Readonly<Record<string, GroupedUpTo>> => {
    const done = { ...source().done };
    for (const { node, number, lastSequence } of entries) done[node] = { number, lastSequence };
    return done;
  };
  const clean = async () => {
    for (const [node, { number }] of Object.entries(source().done)) {
      const from = (cleaned.get(node) ?? 0) + 1;
      await deleteEntries(shelf, node, from, number);
      cleaned.set(node, number);
    }
  };
  const nodes = async (): Promise<readonly string[]> => {
    if (performance.now() - lookedAt >= NODES_EVERY) {
      known = await nodesOf(shelf);
      lookedAt = performance.now();
    }
    return known;
  };

  if (source().token > lease.token) throw lost();
  await save({ ...source(), token: lease.token });
  // The holder before wrote signals and alerts that no search here has asked for yet.
  fresh.changed([names.signals, names.records]);
  await deleteGrouped(shelf, source().done);
  for (const [node, { number }] of Object.entries(source().done)) cleaned.set(node, number);

  return {
    state() {
      const { begun, step, done, nodes: places } = source();
      return { begun, step, done: isWritten ? doneWith(pending) : done, nodes: places };
    },
    async read(step) {
      const found = new Map((await readEntries(shelf, step.entries)).map((entry) => [keyOf(entry), entry]));
      const { done } = source();
      // One that somebody deleted must not keep all others from being grouped.
      pending = step.entries.map(({ node, number }) => {
        const { lastSequence = 0 } = done[node] ?? {};
        return found.get(keyOf({ node, number })) ?? { node, number, lastSequence, body: new Uint8Array() };
      });
      return pending;
    },
    async next() {
      const done = doneWith(pending);
      const wanted = (await nodes()).flatMap((node) => {
        const from = (done[node]?.number ?? 0) + 1;
        return Array.from({ length: MOST_OF_NODE }, (_, at) => ({ node, number: from + at }));
      });
      return bounded(await readEntries(shelf, wanted));
    },
    async begin(entries) {
      const before = source();
      const last = before.begun?.step ?? before.step;
      const places = [...new Set([...before.nodes, ...entries.map(({ node }) => node)])];
      const begun = { step: last + 1, entries: entries.map(({ node, number }) => ({ node, number })) };
      await save({ ...before, step: last, done: doneWith(pending), nodes: places, begun });
      pending = entries;
      isWritten = false;
      dirty = true;
      if (begun.step % CLEAN_EVERY === 0) await clean();
      return begun;
    },
    readSignals: (rule, group, from, to) =>
      readSignals(shelf, rule, group, from, to, source().begun?.step ?? source().step + 1),
    async write({ signals, alerts }: StepResult) {
      const step = source().begun?.step ?? source().step;
      const fence = () => lease.check();
      return oneByOne(async () => {
        await fence();
        await writeSignals(shelf, signals, { node: STATE, step });
        const changed = await writeAlerts(shelf, alerts, fence);
        isWritten = true;
        return changed;
      });
    },
    async settle() {
      if (!dirty && !source().begun) return;
      const { begun, ...before } = source();
      await save({ ...before, step: begun?.step ?? before.step, done: doneWith(pending) });
      pending = [];
      dirty = false;
      await clean();
    },
  };
}

function keyOf({ node, number }: Pick<MatchEntry, 'node' | 'number'>): string {
  return `${node} ${number}`;
}

/** As many entries as one step takes: of each node in turn, so that one that is far behind does not keep the others. */
function bounded(entries: readonly MatchEntry[]): MatchEntry[] {
  const byNode = Map.groupBy(entries, ({ node }) => node);
  const taken: MatchEntry[] = [];
  let bytes = 0;
  for (let turn = 0; turn < MOST_OF_NODE; turn++) {
    for (const own of byNode.values()) {
      const entry = own[turn];
      if (!entry) continue;
      bytes += entry.body.byteLength;
      if (taken.length > 0 && bytes > MOST_BYTES) return taken;
      taken.push(entry);
    }
  }
  return taken;
}

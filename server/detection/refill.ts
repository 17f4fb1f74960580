import type { EventStore, StoredBatch } from '../store/event-store.ts';
import type { RecordStore, Signal } from '../store/record-store.ts';
import type { RuleGap, RuleSpans } from './rule-spans.ts';

/** A gap of a rule that is being evaluated after the fact. */
export interface Refill {
  readonly rule: string;
  readonly gap: Pick<RuleGap, 'from' | 'to'>;
  /** All up to here is evaluated and written. */
  readonly done: number;
}

/** Gaps that wait to be evaluated after the fact, and how far the first of them is. */
export interface Refills {
  add(rule: string, gap: Pick<RuleGap, 'from' | 'to'>): Promise<void>;
  list(): readonly Refill[];
  /** The rule and the stored batches that come next; undefined where nothing waits. */
  next(
    rules: ReadonlySet<string>,
  ): Promise<{ readonly rule: string; readonly batches: readonly StoredBatch[] } | undefined>;
  /** Kept with the alerts of the batches given by `next`, in the same commit: what is written is never counted again. */
  marker(batches: readonly StoredBatch[]): Signal;
  /** The batches of `next` and their marker are written. */
  written(batches: readonly StoredBatch[]): void;
}

const BATCHES = 8;
/** Past every event time, so that no clearing away of old signals takes it. */
const NEVER = 253_402_300_799;

/** Opens the list over what was asked for and not finished before. */
export async function openRefills(
  events: Pick<EventStore, 'readFrom'>,
  records: Pick<RecordStore, 'readSignals'>,
  spans: RuleSpans,
): Promise<Refills> {
  const waiting: { rule: string; gap: Pick<RuleGap, 'from' | 'to'>; done: number }[] = [];

  const load = async (rule: string, gap: Pick<RuleGap, 'from' | 'to'>): Promise<void> => {
    if (waiting.some((one) => one.rule === rule && one.gap.from === gap.from)) return;
    const [marker] = await records.readSignals(markerRule(rule, gap), '', NEVER, NEVER);
    waiting.push({ rule, gap: { from: gap.from, to: gap.to }, done: marker?.count ?? gap.from - 1 });
  };
  for (const [rule, { gaps }] of spans.all()) {
    for (const gap of gaps) if (gap.state === 'filling') await load(rule, gap);
  }

  return {
    async add(rule, gap) {
      await spans.mark(rule, gap, 'filling');
      await load(rule, gap);
    },
    list: () => waiting.map((one) => ({ ...one })),
    async next(rules) {
      for (let job = waiting[0]; job; job = waiting[0]) {
        // A rule that went meanwhile leaves the rest of its gap open.
        if (!rules.has(job.rule)) {
          await spans.mark(job.rule, job.gap, 'open');
          waiting.shift();
          continue;
        }
        const { gap, done } = job;
        const read = done < gap.to ? await events.readFrom(done + 1, BATCHES) : [];
        const batches = read.filter(({ firstSequence }) => firstSequence <= gap.to).map((batch) => within(batch, gap));
        if (batches.length > 0) return { rule: job.rule, batches };
        await spans.mark(job.rule, gap, 'filled');
        waiting.shift();
      }
      return undefined;
    },
    marker(batches) {
      const job = waiting[0];
      const done = batches.at(-1)?.lastSequence ?? 0;
      if (!job) throw new Error('No gap is being filled.');
      return { rule: markerRule(job.rule, job.gap), group: '', second: NEVER, batch: 0, count: done, events: [] };
    },
    written(batches) {
      const job = waiting[0];
      if (job) job.done = batches.at(-1)?.lastSequence ?? job.done;
    },
  };
}

function markerRule(rule: string, { from, to }: Pick<RuleGap, 'from' | 'to'>): string {
  return `refill:${from}-${to}:${rule}`;
}

/** The part of a batch inside a gap. */
function within(batch: StoredBatch, { from, to }: Pick<RuleGap, 'from' | 'to'>): StoredBatch {
  const skip = Math.max(0, from - batch.firstSequence);
  const end = Math.min(batch.lastSequence, to);
  if (skip === 0 && end === batch.lastSequence) return batch;
  const firstSequence = batch.firstSequence + skip;
  const lines = batch.lines.subarray(skip, end - batch.firstSequence + 1);
  return { ...batch, firstSequence, lastSequence: end, lines };
}

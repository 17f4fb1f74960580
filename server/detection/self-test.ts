import { zstdCompressSync } from 'node:zlib';
import { formatEventId, utcDay } from '../../ecs/event-id.ts';
import type { FrameHeader } from '../../ecs/wire.ts';
import { sampleEvents } from '../../rules/engine/samples.ts';
import type { Rule, Sample } from '../../rules/rule.ts';
import type { GroupingReads } from '../alerts/grouping.ts';
import { openGrouping } from '../alerts/grouping.ts';
import type { AgencyId, CollectorId } from '../identity.ts';
import type { StoredBatch } from '../store/event-store.ts';
import type { Evaluator } from './evaluate.ts';

/** What came of running a rule's own samples through the evaluation that stored events go through. */
export interface SelfTestResult {
  readonly rule: string;
  /** Samples that must match and were run; those too long are left out. */
  readonly samples: number;
  /** Of these, by number from 1: which did not. */
  readonly failed: readonly number[];
  /** Why it could not be run at all. */
  readonly error: string | null;
}

/** Longest sample that is run, in events. */
const MOST_EVENTS = 1_200;
const NO_READS: GroupingReads = { alertsOf: async () => [], signalsOf: async () => [], eventsOf: async () => [] };
const HASH = '000000000000';
const COLLECTOR = 'selftest' as CollectorId;
const AGENCY = 'self-test' as AgencyId;

/**
 * Runs the `match` samples of a rule through the evaluator that live events go through and a grouping of its own, whose
 * alerts are looked at and thrown away. A self-test is known by the message that asks for it, never by what an event
 * says, so that no payload can pass for one.
 */
export async function selfTest(rule: Rule, evaluator: Evaluator, rules: readonly Rule[]): Promise<SelfTestResult> {
  const samples = rule.extension.samples.match.filter((sample) => lengthOf(sample) <= MOST_EVENTS);
  const failed: number[] = [];
  try {
    for (const [index, sample] of samples.entries()) {
      if (!(await isFound(rule, sample, evaluator, rules))) failed.push(index + 1);
    }
    return { rule: rule.id, samples: samples.length, failed, error: null };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { rule: rule.id, samples: samples.length, failed, error: reason };
  }
}

async function isFound(rule: Rule, sample: Sample, evaluator: Evaluator, rules: readonly Rule[]): Promise<boolean> {
  const { cells, hits } = evaluator.evaluate(batchOfSample(sample));
  if (rule.kind === 'detection') return hits.has(rule.id);
  const grouping = openGrouping({ rules, reads: NO_READS, fresh: true });
  const own = cells.filter((cell) => cell.rule === rule.id);
  const { alerts } = await grouping.apply(own, new Date(0).toISOString());
  return alerts.some(({ detected }) => detected.rule === rule.id);
}

function lengthOf(sample: Sample): number {
  return sample.events.reduce((sum, { repeat }) => sum + repeat, 0);
}

/** A sample as ingest would have stored it. */
function batchOfSample(sample: Sample): StoredBatch {
  const events = [...sampleEvents(sample)];
  const receivedAt = new Date().toISOString();
  const day = utcDay(Date.now());
  const lines = events.map((event, at) => {
    const nested = nest(event);
    const id = formatEventId({ day, collector: COLLECTOR, epoch: HASH.slice(0, 8), sequence: at + 1, hash: HASH });
    return JSON.stringify({ ...nested, event: { ...(nested['event'] as object | undefined), id } });
  });
  const header: FrameHeader = {
    version: 1,
    collector: COLLECTOR,
    epoch: HASH.slice(0, 8),
    day,
    first: 1,
    last: lines.length,
    spooledAt: receivedAt,
    sources: [{ source: 'self-test', read: lines.length, spooled: lines.length, dropped: {}, unparsed: 0 }],
    runs: [[0, lines.length]],
  };
  return {
    firstSequence: 1,
    lastSequence: lines.length,
    collector: COLLECTOR,
    agency: AGENCY,
    receivedAt,
    body: zstdCompressSync([JSON.stringify(header), ...lines].join('\n')),
    lines: Uint32Array.from(lines, (_, at) => at),
  };
}

/** Dotted names as objects inside one another, as parsers write events. */
function nest(event: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const nested: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(event)) {
    const parts = name.split('.');
    let at = nested;
    for (const part of parts.slice(0, -1)) {
      const inside = Object.hasOwn(at, part) ? at[part] : undefined;
      const next = typeof inside === 'object' && inside !== null ? (inside as Record<string, unknown>) : {};
      Object.defineProperty(at, part, { value: next, enumerable: true, configurable: true, writable: true });
      at = next;
    }
    const last = parts.at(-1) ?? '';
    Object.defineProperty(at, last, { value, enumerable: true, configurable: true, writable: true });
  }
  return nested;
}

import type { EcsEvent } from '../../../ecs/event.ts';
import type { Condition } from '../../../rules/query/condition.ts';
import { SYSTEM } from '../../identity.ts';
import type { EventStore } from '../../store/event-store.ts';

/** Fields whose values tell kinds of events apart, the most kinds of each, and events looked at of a kind. */
const KINDS = [
  { field: 'event.dataset', kinds: 100, events: 50 },
  { field: 'event.module', kinds: 50, events: 50 },
  { field: 'winlog.channel', kinds: 50, events: 50 },
  { field: 'event.code', kinds: 150, events: 20 },
  { field: 'process.name', kinds: 50, events: 20 },
] as const;
/** Longest time for all questions, milliseconds. */
const LONGEST_MS = 20_000;
const NEWEST = 500;

/** Some stored events of every kind, a few hundred at a time: the newest of each. Gives what it got where time runs out. */
export async function* sampleEvents(
  events: EventStore,
  now: number,
  signal: AbortSignal,
): AsyncGenerator<readonly EcsEvent[]> {
  const view = events.as(SYSTEM);
  const range = { from: new Date(0).toISOString(), to: new Date(now + 86_400_000).toISOString() };
  const ends = AbortSignal.any([signal, AbortSignal.timeout(LONGEST_MS)]);
  const seen = new Set<string>();
  const newest = async (condition: Condition, limit: number): Promise<readonly EcsEvent[]> => {
    const page = await view.search({ range, condition, limit }, ends);
    const fresh = page.events.filter(({ id }) => !seen.has(id));
    for (const { id } of fresh) seen.add(id);
    return fresh.map(({ event }) => event);
  };
  try {
    yield await newest({ kind: 'always' }, NEWEST);
    for (const { field, kinds, events: limit } of KINDS) {
      const top = await view.topValues(
        { range, condition: { kind: 'always' }, field, limit: kinds, sample: 20_000 },
        ends,
      );
      for (const { value } of top.values) {
        const test = { kind: 'string', match: 'equals', value, cased: false } as const;
        yield await newest({ kind: 'field', field, test }, limit);
      }
    }
  } catch (error) {
    if (!ends.aborted) throw error;
  }
}

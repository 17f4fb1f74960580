import { parseKql } from '../../rules/query/kql.ts';
import type { AgencyId } from '../../server/identity.ts';
import { SYSTEM } from '../../server/identity.ts';
import type { EventStore } from '../../server/store/event-store.ts';
import { DAY_MS, END, RARE, START } from './store-events.ts';

/** How long a question takes, milliseconds. */
export type Waits = Readonly<Record<string, readonly [median: number, slowest: number]>>;

/** A question that takes long is not asked as often. */
const MOST_MS = 20_000;

/** Median and slowest of some rounds in milliseconds, after one that opens what is needed. */
async function timed(rounds: number, ask: () => Promise<unknown>): Promise<readonly [median: number, slowest: number]> {
  await ask();
  const times: number[] = [];
  const until = performance.now() + MOST_MS;
  for (let round = 0; round < rounds && (round === 0 || performance.now() < until); round++) {
    const at = performance.now();
    await ask();
    times.push(performance.now() - at);
  }
  times.sort((a, b) => a - b);
  const rounded = (time = 0) => Math.round(time * 10) / 10;
  return [rounded(times[times.length >> 1]), rounded(times.at(-1))];
}

/** Asks what analysts ask, of the week, or of what there is of it up to `until`, milliseconds. */
export async function askAll(events: EventStore, until: number = END, rounds = 7): Promise<Waits> {
  const one = events.as({ ...SYSTEM, agencies: ['agency-7' as AgencyId] });
  const all = events.as(SYSTEM);
  const to = new Date(until).toISOString();
  const week = { from: new Date(START).toISOString(), to };
  const lastDay = { from: new Date(until - DAY_MS).toISOString(), to };
  const search = (kql: string) => () => all.search({ range: week, condition: parseKql(kql), limit: 100 });
  const failures = parseKql('event.outcome: failure');
  const severities = { field: 'event.severity', intervalSeconds: 1_800, limit: 6 };
  const questions: Readonly<Record<string, () => Promise<unknown>>> = {
    newest100OfAgency: () => one.search({ range: week, condition: parseKql(''), limit: 100 }),
    histogram24hBySeverity: () => all.stackedHistogram({ range: lastDay, condition: parseKql(''), ...severities }),
    top20SourcesOfFailures7d: () => all.topValues({ range: week, condition: failures, field: 'source.ip', limit: 20 }),
    rareWord: search(RARE),
    wordsFarApart: search('"203.66.7"'),
    rareAddress: search('source.ip: 203.5.220.1'),
    substringOfCommandLine: search('process.command_line: *invoke-mimi*'),
    countOfWeek: () => all.count({ range: week, condition: failures }),
  };
  const waits: Record<string, readonly [number, number]> = {};
  for (const [name, ask] of Object.entries(questions)) waits[name] = await timed(rounds, ask);
  return waits;
}

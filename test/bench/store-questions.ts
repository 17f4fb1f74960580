import { parseKql } from '../../rules/query/kql.ts';
import type { AgencyId } from '../../server/identity.ts';
import { SYSTEM } from '../../server/identity.ts';
import type { EventPage, EventStore } from '../../server/store/event-store.ts';
import { DAY_MS, END, RARE, START } from './store-events.ts';

/** How long a question takes, milliseconds. */
export type Waits = Readonly<Record<string, readonly [median: number, slowest: number]>>;

/** A question that takes long is not asked as often. */
const MOST_MS = 20_000;
const PAGE = 100;

/** What a store answered to each question, in a form that two stores can be compared by; `null` where a limit ended it early. */
export type Answers = Readonly<Record<string, string | null>>;

/** What a question took, and what was said. */
export interface Asked {
  readonly milliseconds: Waits;
  readonly answers: Answers;
}

/** Median and slowest of some rounds in milliseconds, after one that opens what is needed, and what that one gave. */
async function timed(
  rounds: number,
  ask: () => Promise<unknown>,
): Promise<{ readonly took: readonly [median: number, slowest: number]; readonly answer: unknown }> {
  const answer = await ask();
  const times: number[] = [];
  const until = performance.now() + MOST_MS;
  for (let round = 0; round < rounds && (round === 0 || performance.now() < until); round++) {
    const at = performance.now();
    await ask();
    times.push(performance.now() - at);
  }
  times.sort((a, b) => a - b);
  const rounded = (time = 0) => Math.round(time * 10) / 10;
  return { took: [rounded(times[times.length >> 1]), rounded(times.at(-1))], answer };
}

/** An answer without what may differ between stores that hold the same: numbers given on arrival, and how it was found. */
function comparable(answer: unknown): string | null {
  const { complete, next: _, stopped: __, looked: ___, approximate: ____, ...rest } = answer as Record<string, unknown>;
  if (complete === false) return null;
  const { events } = answer as Partial<EventPage>;
  if (!events) return JSON.stringify(rest);
  // A page's last moment may have more events than the page: which of them are on it is a matter of arrival.
  const last = events.at(-1)?.event['@timestamp'] ?? '';
  const whole = events.filter(({ event }) => events.length < PAGE || event['@timestamp'] > last);
  return JSON.stringify([events.length, last, whole.map(({ id }) => id).sort()]);
}

/** Asks what analysts ask, of the week, or of what there is of it up to `until`, milliseconds. */
export async function askAll(events: EventStore, until: number = END, rounds = 7): Promise<Asked> {
  const one = events.as({ ...SYSTEM, agencies: ['agency-7' as AgencyId] });
  const all = events.as(SYSTEM);
  const to = new Date(until).toISOString();
  const week = { from: new Date(START).toISOString(), to };
  const lastDay = { from: new Date(until - DAY_MS).toISOString(), to };
  const search = (kql: string) => () => all.search({ range: week, condition: parseKql(kql), limit: PAGE });
  const failures = parseKql('event.outcome: failure');
  const severities = { field: 'event.severity', intervalSeconds: 1_800, limit: 6 };
  const questions: Readonly<Record<string, () => Promise<unknown>>> = {
    newest100OfAgency: () => one.search({ range: week, condition: parseKql(''), limit: PAGE }),
    histogram24hBySeverity: () => all.stackedHistogram({ range: lastDay, condition: parseKql(''), ...severities }),
    top20SourcesOfFailures7d: () => all.topValues({ range: week, condition: failures, field: 'source.ip', limit: 20 }),
    rareWord: search(RARE),
    wordsFarApart: search('"203.66.7"'),
    rareAddress: search('source.ip: 203.5.220.1'),
    substringOfCommandLine: search('process.command_line: *invoke-mimi*'),
    countOfWeek: () => all.count({ range: week, condition: failures }),
  };
  const milliseconds: Record<string, readonly [number, number]> = {};
  const answers: Record<string, string | null> = {};
  for (const [name, ask] of Object.entries(questions)) {
    const { took, answer } = await timed(rounds, ask);
    milliseconds[name] = took;
    answers[name] = comparable(answer);
  }
  return { milliseconds, answers };
}

/** Compares what two stores answered: which questions had the same answer, which not, and which a limit ended in one of them. */
export function compareAnswers(
  one: Answers,
  other: Answers,
): Readonly<Record<'same' | 'differ' | 'cut', readonly string[]>> {
  const found = { same: [] as string[], differ: [] as string[], cut: [] as string[] };
  for (const [name, answer] of Object.entries(one)) {
    const there = other[name] ?? null;
    const kind = answer === null || there === null ? 'cut' : answer === there ? 'same' : 'differ';
    found[kind].push(name);
  }
  return found;
}

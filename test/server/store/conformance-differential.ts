import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type EcsEvent, readField } from '../../../ecs/event.ts';
import { parseKql } from '../../../rules/query/kql.ts';
import { compileMatcher } from '../../../rules/query/matcher.ts';
import { foldCase } from '../../../rules/query/string-test.ts';
import { type AgencyId, type Identity, SYSTEM } from '../../../server/identity.ts';
import type { EventView, FieldValue } from '../../../server/store/event-store.ts';
import { fieldTexts, ValueTally } from '../../../server/store/field-values.ts';
import { stamp } from '../../../server/store/stamp.ts';
import type { Bench } from './conformance.ts';
import { AGENCY_A, AGENCY_B, batchOf, toLines } from './frames.ts';
import { type Pick, queryFrom } from './query-from.ts';
import { realEvents } from './real-events.ts';

/** A larger run: `npm run test:differential` stores 100,000 events. */
const EVENTS = Number(process.env['HAIDANG_TEST_EVENTS'] ?? 3_000);
const RUNS = Number(process.env['HAIDANG_TEST_QUERIES'] ?? 40);
const FRAME = 500;
const START = Date.UTC(2026, 10, 20, 8);
const RANGE = { from: new Date(START).toISOString(), to: new Date(START + 3_600_000).toISOString() };
const FIELDS = [
  'user.name',
  'source.ip',
  'event.action',
  'process.name',
  'url.path',
  'http.response.status_code',
  'process.pid',
];

interface Stored {
  readonly sequence: number;
  readonly agency: AgencyId;
  readonly event: EcsEvent;
}

/** Every answer of a store against the in-memory matcher, for random queries made of what real events hold. */
export function differentialCases(bench: Bench): void {
  describe('differential: the store against the matcher', () => {
    it(
      `gives the same events, counts and values for random queries over ${EVENTS} real events`,
      async () => {
        const stored = await storeAll(bench);
        let found = 0;
        const check = async (pick: Pick) => {
          const kql = queryFrom(stored, pick);
          const { who, agencies } = viewers[pick.viewer % viewers.length] ?? viewers[0];
          const view = bench.store.events.as(who);
          const matcher = compileMatcher(parseKql(kql));
          const wanted = stored.filter(({ agency, event }) => agencies.includes(agency) && matcher(event));
          found += wanted.length;
          const all = { kql, who: who.name };
          const { sequences, ended } = await pagesOf(view, kql, 1 + (pick.page % 900));
          const first = (ended ? wanted : wanted.slice(0, sequences.length)).map(({ sequence }) => sequence);
          expect({ ...all, sequences }).toEqual({ ...all, sequences: first });
          const condition = parseKql(kql);
          const query = { range: RANGE, condition };
          const { count, complete } = await view.count(query);
          if (mustBeWhole(complete)) expect({ ...all, count }).toEqual({ ...all, count: wanted.length });
          const bars = await barsOf(view, kql);
          if (bars) expect({ ...all, bars }).toEqual({ ...all, bars: barsFrom(wanted) });
          const field = FIELDS[pick.field % FIELDS.length] ?? 'user.name';
          const values = await view.topValues({ ...query, field, limit: 5 });
          if (mustBeWhole(values.complete))
            expect({
              ...all,
              field,
              values: folded(values.values),
              absent: values.absent,
              other: values.other,
            }).toEqual({
              ...all,
              field,
              ...valuesFrom(wanted, field),
            });
        };
        const numbers = fc.array(fc.nat({ max: 1_000_000 }), { minLength: 6, maxLength: 24 });
        const picks = fc.record({ numbers, viewer: fc.nat(), page: fc.nat(), field: fc.nat() });
        await fc.assert(fc.asyncProperty(picks, check), { numRuns: RUNS, seed: 20261122, endOnFailure: true });
        expect(found).toBeGreaterThan(RUNS * 5);
      },
      Math.max(300_000, RUNS * 120_000),
    );
  });
}

const viewer = (name: string, ...agencies: AgencyId[]): Identity => ({ kind: 'user', name, role: 'viewer', agencies });
const viewers: readonly [Viewer, ...Viewer[]] = [
  { who: SYSTEM, agencies: [AGENCY_A, AGENCY_B] },
  { who: viewer('a', AGENCY_A), agencies: [AGENCY_A] },
  { who: viewer('b', AGENCY_B), agencies: [AGENCY_B] },
];
interface Viewer {
  readonly who: Identity;
  readonly agencies: readonly AgencyId[];
}

/** Stores the events by two collectors of two agencies, over three days of ids; newest first, as searches give them. */
async function storeAll(bench: Bench): Promise<readonly Stored[]> {
  const events = realEvents(EVENTS, START, EVENTS > 10_000);
  const stored: Stored[] = [];
  const places = [
    { collector: 'c1aaaaaa', agency: AGENCY_A, day: '20261120' },
    { collector: 'c2bbbbbb', agency: AGENCY_B, day: '20261120' },
    { collector: 'c1aaaaaa', agency: AGENCY_A, day: '20261119' },
    { collector: 'c2bbbbbb', agency: AGENCY_B, day: '20261118' },
  ] as const;
  for (let at = 0; at < events.length; at += FRAME) {
    const place = places[(at / FRAME) % places.length] ?? places[0];
    const frame = { ...place, first: at + 1 };
    const batch = batchOf(events.slice(at, at + FRAME), frame);
    const { appended, stored: count } = await bench.store.events.append(batch);
    expect(count).toBe(Math.min(FRAME, events.length - at));
    const from = { ...batch, source: 'file:/var/log/auth.log' };
    for (const [line, json] of toLines(events.slice(at, at + FRAME), frame).entries()) {
      const event = stamp(JSON.parse(json) as EcsEvent, from);
      stored.push({ sequence: (appended?.firstSequence ?? 0) + line, agency: place.agency, event });
    }
  }
  return stored.sort(
    (a, b) => Date.parse(b.event['@timestamp']) - Date.parse(a.event['@timestamp']) || b.sequence - a.sequence,
  );
}

const MOST_PAGES = EVENTS <= 10_000 ? 12 : 3;

/** Among many events a question may meet a limit, and must then say so: what it did not see is not compared. */
function mustBeWhole(complete: boolean): boolean {
  if (EVENTS <= 10_000) expect(complete).toBe(true);
  return complete;
}

/** The first pages of a search: sequences in order, and whether that was all. */
async function pagesOf(view: EventView, kql: string, limit: number) {
  const sequences: number[] = [];
  let after: string | undefined;
  for (let page = 0; page < MOST_PAGES; page++) {
    const query = { range: RANGE, condition: parseKql(kql), limit, ...(after === undefined ? {} : { after }) };
    const { events, next, complete } = await view.search(query);
    sequences.push(...events.map(({ sequence }) => sequence));
    if (next === null) return { sequences, ended: true };
    if (mustBeWhole(complete)) expect(events).toHaveLength(limit);
    after = next;
  }
  return { sequences, ended: false };
}

const BAR_SECONDS = 300;

async function barsOf(view: EventView, kql: string): Promise<readonly number[] | undefined> {
  const query = { range: RANGE, condition: parseKql(kql), intervalSeconds: BAR_SECONDS };
  const { buckets, complete } = await view.histogram(query);
  return mustBeWhole(complete) ? buckets.map(({ count }) => count) : undefined;
}

function barsFrom(wanted: readonly Stored[]): readonly number[] {
  const bars = new Array<number>(3_600 / BAR_SECONDS).fill(0);
  for (const { event } of wanted) {
    const at = Math.floor((Date.parse(event['@timestamp']) - START) / (BAR_SECONDS * 1_000));
    bars[at] = (bars[at] ?? 0) + 1;
  }
  return bars;
}

function valuesFrom(wanted: readonly Stored[], field: string) {
  const tally = new ValueTally();
  for (const { event } of wanted) tally.add(fieldTexts(event, field));
  const { values, other } = tally.top(5);
  return { values: folded(values), absent: wanted.filter(({ event }) => isAbsent(event, field)).length, other };
}

function isAbsent(event: EcsEvent, field: string): boolean {
  const value = readField(event, field);
  return value === undefined || value === null || (Array.isArray(value) && value.length === 0);
}

function folded(values: readonly FieldValue[]) {
  return values.map(({ value, count }) => [foldCase(value), count]);
}

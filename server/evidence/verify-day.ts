import { DayContents } from './day-contents.ts';
import { type Finding, MOST_NAMED, naming } from './findings.ts';
import type { DayList, ListedBatch } from './list.ts';
import { idsOfListed, verifyInside, verifySigned } from './verify-batch.ts';

/** What a day's file holds, checked. */
export interface CheckedDay {
  readonly day: string;
  readonly batches: number;
  readonly events: number;
  /** Of these, under a signature. */
  readonly signedEvents: number;
  readonly findings: readonly Finding[];
  /** Stretches of node sequences that its batches take. */
  readonly stretches: readonly (readonly [first: number, last: number])[];
}

/** Compares a day's file with the lists that were signed of it; what no list covers is checked against itself. */
export function verifyDay(
  store: string,
  day: string,
  lists: readonly DayList[],
  onEvents: (events: number) => void,
): CheckedDay {
  const findings: Finding[] = [];
  const stretches: [number, number][] = [];
  const totals = { batches: 0, events: 0, signedEvents: 0, rows: 0 };
  const signed = new Map<number, ListedBatch>(lists.flatMap(({ batches }) => batches.map((one) => [one.first, one])));
  const covered = Math.max(0, ...lists.map(({ batches }) => batches.at(-1)?.last ?? 0));
  const contents = DayContents.open(store, day);
  try {
    for (const batch of contents?.batches(0) ?? []) {
      const at = { day, contents: contents as DayContents, batch };
      const events = batch.last - batch.first + 1;
      const known = signed.get(batch.first);
      signed.delete(batch.first);
      if (known) {
        findings.push(...verifySigned(at, known));
        totals.signedEvents += events;
      } else if (batch.first <= covered) {
        findings.push({
          kind: 'batch-inserted',
          day,
          batch: batch.first,
          message: `Batch ${batch.first} stands among signed ones, and no manifest knows it.`,
        });
      } else findings.push(...verifyInside(at));
      stretches.push([batch.first, batch.last]);
      totals.batches++;
      totals.events += events;
      totals.rows += at.contents.rowCount(batch);
      onEvents(events);
    }
    findings.push(...missingBatches(day, signed));
    if (contents) findings.push(...strayRows(day, contents, totals.rows), ...deadLetters(day, contents, lists));
  } finally {
    contents?.close();
  }
  return { day, ...totals, findings, stretches };
}

function missingBatches(day: string, missing: ReadonlyMap<number, ListedBatch>): Finding[] {
  return [...missing.values()].map((batch) => ({
    kind: 'batch-missing',
    day,
    batch: batch.first,
    ...naming(idsOfListed(day, batch)),
    eventsTotal: batch.last - batch.first + 1,
    message: `Batch ${batch.first} was signed and is gone, and with it its events (${batch.last - batch.first + 1}).`,
  }));
}

function strayRows(day: string, contents: DayContents, counted: number): Finding[] {
  if (contents.allRows() === counted) return [];
  const stray = contents.strayRows(MOST_NAMED);
  return [
    {
      kind: 'rows-inserted',
      day,
      message: `There are rows that belong to no batch, at the sequences ${stray.join(', ') || 'of batches that are gone'}.`,
    },
  ];
}

function deadLetters(day: string, contents: DayContents, lists: readonly DayList[]): Finding[] {
  const signed = new Map(
    lists.flatMap(({ deadLetters: letters }) => letters.map((one) => [`${one.stream}-${one.sequence}`, one.content])),
  );
  if (signed.size === 0) return [];
  const findings: Finding[] = [];
  for (const { stream, sequence, content } of contents.deadLetters()) {
    const known = signed.get(`${stream}-${sequence}`);
    signed.delete(`${stream}-${sequence}`);
    if (known === undefined || known === content) continue;
    findings.push({
      kind: 'dead-letter-changed',
      day,
      ...naming([`${day}-${stream}-${sequence}-*`]),
      message: `The dead letter ${stream}-${sequence} is not the one that was signed.`,
    });
  }
  if (signed.size > 0) {
    const ids = [...signed.keys()].map((key) => `${day}-${key}-*`);
    findings.push({
      kind: 'dead-letter-missing',
      day,
      ...naming(ids),
      message: `Dead letters were signed and are gone: ${signed.size}.`,
    });
  }
  return findings;
}

import { describe, expect, it } from 'vitest';
import { parseKql } from '../../../rules/query/kql.ts';
import { type AgencyId, type Identity, SYSTEM } from '../../../server/identity.ts';
import type { Bench } from './conformance.ts';
import { AGENCY_A, AGENCY_B, batchOfLines, COLLECTOR, linesIn, sshFailure, toLines } from './frames.ts';

const RANGE = { from: '2026-11-20T00:00:00.000Z', to: '2026-11-21T00:00:00.000Z' };
const ALWAYS = parseKql('');

const viewer = (...agencies: AgencyId[]): Identity => ({ kind: 'user', name: 'viewer', role: 'viewer', agencies });

/** Frames of several agencies, as ingest takes them apart: one batch for each, with its own lines at their places. */
export function partCases(bench: Bench): void {
  describe('parts of a frame', () => {
    const FIRST = 5;
    const lines = () =>
      toLines(
        [0, 1, 2, 3, 4, 5].map((second) => sshFailure(second)),
        { first: FIRST },
      );
    const part = (agency: AgencyId, own: readonly number[], all: readonly string[] = lines()) =>
      batchOfLines(
        // A last line without its end would be no line at all where it is empty.
        [...all.map((line, at) => (own.includes(at) ? line : '')), ...(own.includes(all.length - 1) ? [] : [''])],
        { first: FIRST, agency, header: { part: true, last: FIRST + all.length - 1, runs: [[0, all.length]] } },
      );
    const seenBy = async (identity: Identity) => {
      const page = await bench.store.events.as(identity).search({ range: RANGE, condition: ALWAYS, limit: 100 });
      return page.events.map(({ id }) => Number(id.split('-')[3])).sort((a, b) => a - b);
    };

    it('are stored each for its agency, found by id, and counted once', async () => {
      const { events } = bench.store;
      const a = await events.append(part(AGENCY_A, [0, 2, 5]));
      const b = await events.append(part(AGENCY_B, [1, 3, 4]));
      for (const result of [a, b]) expect(result).toMatchObject({ stored: 3, duplicates: 0, deadLettered: 0 });
      expect([...(a.appended?.lines ?? [])]).toEqual([0, 2, 5]);
      expect([a.appended?.firstSequence, b.appended?.lastSequence]).toEqual([1, 6]);
      expect(await seenBy(viewer(AGENCY_A))).toEqual([5, 7, 10]);
      expect(await seenBy(viewer(AGENCY_B))).toEqual([6, 8, 9]);
      expect(await seenBy(SYSTEM)).toEqual([5, 6, 7, 8, 9, 10]);
      const ids = lines().map((line) => (JSON.parse(line) as { event: { id: string } }).event.id);
      expect((await events.as(SYSTEM).getMany(ids)).map(({ id }) => id)).toEqual(ids);
      const own = await events.as(viewer(AGENCY_B)).getMany(ids);
      expect(own.map(({ event }) => (event['organization'] as { id: string }).id)).toEqual([
        AGENCY_B,
        AGENCY_B,
        AGENCY_B,
      ]);
      expect(own.map(({ id }) => id)).toEqual([ids[1], ids[3], ids[4]]);
      const counts = (await events.recount(0, { full: true })).map(({ agency, stored, missingTotal }) => [
        agency,
        stored,
        missingTotal,
      ]);
      expect(counts.sort()).toEqual([
        [AGENCY_A, 3, 0],
        [AGENCY_B, 3, 0],
      ]);
    });

    it('that come again, also divided otherwise, add nothing', async () => {
      const { events } = bench.store;
      await events.append(part(AGENCY_A, [0, 1]));
      // The server died before the other part; meanwhile line 1 and 2 have another agency.
      expect(await events.append(part(AGENCY_A, [0]))).toMatchObject({ stored: 0, duplicates: 1 });
      const rest = await events.append(part(AGENCY_B, [1, 2, 3, 4, 5]));
      expect(rest).toMatchObject({ stored: 4, duplicates: 1, deadLettered: 0 });
      expect([...(rest.appended?.lines ?? [])]).toEqual([2, 3, 4, 5]);
      const whole = batchOfLines(lines(), { first: FIRST, agency: AGENCY_A });
      expect(await events.append(whole)).toMatchObject({ stored: 0, duplicates: 6, appended: undefined });
      expect(await seenBy(viewer(AGENCY_A))).toEqual([5, 6]);
      expect(await seenBy(SYSTEM)).toEqual([5, 6, 7, 8, 9, 10]);
      const later = toLines([sshFailure(9)], { first: FIRST + 6 });
      expect(await events.append(batchOfLines(later, { first: FIRST + 6, agency: AGENCY_B }))).toMatchObject({
        stored: 1,
      });
    });

    it('are read again for detection with their lines, after a restart too', async () => {
      await bench.store.events.append(part(AGENCY_A, [1, 4]));
      await bench.store.events.append(part(AGENCY_B, [0, 2, 3, 5]));
      await bench.restart();
      const batches = await bench.store.events.readFrom(1, 10);
      const found = batches.map(({ agency, body, lines: own }) => {
        const texts = linesIn(body);
        return [agency, [...own].map((line) => (JSON.parse(texts[line] as string) as { message: string }).message)];
      });
      const message = (second: number) => String(sshFailure(second).message);
      expect(found).toEqual([
        [AGENCY_A, [1, 4].map(message)],
        [AGENCY_B, [0, 2, 3, 5].map(message)],
      ]);
      expect(await seenBy(viewer(AGENCY_B))).toEqual([5, 7, 8, 10]);
    });

    it('keep what is no event as a dead letter of the agency that it is given to', async () => {
      const { events } = bench.store;
      const all = lines().with(3, ' ');
      expect(await events.append(part(AGENCY_A, [0, 3], all))).toMatchObject({
        stored: 1,
        deadLettered: 1,
        duplicates: 0,
      });
      expect(await events.append(part(AGENCY_B, [1, 2, 4, 5], all))).toMatchObject({ stored: 4, deadLettered: 0 });
      expect(await events.append(part(AGENCY_A, [0, 3], all))).toMatchObject({
        stored: 0,
        deadLettered: 0,
        duplicates: 2,
      });
      expect(await events.as(viewer(AGENCY_A)).deadLetters(10)).toMatchObject([
        { agency: AGENCY_A, collector: COLLECTOR },
      ]);
      expect(await events.as(viewer(AGENCY_B)).deadLetters(10)).toEqual([]);
    });
  });
}

import { zstdCompressSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { SYSTEM } from '../../../server/identity.ts';
import { decodeFrame } from '../../../server/store/frame.ts';
import type { Bench } from './conformance.ts';
import {
  AGENCY_A,
  batchOf,
  batchOfLines,
  COLLECTOR,
  EPOCH,
  idAt,
  linesIn,
  packLines,
  sshFailure,
  toLines,
} from './frames.ts';

const DAY_MS = 86_400_000;

/** Appending: receipts, duplicates, numbering, refusals, dead letters, the count. */
export function appendCases(bench: Bench): void {
  const append = (...args: Parameters<typeof batchOf>) => bench.store.events.append(batchOf(...args));
  const failures = (count: number) => Array.from({ length: count }, (_, second) => sshFailure(second));

  describe('append', () => {
    it('stores every event of a frame and numbers them densely', async () => {
      const first = await append(failures(3));
      const second = await append(failures(2), { first: 4 });
      expect(first).toMatchObject({ stored: 3, duplicates: 0, deadLettered: 0 });
      expect(first.appended).toMatchObject({
        firstSequence: 1,
        lastSequence: 3,
        agency: AGENCY_A,
        collector: COLLECTOR,
      });
      expect(second.appended).toMatchObject({ firstSequence: 4, lastSequence: 5 });
      expect(await bench.store.events.lastSequence()).toBe(5);
    });

    it('gives the frame back as it came, with the lines that were stored', async () => {
      const batch = batchOf(failures(3));
      const { appended } = await bench.store.events.append(batch);
      expect([...(appended?.lines ?? [])]).toEqual([0, 1, 2]);
      expect(Buffer.from(appended?.body ?? []).equals(Buffer.from(batch.body))).toBe(true);
      expect(linesIn(appended?.body ?? new Uint8Array())).toHaveLength(3);
    });

    it('says of a frame sent twice that all is there already', async () => {
      await append(failures(3));
      expect(await append(failures(3))).toEqual({ stored: 0, duplicates: 3, deadLettered: 0, appended: undefined });
      expect(await bench.store.events.lastSequence()).toBe(3);
    });

    it('stores of an overlapping frame what is new, and numbers only that', async () => {
      await append(failures(3), { first: 3 });
      const result = await append(failures(6));
      expect(result).toMatchObject({ stored: 3, duplicates: 3 });
      expect(result.appended).toMatchObject({ firstSequence: 4, lastSequence: 6 });
      expect([...(result.appended?.lines ?? [])]).toEqual([0, 1, 5]);
    });

    it('adds nothing by a retry across midnight and a restart', async () => {
      await append(failures(3));
      bench.now += DAY_MS;
      expect(await append(failures(3))).toMatchObject({ stored: 0, duplicates: 3 });
      await bench.restart();
      bench.now += 3 * DAY_MS;
      expect(await append(failures(3))).toMatchObject({ stored: 0, duplicates: 3 });
      expect((await append(failures(1), { first: 4 })).appended).toMatchObject({ firstSequence: 4 });
    });

    it('keeps apart the same sequences of another epoch, collector or day', async () => {
      await append(failures(2));
      for (const other of [{ epoch: '11111111' }, { collector: 'c2bbbbbb' }, { day: '20261119' }]) {
        expect(await append(failures(2), other)).toMatchObject({ stored: 2, duplicates: 0 });
      }
      expect(await bench.store.events.lastSequence()).toBe(8);
    });

    it('takes many frames at once, each event once', async () => {
      const frames = Array.from({ length: 12 }, (_, frame) => batchOf(failures(50), { first: 1 + frame * 50 }));
      const results = await Promise.all([...frames, ...frames].map((frame) => bench.store.events.append(frame)));
      expect(results.reduce((sum, { stored }) => sum + stored, 0)).toBe(600);
      expect(results.reduce((sum, { duplicates }) => sum + duplicates, 0)).toBe(600);
      const numbers = results.flatMap(({ appended }) => (appended ? [appended.firstSequence] : []));
      expect(new Set(numbers).size).toBe(12);
      expect(await bench.store.events.lastSequence()).toBe(600);
    });

    it('accepts a frame of counters only', async () => {
      expect(await append([])).toEqual({ stored: 0, duplicates: 0, deadLettered: 0, appended: undefined });
    });

    it('refuses days absurdly far off by name, and takes the days that an outage explains', async () => {
      await expect(append(failures(1), { day: '20261111' })).rejects.toMatchObject({ code: 'HD_BATCH_DAY' });
      await expect(append(failures(1), { day: '20261123' })).rejects.toMatchObject({ code: 'HD_BATCH_DAY' });
      expect(await append(failures(1), { day: '20261112' })).toMatchObject({ stored: 1 });
      expect(await append(failures(1), { day: '20261122' })).toMatchObject({ stored: 1 });
    });

    const unreadable: readonly (readonly [string, Uint8Array])[] = [
      ['no zstd', Buffer.from('not a frame')],
      ['a cut frame', Buffer.from(packLines(toLines([sshFailure(1)]))).subarray(0, 60)],
      ['no JSON header', zstdCompressSync('hello')],
      ['fewer lines than announced', packLines(toLines([sshFailure(1)]), { header: { last: 2, runs: [[0, 2]] } })],
      ['runs that do not sum up', packLines(toLines([sshFailure(1)]), { header: { runs: [[0, 7]] } })],
      ['a day that is none', packLines(toLines([sshFailure(1)]), { day: '20261399' })],
      ['an unknown version', packLines(toLines([sshFailure(1)]), { header: { version: 2 as never } })],
      ['another collector than the certificate', packLines(toLines([sshFailure(1)]), { collector: 'c9zzzzzz' })],
      ['a bomb', zstdCompressSync(Buffer.alloc(40 * 1024 * 1024))],
    ];

    it('refuses whole what is no frame, and goes on', async () => {
      for (const [what, body] of unreadable) {
        const refusal = bench.store.events.append({ ...batchOf([]), body });
        await expect(refusal, what).rejects.toMatchObject({ code: 'HD_BATCH_MALFORMED' });
      }
      expect(await append(failures(1))).toMatchObject({ stored: 1 });
    });
  });

  describe('dead letters', () => {
    const deep = `${'{"a":'.repeat(40)}1${'}'.repeat(40)}`;
    const good = sshFailure(1);
    const bad: readonly (readonly [string, string])[] = [
      ['text that is no JSON', 'garbage \u0000 {'],
      ['a list', '[1,2]'],
      ['an event without id', JSON.stringify({ '@timestamp': good['@timestamp'], event: {} })],
      ['an id of another place', JSON.stringify({ ...good, event: { id: idAt(77, 'x') } })],
      [
        'an id of another collector',
        JSON.stringify({ ...good, event: { id: idAt(2, 'x', { collector: 'c2bbbbbb' }) } }),
      ],
      ['no time', JSON.stringify({ event: { id: idAt(2, 'x') } })],
      [
        'a time that is none',
        JSON.stringify({ '@timestamp': '2026-13-40T00:00:00.000Z', event: { id: idAt(2, 'x') } }),
      ],
      ['nesting without end', `{"@timestamp":"${good['@timestamp']}","event":{"id":"${idAt(2, 'x')}"},"deep":${deep}}`],
    ];

    it('keeps each with its reason and stores the lines beside it', async () => {
      for (const [at, [what, line]] of bad.entries()) {
        const place = { epoch: `0000000${at}`, receivedAt: `2026-11-20T08:00:0${at}.000Z` };
        const [before = ''] = toLines([sshFailure(1)], place);
        const [after = ''] = toLines([sshFailure(3)], { ...place, first: 3 });
        const result = await bench.store.events.append(
          batchOfLines([before, line.replace(EPOCH, place.epoch), after], place),
        );
        expect([what, result]).toMatchObject([what, { stored: 2, duplicates: 0, deadLettered: 1 }]);
        expect([...(result.appended?.lines ?? [])]).toEqual([0, 2]);
        const [letter] = await bench.store.events.as(SYSTEM).deadLetters(10);
        expect(letter).toMatchObject({ agency: AGENCY_A, collector: COLLECTOR, source: 'file:/var/log/auth.log' });
        expect(letter?.line.slice(0, 5)).toBe(line.slice(0, 5));
        expect(letter?.reason).toMatch(/^The \w+ .*\w/);
      }
      const [count] = await bench.store.events.recount(0);
      expect(count).toMatchObject({ stored: 2 * bad.length, deadLettered: bad.length });
    });

    it('counts a line sent again once, whether row or dead letter', async () => {
      const [line = ''] = toLines([sshFailure(1)]);
      const batch = batchOfLines([line, 'garbage']);
      await bench.store.events.append(batch);
      expect(await bench.store.events.append(batch)).toMatchObject({ stored: 0, duplicates: 2, deadLettered: 0 });
      const [count] = await bench.store.events.recount(0);
      expect(count).toMatchObject({ stored: 1, deadLettered: 1 });
    });
  });

  describe('recount', () => {
    it('counts rows by collector and source, and those above the cursor', async () => {
      const { events } = bench.store;
      await append(failures(3), { source: ['file:a', 'file:b', 'file:a'] });
      await append(failures(2), { collector: 'c2bbbbbb', source: 'stdin' });
      const counts = [...(await events.recount(2))].sort((a, b) =>
        a.collector + a.source < b.collector + b.source ? -1 : 1,
      );
      expect(counts).toMatchObject([
        { collector: COLLECTOR, source: 'file:a', stored: 2, unevaluated: 1, missingTotal: 0, deadLettered: 0 },
        { collector: COLLECTOR, source: 'file:b', stored: 1, unevaluated: 0, missingTotal: 0 },
        { collector: 'c2bbbbbb', source: 'stdin', stored: 2, unevaluated: 2, missingTotal: 0 },
      ]);
    });

    it('follows what is appended between two counts', async () => {
      const { events } = bench.store;
      const stored = async () => (await events.recount(0)).reduce((sum, count) => sum + count.stored, 0);
      for (let round = 0; round < 5; round++) {
        await append(failures(10), { first: 1 + round * 10 });
        expect(await stored()).toBe((round + 1) * 10);
      }
    });
  });

  describe('readFrom', () => {
    it('gives stored batches from a sequence on, oldest first, over days', async () => {
      await append(failures(2), { day: '20261119' });
      await append(failures(3), { day: '20261118' });
      await append(failures(1), { day: '20261119', first: 3 });
      const { events } = bench.store;
      const all = await events.readFrom(1, 10);
      expect(all.map(({ firstSequence, lastSequence }) => [firstSequence, lastSequence])).toEqual([
        [1, 2],
        [3, 5],
        [6, 6],
      ]);
      expect((await events.readFrom(4, 1)).map(({ firstSequence }) => firstSequence)).toEqual([3]);
      expect(await events.readFrom(7, 10)).toEqual([]);
      expect(decodeFrame(all[1]?.body ?? new Uint8Array()).header).toMatchObject({ day: '20261118', epoch: EPOCH });
    });

    it('names the lines of a batch that was stored in part', async () => {
      await append(failures(2), { first: 2 });
      await append(failures(4));
      const [, second] = await bench.store.events.readFrom(1, 10);
      expect([...(second?.lines ?? [])]).toEqual([0, 3]);
    });
  });

  it('lists its days with their events', async () => {
    await append(failures(2));
    await append(failures(3), { day: '20261119' });
    const days = await bench.store.events.days();
    expect(days.map(({ day, events }) => [day, events])).toEqual([
      ['20261119', 3],
      ['20261120', 2],
    ]);
    for (const { bytes } of days) expect(bytes).toBeGreaterThan(0);
  });
}

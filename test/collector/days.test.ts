import { zstdDecompressSync } from 'node:zlib';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { EcsEvent } from '../../ecs/event.ts';
import { parseEventId, utcDay } from '../../ecs/event-id.ts';
import type { FrameHeader } from '../../ecs/wire.ts';
import { type CollectorBench, openBench } from './bench.ts';
import { temporaryFolder } from './receiver.ts';

let folder: ReturnType<typeof temporaryFolder>;
let bench: CollectorBench;
let now = 0;

beforeEach(async () => {
  folder = temporaryFolder();
  now = Date.UTC(2026, 10, 22, 23, 59, 59, 990);
  bench = await openBench(folder.path, { clock: { now: () => now, day: () => utcDay(now) } });
});
afterEach(async () => {
  await bench.spool.close();
  folder.remove();
});

async function frames(): Promise<{ header: FrameHeader; events: EcsEvent[] }[]> {
  const found: { header: FrameHeader; events: EcsEvent[] }[] = [];
  for (let frame = await bench.spool.frameAfter(0); frame; frame = await bench.spool.frameAfter(frame.number)) {
    const [head = '', ...lines] = zstdDecompressSync(frame.payload).toString('utf8').trimEnd().split('\n');
    found.push({
      header: JSON.parse(head) as FrameHeader,
      events: lines.filter(Boolean).map((line) => JSON.parse(line) as EcsEvent),
    });
  }
  return found;
}

test('midnight UTC between two reads gives a frame for each day, numbered on', async () => {
  const source = bench.intake.open('stdin', bench.context.parserFor('auto', { isLocal: true }));
  source.put({ lines: ['a', 'b'], empty: 0, bytes: 4, position: 1 });
  source.put({ lines: ['c'], empty: 0, bytes: 2, position: 2 });
  now += 20;
  source.put({ lines: ['d', 'e'], empty: 0, bytes: 4, position: 3 });
  await bench.intake.flush();
  const [before, after, ...more] = await frames();
  expect(more).toEqual([]);
  expect(before?.header).toMatchObject({ day: '20261122', first: 1, last: 3, runs: [[0, 3]] });
  expect(after?.header).toMatchObject({ day: '20261123', first: 4, last: 5, runs: [[0, 2]] });
  for (const { header, events } of [before, after].filter((frame) => frame !== undefined)) {
    for (const [index, event] of events.entries()) {
      expect(parseEventId(String(event.event.id))).toMatchObject({ day: header.day, sequence: header.first + index });
    }
  }
  // What was read before midnight is resumed before it: each frame has the position of its own last record.
  expect(before?.header.sources).toMatchObject([{ source: 'stdin', spooled: 3, position: 2 }]);
  expect(after?.header.sources).toMatchObject([{ source: 'stdin', spooled: 5, position: 3 }]);
});

test('a clock that is set back over midnight begins a frame of the earlier day', async () => {
  now += 20;
  const source = bench.intake.open('stdin', bench.context.parserFor('auto', { isLocal: true }));
  source.put({ lines: ['a'], empty: 0, bytes: 2 });
  now -= 60_000;
  source.put({ lines: ['b'], empty: 0, bytes: 2 });
  await bench.intake.flush();
  expect((await frames()).map(({ header }) => header.day)).toEqual(['20261123', '20261122']);
});

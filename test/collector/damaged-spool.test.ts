import { expect, test } from 'vitest';
import { ForgetfulDisk, seeded } from './forgetful-disk.ts';
import { deliver, FOLDER, live, numberedLines, put } from './power-cuts.ts';

const WRITTEN = 600;
const IN_ALL = 700;

/** What may have become of a file: cut short, emptied, overwritten in part or whole, grown. */
const DAMAGES: readonly ((content: Buffer, random: () => number) => Buffer)[] = [
  (content, random) => content.subarray(0, Math.floor(random() * content.length)),
  () => Buffer.alloc(0),
  (content, random) => Buffer.from(content).fill(0, Math.floor(random() * content.length)),
  (content, random) => {
    const at = Math.floor(random() * content.length);
    return Buffer.from(content).fill(0, at, Math.min(content.length, at + 1 + Math.floor(random() * 64)));
  },
  (content, random) => Buffer.from(Array.from({ length: content.length }, () => Math.floor(random() * 256))),
  (content) => Buffer.concat([content, content]),
  (content, random) => content.subarray(Math.floor(random() * content.length)),
];

test.each(DAMAGES.map((damage, kind) => [kind, damage] as const))(
  'whichever file of the spool is damaged (way %i), it starts, and all that it reads from then on arrives',
  async (kind, damage) => {
    for (let seed = 1; seed <= 8; seed++) {
      const random = seeded(1_000 * kind + seed);
      const disk = new ForgetfulDisk(random);
      const before = await live(disk, { segmentBytes: 2_000 });
      for (let at = 0; at < WRITTEN; at += 60) {
        put(before, at, at + 60);
        await before.intake.flush();
        if (random() < 0.3) await deliver(before, new Map());
      }
      await before.spool.close();
      const paths = disk.paths().filter((path) => path.startsWith(FOLDER));
      const path = paths[Math.floor(random() * paths.length)] as string;
      await disk.files().replace(path, damage(disk.content(path) as Buffer, random), true);

      const after = await live(disk, { segmentBytes: 2_000 });
      const from = (after.source.ledger.position as { offset: number } | undefined)?.offset ?? 0;
      expect(from, path).toBeLessThanOrEqual(WRITTEN);
      put(after, from, IN_ALL);
      await after.intake.flush();
      const received = new Map<string, string>();
      await deliver(after, received);
      const texts = new Set(received.values());
      expect(
        numberedLines(from, IN_ALL).filter((line) => !texts.has(line)),
        `${path} damaged, read on from ${from}`,
      ).toEqual([]);
      expect(after.spool.waiting.frames, path).toBe(0);
      await after.spool.close();
    }
  },
);

import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { plainBytes } from '../../../server/store/embedded/day-frames.ts';

test('a packed text says how long it is, whatever its length, or nothing', () => {
  const dictionary = Buffer.from('{"event":{"original":"'.repeat(50));
  for (const length of [0, 1, 255, 256, 257, 65_791, 65_792, 300_000]) {
    for (const options of [{}, { dictionary }]) {
      const packed = zstdCompressSync(Buffer.alloc(length, 'abc'), options);
      expect([length, plainBytes(packed)]).toEqual([length, zstdDecompressSync(packed, options).length]);
      // As it lies in a longer list of bytes.
      expect(plainBytes(Buffer.concat([Buffer.from('x'), packed]).subarray(1))).toBe(length);
    }
  }
  expect(plainBytes(Buffer.alloc(3))).toBeUndefined();
  expect(plainBytes(zstdCompressSync(Buffer.alloc(300_000)).subarray(0, 6))).toBeUndefined();
});

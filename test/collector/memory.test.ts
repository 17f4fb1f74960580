import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { watchBuffers } from '../../collector/memory.ts';

const MIB = 1024 * 1024;
const given = globalThis.gc;
let inUse = 0;
const collect = vi.fn();

beforeEach(() => {
  vi.useFakeTimers();
  const real = process.memoryUsage();
  vi.spyOn(process, 'memoryUsage').mockImplementation(
    Object.assign(() => ({ ...real, arrayBuffers: inUse }), { rss: () => real.rss }),
  );
  globalThis.gc = collect as unknown as NonNullable<typeof globalThis.gc>;
  collect.mockReset();
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  if (given) globalThis.gc = given;
  else Reflect.deleteProperty(globalThis, 'gc');
});

/** One look each for so many bytes in use; gives how often garbage was collected in all. */
function after(...looks: number[]): number {
  for (const bytes of looks) {
    inUse = bytes;
    vi.advanceTimersByTime(50);
  }
  return collect.mock.calls.length;
}

test('collects where buffers take much room, and not again for those that stay in use', () => {
  const stop = watchBuffers();
  expect(after(2 * MIB, 8 * MIB)).toBe(0);
  expect(after(13 * MIB)).toBe(1);
  expect(after(6 * MIB, 8 * MIB)).toBe(1);
  expect(after(40 * MIB)).toBe(2);
  // A large body is being read: 40 MiB are in use, so the next time is at 60.
  expect(after(40 * MIB, 40 * MIB, 59 * MIB)).toBe(2);
  expect(after(61 * MIB)).toBe(3);
  expect(after(4 * MIB, 13 * MIB)).toBe(4);
  stop();
  expect(after(4 * MIB, 900 * MIB)).toBe(4);
});

test('does nothing where Node gives no way to collect', () => {
  Reflect.deleteProperty(globalThis, 'gc');
  watchBuffers();
  expect(after(900 * MIB)).toBe(0);
});

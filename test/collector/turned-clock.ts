import { readFileSync } from 'node:fs';

/**
 * Loaded into a collector with `--import`: its machine's clock goes by what the file that HAIDANG_TEST_CLOCK names says,
 * milliseconds, read every 20 ms. Timers keep their pace, as they do when somebody sets a clock.
 */
const path = process.env['HAIDANG_TEST_CLOCK'] ?? '';
const real = Date.now.bind(Date);
let offset = 0;

function look(): void {
  try {
    offset = Number(readFileSync(path, 'utf8')) || 0;
  } catch {
    // Nobody has turned it yet.
  }
}

class TurnedDate extends Date {
  constructor(...given: readonly unknown[]) {
    if (given.length === 0) super(real() + offset);
    else super(...(given as [number]));
  }
  static override now(): number {
    return real() + offset;
  }
}

look();
setInterval(look, 20).unref();
globalThis.Date = TurnedDate as DateConstructor;

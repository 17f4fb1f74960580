import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import { allTargets, caseOf } from './rounds.ts';
import type { FuzzOrder } from './worker.ts';

const USAGE = `Usage: npm run fuzz:collector -- SECONDS [--seed N] [--only NAME] [--keep DIR]

Tries every parser and decoder with damaged samples for so long (60 seconds unless said), in a thread of 512 MiB. Ends with 1
where one breaks a promise, takes ten seconds of processor time or two minutes for a case, or needs more memory; the case is kept in DIR.`;

/** By processor time, as a busy machine may let a case wait for long; by the clock for what waits for ever. */
const HANG_CPU_MS = 10_000;
const HANG_MS = 120_000;
const LOOK_MS = 250;
const MEMORY_MIB = 512;

const { values, positionals } = parseArgs({
  options: {
    seed: { type: 'string' },
    only: { type: 'string', default: '' },
    keep: { type: 'string', default: 'fuzz-found' },
    help: { type: 'boolean', short: 'h', default: false },
  },
  allowPositionals: true,
});
const seconds = Number(positionals[0] ?? 60);
const seed = Number(values.seed ?? Date.now() % 1_000_000_000);
if (values.help || !(seconds > 0) || !Number.isSafeInteger(seed)) {
  console.log(USAGE);
  process.exit(values.help ? 0 : 2);
}
const targets = allTargets().filter(({ name }) => name.includes(values.only));
if (targets.length === 0) {
  console.error(
    `No parser or decoder has "${values.only}" in its name: ${allTargets()
      .map(({ name }) => name)
      .join(', ')}.`,
  );
  process.exit(2);
}

const progress = new Int32Array(new SharedArrayBuffer(12));
const order: FuzzOrder = { seed, only: values.only, until: Date.now() + seconds * 1_000 };
const worker = new Worker(new URL('./worker.ts', import.meta.url), {
  workerData: { order, progress },
  resourceLimits: { maxOldGenerationSizeMb: MEMORY_MIB },
});

/** Processor time of all threads so far. */
function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}

/** Keeps the case and says what happened. */
function found(what: string): void {
  const target = targets[Atomics.load(progress, 0)];
  const at = Atomics.load(progress, 1);
  if (target) {
    mkdirSync(values.keep, { recursive: true });
    const path = join(values.keep, `${target.name.replaceAll(/[^a-z0-9]+/gi, '-')}-${at}`);
    writeFileSync(path, caseOf(target, at));
    console.error(`${what}\n${target.name}, case ${at}, kept in ${path}; again: --only "${target.name}" --seed ${at}`);
  } else console.error(what);
  process.exitCode = 1;
}

let before = -1;
let since = Date.now();
let cpuSince = cpuMs();
const watch = setInterval(() => {
  const cases = Atomics.load(progress, 2);
  if (cases !== before) {
    before = cases;
    since = Date.now();
    cpuSince = cpuMs();
  } else if (cpuMs() - cpuSince > HANG_CPU_MS || Date.now() - since > HANG_MS) {
    clearInterval(watch);
    found(
      `A case takes longer than ${HANG_CPU_MS / 1_000} seconds of processor time, or ${HANG_MS / 1_000} by the clock.`,
    );
    void worker.terminate();
  }
}, LOOK_MS);
worker.on('error', (error) => {
  clearInterval(watch);
  found(error.message);
});
worker.on('message', () => {
  clearInterval(watch);
  const cases = Atomics.load(progress, 2);
  console.log(JSON.stringify({ targets: targets.length, cases, seconds, seed, found: 0 }));
});

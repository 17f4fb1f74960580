/**
 * Kills a collector with SIGKILL at random moments, 200 times unless told otherwise, amid outages, slow and half-open
 * connections, full disks, rotation, clock jumps, damage and rollbacks; then cuts the power as often on a disk that
 * forgets what was not synced. Says what arrived. `node test/bench/collector-torture.ts [N]`; SIGTERM or Ctrl-C ends the
 * round, and says what came of those until then; a second one ends at once.
 */

import { cutPower } from '../collector/power-cuts.ts';
import { temporaryFolder } from '../collector/receiver.ts';
import { torture } from '../collector/torture.ts';

const times = Number(process.argv[2] ?? 200);
if (!Number.isSafeInteger(times) || times < 1) {
  console.error('Usage: npm run torture:collector -- N, the number of kills, at least 1 (200 unless said).');
  process.exit(2);
}
const stop = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.on(signal, () => {
    // Leaves nothing running and nothing mounted.
    if (stop.signal.aborted) process.exit(130);
    console.error('Ends after this round.');
    stop.abort();
  });
const CUTS_A_DISK = 25;
const begun = Date.now();
const seconds = () => Math.round((Date.now() - begun) / 1_000);
const folder = temporaryFolder();
const killed = await torture(folder.path, times, (text) => console.error(`${text}, ${seconds()} s`), {
  signal: stop.signal,
}).finally(() => folder.remove());
const killSeconds = seconds();
const cut = { cuts: 0, written: 0, unique: 0, doubled: 0, lost: 0, faults: [] as string[] };
for (let seed = 1; cut.cuts < times && !stop.signal.aborted; seed++) {
  const one = await cutPower(seed, Math.min(CUTS_A_DISK, times - cut.cuts));
  for (const name of ['cuts', 'written', 'unique', 'doubled', 'lost'] as const) cut[name] += one[name];
  cut.faults.push(...one.faults);
}
const { ledger } = killed;
console.log(
  JSON.stringify({
    asked: times,
    endedEarly: stop.signal.aborted,
    seconds: { killed: killSeconds, all: seconds() },
    killed,
    powerCut: cut,
  }),
);
const isSound =
  killed.doubled === 0 &&
  killed.lost <= killed.quarantined &&
  ledger.read === ledger.spooled + ledger.dropped &&
  cut.lost + cut.doubled + cut.faults.length === 0;
process.exit(isSound ? 0 : 1);

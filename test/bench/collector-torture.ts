/**
 * Kills a collector with SIGKILL at random moments, 200 times unless told otherwise, amid outages, slow and half-open
 * connections, full disks, rotation, clock jumps, damage and rollbacks; then cuts the power as often on a disk that
 * forgets what was not synced. Says what arrived. `node test/bench/collector-torture.ts [N]`
 */

import { cutPower } from '../collector/power-cuts.ts';
import { temporaryFolder } from '../collector/receiver.ts';
import { torture } from '../collector/torture.ts';

// Leaves nothing running and nothing mounted.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));
const times = Number(process.argv[2] ?? 200);
const CUTS_A_DISK = 25;
const folder = temporaryFolder();
const killed = await torture(folder.path, times, (text) => console.error(text)).finally(() => folder.remove());
const cut = { cuts: 0, written: 0, unique: 0, doubled: 0, lost: 0, faults: [] as string[] };
for (let seed = 1; cut.cuts < times; seed++) {
  const one = await cutPower(seed, Math.min(CUTS_A_DISK, times - cut.cuts));
  for (const name of ['cuts', 'written', 'unique', 'doubled', 'lost'] as const) cut[name] += one[name];
  cut.faults.push(...one.faults);
}
const { ledger } = killed;
console.log(JSON.stringify({ killed, powerCut: cut }));
const isSound =
  killed.doubled === 0 &&
  killed.lost <= killed.quarantined &&
  ledger.read === ledger.spooled + ledger.dropped &&
  cut.lost + cut.doubled + cut.faults.length === 0;
process.exit(isSound ? 0 : 1);

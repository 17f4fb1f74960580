/**
 * Kills a collector with SIGKILL at random moments, 200 times unless told otherwise, amid outages, slow and half-open
 * connections, rotation, clock jumps, damage and rollbacks; says what arrived. `node test/bench/collector-torture.ts [N]`
 */

import { temporaryFolder } from '../collector/receiver.ts';
import { torture } from '../collector/torture.ts';

// Leaves nothing running and nothing mounted.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));
const folder = temporaryFolder();
const result = await torture(folder.path, Number(process.argv[2] ?? 200), (text) => console.error(text)).finally(() =>
  folder.remove(),
);
console.log(JSON.stringify(result));
process.exit(result.doubled === 0 && result.lost <= result.quarantined ? 0 : 1);

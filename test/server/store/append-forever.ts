import { openEmbeddedStore } from '../../../server/store/embedded/open.ts';
import { batchOf, sshFailure } from './frames.ts';

/** Appends until it is killed; writes the first sequence of each batch once it is acknowledged. */
const [, , folder = '', round = '0'] = process.argv;
const log = { info: () => {}, warn: () => {}, error: () => {} };
const now = () => Date.UTC(2026, 10, 20, 9);
const { events } = await openEmbeddedStore({ folder, now, log, reserveBytes: 0 });
for (let first = 1; ; first += 20) {
  const batch = Array.from({ length: 20 }, (_, second) => sshFailure(second));
  const { appended } = await events.append(batchOf(batch, { first, epoch: `0000000${round}` }));
  process.stdout.write(`${appended?.firstSequence}\n`);
}

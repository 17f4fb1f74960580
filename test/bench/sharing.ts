import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SYSTEM } from '../../server/identity.ts';
import { startStandIn } from '../server/sharing/stand-in.ts';
import { openWorld, taxiiRecipient, untilSo } from '../server/sharing/world.ts';

/** `npm run bench:sharing -- [INCIDENTS]`: how fast approved incidents leave through the outbox; one JSON line. */
const [incidents = 500] = process.argv.slice(2).map(Number);
const AT_ONCE = 8;
const folder = await mkdtemp(join(tmpdir(), 'haidang-bench-sharing-'));
const standIn = await startStandIn();
const world = await openWorld(folder, { recipients: [taxiiRecipient(standIn.root)] });
try {
  let next = 0;
  const preparing = performance.now();
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      for (let at = next++; at < incidents; at = next++) await world.share(await world.incident(`Sự cố ${at}`));
    }),
  );
  const prepared = (performance.now() - preparing) / 1000;
  const began = performance.now();
  const cpu = process.cpuUsage();
  world.sharing.start(undefined);
  await untilSo(
    'all is delivered',
    async () => {
      const due = await world.records.as(SYSTEM).count('sharing', { where: { due: [1] } });
      return due === 0 ? true : undefined;
    },
    3_600_000,
  );
  const seconds = (performance.now() - began) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  console.log(
    JSON.stringify({
      incidents,
      objects: standIn.taken.length,
      prepared_per_s: Number((incidents / prepared).toFixed(1)),
      sent_per_s: Number((incidents / seconds).toFixed(1)),
      cpu_ms_per_incident: Number(((user + system) / 1000 / incidents).toFixed(2)),
      rss_mib: Math.round(process.memoryUsage().rss / 1024 / 1024),
    }),
  );
} finally {
  await world.close();
  await standIn.close();
  await rm(folder, { recursive: true, force: true });
}

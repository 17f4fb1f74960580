import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { HaidangError } from '../../../server/errors.ts';
import { type AgencyId, SYSTEM } from '../../../server/identity.ts';
import { LAN, MINH, openWorld, taxiiRecipient, type World } from './world.ts';

/**
 * A province that goes on with its incidents and sends them, until it is killed: makes each incident, changes and shares it
 * as often as asked, beginning where the last run got to. Says on its standard output when all is delivered.
 */
const [folder = '', root = '', incidents = '0', updates = '0', caFile = '', skewMs = '0'] = process.argv.slice(2);
const AT_ONCE = 8;

const world = await openWorld(
  folder,
  { recipients: [taxiiRecipient(root, { caFile })] },
  // A part that is forgotten thrice in a row is for a person; here it goes on.
  { patience: { tries: 12 }, now: () => Date.now() + Number(skewMs) },
);
world.sharing.start(undefined);
process.stdout.write('ready\n');

const numbers = Array.from({ length: Number(incidents) }, (_, at) => at);
let next = 0;
await Promise.all(
  Array.from({ length: AT_ONCE }, async () => {
    for (let at = next++; at < numbers.length; at = next++) await tell(world, at);
  }),
);
while ((await world.records.as(SYSTEM).count('sharing', { where: { due: [1] } })) > 0) await sleep(50);
process.stdout.write('all delivered\n');
// The parent ends it, as it ends every run.
setInterval(() => {}, 60_000);

/** One incident's story, from wherever it is. */
async function tell(world: World, at: number): Promise<void> {
  const id = idOf(at);
  const made = await world.incidents.get(LAN, id).catch(() => undefined);
  if (!made)
    await world.incidents.create(
      LAN,
      { alerts: [], title: `Sự cố ${at}`, agencies: ['so-y-te' as AgencyId] },
      { id, origin: 'rule' },
    );
  for (let update = 1; update <= Number(updates); update += 1) {
    const record = await world.record(id);
    const version = record?.versions.find(({ number }) => number === update);
    if (version && version.state !== 'requested') continue;
    if (version) {
      // Killed between asking and approving.
      await approve(id, update, version.sha256);
      continue;
    }
    const { document } = await world.incidents.get(LAN, id);
    const title = `Sự cố ${at}, lần ${update}`;
    if (document.title !== title)
      await world.incidents.change(LAN, id, {
        version: document.revision,
        set: { title },
        addIndicator: addressOf(at, update),
      });
    const { revision, sha256 } = await world.sharing.shares.preview(LAN, id, 'a05', false);
    const asked = { recipient: 'a05', version: revision, sha256, textsRead: true, minimal: false };
    await world.sharing.shares.request(LAN, id, asked);
    await approve(id, update, sha256);
  }
}

async function approve(id: string, number: number, sha256: string): Promise<void> {
  await world.sharing.shares.approve(MINH, { incident: id, recipient: 'a05', number }, sha256).catch((error) => {
    if (!(error instanceof HaidangError && error.code === 'HD_RECORD_CONFLICT')) throw error;
  });
}

function addressOf(at: number, update: number): string {
  return `203.0.${at % 256}.${(Math.floor(at / 256) * 16 + update) % 256}`;
}

/** The same incident in every run. */
function idOf(at: number): string {
  const hash = createHash('sha256').update(`torture ${at}`).digest('hex').toUpperCase();
  return `HD-${hash.slice(0, 4)}-${hash.slice(4, 8)}`;
}

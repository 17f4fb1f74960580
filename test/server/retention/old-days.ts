import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type AgencyId, SYSTEM } from '../../../server/identity.ts';
import { openEmbeddedStore } from '../../../server/store/embedded/open.ts';
import { batchOf, sshFailure } from '../store/frames.ts';

const log = { info: () => {}, warn: () => {}, error: () => {} };
const SOURCE = { source: 'file:/var/log/auth.log', read: 12, spooled: 12, dropped: {}, unparsed: 0, position: '' };

/** Two days of January and what was seen of them then, as a server left them that ran at the time. */
export async function storeOldDays(data: string): Promise<void> {
  let now = 0;
  const folder = join(data, 'store');
  await mkdir(data, { recursive: true });
  const { events, records } = await openEmbeddedStore({ folder, log, reserveBytes: 0, now: () => now });
  const agency = 'local' as AgencyId;
  for (const [day, first, count] of [
    ['20260101', 1, 7],
    ['20260105', 8, 5],
  ] as const) {
    now = Date.parse(`${day.slice(0, 4)}-${day.slice(4, 6)}-${day.slice(6)}T12:00:00.000Z`);
    const receivedAt = new Date(now).toISOString();
    const some = Array.from({ length: count }, (_, at) => ({ ...sshFailure(at), '@timestamp': receivedAt }));
    await events.append(batchOf(some, { day, first, agency, receivedAt }));
  }
  await records.as(SYSTEM).create('collector', 'c1aaaaaa', {
    agency,
    name: 'old',
    fingerprint: '0'.repeat(64),
    notAfter: '2030-01-01T00:00:00.000Z',
    revoked: false,
    createdAt: '2026-01-01T00:00:00.000Z',
    lastSeenAt: null,
    status: null,
    counters: [SOURCE as never],
  });
  await records.commitDetection({ cursor: await events.lastSequence(), signals: [], alerts: [] });
  await Promise.all([events.close(), records.close()]);
}

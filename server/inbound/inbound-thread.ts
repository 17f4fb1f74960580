import { workerData } from 'node:worker_threads';
import type { Tlp } from '../incidents/record.ts';
import { serve } from '../store/embedded/worker-server.ts';
import { lowerPriority } from '../system/lower-priority.ts';
import { InboundDb } from './inbound-db.ts';
import { poll } from './poll.ts';
import type { InboundSetup, PollCall } from './thread-calls.ts';

const { data } = workerData as InboundSetup;
const db = new InboundDb(data);
lowerPriority();

serve({
  poll: (call: PollCall) => poll(db, call),
  waiting: ({ source, limit }: { source: string; limit: number }) => db.waiting(source, limit),
  relayed: ({ source, object, version }: { source: string; object: string; version: number }) =>
    db.relayed(source, object, version),
  lists: ({ source, now }: { source: string; now: number }) => db.lists(source, now),
  imported: ({ source, tlp, digest }: { source: string; tlp: Tlp; digest: string }) => db.imported(source, tlp, digest),
  close: () => db.close(),
});

import { workerData } from 'node:worker_threads';
import { type Notice, notify, serve } from '../embedded/worker-server.ts';
import type { AppendResult, IncomingBatch, StoredBatch } from '../event-store.ts';
import { Appender } from './appender.ts';
import { Cluster, type StoreLog } from './cluster.ts';
import type { ClusterAddress } from './connection.ts';
import { Counters } from './counters.ts';
import type { IndexNames } from './indexes.ts';
import type { DayLimits } from './prepare.ts';

/** What the thread is started with. */
export interface AppendThreadData {
  readonly address: ClusterAddress;
  readonly names: IndexNames;
  readonly node: string;
  readonly limits: DayLimits;
  /** Numbers up to here were given out, whatever the cluster says. */
  readonly floor: number;
}

/** One batch, and the server's clock, milliseconds. */
export interface AppendCall {
  readonly batch: IncomingBatch;
  readonly now: number;
}

/** What became of it; the frame itself stays with the caller. */
export interface AppendAnswer extends Omit<AppendResult, 'appended'> {
  readonly appended: Pick<StoredBatch, 'firstSequence' | 'lastSequence' | 'lines'> | undefined;
  /** Highest number of a batch that is written to its end. */
  readonly last: number;
}

const { address, names, node, limits, floor } = workerData as AppendThreadData;
const tell = (level: Notice['level']) => (detail: object, message: string) =>
  notify(level, message, { ...detail } as Notice['detail']);
const log: StoreLog = { info: tell('info'), warn: tell('warn'), error: tell('error') };
const cluster = new Cluster(address, log);
const appender = new Appender({ cluster, names, node, log, limits, counters: new Counters(cluster, names.counters) });
let ready: Promise<void> | undefined;

/** After a failure the next call tries again. */
function open(): Promise<void> {
  ready ??= appender.recover(floor).catch((error) => {
    ready = undefined;
    throw error;
  });
  return ready;
}

serve({
  async open(): Promise<number> {
    await open();
    return appender.lastSequence;
  },
  async append({ batch, now }: AppendCall): Promise<AppendAnswer> {
    await open();
    const { appended, ...counts } = await appender.append(batch, now);
    const { firstSequence, lastSequence, lines } = appended ?? {};
    return {
      ...counts,
      appended:
        firstSequence === undefined || lastSequence === undefined || lines === undefined
          ? undefined
          : { firstSequence, lastSequence, lines },
      last: appender.lastSequence,
    };
  },
  async raiseFloor(to: number): Promise<number> {
    await open();
    return appender.raiseFloor(to);
  },
  async close(): Promise<void> {
    await appender.close();
    await cluster.close();
  },
});

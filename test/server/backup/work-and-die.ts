import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { TargetOptions } from '../../../server/backup/open-target.ts';
import { restoreBackup } from '../../../server/backup/restore.ts';
import { runBackup } from '../../../server/backup/run-backup.ts';
import { openEmbeddedStore } from '../../../server/store/embedded/open.ts';
import { batchOf, sshFailure } from '../store/frames.ts';

/** What the process is to do, as its one argument in JSON. */
export interface Work extends TargetOptions {
  /** `backup`: appends and backs up all the time, as a server; `restore`: restores once. */
  readonly act: 'backup' | 'restore';
  readonly place: string;
  /** Sequence of the first event to append. */
  readonly first: number;
}

/** Works until it is killed. Begins when a line comes, so that a test can have the next process ready; says what is done. */
const work = JSON.parse(process.argv[2] ?? '{}') as Work;
const log = { info: () => {}, warn: () => {}, error: () => {} };
const now = () => Date.UTC(2026, 10, 20, 9);
const say = (text: string) => process.stdout.write(`${text}\n`);

say('ready');
for await (const _ of createInterface({ input: process.stdin })) break;

if (work.act === 'restore') {
  await restoreBackup({ ...work, from: work.place });
  say('restored');
} else {
  const store = await openEmbeddedStore({
    folder: join(work.data, 'store'),
    log,
    now,
    keepFreeBytes: 0,
    reserveBytes: 0,
  });
  const appending = async () => {
    for (let first = work.first; ; first += 20) {
      const batch = Array.from({ length: 20 }, (_, second) => sshFailure(second));
      await store.events.append(batchOf(batch, { first }));
      say(`stored ${first + 19}`);
      await new Promise((done) => setTimeout(done, 5));
    }
  };
  const backingUp = async () => {
    for (;;) {
      say('begun');
      const { id, events } = await runBackup({ ...work, to: work.place, keep: 2, program: 'test' });
      say(`backed up ${id} ${events}`);
    }
  };
  await Promise.all([appending(), backingUp()]);
}

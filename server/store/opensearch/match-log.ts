import { HaidangError } from '../../errors.ts';
import type { GroupedUpTo, GroupingLease, GroupingLog, MatchEntry, MatchLog } from '../match-log.ts';
import type { Signal } from '../record-store.ts';
import { type DetectionShelf, signalItems } from './detection.ts';
import { openGroupingLog, readGroupingState } from './grouping-log.ts';
import { type EntrySource, entryId, readEntries } from './match-entries.ts';

/** Runs one change after the other. */
export type OneByOne = <Result>(change: () => Promise<Result>) => Promise<Result>;

const AT_ONCE = 64;
const NOTHING: GroupedUpTo = { number: 0, lastSequence: 0 };

/** The match log in a cluster: one document an entry, and one for where grouping stands. */
export class OpenSearchMatchLog implements MatchLog {
  readonly #shelf: DetectionShelf;
  readonly #oneByOne: OneByOne;

  constructor(shelf: DetectionShelf, oneByOne: OneByOne) {
    this.#shelf = shelf;
    this.#oneByOne = oneByOne;
  }

  async head(): Promise<GroupedUpTo> {
    const { cluster, names, node } = this.#shelf;
    await cluster.request({
      method: 'PUT',
      path: `/${names.matches}/_doc/node:${node}`,
      body: { kind: 'node', node },
    });
    let last = await this.grouped();
    for (;;) {
      const numbers = Array.from({ length: AT_ONCE }, (_, at) => ({ node, number: last.number + 1 + at }));
      const found = await readEntries(this.#shelf, numbers, { bodies: false });
      last = found.at(-1) ?? last;
      if (found.length < AT_ONCE) return { number: last.number, lastSequence: last.lastSequence };
    }
  }

  async append(
    { number, lastSequence, body }: Omit<MatchEntry, 'node'>,
    signals: readonly Signal[] = [],
  ): Promise<void> {
    const { cluster, names, node, fence, fresh } = this.#shelf;
    await fence?.();
    const document: EntrySource = {
      kind: 'entry',
      node,
      number,
      lastSequence,
      body: Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('base64'),
    };
    const [result, ...others] = await cluster.bulk([
      { action: 'create', index: names.matches, id: entryId(node, number), document: { ...document } },
      ...signalItems(names, signals, { node }),
    ]);
    if (signals.length > 0) fresh.changed([names.signals]);
    const failed = others.find(({ status }) => status >= 300);
    if (failed)
      throw new HaidangError('HD_STORE_DOWN', `A signal cannot be written: ${failed.reason}.`, { retryAfter: 5 });
    if (result && result.status < 300) return;
    if (result?.status !== 409) {
      throw new HaidangError('HD_STORE_DOWN', `Matches cannot be written: ${result?.reason}.`, { retryAfter: 5 });
    }
    const [there] = await readEntries(this.#shelf, [{ node, number }], { bodies: false });
    // Written by the try before, or by whoever evaluated the same events; else somebody works under this name.
    if (there && there.lastSequence !== lastSequence) {
      const detail = `Other matches of "${node}" have the number ${number}; read on from the head of the log.`;
      throw new HaidangError('HD_RECORD_CONFLICT', detail);
    }
  }

  async grouped(): Promise<GroupedUpTo> {
    return (await readGroupingState(this.#shelf))?.source.done[this.#shelf.node] ?? NOTHING;
  }

  openGrouping(lease: GroupingLease): Promise<GroupingLog> {
    return openGroupingLog(this.#shelf, lease, this.#oneByOne);
  }
}

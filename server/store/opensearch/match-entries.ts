import type { GroupedUpTo, MatchEntry } from '../match-log.ts';
import type { BulkItem, Cluster } from './cluster.ts';
import { deleteFound } from './delete-found.ts';
import { getMany } from './get-many.ts';
import type { IndexNames } from './indexes.ts';

/** An entry of the match log as its document holds it. */
export interface EntrySource {
  readonly kind: 'entry';
  readonly node: string;
  readonly number: number;
  readonly lastSequence: number;
  /** Base64; absent where it was not asked for. */
  readonly body?: string;
}

/** What entries are read and deleted with. */
interface Entries {
  readonly cluster: Cluster;
  readonly names: IndexNames;
}

/** Documents of one request, at most. */
const MOST_DELETED = 1_000;

/** The id under which an entry is written once. */
export function entryId(node: string, number: number): string {
  return `entry:${node}:${number}`;
}

/** Entries by node and number, in the order asked for; ends before the first of each node that is not there. Needs no refresh. */
export async function readEntries(
  { cluster, names }: Entries,
  numbers: readonly { readonly node: string; readonly number: number }[],
  { bodies = true }: { readonly bodies?: boolean } = {},
): Promise<MatchEntry[]> {
  const ids = numbers.map(({ node, number }) => entryId(node, number));
  const docs = await getMany<EntrySource>(cluster, names.matches, ids, bodies ? {} : { without: 'body' });
  const ended = new Set<string>();
  return docs.flatMap(({ found, _source }, at) => {
    const node = numbers[at]?.node ?? '';
    if (!found) ended.add(node);
    if (!found || ended.has(node)) return [];
    const { number, lastSequence, body: text = '' } = _source;
    return [{ node, number, lastSequence, body: Buffer.from(text, 'base64') }];
  });
}

/** Deletes the entries of a node between two numbers, both included; those that are gone already do no harm. */
export async function deleteEntries({ cluster, names }: Entries, node: string, from: number, to: number) {
  for (let first = from; first <= to; first += MOST_DELETED) {
    const count = Math.min(MOST_DELETED, to - first + 1);
    const items = Array.from({ length: count }, (_, at): BulkItem => {
      return { action: 'delete', index: names.matches, id: entryId(node, first + at) };
    });
    await cluster.bulk(items);
  }
}

/** Deletes what a holder before left of entries that are in alerts. */
export async function deleteGrouped({ cluster, names }: Entries, done: Readonly<Record<string, GroupedUpTo>>) {
  const should = Object.entries(done).map(([node, { number }]) => ({
    bool: { filter: [{ term: { node } }, { range: { number: { lte: number } } }] },
  }));
  if (should.length === 0) return;
  const filter = [{ term: { kind: 'entry' } }];
  await deleteFound(cluster, names.matches, { bool: { filter, should, minimum_should_match: 1 } });
}

/** Every server that ever wrote entries. */
export async function nodesOf({ cluster, names }: Entries): Promise<string[]> {
  const { body } = await cluster.request<{
    readonly hits: { readonly hits: readonly { readonly _source: { readonly node: string } }[] };
  }>({
    method: 'POST',
    path: `/${names.matches}/_search`,
    body: { size: 1_000, track_total_hits: false, query: { term: { kind: 'node' } }, sort: [{ node: 'asc' }] },
  });
  return body.hits.hits.map(({ _source }) => _source.node);
}

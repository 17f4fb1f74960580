import type { AgencyId, CollectorId } from '../../identity.ts';
import type { StoredBatch } from '../event-store.ts';
import type { BulkItem, Cluster } from './cluster.ts';
import { getMany } from './get-many.ts';
import type { IndexNames } from './indexes.ts';
import type { Json } from './mapping.ts';

/** A stored batch as its document says, without the frame. */
export interface BatchDocument {
  readonly node: string;
  /** First number of the batches that were begun together with it. */
  readonly group: number;
  readonly first: number;
  /** Numbers past those of its lines stay empty. */
  readonly last: number;
  readonly collector: string;
  readonly agency: string;
  readonly receivedAt: string;
  readonly day: string;
  readonly bytes: number;
  readonly sources: readonly { readonly name: string; readonly stored: number }[];
  /** Numbers of the frame's lines that were stored, 32 bits little-endian each, base64; absent where all were. */
  readonly lines?: string;
}

/** With the frame, base64. */
export interface WholeBatch extends BatchDocument {
  readonly body: string;
}

interface Hits<Source> {
  readonly hits: { readonly hits: readonly { readonly _id: string; readonly _source: Source }[] };
}

/** Most batches of one reading, and most bytes of their frames. */
const MOST_BATCHES = 64;
/** More than the batches of the groups that are under way at once. */
const MOST_BEGUN = 128;
const MOST_BYTES = 64 * 1024 * 1024;

/** The id of a batch's document: two servers that use one name cannot both number an event. */
export function batchId(node: string, first: number): string {
  return `${node}:${first}`;
}

/** The write of a batch's document; `create` where it must not be there yet. */
export function batchItem(names: IndexNames, batch: WholeBatch, action: 'create' | 'index'): BulkItem {
  return { action, index: names.batches, id: batchId(batch.node, batch.first), document: batch as unknown as Json };
}

/** Line numbers as they are kept. */
export function packLineNumbers(lines: readonly number[]): string {
  const bytes = Buffer.alloc(lines.length * 4);
  for (const [at, line] of lines.entries()) bytes.writeUInt32LE(line, at * 4);
  return bytes.toString('base64');
}

/** Which line of the frame each number of a batch is, in order. */
export function linesOf(batch: BatchDocument): Uint32Array {
  if (batch.lines === undefined) return Uint32Array.from({ length: batch.last - batch.first + 1 }, (_, at) => at);
  const bytes = Buffer.from(batch.lines, 'base64');
  return Uint32Array.from({ length: bytes.length >> 2 }, (_, at) => bytes.readUInt32LE(at * 4));
}

/** The batch as the rest of the program knows it. */
export function storedBatch(batch: WholeBatch): StoredBatch {
  return {
    firstSequence: batch.first,
    lastSequence: batch.last,
    collector: batch.collector as CollectorId,
    agency: batch.agency as AgencyId,
    receivedAt: batch.receivedAt,
    body: Buffer.from(batch.body, 'base64'),
    lines: linesOf(batch),
  };
}

/**
 * The last groups of batches that a node began, oldest first, each whole. `orphans` are batches of a group of which one
 * before is not there: it was never begun to its end. The index must be refreshed.
 */
export async function lastGroups(
  cluster: Cluster,
  names: IndexNames,
  node: string,
  most: number,
): Promise<{ readonly groups: WholeBatch[][]; readonly orphans: WholeBatch[] }> {
  const { body } = await cluster.request<Hits<BatchDocument>>({
    method: 'POST',
    path: `/${names.batches}/_search`,
    body: {
      size: MOST_BEGUN,
      query: { term: { node } },
      sort: [{ first: 'desc' }],
      _source: { excludes: ['body', 'lines'] },
    },
  });
  const newest = [...new Set(body.hits.hits.map(({ _source }) => _source.group))].slice(0, most);
  const ids = body.hits.hits.flatMap(({ _id, _source }) => (newest.includes(_source.group) ? [_id] : []));
  const whole = (await wholeBatches(cluster, names, ids)).sort((a, b) => a.first - b.first);
  const groups: WholeBatch[][] = [];
  const orphans: WholeBatch[] = [];
  for (const batch of whole) {
    const group = groups.at(-1)?.[0]?.group === batch.group ? groups.at(-1) : undefined;
    const next = group ? (group.at(-1)?.last ?? 0) + 1 : batch.group;
    if (batch.first !== next) orphans.push(batch);
    else if (group) group.push(batch);
    else groups.push([batch]);
  }
  return { groups, orphans };
}

/** Batches of a node with numbers between two, both inclusive, oldest first. */
export async function readBatches(
  cluster: Cluster,
  names: IndexNames,
  node: string,
  range: { readonly from: number; readonly to: number; readonly limit: number },
): Promise<StoredBatch[]> {
  const { body } = await cluster.request<Hits<BatchDocument>>({
    method: 'POST',
    path: `/${names.batches}/_search`,
    body: {
      size: Math.max(1, Math.min(MOST_BATCHES, range.limit)),
      query: {
        bool: {
          filter: [
            { term: { node } },
            { range: { last: { gte: range.from } } },
            { range: { first: { lte: range.to } } },
          ],
        },
      },
      sort: [{ first: 'asc' }],
      _source: { excludes: ['body'] },
    },
  });
  const ids: string[] = [];
  let bytes = 0;
  for (const { _id, _source } of body.hits.hits) {
    bytes += _source.bytes;
    if (ids.length > 0 && bytes > MOST_BYTES) break;
    ids.push(_id);
  }
  return (await wholeBatches(cluster, names, ids)).map(storedBatch);
}

/** The documents of these ids with their frames, in the order asked for. */
export async function wholeBatches(cluster: Cluster, names: IndexNames, ids: readonly string[]): Promise<WholeBatch[]> {
  const docs = await getMany<WholeBatch>(cluster, names.batches, ids);
  return docs.flatMap(({ found, _source }) => (found ? [_source] : []));
}

import { HaidangError } from '../../errors.ts';
import type { Cluster } from './cluster.ts';

/** A document that was asked for by its id. */
export interface Got<Source> {
  readonly _id: string;
  readonly found?: boolean;
  readonly _source: Source;
  /** Where it stands in its shard, for a write on condition that nobody wrote meanwhile. */
  readonly _seq_no: number;
  readonly _primary_term: number;
}

/** What of the documents is wanted: fields of the source, all but some, or `false` for none of it. */
export interface Wanted {
  readonly source?: string | false;
  readonly without?: string;
  /** Paths of the answer that are needed; the rest is not sent. */
  readonly filter?: string;
}

interface Answered<Source> extends Got<Source> {
  readonly error?: { readonly type?: string; readonly reason?: string };
}

/** A day that was deleted meanwhile has none of them. */
const GONE = 'index_not_found_exception';
/** Fields of the answer that are always needed, where it is cut to few. */
const ERRORS = 'docs.error.type,docs.error.reason';

/**
 * Documents of one index by their ids, in the order asked for, as the first copy of each shard has them: what was written there
 * and not yet on another copy, as when a node died, is there for who is told of a conflict.
 * @throws HaidangError `HD_STORE_DOWN` where a shard cannot answer: that a document is not there must not be guessed.
 */
export async function getMany<Source>(
  cluster: Cluster,
  index: string,
  ids: readonly string[],
  wanted: Wanted = {},
): Promise<readonly Got<Source>[]> {
  return getAll(cluster, { path: `/${index}/_mget`, body: { ids: [...ids] }, of: index, count: ids.length }, wanted);
}

/** As `getMany`, for documents that each name their index. */
export async function getPlaced<Source>(
  cluster: Cluster,
  docs: readonly { readonly _index: string; readonly _id: string; readonly _source?: boolean }[],
  wanted: Wanted = {},
): Promise<readonly Got<Source>[]> {
  return getAll(cluster, { path: '/_mget', body: { docs: [...docs] }, of: 'events', count: docs.length }, wanted);
}

async function getAll<Source>(
  cluster: Cluster,
  asked: {
    readonly path: string;
    readonly body: Readonly<Record<string, unknown>>;
    readonly of: string;
    readonly count: number;
  },
  { source, without, filter }: Wanted,
): Promise<readonly Got<Source>[]> {
  if (asked.count === 0) return [];
  const { body } = await cluster.request<{ docs?: readonly Answered<Source>[] }>({
    method: 'POST',
    path: asked.path,
    query: {
      preference: '_primary',
      ...(source === undefined ? {} : source === false ? { _source: false } : { _source_includes: source }),
      ...(without === undefined ? {} : { _source_excludes: without }),
      ...(filter === undefined ? {} : { filter_path: `${filter},${ERRORS}` }),
    },
    body: asked.body,
  });
  const docs = body.docs ?? [];
  const failed = docs.find(({ error }) => error !== undefined && error.type !== GONE)?.error;
  if (failed || docs.length !== asked.count) {
    const why = failed ? `${failed.type}: ${failed.reason}` : `it answered ${docs.length} of ${asked.count}`;
    throw new HaidangError('HD_STORE_DOWN', `Documents of ${asked.of} cannot be read: ${why}.`, { retryAfter: 5 });
  }
  return docs;
}

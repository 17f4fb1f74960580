import { HaidangError } from '../../errors.ts';
import type { Cluster } from './cluster.ts';

/** A document that was asked for by its id. */
export interface Got<Source> {
  readonly _id: string;
  readonly found?: boolean;
  readonly _source: Source;
}

interface Answered<Source> extends Got<Source> {
  readonly error?: { readonly type?: string; readonly reason?: string };
}

/** A day that was deleted meanwhile has none of them. */
const GONE = 'index_not_found_exception';
/** Fields of the answer that are always needed, where it is cut to few. */
const ERRORS = 'docs.error.type,docs.error.reason';

/**
 * Documents by their ids, in the order asked for, as the first copy of each shard has them: what was written there and not yet on
 * another copy, as when a node died, is there for who is told of a conflict.
 * @throws HaidangError `HD_STORE_DOWN` where a shard cannot answer: that a document is not there must not be guessed.
 */
export async function getMany<Source>(
  cluster: Cluster,
  index: string,
  ids: readonly string[],
  asked: { readonly source?: string | false; readonly filter?: string } = {},
): Promise<readonly Got<Source>[]> {
  if (ids.length === 0) return [];
  const { source, filter } = asked;
  const { body } = await cluster.request<{ docs?: readonly Answered<Source>[] }>({
    method: 'POST',
    path: `/${index}/_mget`,
    query: {
      preference: '_primary',
      ...(source === undefined ? {} : source === false ? { _source: false } : { _source_includes: source }),
      ...(filter === undefined ? {} : { filter_path: `${filter},${ERRORS}` }),
    },
    body: { ids: [...ids] },
  });
  const docs = body.docs ?? [];
  const failed = docs.find(({ error }) => error !== undefined && error.type !== GONE)?.error;
  if (failed || docs.length !== ids.length) {
    const why = failed ? `${failed.type}: ${failed.reason}` : `it answered ${docs.length} of ${ids.length}`;
    throw new HaidangError('HD_STORE_DOWN', `Documents of ${index} cannot be read: ${why}.`, { retryAfter: 5 });
  }
  return docs;
}

import type { BulkItem, BulkResult, Cluster } from './cluster.ts';
import type { Json } from './mapping.ts';

/** Documents of one request. */
const PAGE = 1_000;

interface Hit {
  readonly _id: string;
  readonly _seq_no: number;
  readonly _primary_term: number;
}

/**
 * Deletes what a query finds in an index, and gives how many documents are gone. By id, a page at a time, as deleting by a
 * query is a module that not every cluster has. It may be cut short anywhere and done again; what was changed since it was
 * found is looked at anew. `ask`: asked before each page, rejects where there is to be no more deleting.
 *
 * @throws HaidangError `HD_STORE_DOWN`, `HD_STORE_FULL`
 */
export async function deleteFound(
  cluster: Cluster,
  index: string,
  query: Json,
  ask: () => Promise<void> = async () => {},
): Promise<number> {
  for (let deleted = 0; ; ) {
    await cluster.request({ method: 'POST', path: `/${index}/_refresh`, query: { ignore_unavailable: true } });
    const { body } = await cluster.request<{ readonly hits: { readonly hits: readonly Hit[] } }>({
      method: 'POST',
      path: `/${index}/_search`,
      query: { ignore_unavailable: true, allow_no_indices: true },
      // Without the exact total, OpenSearch 3 may stop looking after a page of documents of a range, deleted ones among them, and find none.
      body: { size: PAGE, track_total_hits: true, _source: false, seq_no_primary_term: true, query },
    });
    const { hits } = body.hits;
    if (hits.length === 0) return deleted;
    await ask();
    const results = await cluster.bulk(
      hits.map(({ _id, _seq_no, _primary_term }): BulkItem => {
        return { action: 'delete', index, id: _id, if: { seqNo: _seq_no, term: _primary_term } };
      }),
    );
    const failed = results.find(({ status }) => status >= 300 && status !== 404 && status !== 409);
    if (failed) throw new Error(`A document of ${index} cannot be deleted: ${failed.reason}.`);
    deleted += results.filter(isGone).length;
  }
}

/** A request that was sent again, as its answer was lost, finds nothing any more. */
function isGone({ status, reason = '' }: BulkResult): boolean {
  return status < 300 || status === 404 || (status === 409 && reason.includes('no document was found'));
}

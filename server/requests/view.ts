import type { AgencyBook } from '../agencies/names.ts';
import { withSubtrees } from '../agencies/tree.ts';
import { type Identity, SYSTEM } from '../identity.ts';
import { custodyHolds } from '../incidents/custody.ts';
import type { RecordStore } from '../store/record-store.ts';
import { sideOf } from './acts.ts';
import type { AgencyRequestRecord } from './record.ts';
import type { StoredRequest } from './requests.ts';
import type { RequestDetail, RequestRow } from './schema.ts';

/** What views look up. */
export interface RequestViewParts {
  readonly records: RecordStore;
  readonly agencies: AgencyBook;
}

/** Rows of requests, as their reader may see them: an incident that is not theirs to see has no name here. */
export async function requestRows(
  identity: Identity,
  stored: readonly StoredRequest[],
  { records, agencies }: RequestViewParts,
): Promise<RequestRow[]> {
  const names = await agencies.all();
  const view = records.as(identity);
  const seen = new Map<string, boolean>();
  const shown = async (kind: 'incident' | 'alert', id: string | null): Promise<string | null> => {
    if (id === null || identity.agencies === 'all') return id;
    const key = `${kind} ${id}`;
    const isSeen = seen.get(key) ?? (await view.get(kind, id)) !== undefined;
    seen.set(key, isSeen);
    return isSeen ? id : null;
  };
  const rows: RequestRow[] = [];
  for (const { id, document } of stored) {
    const { agency, subject, state, due, askedAt, askedBy, readAt, answeredAt, closedAt, updatedAt, files } = document;
    rows.push({
      id,
      agency,
      agencyName: names.get(agency)?.name ?? agency,
      incident: await shown('incident', document.incident),
      alert: await shown('alert', document.alert),
      subject,
      state,
      side: sideOf(identity, document),
      ...{ due, askedAt, askedBy, readAt, answeredAt, closedAt, updatedAt },
      late: answeredAt !== null && answeredAt > due,
      files: files.length,
    });
  }
  return rows;
}

/** One request with all that was written and sent. */
export async function requestDetail(
  identity: Identity,
  found: StoredRequest,
  parts: RequestViewParts,
): Promise<RequestDetail> {
  const [request] = await requestRows(identity, [found], parts);
  if (!request) throw new Error('a request gave no row');
  const { messages, files, closeNote, closedBy, readBy } = found.document;
  return {
    request,
    messages: messages.map((one) => ({ ...one })),
    files: files.map((file) => {
      const { id, at, by, name, bytes, sha256, placed, custody } = file;
      const chain = { custody: custody.map((entry) => ({ ...entry })), custodyHolds: custodyHolds(file) };
      return { id, at, by, name, bytes, sha256, placed: placed !== null, ...chain };
    }),
    closeNote,
    closedBy,
    readBy,
    officers: request.side === 'asker' ? await officersOf(found.document, parts) : null,
  };
}

/** How many officers of the agency can sign in: where there is none, nobody there reads the question. */
async function officersOf({ agency }: AgencyRequestRecord, { records, agencies }: RequestViewParts): Promise<number> {
  const tree = await agencies.all();
  let count = 0;
  let after: string | undefined;
  do {
    const page = await records.as(SYSTEM).find('user', { limit: 1_000, ...(after === undefined ? {} : { after }) });
    for (const { document } of page.records) {
      const { role, disabled, agencies: own } = document;
      if (role !== 'agency-officer' || disabled || own === 'all') continue;
      if (withSubtrees(own, tree).includes(agency)) count += 1;
    }
    after = page.next ?? undefined;
  } while (after !== undefined);
  return count;
}

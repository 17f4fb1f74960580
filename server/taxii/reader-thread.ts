import { type TransferListItem, workerData } from 'node:worker_threads';
import { HaidangError } from '../errors.ts';
import { type Mark, readContained, readReported, readVersions } from '../national/read-reported.ts';
import { serve } from '../store/embedded/worker-server.ts';
import { readStatus } from './add-envelope.ts';
import { openDatabase } from './database.ts';
import { writePage } from './page-body.ts';
import { hasObject, selectPage } from './select-objects.ts';
import { Statements } from './statements.ts';
import type { PageAnswer, PageCall, ThreadSetup } from './thread-calls.ts';

const { file } = workerData as ThreadSetup;
const db = openDatabase(file);
const statements = new Statements(db);

function page({ collection, request, form, object }: PageCall, transfer: TransferListItem[]): PageAnswer {
  const found = selectPage(statements, collection, request, form === 'objects');
  if (found.objects.length === 0 && object !== undefined && !hasObject(statements, collection, object))
    throw new HaidangError('HD_NOT_FOUND', `There is no object ${object.slice(0, 300)} in the collection.`);
  const answer = writePage(found, request, form);
  // Small ones lie in a pool that others use too; those are copied.
  if (answer.body.byteLength === answer.body.buffer.byteLength) transfer.push(answer.body.buffer as ArrayBuffer);
  return answer;
}

serve({
  page,
  status: ({ root, id, account }: { root: string; id: string; account: number }) =>
    readStatus(statements, root, id, account) ?? null,
  reported: ({ after }: { after: Mark | null }) => readReported(statements, after),
  contained: (call: Parameters<typeof readContained>[1]) => readContained(statements, call),
  versions: (call: Parameters<typeof readVersions>[1]) => readVersions(statements, call),
  close: () => db.close(),
});

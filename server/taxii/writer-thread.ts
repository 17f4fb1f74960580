import { readFileSync, statSync } from 'node:fs';
import { workerData } from 'node:worker_threads';
import { hashPassword } from '../accounts/password.ts';
import { HaidangError } from '../errors.ts';
import { inTransaction } from '../store/embedded/in-transaction.ts';
import { serve } from '../store/embedded/worker-server.ts';
import { addEnvelope } from './add-envelope.ts';
import { type NewAccount, readCatalog, readCollection, writeCollection } from './catalog-rows.ts';
import { type CatalogChange, changeCatalog } from './change-catalog.ts';
import { deleteObject } from './change-objects.ts';
import { readDataFile } from './data-file.ts';
import { openDatabase } from './database.ts';
import { readEnvelope } from './envelope.ts';
import { LIMITS } from './limits.ts';
import { type Loaded, loadData } from './load-data.ts';
import { Statements } from './statements.ts';
import { stixMediaType } from './stix-object.ts';
import type { AddAnswer, AddCall, DeleteCall, LoadCall, ThreadSetup } from './thread-calls.ts';

const { file } = workerData as ThreadSetup;
const db = openDatabase(file);
const statements = new Statements(db);

function add({ to, body, nowMs }: AddCall): AddAnswer {
  const objects = readEnvelope(body);
  return inTransaction(db, () => {
    const { status, specs } = addEnvelope(statements, to, objects, nowMs);
    const changed = listMediaTypes(to.collection, [...specs].map(stixMediaType));
    const { id, success_count: succeeded, failure_count: failed } = status;
    return { body: JSON.stringify(status), id, succeeded, failed, changed };
  });
}

/** A collection lists every media type that it holds (TAXII 2.1 §5.2.1); gives whether one was new. */
function listMediaTypes(number: number, types: readonly string[]): boolean {
  const collection = readCollection(statements, number);
  if (!collection || types.every((type) => collection.mediaTypes.includes(type))) return false;
  writeCollection(statements, { ...collection, mediaTypes: [...new Set([...collection.mediaTypes, ...types])] });
  return true;
}

async function load({ path, passwords, nowMs }: LoadCall): Promise<Loaded> {
  const data = readDataFile(readText(path));
  const wanted = Object.entries({ ...data.users, ...passwords });
  const accounts: NewAccount[] = [];
  for (const [name, password] of wanted) {
    accounts.push({ name, password: await hashPassword(password), loopback: true });
  }
  return inTransaction(db, () => loadData(statements, data, accounts, nowMs));
}

function readText(path: string): string {
  try {
    const { size } = statSync(path);
    if (size > LIMITS.fileBytes)
      throw new HaidangError('HD_TOO_LARGE', `${path} is larger than ${LIMITS.fileBytes} bytes.`);
    return readFileSync(path, 'utf8').replace(/^\ufeff/, '');
  } catch (error) {
    if (error instanceof HaidangError) throw error;
    const code = (error as NodeJS.ErrnoException).code;
    throw new HaidangError('HD_BAD_REQUEST', `The file ${path} cannot be read (${code ?? 'unknown reason'}).`);
  }
}

serve({
  catalog: () => readCatalog(statements),
  add,
  delete: ({ collection, account, filter }: DeleteCall) =>
    inTransaction(db, () => deleteObject(statements, collection, account, filter)),
  change: (change: CatalogChange) => inTransaction(db, () => changeCatalog(statements, change)),
  load,
  close: () => db.close(),
});

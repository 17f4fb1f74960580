import type { ApiRoot, Catalog, Collection, Discovery, PinnedCertificate } from './catalog.ts';
import type { Statements } from './statements.ts';

/** A collection before the store has numbered it. */
export type NewCollection = Omit<Collection, 'number'>;
/** An account as it is written; its password is hashed already. */
export interface NewAccount {
  readonly name: string;
  readonly password: string;
  readonly loopback: boolean;
}

const UNNAMED: Discovery = { title: 'Hải Đăng' };

/** Everything but objects and statuses. */
export function readCatalog(db: Statements): Catalog {
  const discovery = db.of('SELECT document FROM discovery').get();
  return {
    discovery: discovery ? (JSON.parse(String(discovery['document'])) as Discovery) : UNNAMED,
    roots: db
      .of('SELECT document FROM root ORDER BY position')
      .all()
      .map((row) => JSON.parse(String(row['document'])) as ApiRoot),
    collections: db
      .of('SELECT number, document FROM collection ORDER BY number')
      .all()
      .map((row) => ({ ...(JSON.parse(String(row['document'])) as NewCollection), number: Number(row['number']) })),
    accounts: db
      .of('SELECT number, name, password, loopback, disabled, certificates FROM account ORDER BY name')
      .all()
      .map((row) => ({
        number: Number(row['number']),
        name: String(row['name']),
        password: String(row['password']),
        loopback: row['loopback'] === 1,
        disabled: row['disabled'] === 1,
        certificates: JSON.parse(String(row['certificates'])) as PinnedCertificate[],
      })),
  };
}

/** One collection by its number. */
export function readCollection(db: Statements, number: number): NewCollection | undefined {
  const row = db.of('SELECT document FROM collection WHERE number = ?').get(number);
  return row && (JSON.parse(String(row['document'])) as NewCollection);
}

/** Writes what the server says of itself. */
export function writeDiscovery(db: Statements, discovery: Discovery): void {
  db.of('INSERT OR REPLACE INTO discovery (only, document) VALUES (1, ?)').run(JSON.stringify(discovery));
}

/** Writes an API root; one of that name keeps its place. */
export function writeRoot(db: Statements, root: ApiRoot): void {
  db.of(
    'INSERT INTO root (name, document) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET document = excluded.document',
  ).run(root.name, JSON.stringify(root));
}

/** Writes a collection, and gives its number; one of that root and id keeps number and objects. */
export function writeCollection(db: Statements, collection: NewCollection): number {
  const { root, id } = collection;
  const row = db
    .of(
      `INSERT INTO collection (root, id, document) VALUES (?, ?, ?)
       ON CONFLICT (root, id) DO UPDATE SET document = excluded.document RETURNING number`,
    )
    .get(root, id, JSON.stringify(collection));
  return Number(row?.['number']);
}

/** Writes an account; one of that name gets the new password, and is let in again. */
export function writeAccount(db: Statements, { name, password, loopback }: NewAccount): void {
  db.of(
    `INSERT INTO account (name, password, loopback, disabled) VALUES (?, ?, ?, 0) ON CONFLICT (name) DO UPDATE SET
     password = excluded.password, loopback = excluded.loopback, disabled = 0`,
  ).run(name, password, loopback ? 1 : 0);
}

/** What is changed of an account; what is left out stays. */
export interface AccountState {
  readonly name: string;
  readonly password?: string;
  readonly disabled?: boolean;
  readonly certificates?: readonly PinnedCertificate[];
}

/** Changes an account that is there; a new password makes it one for the network. */
export function writeAccountState(db: Statements, { name, password, disabled, certificates }: AccountState): void {
  if (password !== undefined) db.of('UPDATE account SET password = ?, loopback = 0 WHERE name = ?').run(password, name);
  if (disabled !== undefined) db.of('UPDATE account SET disabled = ? WHERE name = ?').run(disabled ? 1 : 0, name);
  if (certificates !== undefined)
    db.of('UPDATE account SET certificates = ? WHERE name = ?').run(JSON.stringify(certificates), name);
}

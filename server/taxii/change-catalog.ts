import { HaidangError } from '../errors.ts';
import type { ApiRoot, Catalog, Rights } from './catalog.ts';
import {
  type AccountState,
  type NewAccount,
  type NewCollection,
  readCatalog,
  writeAccount,
  writeAccountState,
  writeCollection,
  writeRoot,
} from './catalog-rows.ts';
import type { Statements } from './statements.ts';

/** One act of administration; passwords are hashed already. */
export type CatalogChange =
  | { readonly kind: 'add-account'; readonly account: NewAccount }
  | ({ readonly kind: 'change-account' } & AccountState)
  | { readonly kind: 'add-root'; readonly root: ApiRoot }
  | { readonly kind: 'add-collection'; readonly collection: NewCollection }
  | { readonly kind: 'grant'; readonly collection: string; readonly account: string; readonly rights: Rights | null };

/** Does it; within a transaction. @throws HaidangError `HD_RECORD_EXISTS`, `HD_NOT_FOUND` */
export function changeCatalog(db: Statements, change: CatalogChange): void {
  const catalog = readCatalog(db);
  switch (change.kind) {
    case 'add-account':
      if (hasAccount(catalog, change.account.name)) throw exists(`an account "${change.account.name}"`);
      writeAccount(db, change.account);
      return;
    case 'change-account':
      if (!hasAccount(catalog, change.name)) throw absent(`account "${change.name}"`);
      writeAccountState(db, change);
      return;
    case 'add-root':
      if (catalog.roots.some(({ name }) => name === change.root.name))
        throw exists(`an API root "${change.root.name}"`);
      writeRoot(db, change.root);
      return;
    case 'add-collection': {
      const { root, alias } = change.collection;
      if (!catalog.roots.some(({ name }) => name === root)) throw absent(`API root "${root}"`);
      if (alias !== undefined && catalog.collections.some((one) => one.root === root && one.alias === alias))
        throw exists(`a collection with the alias "${alias}"`);
      writeCollection(db, change.collection);
      return;
    }
    case 'grant': {
      const found = catalog.collections.find(({ id }) => id === change.collection);
      if (!found) throw absent(`collection "${change.collection}"`);
      if (!hasAccount(catalog, change.account)) throw absent(`account "${change.account}"`);
      const { number: _, grants, ...rest } = found;
      const others = Object.fromEntries(Object.entries(grants).filter(([name]) => name !== change.account));
      const granted = change.rights === null ? others : { ...others, [change.account]: change.rights };
      writeCollection(db, { ...rest, grants: granted });
    }
  }
}

function hasAccount(catalog: Catalog, name: string): boolean {
  return catalog.accounts.some((account) => account.name === name);
}

function exists(what: string): HaidangError {
  return new HaidangError('HD_RECORD_EXISTS', `There is ${what} already.`);
}

function absent(what: string): HaidangError {
  return new HaidangError('HD_NOT_FOUND', `There is no ${what}.`);
}

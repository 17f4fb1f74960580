import { join } from 'node:path';
import type { Audit } from '../accounts/audit.ts';
import type { Identity } from '../identity.ts';
import type { Log } from '../log.ts';
import { type BasicAuth, openBasicAuth } from './basic-auth.ts';
import type { Account, Catalog } from './catalog.ts';
import type { CatalogChange } from './change-catalog.ts';
import type { Loaded } from './load-data.ts';
import { openTaxiiStore, type TaxiiStore } from './store.ts';

/** The TAXII server of the national role: what its routes need. */
export interface Taxii {
  readonly store: TaxiiStore;
  readonly auth: BasicAuth;
  readonly now: () => number;
  /** Roots, collections and accounts as they are now. */
  catalog(): Catalog;
  /** Reads the catalog anew, after a change. */
  reload(): Promise<void>;
  /** Loads a data file that lies on this machine. @throws HaidangError `HD_BAD_REQUEST`, `HD_TOO_LARGE` */
  load(path: string, passwords: Readonly<Record<string, string>>, actor: Identity): Promise<Loaded>;
  /** One act of administration. @throws HaidangError `HD_RECORD_EXISTS`, `HD_NOT_FOUND` */
  change(change: CatalogChange, actor: Identity, target: string, detail: object): Promise<void>;
  /** What an account did, for the audit trail. */
  acted(account: Account, act: string, target: string, detail: Readonly<Record<string, unknown>>): Promise<void>;
  close(): Promise<void>;
}

/** Opens the TAXII server over `store/taxii.db` of a data folder. */
export async function openTaxii(options: {
  readonly data: string;
  readonly audit: Audit;
  readonly log: Log;
  readonly now?: () => number;
}): Promise<Taxii> {
  const { data, audit, log, now = Date.now } = options;
  const store = await openTaxiiStore(join(data, 'store', 'taxii.db'), log);
  let catalog = await store.catalog();
  let accounts = byName(catalog);
  const auth = openBasicAuth({
    account: (name) => accounts.get(name),
    onRefused: (name, address) => {
      const act = { actor: name.slice(0, 64), act: 'taxii.refused', target: name.slice(0, 64), detail: { address } };
      audit.record(act).catch((err) => log.error({ err }, 'a refused sign-in is not in the audit trail'));
    },
    now,
  });

  async function reload(): Promise<void> {
    catalog = await store.catalog();
    accounts = byName(catalog);
  }

  return {
    store,
    auth,
    now,
    catalog: () => catalog,
    reload,
    async load(path, passwords, actor) {
      const loaded = await store.load({ path, passwords, nowMs: now() });
      await reload();
      const { refused: _, ...detail } = loaded;
      await audit.record({ actor: actor.name, act: 'taxii.load', target: path, detail });
      return loaded;
    },
    async change(change, actor, target, detail) {
      try {
        await store.change(change);
      } finally {
        // What is refused may be there by another change that ends just now: its catalog is not known here yet.
        await reload();
      }
      await audit.record({ actor: actor.name, act: `taxii.${change.kind}`, target, detail: { ...detail } });
    },
    acted: (account, act, target, detail) => audit.record({ actor: `taxii:${account.name}`, act, target, detail }),
    close: () => store.close(),
  };
}

function byName(catalog: Catalog): ReadonlyMap<string, Account> {
  return new Map(catalog.accounts.map((account) => [account.name, account]));
}

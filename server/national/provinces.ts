import { createHash, randomUUID } from 'node:crypto';
import { HaidangError } from '../errors.ts';
import { type Identity, SYSTEM } from '../identity.ts';
import { isConflict } from '../incidents/relay.ts';
import type { RecordStore } from '../store/record-store.ts';
import type { Catalog, Collection } from '../taxii/catalog.ts';
import type { Taxii } from '../taxii/taxii.ts';
import type { NationalProvinceRecord } from './record.ts';

/** A province with the collection that it polls. */
export interface Province extends NationalProvinceRecord {
  readonly account: string;
}

/** The provinces of the center: each has one collection with what is for it alone. */
export interface Provinces {
  all(): Promise<readonly Province[]>;
  /** Makes the collection of an account where there is none, and opens it to that account alone. @throws HaidangError `HD_NOT_FOUND` */
  open(account: string, by: Identity): Promise<Province>;
  /** Gives a province the name under which the board shows it. @throws HaidangError `HD_NOT_FOUND` */
  name(account: string, name: string, by: Identity): Promise<Province>;
  /** The collection of a province in the catalog of now. @throws HaidangError `HD_NOT_FOUND` where somebody took it away */
  collection(province: Province): Collection;
}

const MOST = 1_000;

/** Opens them. */
export function openProvinces({
  records,
  taxii,
}: {
  readonly records: RecordStore;
  readonly taxii: Pick<Taxii, 'catalog' | 'change'>;
}): Provinces {
  const view = records.as(SYSTEM);

  async function write(account: string, make: (record: NationalProvinceRecord) => NationalProvinceRecord) {
    for (let attempt = 1; ; attempt += 1) {
      const found = await view.get('national-province', account);
      const next = make(found?.document ?? { name: account, collection: '', root: '', alias: '' });
      try {
        if (found) await view.replace('national-province', account, next, found.version);
        else await view.create('national-province', account, next);
        return { ...next, account };
      } catch (error) {
        const raced = isConflict(error) || (error instanceof HaidangError && error.code === 'HD_RECORD_EXISTS');
        if (!raced || attempt === 10) throw error;
      }
    }
  }

  async function open(account: string, by: Identity): Promise<Province> {
    const catalog = taxii.catalog();
    if (!catalog.accounts.some(({ name }) => name === account))
      throw new HaidangError('HD_NOT_FOUND', `There is no TAXII account "${account.slice(0, 64)}"; add it first.`);
    const known = (await view.get('national-province', account))?.document;
    if (known && catalog.collections.some(({ id }) => id === known.collection)) return { ...known, account };
    const alias = aliasOf(account);
    const root = rootOf(catalog, account);
    let found = taxii.catalog().collections.find((one) => one.root === root && one.alias === alias);
    if (!found) {
      const id = randomUUID();
      const collection = {
        ...{ root, id, alias, title: `Trả lời cho ${account} (answers)`.slice(0, 200), grants: {} },
        mediaTypes: ['application/stix+json;version=2.1'],
      };
      try {
        await taxii.change({ kind: 'add-collection', collection }, by, id, { title: collection.title });
      } catch (error) {
        // Somebody made it at the same moment.
        if (!(error instanceof HaidangError && error.code === 'HD_RECORD_EXISTS')) throw error;
      }
      found = taxii.catalog().collections.find((one) => one.root === root && one.alias === alias);
    }
    if (!found) throw new HaidangError('HD_NOT_FOUND', `The collection of "${account}" could not be made.`);
    const { id } = found;
    const rights = { canRead: true, canWrite: false };
    await taxii.change({ kind: 'grant', collection: id, account, rights }, by, id, { account, ...rights });
    return write(account, (record) => ({ ...record, collection: id, root, alias }));
  }

  return {
    async all() {
      const { records: found } = await view.find('national-province', { limit: MOST });
      return found.map(({ id, document }) => ({ ...document, account: id }));
    },
    open,
    async name(account, name, by) {
      await open(account, by);
      return write(account, (record) => ({ ...record, name }));
    },
    collection({ collection, account }) {
      const found = taxii.catalog().collections.find(({ id }) => id === collection);
      if (found) return found;
      throw new HaidangError('HD_NOT_FOUND', `The collection with what is for "${account}" is not there any more.`);
    },
  };
}

/** The API root of an account's inbox; else the first one. @throws HaidangError `HD_NOT_FOUND` */
function rootOf({ collections, roots }: Catalog, account: string): string {
  const own = collections.find(({ grants }) => Object.hasOwn(grants, account) && grants[account]?.canWrite === true);
  const root = own?.root ?? roots[0]?.name;
  if (root !== undefined) return root;
  throw new HaidangError('HD_NOT_FOUND', 'There is no API root yet; add one with "haidang taxii root add".');
}

/** What the collection is called in addresses: the account's name where that can stand in one. */
function aliasOf(account: string): string {
  if (/^[A-Za-z0-9._~-]{1,50}$/.test(account)) return `answers-${account}`;
  return `answers-${createHash('sha256').update(account).digest('hex').slice(0, 16)}`;
}

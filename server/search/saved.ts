import { randomBytes } from 'node:crypto';
import { may } from '../accounts/permissions.ts';
import { HaidangError } from '../errors.ts';
import { type Identity, SYSTEM } from '../identity.ts';
import type { RecordStore, Versioned } from '../store/record-store.ts';
import type { SavedSearchRecord } from './record.ts';
import type { NewSavedSearch } from './schema.ts';

/** Most searches that one user may keep. */
const MOST_OWN = 200;
/** Shared searches looked through for one answer. */
const MOST_SHARED = 2_000;
const PAGE = 500;

type Saved = Versioned<SavedSearchRecord>;

/** Searches that people keep: each their own, and those that others share. */
export interface SavedSearches {
  /** What an identity may see: its own first, each part by name. */
  list(identity: Identity): Promise<readonly Saved[]>;
  /** @throws HaidangError `HD_BAD_REQUEST` where there are too many, `HD_FORBIDDEN` where a viewer would share. */
  add(identity: Identity, search: NewSavedSearch): Promise<Saved>;
  /** @throws HaidangError `HD_RECORD_ABSENT`, `HD_RECORD_CONFLICT`, `HD_FORBIDDEN` */
  change(identity: Identity, id: string, version: number, search: NewSavedSearch): Promise<Saved>;
  /** @throws HaidangError `HD_RECORD_ABSENT`, `HD_FORBIDDEN` */
  remove(identity: Identity, id: string): Promise<SavedSearchRecord>;
}

/** Whether somebody may see a search: its owner, or where it is shared, who may see at least what the owner may. */
export function maySee(identity: Identity, search: SavedSearchRecord): boolean {
  if (search.owner === identity.name) return true;
  if (search.visibility !== 'shared') return false;
  // The query itself may tell of an agency: names, addresses.
  if (identity.agencies === 'all') return true;
  const { agencies } = identity;
  return search.agencies !== 'all' && search.agencies.every((agency) => agencies.includes(agency));
}

/** Whether somebody may change or delete a search: its owner, and of shared ones the province's administrator. */
export function mayChange(identity: Identity, search: SavedSearchRecord): boolean {
  if (search.owner === identity.name) return true;
  return search.visibility === 'shared' && identity.role === 'administrator' && identity.agencies === 'all';
}

/** Opens the saved searches of a record store. */
export function openSavedSearches(records: RecordStore, now: () => number = Date.now): SavedSearches {
  // Whom a search belongs to is decided here and not by the agency scope of records: it has an owner and no agency.
  const view = records.as(SYSTEM);

  async function all(where: Record<string, string[]>, most: number): Promise<Saved[]> {
    const found: Saved[] = [];
    let after: string | undefined;
    do {
      const page = await view.find('saved-search', { where, limit: PAGE, ...(after === undefined ? {} : { after }) });
      found.push(...page.records);
      after = page.next ?? undefined;
    } while (after !== undefined && found.length < most);
    return found;
  }

  async function changeable(identity: Identity, id: string): Promise<Saved> {
    const found = await view.get('saved-search', id);
    if (!found || !maySee(identity, found.document)) {
      throw new HaidangError('HD_RECORD_ABSENT', 'There is no saved search of this id that you may see.');
    }
    if (mayChange(identity, found.document)) return found;
    throw new HaidangError('HD_FORBIDDEN', `This search belongs to ${found.document.owner}; save one of your own.`);
  }

  return {
    async list(identity) {
      const [own, shared] = await Promise.all([
        all({ owner: [identity.name] }, MOST_OWN),
        all({ visibility: ['shared'] }, MOST_SHARED),
      ]);
      const others = shared.filter(({ document }) => document.owner !== identity.name && maySee(identity, document));
      const byName = (one: Saved, two: Saved) => one.document.name.localeCompare(two.document.name, 'vi');
      return [...own.sort(byName), ...others.sort(byName)];
    },

    async add(identity, search) {
      if ((await view.count('saved-search', { where: { owner: [identity.name] } })) >= MOST_OWN) {
        throw new HaidangError('HD_BAD_REQUEST', `You keep ${MOST_OWN} searches already; delete one first.`);
      }
      const at = new Date(now()).toISOString();
      const id = `s${randomBytes(9).toString('hex')}`;
      const own = { owner: identity.name, agencies: identity.agencies, createdAt: at, updatedAt: at };
      return view.create('saved-search', id, { ...kept(identity, search), ...own });
    },

    async change(identity, id, version, search) {
      const { document } = await changeable(identity, id);
      // Who changes another's search says nothing of its owner's scope: that stays.
      const { owner, agencies, createdAt } = document;
      const updatedAt = new Date(now()).toISOString();
      const next = { ...kept(identity, search), owner, agencies, createdAt, updatedAt };
      return view.replace('saved-search', id, next, version);
    },

    async remove(identity, id) {
      const { document } = await changeable(identity, id);
      await view.remove('saved-search', id);
      return document;
    },
  };
}

function kept(identity: Identity, { name, kql, from, to, by, shared }: NewSavedSearch) {
  if (shared && !may(identity, 'searches.share')) {
    throw new HaidangError('HD_FORBIDDEN', 'A viewer cannot share searches; keep it for yourself, or ask an analyst.');
  }
  const visibility = shared ? ('shared' as const) : ('private' as const);
  return { name: name.trim(), kql, from, to, by, visibility };
}

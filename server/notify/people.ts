import { may } from '../accounts/permissions.ts';
import type { AgencyBook } from '../agencies/names.ts';
import { withSubtrees } from '../agencies/tree.ts';
import { PROVINCE } from '../alerts/keys.ts';
import { type AgencyId, type Identity, type Role, SYSTEM } from '../identity.ts';
import type { UserRecord } from '../store/record-kinds.ts';
import type { RecordStore } from '../store/record-store.ts';
import { onCallAt } from './on-call.ts';
import type { NotifySettings } from './settings.ts';

/** Most people whom one notice is for. */
const MOST_PEOPLE = 100;

/** Whom a notice is meant for; who may not see what it is about is left out. */
export interface Audience {
  /** Users by name. */
  readonly names: readonly string[];
  /** Whoever is on call at this moment. */
  readonly onCall: boolean;
  /** Everybody of these roles who sees all agencies. */
  readonly roles: readonly Role[];
  /** The same, where nobody was found so far. */
  readonly otherwise: readonly Role[];
  /** Officers of the agency itself, too. */
  readonly officers?: boolean;
}

/** Chooses people for notices. */
export interface People {
  choose(audience: Audience, agency: AgencyId): Promise<readonly string[]>;
  onCallNow(): readonly string[];
}

/** Opens it over the user accounts. */
export function openPeople(options: {
  readonly records: RecordStore;
  readonly agencies: Pick<AgencyBook, 'all'>;
  readonly settings: Pick<NotifySettings, 'onCall' | 'timeZone'>;
  readonly now: () => number;
}): People {
  const { records, agencies, settings, now } = options;
  const view = records.as(SYSTEM);

  async function users(): Promise<readonly UserRecord[]> {
    const found: UserRecord[] = [];
    let after: string | undefined;
    do {
      const page = await view.find('user', { limit: 500, ...(after === undefined ? {} : { after }) });
      found.push(...page.records.map(({ document }) => document));
      after = page.next ?? undefined;
    } while (after !== undefined && found.length < 10_000);
    return found.filter(({ disabled }) => !disabled);
  }

  const onCallNow = () => onCallAt(settings.onCall, now(), settings.timeZone);
  return {
    onCallNow,
    async choose({ names, onCall, roles, otherwise, officers = false }, agency) {
      const book = await agencies.all();
      const sees = ({ name, role, agencies: own }: UserRecord): boolean => {
        const identity: Identity = { kind: 'user', name, role, agencies: 'all' };
        if (!may(identity, 'alerts.read')) return false;
        return own === 'all' || (agency !== PROVINCE && withSubtrees(own, book).includes(agency));
      };
      const seeing = (await users()).filter(sees);
      const wanted = new Set([...names, ...(onCall ? onCallNow() : [])]);
      const isOf = (some: readonly Role[]) => (user: UserRecord) => user.agencies === 'all' && some.includes(user.role);
      const meant = seeing.filter((user) => wanted.has(user.name) || isOf(roles)(user));
      const found = meant.length > 0 ? meant : seeing.filter(isOf(otherwise));
      // Beside the others: who looks after the agency's own machines stands in for nobody of the center.
      const own = officers ? seeing.filter((user) => user.role === 'agency-officer' && !found.includes(user)) : [];
      return [...found, ...own].map(({ name }) => name).slice(0, MOST_PEOPLE);
    },
  };
}

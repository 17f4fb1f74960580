import { networkOf } from '../assets/weigh.ts';
import { HaidangError } from '../errors.ts';
import { SYSTEM } from '../identity.ts';
import type { RecordStore } from '../store/record-store.ts';
import { type AllowList, allowList } from './indicators.ts';
import { isConflict } from './relay.ts';
import type { IncidentSettings } from './schema.ts';

/** What the province decided about incidents. */
export interface IncidentSettingsBook {
  get(): Promise<IncidentSettings>;
  /** Replaces all of it. @throws HaidangError `HD_RECORD_CONFLICT` where two did so at once. */
  set(settings: IncidentSettings): Promise<void>;
  /** What is never taken for an indicator. */
  allowed(): Promise<AllowList>;
}

const ID = 'incidents';
const KEPT_MS = 5_000;
const NONE: IncidentSettings = { byRule: [], allow: [] };

/** The settings in the record store; several servers agree within five seconds. */
export function openIncidentSettings(records: RecordStore, now: () => number = Date.now): IncidentSettingsBook {
  const view = records.as(SYSTEM);
  let kept: { readonly at: number; readonly list: AllowList } | undefined;
  const get = async (): Promise<IncidentSettings> => {
    return ((await view.get('setting', ID))?.document.value as IncidentSettings | undefined) ?? NONE;
  };
  return {
    get,
    async set(value) {
      for (let again = 3; ; again -= 1) {
        const before = await view.get('setting', ID);
        try {
          if (before) await view.replace('setting', ID, { value }, before.version);
          else await view.create('setting', ID, { value });
          kept = undefined;
          return;
        } catch (error) {
          if (!isConflict(error) || again === 0) throw error;
        }
      }
    },
    async allowed() {
      if (kept && now() - kept.at < KEPT_MS) return kept.list;
      kept = { at: now(), list: allowList((await get()).allow) };
      return kept.list;
    },
  };
}

/** @throws HaidangError `HD_BAD_REQUEST` for what is neither an address, a network nor a name. */
export function parseNameOrNetwork(entry: string): void {
  if (networkOf(entry) || /^(\*?\.)?[a-z0-9_-]+(\.[a-z0-9_-]+)*$/i.test(entry)) return;
  throw new HaidangError('HD_BAD_REQUEST', `"${entry.slice(0, 100)}" is no address, network or name.`);
}

import { openAgencyBook } from '../agencies/names.ts';
import { HaidangError } from '../errors.ts';
import { SYSTEM } from '../identity.ts';
import type { AlertUpdate, RecordStore } from '../store/record-store.ts';
import type { Asset, NewAsset } from './schema.ts';
import { type AssetTable, assetTable, networkOf, weigh } from './weigh.ts';

/** The list of assets in the record store. */
export interface AssetBook {
  all(): Promise<readonly Asset[]>;
  /** Adds an asset, in place of one of the same kind, value and agency. @throws HaidangError `HD_BAD_REQUEST`, `HD_TOO_LARGE` */
  add(asset: NewAsset): Promise<Asset>;
  /** Whether it was there. */
  remove(id: string): Promise<boolean>;
  /** Alerts of the engine with the severity that they get by what they are about. */
  weighed(alerts: readonly AlertUpdate[]): Promise<readonly AlertUpdate[]>;
  /** Gives open alerts the severity that they have by the list of now; gives how many changed. */
  reweigh(): Promise<number>;
}

const ID = 'assets';
const MOST_ASSETS = 2_000;
const KEPT_MS = 5_000;
const PAGE = 500;
/** Open alerts that a change of the list is carried over to, the latest first. */
const MOST_REWEIGHED = 10_000;
const TRIES = 10;

/** Opens the book; several over one store agree within five seconds. */
export function openAssetBook(records: RecordStore, now: () => number = Date.now): AssetBook {
  const view = records.as(SYSTEM);
  const agencies = openAgencyBook(records, now);
  let kept: { readonly at: number; readonly table: AssetTable } | undefined;

  const read = async (): Promise<{ readonly assets: readonly Asset[]; readonly version: number }> => {
    const found = await view.get('setting', ID);
    return { assets: (found?.document.value as readonly Asset[] | undefined) ?? [], version: found?.version ?? 0 };
  };
  const table = async (): Promise<AssetTable> => {
    if (kept && now() - kept.at < KEPT_MS) return kept.table;
    const [{ assets }, known] = await Promise.all([read(), agencies.all()]);
    kept = { at: now(), table: assetTable(assets, known) };
    return kept.table;
  };
  const change = async (make: (before: readonly Asset[]) => readonly Asset[]): Promise<void> => {
    for (let attempt = 1; ; attempt++) {
      const { assets, version } = await read();
      const value = make(assets);
      try {
        if (version === 0) await view.create('setting', ID, { value });
        else await view.replace('setting', ID, { value }, version);
        kept = undefined;
        return;
      } catch (error) {
        const { code } = error as { code?: string };
        if (attempt === TRIES || (code !== 'HD_RECORD_CONFLICT' && code !== 'HD_RECORD_EXISTS')) throw error;
      }
    }
  };

  return {
    all: async () => (await read()).assets,
    async add(asset) {
      const made = checked(asset);
      await change((before) => {
        const others = before.filter(({ id }) => id !== made.id);
        if (others.length >= MOST_ASSETS)
          throw new HaidangError('HD_TOO_LARGE', `There are ${MOST_ASSETS} assets already; join some into networks.`);
        return [...others, made].sort((a, b) => (a.id < b.id ? -1 : 1));
      });
      return made;
    },
    async remove(id) {
      let wasThere = false;
      await change((before) => {
        wasThere = before.some((one) => one.id === id);
        return before.filter((one) => one.id !== id);
      });
      return wasThere;
    },
    async weighed(alerts) {
      if (alerts.length === 0) return alerts;
      const current = await table();
      return alerts.map((alert) => ({ ...alert, detected: weigh(alert.detected, current) }));
    },
    async reweigh() {
      kept = undefined;
      const current = await table();
      const where = { status: ['new', 'in_progress'] };
      const orderBy = { field: 'last', descending: true };
      let after: string | undefined;
      let changed = 0;
      for (let looked = 0; looked < MOST_REWEIGHED; looked += PAGE) {
        const page = await view.find('alert', {
          where,
          orderBy,
          limit: PAGE,
          ...(after === undefined ? {} : { after }),
        });
        for (const { id, version, document } of page.records) {
          const next = weigh(document, current);
          if (next.severity === document.severity) continue;
          try {
            await view.replace('alert', id, next, version);
            changed++;
          } catch (error) {
            // It grew meanwhile, and was weighed by the new list then.
            if ((error as { code?: string }).code !== 'HD_RECORD_CONFLICT') throw error;
          }
        }
        if (page.next === null) break;
        after = page.next;
      }
      return changed;
    },
  };
}

function checked({ kind, value, level, name, agency }: NewAsset): Asset {
  const text = kind === 'host' ? value.trim().toLowerCase() : value.trim();
  if (text === '')
    throw new HaidangError('HD_BAD_REQUEST', 'The asset has no value; give a network, a host or an agency.');
  if (kind === 'network' && !networkOf(text))
    throw new HaidangError('HD_BAD_REQUEST', `"${text.slice(0, 60)}" is no address or network such as 10.1.0.0/16.`);
  const whose = kind === 'agency' ? text : agency;
  return {
    id: [kind, text, ...(whose === null || kind === 'agency' ? [] : [whose])].join(':'),
    kind,
    value: text,
    level,
    name,
    agency: whose,
  };
}

import type { AgencyBook } from '../agencies/names.ts';
import type { Identity } from '../identity.ts';
import type { CollectorRecord } from '../store/record-kinds.ts';
import type { RecordStore, Versioned } from '../store/record-store.ts';
import { judge, shownCollector } from './judge.ts';
import { silentSources } from './rhythm.ts';
import type { FleetCollector } from './schema.ts';
import { readSettings } from './settings.ts';

const PAGE = 500;
const ORDER = { broken: 0, attention: 1, well: 2, revoked: 3 } as const;

/** Every collector within somebody's scope, the worst first. */
export async function listFleet(
  identity: Identity,
  { records, agencies, now }: { readonly records: RecordStore; readonly agencies: AgencyBook; readonly now: number },
): Promise<FleetCollector[]> {
  const [names, settings, found] = await Promise.all([
    agencies.all(),
    readSettings(records),
    allCollectors(records, identity),
  ]);
  const shown: FleetCollector[] = [];
  for (const { id, document } of found) {
    const rhythm = (await records.as(identity).get('source-rhythm', id))?.document;
    const silent = silentSources(id, document, rhythm, settings, now);
    const name = names.get(document.agency)?.name ?? document.agency;
    shown.push(shownCollector(id, document, name, judge(document, silent, now)));
  }
  return shown.sort((a, b) => ORDER[a.state] - ORDER[b.state] || (a.agency + a.id < b.agency + b.id ? -1 : 1));
}

/** Every collector's record within somebody's scope. */
export async function allCollectors(
  records: RecordStore,
  identity: Identity,
): Promise<readonly Versioned<CollectorRecord>[]> {
  const view = records.as(identity);
  const found: Versioned<CollectorRecord>[] = [];
  let after: string | undefined;
  do {
    const page = await view.find('collector', { limit: PAGE, ...(after === undefined ? {} : { after }) });
    found.push(...page.records);
    after = page.next ?? undefined;
  } while (after !== undefined);
  return found;
}

import type { Identity } from '../identity.ts';
import type { RecordFilter, RecordPage, RecordView, Versioned } from '../store/record-store.ts';
import type { AlertRecord } from './record.ts';

/**
 * Whether an identity is shown an alert that its scope lets through: who sees all agencies sees alerts of the province whole,
 * and everybody else, as their scope has it, the parts of their agencies.
 */
export function isShown({ agencies }: Pick<Identity, 'agencies'>, alert: Pick<AlertRecord, 'part'>): boolean {
  return agencies !== 'all' || alert.part === undefined;
}

/** Alerts as an identity is shown them, in pages as large as asked for. */
export async function findShown(
  view: RecordView,
  identity: Identity,
  filter: RecordFilter & { readonly limit: number },
): Promise<RecordPage<AlertRecord>> {
  const records: Versioned<AlertRecord>[] = [];
  let { after } = filter;
  for (;;) {
    const page = await view.find('alert', {
      ...filter,
      ...(after === undefined ? {} : { after }),
      limit: filter.limit - records.length,
    });
    records.push(...page.records.filter(({ document }) => isShown(identity, document)));
    if (page.next === null || records.length >= filter.limit) return { records, next: page.next };
    after = page.next;
  }
}

/** How many alerts an identity is shown. */
export async function countShown(
  view: RecordView,
  identity: Identity,
  where: NonNullable<RecordFilter['where']>,
): Promise<number> {
  const all = await view.count('alert', { where });
  return identity.agencies === 'all' ? all - (await view.count('alert', { where: { ...where, part: [1] } })) : all;
}

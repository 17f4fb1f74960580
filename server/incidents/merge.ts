import { PROVINCE } from '../alerts/keys.ts';
import { HaidangError } from '../errors.ts';
import type { AgencyId } from '../identity.ts';
import { COLLECTIONS, type IncidentItems, type IncidentRecord, type Item, MOST } from './record.ts';

/** The agencies that an incident concerns: given by hand, of its alerts, of what is merged into it. */
export function agenciesOf(record: Pick<IncidentRecord, 'ownAgencies' | 'alerts' | 'merged'>): readonly AgencyId[] {
  const all = [...record.ownAgencies, ...[...record.alerts, ...record.merged].flatMap(({ agencies }) => agencies)];
  return [...new Set(all)].sort();
}

/** T0, ISO 8601: the earliest detection of all that is part of an incident. Merging must not move the end of a term. */
export function detectionOf({ detectedAt, merged }: Pick<IncidentRecord, 'detectedAt' | 'merged'>): string {
  const all = [detectedAt, ...merged.flatMap((one) => one.detectedAt ?? [])];
  return all.reduce((first, one) => (Date.parse(one) < Date.parse(first) ? one : first));
}

/** Whose an incident is: the one agency that it concerns, else the province's. */
export function agencyOf(record: Pick<IncidentRecord, 'ownAgencies' | 'alerts' | 'merged'>): AgencyId {
  const agencies = agenciesOf(record);
  return agencies.length === 1 ? (agencies[0] ?? PROVINCE) : PROVINCE;
}

/** @throws HaidangError `HD_TOO_LARGE` where a list is longer than an incident may have. */
export function checkSizes(items: IncidentItems): void {
  for (const name of COLLECTIONS)
    if (items[name].length > MOST[name])
      throw new HaidangError('HD_TOO_LARGE', `An incident has at most ${MOST[name]} ${name}; make another one.`);
}

interface Pair {
  readonly into: IncidentRecord;
  readonly from: IncidentRecord;
}

/**
 * Makes one incident part of another. All its items move and remember the way they came, so that each is in one incident
 * alone and parting puts it back; title, state and the rest of its own stay with it. @throws HaidangError
 */
export function mergeIncidents(
  { into, from }: Pair,
  ids: { readonly into: string; readonly from: string },
  { at, by }: { readonly at: string; readonly by: string },
): Pair {
  if (ids.into === ids.from) throw new HaidangError('HD_BAD_REQUEST', 'An incident cannot be merged into itself.');
  for (const one of [into, from])
    if (one.mergedInto !== undefined)
      throw new HaidangError('HD_BAD_REQUEST', `One of them is part of "${one.mergedInto}" already; part it first.`);
  const moved = mapItems(from, (items) => items.map((item) => ({ ...item, via: [ids.from, ...(item.via ?? [])] })));
  const { title, detectedAt } = from;
  const own = { id: ids.from, at, by, title, agencies: [...from.ownAgencies], detectedAt };
  const joined = zipItems(into, moved);
  const merged = { ...into, ...joined, merged: [...into.merged, own, ...moved.merged], updatedAt: at };
  checkSizes(merged);
  return {
    into: { ...merged, agency: agencyOf(merged) },
    from: {
      ...from,
      ...mapItems(from, () => []),
      mergedInto: ids.into,
      status: 'merged',
      statusBefore: from.status,
      updatedAt: at,
    },
  };
}

/** Parts what was merged: everything that came with it goes back as it is by now; what was done since stays. @throws HaidangError */
export function partIncidents(
  { into, from }: Pair,
  ids: { readonly into: string; readonly from: string },
  at: string,
): Pair {
  if (from.mergedInto !== ids.into || !into.merged.some(({ id, via }) => id === ids.from && via === undefined))
    throw new HaidangError('HD_BAD_REQUEST', `Incident "${ids.from}" was not merged into "${ids.into}".`);
  const isTheirs = (item: Item) => item.via?.[0] === ids.from;
  const back = mapItems(into, (items) => items.filter(isTheirs).map(oneStepBack));
  const rest = mapItems(into, (items) => items.filter((item) => !isTheirs(item)));
  const kept = { ...into, ...rest, merged: rest.merged.filter(({ id }) => id !== ids.from), updatedAt: at };
  const { mergedInto: _, statusBefore = 'open', ...own } = from;
  // What somebody did to it while it was part of the other stands before what comes back.
  const parted = { ...own, ...zipItems(back, from), status: statusBefore, updatedAt: at };
  checkSizes(parted);
  return { into: { ...kept, agency: agencyOf(kept) }, from: { ...parted, agency: agencyOf(parted) } };
}

function oneStepBack<T extends Item>(item: T): T {
  const { via = [], ...rest } = item;
  return (via.length > 1 ? { ...rest, via: via.slice(1) } : rest) as T;
}

function mapItems(items: IncidentItems, change: (items: readonly Item[]) => readonly Item[]): IncidentItems {
  // Each list keeps its kind: what is changed is `via` alone, which all kinds have.
  return Object.fromEntries(COLLECTIONS.map((name) => [name, change(items[name])])) as unknown as IncidentItems;
}

function zipItems(first: IncidentItems, second: IncidentItems): IncidentItems {
  const joined = COLLECTIONS.map((name) => [name, [...first[name], ...second[name]]]);
  return Object.fromEntries(joined) as unknown as IncidentItems;
}

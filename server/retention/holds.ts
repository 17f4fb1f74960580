import { randomBytes } from 'node:crypto';
import { HaidangError } from '../errors.ts';
import { type AgencyId, type Identity, SYSTEM } from '../identity.ts';
import type { DaySpan } from '../store/event-store.ts';
import type { RecordStore, Versioned } from '../store/record-store.ts';
import type { LegalHoldRecord } from './record.ts';

/** A hold that stands, with the event times it covers. */
export interface StandingHold {
  readonly id: string;
  readonly span: DaySpan;
}

/** What somebody asks to be held. */
export interface HoldRequest {
  readonly agency: string | null;
  readonly fromDay: string;
  readonly toDay: string | null;
  readonly reason: string;
}

const DAY_MS = 86_400_000;
/** A calendar day begins and ends at other times elsewhere: this much on either side covers every time zone. */
const ZONES_MS = 14 * 3_600_000;
/** Where a hold has no end. */
const FOREVER = Date.UTC(9999, 11, 31);
const PAGE = 500;
const MOST_STANDING = 10_000;

/** Every hold that stands, of all agencies. */
export async function standingHolds(records: RecordStore): Promise<StandingHold[]> {
  const found: StandingHold[] = [];
  for await (const { id, document } of allHolds(records)) {
    if (document.liftedAt === null) found.push({ id, span: spanOf(document) });
  }
  return found;
}

/** Holds that an identity may see, standing ones first, then the latest. */
export async function listHolds(
  records: RecordStore,
  identity: Identity,
  limit: number,
): Promise<Versioned<LegalHoldRecord>[]> {
  const orderBy = { field: 'placedAt', descending: true } as const;
  const { records: found } = await records.as(identity).find('legal-hold', { orderBy, limit });
  return [...found].sort((a, b) => Number(a.document.liftedAt !== null) - Number(b.document.liftedAt !== null));
}

/** Writes a hold. The caller sees to it that no day is being deleted meanwhile. */
export async function writeHold(
  records: RecordStore,
  request: HoldRequest,
  by: Identity,
  now: number,
): Promise<Versioned<LegalHoldRecord>> {
  const { agency, fromDay, toDay, reason } = request;
  mustBeDay(fromDay);
  if (toDay !== null) mustBeDay(toDay);
  if (toDay !== null && toDay < fromDay)
    throw new HaidangError('HD_BAD_REQUEST', `The last day ${toDay} is before the first day ${fromDay}.`);
  if (agency !== null && !(await records.as(SYSTEM).get('agency', agency)))
    throw new HaidangError('HD_BAD_REQUEST', `There is no agency "${agency}".`);
  if ((await standingHolds(records)).length >= MOST_STANDING)
    throw new HaidangError('HD_TOO_LARGE', `There are ${MOST_STANDING} legal holds already; lift some first.`);
  const placedAt = new Date(now).toISOString();
  const id = `${placedAt.replaceAll(/\D/g, '')}-${randomBytes(4).toString('hex')}`;
  return records.as(by).create('legal-hold', id, {
    agency: agency as AgencyId | null,
    fromDay,
    toDay,
    reason,
    placedAt,
    placedBy: by.name,
    liftedAt: null,
    liftedBy: null,
    liftReason: null,
  });
}

/** Ends a hold, with the reason. @throws HaidangError `HD_NOT_FOUND`, `HD_RECORD_CONFLICT` where it is lifted already. */
export async function liftHold(
  records: RecordStore,
  id: string,
  reason: string,
  by: Identity,
  now: number,
): Promise<Versioned<LegalHoldRecord>> {
  const view = records.as(by);
  const found = await view.get('legal-hold', id);
  if (!found) throw new HaidangError('HD_NOT_FOUND', 'There is no such legal hold.');
  const { liftedAt, liftedBy } = found.document;
  if (liftedAt !== null)
    throw new HaidangError('HD_RECORD_CONFLICT', `${liftedBy} has lifted this legal hold already.`);
  const lifted = { ...found.document, liftedAt: new Date(now).toISOString(), liftedBy: by.name, liftReason: reason };
  return view.replace('legal-hold', id, lifted, found.version);
}

/** Whether a hold covers the day itself, whatever event times are in it; of all agencies only. */
export function coversDay({ span }: StandingHold, day: string): boolean {
  const start = startOfDay(day);
  return start < span.to && start + DAY_MS > span.from;
}

/** Start of an event-id day `YYYYMMDD`, milliseconds. */
export function startOfDay(day: string): number {
  return Date.parse(`${day.slice(0, 4)}-${day.slice(4, 6)}-${day.slice(6)}T00:00:00.000Z`);
}

function spanOf({ agency, fromDay, toDay }: LegalHoldRecord): DaySpan {
  const from = Date.parse(`${fromDay}T00:00:00.000Z`) - ZONES_MS;
  const to = toDay === null ? FOREVER : Date.parse(`${toDay}T00:00:00.000Z`) + DAY_MS + ZONES_MS;
  return { agency, from, to };
}

function mustBeDay(day: string): void {
  const time = Date.parse(`${day}T00:00:00.000Z`);
  if (/^(19|20|21)\d\d-\d\d-\d\d$/.test(day) && !Number.isNaN(time) && new Date(time).toISOString().startsWith(day))
    return;
  throw new HaidangError('HD_BAD_REQUEST', `"${day.slice(0, 20)}" is no day; write it like 2026-11-22.`);
}

async function* allHolds(records: RecordStore): AsyncGenerator<Versioned<LegalHoldRecord>> {
  let after: string | undefined;
  do {
    const page = await records
      .as(SYSTEM)
      .find('legal-hold', { limit: PAGE, ...(after === undefined ? {} : { after }) });
    yield* page.records;
    after = page.next ?? undefined;
  } while (after !== undefined);
}

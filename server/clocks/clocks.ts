import type { Audit } from '../accounts/audit.ts';
import { PROVINCE } from '../alerts/keys.ts';
import { HaidangError } from '../errors.ts';
import { type AgencyId, type Identity, SYSTEM } from '../identity.ts';
import { newItemId } from '../incidents/ids.ts';
import type { Incidents, StoredIncident } from '../incidents/incidents.ts';
import { isConflict } from '../incidents/relay.ts';
import type { Recipient } from '../sharing/settings.ts';
import type { RecordStore } from '../store/record-store.ts';
import { factsOf } from './facts.ts';
import { type ClockRecord, emptyClocks, MOST_MARKS, NEVER } from './record.ts';
import { type ClockMark, clocksOf, type FiredStage, isOpen, type LegalClock, nextLook } from './state.ts';
import type { ClockSettings } from './terms.ts';
import { type YearlyClock, yearlyClock, yearlyId, yearsAt } from './yearly.ts';

const TRIES = 20;
const CLOCK_SKEW_MS = 300_000;

/** What somebody says about a term. */
export interface MarkWanted {
  readonly act: ClockMark['act'];
  /** Of `met`: when it went; now where nothing is said. */
  readonly at?: string | undefined;
  readonly reference?: string | undefined;
  readonly note?: string | undefined;
}

/** The legal clocks of incidents and years. */
export interface Clocks {
  readonly settings: ClockSettings;
  /** The clocks of an incident at this moment. */
  of(found: StoredIncident): Promise<readonly LegalClock[]>;
  /** Incidents of which a clock runs, what is due first at first. */
  list(
    identity: Identity,
    page: { readonly limit: number; readonly after?: string | undefined },
  ): Promise<{ readonly found: readonly DueIncident[]; readonly next: string | null; readonly total: number }>;
  /** Keeps what a person says of a term. @throws HaidangError `HD_NOT_FOUND`, `HD_BAD_REQUEST` */
  mark(identity: Identity, incident: string, clock: string, wanted: MarkWanted): Promise<readonly LegalClock[]>;
  /** The years whose report is counted down, or owed. */
  years(): Promise<readonly YearlyClock[]>;
  /** @throws HaidangError `HD_NOT_FOUND`, `HD_BAD_REQUEST` */
  markYear(identity: Identity, year: number, wanted: MarkWanted): Promise<readonly YearlyClock[]>;
  /** Makes the record of an incident or a year what `make` says, from the newest one; writes only what is different. */
  keep(
    id: string,
    agency: AgencyId,
    make: (record: ClockRecord) => Promise<ClockRecord | undefined>,
    check?: () => Promise<void>,
  ): Promise<void>;
}

/** An incident with its clocks. */
export interface DueIncident {
  readonly incident: StoredIncident;
  readonly clocks: readonly LegalClock[];
}

/** Opens the clocks over a record store. */
export function openClocks(options: {
  readonly records: RecordStore;
  readonly incidents: Pick<Incidents, 'get'>;
  readonly settings: ClockSettings;
  /** Those to whom incidents go: what was carried by hand counts from its receipt. */
  readonly recipients: readonly Recipient[];
  readonly audit: Audit;
  readonly now?: () => number;
}): Clocks {
  const { records, incidents, settings, recipients, audit, now = Date.now } = options;
  const system = records.as(SYSTEM);

  async function of(found: StoredIncident, marks?: readonly ClockMark[]): Promise<readonly LegalClock[]> {
    const kept = marks ?? (await system.get('clock', found.id))?.document.marks ?? [];
    return clocksOf(await factsOf(found, kept, { view: system, recipients }), settings, now());
  }

  async function keep(
    id: string,
    agency: AgencyId,
    make: (record: ClockRecord) => Promise<ClockRecord | undefined>,
    check: () => Promise<void> = async () => {},
  ): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      const found = await system.get('clock', id);
      const next = await make(found?.document ?? emptyClocks(agency));
      if (!next || (found && JSON.stringify(next) === JSON.stringify(found.document))) return;
      await check();
      try {
        if (found) await system.replace('clock', id, next, found.version);
        else await system.create('clock', id, next);
        return;
      } catch (error) {
        const raced = isConflict(error) || (error instanceof HaidangError && error.code === 'HD_RECORD_EXISTS');
        if (!raced || attempt === TRIES) throw error;
      }
    }
  }

  function markOf(identity: Identity, clock: string, { act, at, reference = '', note = '' }: MarkWanted): ClockMark {
    const markedAt = new Date(now()).toISOString();
    const when = at === undefined ? markedAt : new Date(at).toISOString();
    if (Date.parse(when) > now() + CLOCK_SKEW_MS)
      throw new HaidangError('HD_BAD_REQUEST', 'What was reported was reported before now: correct the time.');
    if (act !== 'met' && note.trim() === '')
      throw new HaidangError('HD_BAD_REQUEST', 'Say why: it is part of the record.');
    if (act === 'met' && reference.trim() === '' && note.trim() === '')
      throw new HaidangError('HD_BAD_REQUEST', 'Say what was sent: its number, or to whom it went and how.');
    return {
      ...{ id: newItemId(), clock, act, at: when, by: identity.name, markedAt },
      reference: reference.trim(),
      note: note.trim(),
    };
  }

  async function addMark(id: string, agency: AgencyId, mark: ClockMark, target: string): Promise<void> {
    await keep(id, agency, async (record) => {
      if (record.marks.length >= MOST_MARKS)
        throw new HaidangError('HD_TOO_LARGE', 'Too much was said about these terms already; see the audit log.');
      return { ...record, marks: [...record.marks, mark] };
    });
    const { clock, act, at, reference, note } = mark;
    const detail = { clock, at, reference, note };
    await audit.record({ id: `clock-${mark.id}`, actor: mark.by, act: `clock.${act}`, target, detail });
  }

  async function years(): Promise<readonly YearlyClock[]> {
    const { yearly, timeZone } = settings;
    if (!yearly) return [];
    const found = await Promise.all(
      yearsAt(now(), yearly, timeZone).map(async (year) => {
        const record = await system.get('clock', yearlyId(year));
        const clock = yearlyClock(year, yearly, settings, record?.document.marks ?? [], now());
        // Of a year that ended before this program watched it nobody knows here whether it was reported.
        return record || now() < Date.parse(clock.due) ? [clock] : [];
      }),
    );
    const all = found.flat();
    // What is done of an earlier year need not be shown beside the one that is counted down.
    return all.filter((one, at) => at === all.length - 1 || isOpen(one));
  }

  return {
    settings,
    of: (found) => of(found),
    keep,
    years,
    async list(identity, { limit, after }) {
      const view = records.as(identity);
      const where = { open: [1] };
      const filter = { where, orderBy: { field: 'due', descending: false }, limit };
      const [page, total] = await Promise.all([
        view.find('clock', { ...filter, ...(after === undefined ? {} : { after }) }),
        view.count('clock', { where }),
      ]);
      const found = await Promise.all(
        page.records.map(async ({ id, document }): Promise<DueIncident[]> => {
          const incident = await view.get('incident', id);
          return incident ? [{ incident, clocks: await of(incident, document.marks) }] : [];
        }),
      );
      // The order of this moment: a record may be a second older than what it is about.
      const rows = found.flat().sort((a, b) => (dueOf(a.clocks) < dueOf(b.clocks) ? -1 : 1));
      return { found: rows, next: page.next, total };
    },
    async mark(identity, id, clock, wanted) {
      const found = await incidents.get(identity, id);
      if (!(await of(found)).some((one) => one.id === clock) && !settings.terms.some((term) => term.id === clock))
        throw new HaidangError('HD_NOT_FOUND', `There is no term "${clock.slice(0, 64)}" in the configuration.`);
      await addMark(id, found.document.agency, markOf(identity, clock, wanted), id);
      await keep(id, found.document.agency, async (record) => settled(record, await of(found, record.marks)));
      return of(found);
    },
    async markYear(identity, year, wanted) {
      if (!(await years()).some((one) => one.year === year) && !(await system.get('clock', yearlyId(year))))
        throw new HaidangError('HD_NOT_FOUND', `The report of ${year} is not counted down now.`);
      const id = yearlyId(year);
      await addMark(id, PROVINCE, markOf(identity, 'yearly', wanted), id);
      const shown = await years();
      return shown;
    },
  };
}

/** The record with what follows from the clocks: whether one runs, when it ends, and when to look again. */
export function settled(
  record: ClockRecord,
  clocks: readonly Pick<LegalClock, 'id' | 'due' | 'stages' | 'state'>[],
  fired: readonly FiredStage[] = record.fired,
): ClockRecord {
  const open = clocks.filter(isOpen);
  return {
    ...record,
    fired: fired.slice(-MOST_MARKS),
    open: open.length > 0 ? 1 : 0,
    due: open.map(({ due }) => due).sort()[0] ?? NEVER,
    lookAt: nextLook(clocks, fired) ?? NEVER,
  };
}

/** When the first of the clocks that run ends; `9999` where none runs. */
export function dueOf(clocks: readonly LegalClock[]): string {
  return (
    clocks
      .filter(isOpen)
      .map(({ due }) => due)
      .sort()[0] ?? NEVER
  );
}

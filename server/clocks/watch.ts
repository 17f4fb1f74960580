import { hash } from 'node:crypto';
import { PROVINCE } from '../alerts/keys.ts';
import { HaidangError } from '../errors.ts';
import { SYSTEM } from '../identity.ts';
import type { StoredIncident } from '../incidents/incidents.ts';
import { isConflict } from '../incidents/relay.ts';
import type { Log } from '../log.ts';
import type { Notices } from '../notify/notices.ts';
import type { Audience } from '../notify/people.ts';
import type { RecordStore } from '../store/record-store.ts';
import { type Clocks, settled } from './clocks.ts';
import { type FiredStage, type Stage, type WarnedClock, warningsDue } from './state.ts';
import { incidentLabel, warningTexts, yearLabel } from './words.ts';
import { yearlyClock, yearlyId, yearsAt } from './yearly.ts';

const PAGE = 200;
const CURSOR = 'clocks-watch';
/** A year's report is looked at this often. */
const YEAR_LOOK_MS = 60_000;

/** Gives the warnings of the clocks, each once. */
export interface ClockWatch {
  /** Looks at the incidents that changed, and at those whose next warning is due; `check` is asked before each write. */
  look(check: () => Promise<void>): Promise<void>;
  /** Forgets how far it looked, as another server may have gone on meanwhile. */
  begin(): void;
}

/** How far changes were looked at, and under which terms. */
interface Place {
  readonly place: number;
  readonly terms: string;
}

/** Who hears of each warning: the later, the more. */
function audienceOf(stage: Stage, owner: string | null): Audience {
  const names = owner === null ? [] : [owner];
  if (stage === 'half') return { names, onCall: true, roles: [], otherwise: ['lead'] };
  if (stage === 'urgent') return { names, onCall: true, roles: ['lead'], otherwise: ['administrator'] };
  return { names, onCall: true, roles: ['lead', 'national-liaison'], otherwise: ['administrator'] };
}

/** Makes the watch; whoever holds the lease lets it look. */
export function openClockWatch(options: {
  readonly records: RecordStore;
  readonly clocks: Clocks;
  readonly notices: Pick<Notices, 'notify'>;
  readonly log: Pick<Log, 'warn'>;
  readonly now?: () => number;
}): ClockWatch {
  const { records, clocks, notices, log, now = Date.now } = options;
  const { settings } = clocks;
  const view = records.as(SYSTEM);
  // Other terms than before: every incident is looked at anew.
  const terms = hash('sha256', JSON.stringify([settings.terms, settings.warnPercent]), 'hex').slice(0, 16);
  let seen: number | undefined;
  let lastChange: number | undefined;
  let yearLookedAt: number | undefined;

  async function warn(
    about: {
      readonly id: string;
      readonly agency: StoredIncident['document']['agency'];
      readonly owner: string | null;
    },
    texts: Parameters<typeof warningTexts>[0],
    clock: WarnedClock & Parameters<typeof warningTexts>[1],
    stage: Stage,
  ): Promise<FiredStage> {
    await notices.notify({
      id: `clock:${about.id}:${clock.id}:${stage}:${clock.due}`,
      kind: 'clock',
      level: stage === 'half' ? 'warning' : 'critical',
      agency: about.agency,
      path: about.agency === PROVINCE && about.id.startsWith('yearly-') ? '/incidents' : `/incidents/${about.id}`,
      audience: audienceOf(stage, about.owner),
      texts: warningTexts(texts, clock, stage, settings),
    });
    return { clock: clock.id, due: clock.due, stage };
  }

  /** One incident: gives the warnings that are due, and keeps that they were given. */
  async function refresh(id: string, check: () => Promise<void>): Promise<void> {
    const found = await view.get('incident', id);
    if (!found) return view.remove('clock', id);
    const { agency, owner, severity, status } = found.document;
    const isNew = !(await view.get('clock', id));
    await clocks.keep(
      id,
      agency,
      async (record) => {
        const all = await clocks.of(found);
        const due = warningsDue(all, record.fired, now());
        // What was over when this program first saw it is history, and nobody is woken for it.
        const isHistory = isNew && (status === 'closed' || status === 'merged');
        const given: FiredStage[] = [];
        for (const { clock, stage } of due) {
          if (isHistory) given.push({ clock: clock.id, due: clock.due, stage });
          else {
            await check();
            given.push(await warn({ id, agency, owner }, { label: incidentLabel(id), severity }, clock, stage));
          }
        }
        return settled({ ...record, agency }, all, [...record.fired, ...given]);
      },
      check,
    );
  }

  async function refreshYears(check: () => Promise<void>): Promise<void> {
    const { yearly, timeZone } = settings;
    if (!yearly || (yearLookedAt !== undefined && Math.abs(now() - yearLookedAt) < YEAR_LOOK_MS)) return;
    for (const year of yearsAt(now(), yearly, timeZone)) {
      const id = yearlyId(year);
      const isNew = !(await view.get('clock', id));
      await clocks.keep(
        id,
        PROVINCE,
        async (record) => {
          const clock = yearlyClock(year, yearly, settings, record.marks, now());
          if (isNew && now() >= Date.parse(clock.due)) return undefined;
          const given: FiredStage[] = [];
          for (const { stage } of warningsDue([clock], record.fired, now())) {
            await check();
            const named = { ...clock, name: undefined };
            given.push(await warn({ id, agency: PROVINCE, owner: null }, { label: yearLabel(year) }, named, stage));
          }
          // Kept apart from incidents: it is in no list of them.
          return { ...settled(record, [clock], [...record.fired, ...given]), open: 0 };
        },
        check,
      );
    }
    yearLookedAt = now();
  }

  /** Incidents that changed, or of which something was shared, since the last look. */
  async function changed(): Promise<{ readonly ids: ReadonlySet<string>; readonly place: number }> {
    const from = seen ?? (await keptPlace());
    const ids = new Set<string>();
    let place = from;
    for (let at = from, more = true; more; ) {
      const page = await view.changesSince('incident', at, PAGE);
      for (const { id, document } of page) {
        ids.add(id);
        if (document.mergedInto !== undefined) ids.add(document.mergedInto);
      }
      at = page.at(-1)?.change ?? at;
      place = Math.max(place, at);
      more = page.length === PAGE;
    }
    for (let at = from, more = true; more; ) {
      const page = await view.changesSince('sharing', at, PAGE);
      for (const { document } of page) {
        ids.add(document.incident);
        const incident = await view.get('incident', document.incident);
        if (incident?.document.mergedInto !== undefined) ids.add(incident.document.mergedInto);
      }
      at = page.at(-1)?.change ?? at;
      place = Math.max(place, at);
      more = page.length === PAGE;
    }
    return { ids, place };
  }

  async function keptPlace(): Promise<number> {
    const value = (await view.get('setting', CURSOR))?.document.value as Partial<Place> | undefined;
    return value?.terms === terms ? Number(value.place ?? 0) : 0;
  }

  async function keepPlace(place: number): Promise<void> {
    const value: Place = { place, terms };
    const kept = await view.get('setting', CURSOR);
    try {
      if (kept) await view.replace('setting', CURSOR, { value }, kept.version);
      else await view.create('setting', CURSOR, { value });
    } catch (error) {
      // Looking again from further back gives nothing twice.
      if (!isConflict(error) && !(error instanceof HaidangError && error.code === 'HD_RECORD_EXISTS')) throw error;
    }
  }

  async function lookAtChanged(check: () => Promise<void>): Promise<void> {
    const upTo = await records.lastChange();
    if (upTo === lastChange) return;
    const { ids, place } = await changed();
    for (const id of ids) await refresh(id, check);
    if (place !== seen && ids.size > 0) {
      await check();
      await keepPlace(place);
    }
    seen = place;
    lastChange = upTo;
  }

  async function lookAtDue(check: () => Promise<void>): Promise<void> {
    const at = new Date(now()).toISOString();
    const { records: next } = await view.find('clock', {
      where: { open: [1] },
      orderBy: { field: 'lookAt', descending: false },
      limit: PAGE,
    });
    for (const { id, document } of next) {
      if (document.lookAt > at) break;
      try {
        await refresh(id, check);
      } catch (error) {
        if (error instanceof HaidangError && error.code === 'HD_LEASE_LOST') throw error;
        log.warn({ err: error, incident: id }, 'A warning about a term could not be given; it is tried again.');
      }
    }
  }

  return {
    begin() {
      seen = undefined;
      lastChange = undefined;
      yearLookedAt = undefined;
    },
    async look(check) {
      await lookAtChanged(check);
      await lookAtDue(check);
      await refreshYears(check);
    },
  };
}

import type { AlertRecord } from '../alerts/record.ts';
import { HaidangError } from '../errors.ts';
import { SYSTEM } from '../identity.ts';
import type { Log } from '../log.ts';
import type { RecordStore, Versioned } from '../store/record-store.ts';
import { rankOf } from './acts.ts';
import { incidentIdOf } from './ids.ts';
import type { Incidents } from './incidents.ts';
import type { IncidentSettings } from './schema.ts';

const LOOK_MS = 2_000;
const PAGE = 200;
const CURSOR = 'incidents-by-rule';
/** Names it as the maker in histories and in the audit trail. */
const RULES = { ...SYSTEM, name: 'rules' };

/** Makes incidents of alerts whose rule was chosen for it. */
export interface ByRule {
  /** Looks at the alerts that changed since; gives how many incidents were made. */
  look(): Promise<number>;
  stop(): void;
}

/** Starts looking; the same alert gives the same incident id, so that looking twice, or on two servers, makes one. */
export function startByRule(options: {
  readonly records: RecordStore;
  readonly incidents: Incidents;
  readonly log: Log;
  readonly everyMs?: number;
}): ByRule {
  const { records, incidents, log, everyMs = LOOK_MS } = options;
  const view = records.as(SYSTEM);
  let running: Promise<number> | undefined;
  let seen: number | undefined;

  async function lookOnce(): Promise<number> {
    const settings = await incidents.settings.get();
    const kept = await view.get('setting', CURSOR);
    const from = seen ?? Number(kept?.document.value ?? 0);
    let made = 0;
    if (settings.byRule.length === 0) {
      seen = await records.lastChange();
      return made;
    }
    let place = from;
    for (let more = true; more; ) {
      const changed: readonly Versioned<AlertRecord>[] = await view.changesSince('alert', place, PAGE);
      for (const alert of changed) if (await make(alert, settings)) made += 1;
      place = changed.at(-1)?.change ?? place;
      more = changed.length === PAGE;
    }
    seen = place;
    if (place !== from) await keepPlace(place);
    return made;
  }

  async function keepPlace(value: number): Promise<void> {
    const kept = await view.get('setting', CURSOR);
    if (kept) await view.replace('setting', CURSOR, { value }, kept.version);
    else await view.create('setting', CURSOR, { value });
  }

  async function make({ id, document }: Versioned<AlertRecord>, { byRule }: IncidentSettings): Promise<boolean> {
    const isOpen = document.status === 'new' || document.status === 'in_progress';
    if (!isOpen || document.incident !== undefined || document.part !== undefined) return false;
    const isWanted = ({ rule, severity }: IncidentSettings['byRule'][number]) =>
      (rule === '*' || rule === document.rule) && document.severityRank >= rankOf(severity);
    // Taken out of its incident by a person: it stays out.
    const wasIn = document.timeline.some(({ act }) => act === 'incident');
    if (wasIn || !byRule.some(isWanted)) return false;
    try {
      await incidents.create(RULES, { alerts: [id] }, { id: incidentIdOf(id), origin: 'rule' });
      return true;
    } catch (error) {
      if (error instanceof HaidangError && error.code === 'HD_RECORD_EXISTS') return false;
      throw error;
    }
  }

  const look = (): Promise<number> => {
    running ??= lookOnce().finally(() => {
      running = undefined;
    });
    return running;
  };
  const timer = setInterval(() => {
    look().catch((err) => log.warn({ err }, 'Incidents could not be made of alerts; it is tried again.'));
  }, everyMs);
  timer.unref();
  return { look, stop: () => clearInterval(timer) };
}

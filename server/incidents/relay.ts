import type { Audit } from '../accounts/audit.ts';
import type { AlertChange, AlertRecord } from '../alerts/record.ts';
import { HaidangError } from '../errors.ts';
import { SYSTEM } from '../identity.ts';
import type { Log } from '../log.ts';
import type { RecordStore } from '../store/record-store.ts';
import { noted } from './acts.ts';
import { newItemId } from './ids.ts';
import type { IncidentRecord, PendingAct } from './record.ts';

const TRIES = 20;
const PAGE = 100;

/** Does what incidents still owe: lines of audit, and marks on alerts. Done twice it changes nothing. */
export interface Relay {
  /** Does what one incident owes. */
  settle(id: string): Promise<void>;
  /** Does what was left when a server stopped; gives how many incidents owed something. */
  recover(): Promise<number>;
}

/** Opens the relay; `woken` hears that alerts changed. */
export function openRelay(options: {
  readonly records: RecordStore;
  readonly audit: Audit;
  readonly log: Log;
  readonly woken: () => void;
}): Relay {
  const { records, audit, log, woken } = options;
  const view = records.as(SYSTEM);

  async function perform(incident: string, act: PendingAct): Promise<'done' | 'elsewhere'> {
    if (act.kind === 'audit') {
      const { id, by, detail } = act;
      await audit.record({ id: `incident-${id}`, actor: by, act: act.act, target: incident, detail });
      return 'done';
    }
    for (let attempt = 1; ; attempt += 1) {
      const found = await view.get('alert', act.alert);
      if (!found) return 'done';
      const next = markedAlert(found.document, incident, act);
      if (next === 'elsewhere' || next === 'done') return next;
      try {
        await view.replace('alert', found.id, next, found.version);
        return 'done';
      } catch (error) {
        if (!isConflict(error) || attempt === TRIES) throw error;
      }
    }
  }

  async function settle(id: string): Promise<void> {
    const first = await view.get('incident', id);
    if (!first || first.document.pending.length === 0) return;
    const done = new Set<string>();
    const elsewhere = new Set<string>();
    for (const act of first.document.pending) {
      const outcome = await perform(id, act);
      done.add(act.id);
      if (outcome === 'elsewhere' && act.kind === 'link') elsewhere.add(act.alert);
    }
    for (let attempt = 1; ; attempt += 1) {
      const found = await view.get('incident', id);
      if (!found) return;
      let record: IncidentRecord = {
        ...found.document,
        pending: found.document.pending.filter((act) => !done.has(act.id)),
      };
      for (const alert of record.alerts.filter((one) => elsewhere.has(one.id) && one.via === undefined)) {
        const actor = { by: 'system', at: new Date().toISOString(), id: newItemId };
        const act = { act: 'alert-elsewhere', from: alert.id, note: alert.title } as const;
        record = noted(
          { ...record, alerts: record.alerts.filter((one) => one !== alert) },
          act,
          'incident.change',
          actor,
        );
      }
      const waiting = record.pending.length > 0 ? (1 as const) : (0 as const);
      try {
        await view.replace('incident', id, { ...record, waiting }, found.version);
        break;
      } catch (error) {
        if (!isConflict(error) || attempt === TRIES) throw error;
      }
    }
    if (first.document.pending.some(({ kind }) => kind !== 'audit')) woken();
    if (elsewhere.size > 0) await settle(id);
  }

  return {
    settle,
    async recover() {
      let count = 0;
      for (;;) {
        const { records: owing } = await view.find('incident', { where: { waiting: [1] }, limit: PAGE });
        for (const { id } of owing) await settle(id);
        count += owing.length;
        if (owing.length < PAGE) break;
      }
      if (count > 0) log.info({ incidents: count }, 'What incidents still owed was done.');
      return count;
    },
  };
}

/** The alert as the act leaves it; `done` where it is so already, `elsewhere` where it belongs to another incident. */
function markedAlert(
  alert: AlertRecord,
  incident: string,
  act: Exclude<PendingAct, { kind: 'audit' }>,
): AlertRecord | 'done' | 'elsewhere' {
  const { at, by } = act;
  if (act.kind === 'unlink') {
    if (alert.incident !== incident) return 'done';
    const { incident: _, ...rest } = alert;
    return { ...rest, timeline: [...alert.timeline, { at, by, act: 'incident', from: incident, to: null }] };
  }
  if (act.kind === 'link') {
    if (alert.incident === incident) return 'done';
    if (alert.incident !== undefined) return 'elsewhere';
    const acts: AlertChange[] = [{ at, by, act: 'incident', from: null, to: incident }];
    if (alert.status !== 'new') return { ...alert, incident, timeline: [...alert.timeline, ...acts] };
    acts.push({ at, by, act: 'status', from: 'new', to: 'in_progress' });
    return { ...alert, incident, status: 'in_progress', timeline: [...alert.timeline, ...acts] };
  }
  if (act.kind !== 'close-alert') return 'done';
  if (alert.status === 'closed' || alert.status === 'merged') return 'done';
  const { verdict, note } = act;
  const closed: AlertChange = { at, by, act: 'status', from: alert.status, to: 'closed', verdict, note };
  return { ...alert, status: 'closed', verdict, countAtClose: alert.count, timeline: [...alert.timeline, closed] };
}

/** Whether somebody else changed the record meanwhile. */
export function isConflict(error: unknown): boolean {
  return error instanceof HaidangError && error.code === 'HD_RECORD_CONFLICT';
}

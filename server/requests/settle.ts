import type { Audit } from '../accounts/audit.ts';
import { HaidangError } from '../errors.ts';
import { SYSTEM } from '../identity.ts';
import type { Incidents } from '../incidents/incidents.ts';
import { isConflict } from '../incidents/relay.ts';
import type { Log } from '../log.ts';
import type { RecordStore } from '../store/record-store.ts';
import { settled } from './acts.ts';
import type { AgencyRequestRecord, RequestFile, RequestPending } from './record.ts';

const TRIES = 20;
const PAGE = 100;

/** Does what requests still owe: lines of audit, lines in the incident's history, files as its evidence. */
export interface Settling {
  /** Does what one request owes; done twice it changes nothing. */
  settle(id: string): Promise<void>;
  /** Does what all of them owe; one that fails does not keep the others from it. */
  settleAll(): Promise<void>;
}

/** Opens it. */
export function openSettling(options: {
  readonly records: RecordStore;
  readonly incidents: Incidents;
  readonly audit: Audit;
  readonly log: Log;
}): Settling {
  const { records, incidents, audit, log } = options;
  const view = records.as(SYSTEM);

  /** The incident of a request; that of its alert where it was asked about an alert alone. */
  async function incidentOf({ incident, alert }: AgencyRequestRecord): Promise<string | null> {
    if (incident !== null || alert === null) return incident;
    let found = await view.get('alert', alert);
    for (let steps = 0; found?.document.mergedInto !== undefined && steps < 20; steps += 1)
      found = await view.get('alert', found.document.mergedInto);
    return found?.document.incident ?? null;
  }

  async function perform(
    id: string,
    owed: RequestPending,
    { subject }: AgencyRequestRecord,
    incident: string | null,
  ): Promise<void> {
    const { by, at } = owed;
    if (owed.kind === 'audit') {
      const detail = { ...owed.detail, ...(incident === null ? {} : { incident }) };
      await audit.record({ id: `request-${owed.id}`, actor: by, act: owed.act, target: id, detail });
    } else if (incident !== null) {
      const act = { act: owed.act, to: id, note: subject } as const;
      await incidents.bring(incident, { id: `request-${owed.id}`, by, at, act });
    }
  }

  /** Makes a file evidence of the incident; gives where it is, or why it is not. */
  async function place(id: string, file: RequestFile, incident: string): Promise<Partial<RequestFile>> {
    const { name, bytes, sha256, by, at } = file;
    const evidence = { kind: 'file', name, bytes, sha256, note: id } as const;
    try {
      return { placed: await incidents.bring(incident, { id: `request-${file.id}`, by, at, evidence }) };
    } catch (error) {
      // A full incident stays full; the file stays where it is, and the page says so.
      if (error instanceof HaidangError && error.code === 'HD_TOO_LARGE') return { refused: error.message };
      throw error;
    }
  }

  async function settle(id: string): Promise<void> {
    const first = await view.get('agency-request', id);
    if (!first || first.document.waiting === 0) return;
    const incident = await incidentOf(first.document);
    if (first.document.waiting === 2 && incident === null) return;
    const done = new Set<string>();
    for (const owed of first.document.pending) {
      await perform(id, owed, first.document, incident);
      done.add(owed.id);
    }
    const placed = new Map<string, Partial<RequestFile>>();
    if (incident !== null)
      for (const file of first.document.files)
        if (file.placed === null && file.refused === undefined) placed.set(file.id, await place(id, file, incident));
    for (let attempt = 1; ; attempt += 1) {
      const found = await view.get('agency-request', id);
      if (!found) return;
      const { document } = found;
      const next = settled({
        ...document,
        incident: document.incident ?? incident,
        files: document.files.map((file) => ({ ...file, ...placed.get(file.id) })),
        pending: document.pending.filter((owed) => !done.has(owed.id)),
      });
      try {
        await view.replace('agency-request', id, next, found.version);
        return;
      } catch (error) {
        if (!isConflict(error) || attempt === TRIES) throw error;
      }
    }
  }

  return {
    settle,
    async settleAll() {
      let after: string | undefined;
      do {
        const filter = { where: { waiting: [1, 2] }, limit: PAGE, ...(after === undefined ? {} : { after }) };
        const page = await view.find('agency-request', filter);
        for (const { id } of page.records)
          await settle(id).catch((err) =>
            log.warn({ err, request: id }, 'What a request owes could not be done; it is tried again.'),
          );
        after = page.next ?? undefined;
      } while (after !== undefined);
    },
  };
}

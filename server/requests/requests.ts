import type { Audit } from '../accounts/audit.ts';
import { HaidangError } from '../errors.ts';
import { type AgencyId, type Identity, SYSTEM } from '../identity.ts';
import { newItemId, newRequestId } from '../incidents/ids.ts';
import type { Incidents } from '../incidents/incidents.ts';
import { isConflict } from '../incidents/relay.ts';
import type { Log } from '../log.ts';
import type { RecordFilter, RecordPage, RecordStore, Versioned } from '../store/record-store.ts';
import {
  askedAgain,
  checkRoom,
  closedRequest,
  markRead,
  mustBeOpen,
  type RequestActor,
  sideOf,
  startRequest,
  takeFile,
  turnedOverdue,
  withAnswer,
  withFile,
  withFileRead,
} from './acts.ts';
import type { AgencyRequestRecord, RequestFile } from './record.ts';
import type { NewRequest } from './schema.ts';
import { openSettling } from './settle.ts';

export type StoredRequest = Versioned<AgencyRequestRecord>;

/** Questions to agencies, with what they answered. Every call sees what its identity sees, and nothing else. */
export interface AgencyRequests {
  /** @throws HaidangError `HD_NOT_FOUND` */
  get(identity: Identity, id: string): Promise<StoredRequest>;
  /** What is due first comes first. */
  list(identity: Identity, filter: Omit<RecordFilter, 'orderBy'>): Promise<RecordPage<AgencyRequestRecord>>;
  count(identity: Identity, where: RecordFilter['where']): Promise<number>;
  /** @throws HaidangError `HD_BAD_REQUEST`, `HD_NOT_FOUND` where the incident or alert is not the asker's to see. */
  ask(identity: Identity, wanted: NewRequest): Promise<StoredRequest>;
  /** Somebody opened it: what the agency opens first counts as read. */
  read(identity: Identity, id: string): Promise<StoredRequest>;
  answer(identity: Identity, id: string, text: string): Promise<StoredRequest>;
  /** Takes a file that was received; `path` is gone then. @throws HaidangError `HD_TOO_LARGE` */
  addFile(identity: Identity, id: string, file: { path: string; name: string }): Promise<StoredRequest>;
  /** @throws HaidangError `HD_TOO_LARGE`, `HD_BAD_REQUEST` where no file would be taken. */
  mayAddFile(identity: Identity, id: string, bytes: number): Promise<void>;
  /** The bytes of a file; reading is an entry in its chain of custody. */
  readFile(identity: Identity, id: string, file: string): Promise<{ file: RequestFile; bytes: Buffer }>;
  again(identity: Identity, id: string, asked: { text: string; due: string }): Promise<StoredRequest>;
  close(identity: Identity, id: string, note: string): Promise<StoredRequest>;
  /** One look at all that is due or owed; gives how many became overdue. */
  look(): Promise<number>;
  /** Looks every few seconds from now on. */
  start(): void;
  stop(): Promise<void>;
}

const TRIES = 20;
const LOOK_MS = 5_000;
const PAGE = 200;
const CLOCK: Identity = { ...SYSTEM, name: 'requests' };

/** Opens the requests of a record store. */
export function openRequests(options: {
  readonly records: RecordStore;
  readonly incidents: Incidents;
  readonly audit: Audit;
  readonly log: Log;
  /** Hears that requests changed. */
  readonly woken: () => void;
  readonly now?: () => number;
}): AgencyRequests {
  const { records, incidents, log, woken, now = Date.now } = options;
  const settling = openSettling(options);
  let timer: NodeJS.Timeout | undefined;
  let looking: Promise<number> | undefined;

  const actorOf = (identity: Identity, record: Pick<AgencyRequestRecord, 'askerSees'>): RequestActor => {
    const side = sideOf(identity, record);
    return { by: identity.name, at: new Date(now()).toISOString(), side, id: newItemId };
  };

  async function get(identity: Identity, id: string): Promise<StoredRequest> {
    const found = await records.as(identity).get('agency-request', id);
    if (found) return found;
    throw new HaidangError('HD_NOT_FOUND', `There is no request "${id.slice(0, 100)}" that you may see.`);
  }

  /** Writes what `make` makes of the newest state; gives the request as it is then. */
  async function change(
    identity: Identity,
    id: string,
    make: (record: AgencyRequestRecord, actor: RequestActor) => AgencyRequestRecord | undefined,
  ): Promise<StoredRequest> {
    for (let attempt = 1; ; attempt += 1) {
      const found = await get(identity, id);
      const next = make(found.document, actorOf(identity, found.document));
      if (!next) return found;
      try {
        const written = await records.as(identity).replace('agency-request', id, next, found.version);
        return await afterwards(identity, written);
      } catch (error) {
        if (!isConflict(error) || attempt === TRIES) throw error;
      }
    }
  }

  /** What is owed is done before the answer where it can be, and at a later look where it cannot. */
  async function afterwards(identity: Identity, written: StoredRequest): Promise<StoredRequest> {
    try {
      await settling.settle(written.id);
      return await get(identity, written.id);
    } catch (err) {
      log.warn({ err, request: written.id }, 'What the request owes could not be done yet; the next look does it.');
      return written;
    } finally {
      woken();
    }
  }

  /** Only who sees all that the asker saw decides about the question itself. @throws HaidangError `HD_FORBIDDEN` */
  function mustBeAsker({ side }: RequestActor): void {
    if (side === 'asker') return;
    throw new HaidangError('HD_FORBIDDEN', 'Whoever asked decides about this request; answer it instead.');
  }

  async function lookOnce(): Promise<number> {
    const view = records.as(SYSTEM);
    const at = new Date(now()).toISOString();
    let count = 0;
    let after: string | undefined;
    for (let more = true; more; ) {
      const page = await view.find('agency-request', {
        where: { state: ['asked', 'read'] },
        orderBy: { field: 'due', descending: false },
        limit: PAGE,
        ...(after === undefined ? {} : { after }),
      });
      const late = page.records.filter(({ document }) => document.due <= at);
      for (const { id } of late) if (await turn(id)) count += 1;
      after = page.next ?? undefined;
      more = after !== undefined && late.length === page.records.length;
    }
    await settling.settleAll();
    if (count > 0) woken();
    return count;
  }

  async function turn(id: string): Promise<boolean> {
    let turned = false;
    await change(CLOCK, id, (record, actor) => {
      const next = turnedOverdue(record, actor);
      turned = next !== undefined;
      return next;
    });
    return turned;
  }

  const look = (): Promise<number> => {
    looking ??= lookOnce().finally(() => {
      looking = undefined;
    });
    return looking;
  };

  return {
    get,
    look,
    list: (identity, filter) =>
      records.as(identity).find('agency-request', { ...filter, orderBy: { field: 'due', descending: false } }),
    count: (identity, where) => records.as(identity).count('agency-request', where ? { where } : {}),
    async ask(identity, wanted) {
      const view = records.as(identity);
      const agency = wanted.agency as AgencyId;
      const sees = identity.agencies === 'all' || identity.agencies.includes(agency);
      if (!sees || !(await records.as(SYSTEM).get('agency', agency)))
        throw new HaidangError('HD_BAD_REQUEST', `There is no agency "${agency}" that you may ask.`);
      const { alert: alertId, incident: incidentId } = wanted;
      if (incidentId === undefined && alertId === undefined)
        throw new HaidangError('HD_BAD_REQUEST', 'A request is about an incident or an alert; name one.');
      const alert = alertId === undefined ? undefined : await view.get('alert', alertId);
      if (alertId !== undefined && !alert)
        throw new HaidangError('HD_NOT_FOUND', `There is no alert "${alertId}" that you may see.`);
      if (incidentId !== undefined) await incidents.get(identity, incidentId);
      const incident = incidentId ?? alert?.document.incident ?? null;
      const actor = actorOf(identity, { askerSees: identity.agencies });
      const record = startRequest({ agency, incident, alert: alertId ?? null }, wanted, identity.agencies, actor);
      return afterwards(identity, await view.create('agency-request', newRequestId(), record));
    },
    read: (identity, id) => change(identity, id, markRead),
    answer: (identity, id, text) => change(identity, id, (record, actor) => withAnswer(record, text, actor)),
    async mayAddFile(identity, id, bytes) {
      const { document } = await get(identity, id);
      mustBeOpen(document);
      checkRoom(document, bytes);
    },
    async addFile(identity, id, { path, name }) {
      const { sha256, bytes } = await incidents.files.keepFile(path);
      return change(identity, id, (record, actor) => withFile(record, { name, bytes, sha256 }, actor));
    },
    async readFile(identity, id, fileId) {
      const { document } = await get(identity, id);
      const bytes = await incidents.files.read(takeFile(document, fileId).sha256);
      const written = await change(identity, id, (record, actor) => withFileRead(record, fileId, actor));
      return { file: takeFile(written.document, fileId), bytes };
    },
    again: (identity, id, asked) =>
      change(identity, id, (record, actor) => {
        mustBeAsker(actor);
        return askedAgain(record, asked, actor);
      }),
    close: (identity, id, note) =>
      change(identity, id, (record, actor) => {
        mustBeAsker(actor);
        return closedRequest(record, note, actor);
      }),
    start() {
      timer ??= setInterval(() => {
        look().catch((err) => log.warn({ err }, 'Requests could not be looked through; it is tried again.'));
      }, LOOK_MS).unref();
    },
    async stop() {
      clearInterval(timer);
      await looking?.catch(() => undefined);
    },
  };
}

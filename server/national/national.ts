import type { Audit } from '../accounts/audit.ts';
import { HaidangError } from '../errors.ts';
import { type Identity, SYSTEM } from '../identity.ts';
import { newItemId } from '../incidents/ids.ts';
import { startDuty } from '../leases/duty.ts';
import { Leases } from '../leases/leases.ts';
import type { Membership } from '../leases/membership.ts';
import type { Log } from '../log.ts';
import type { SharingSettings } from '../sharing/settings.ts';
import type { RecordStore } from '../store/record-store.ts';
import type { Taxii } from '../taxii/taxii.ts';
import { openAbsorber } from './absorb.ts';
import { openBoardRecords, type StoredReport } from './board-records.ts';
import { messagesFor, noteId } from './deliver.ts';
import { openProvinces, type Provinces } from './provinces.ts';
import type { Contained, ReportedVersion } from './read-reported.ts';
import { MOST_TASKS, type NationalIncidentRecord, type NationalTask } from './record.ts';

/** The board of the national role: what provinces reported, and what the center says about it. */
export interface National {
  readonly provinces: Provinces;
  /** @throws HaidangError `HD_NOT_FOUND` */
  get(id: string): Promise<StoredReport>;
  /** The objects around an incident, as the province sent them last. */
  contents(record: NationalIncidentRecord): Promise<readonly Contained[]>;
  /** The versions in which the province sent it, the latest first. */
  versions(record: NationalIncidentRecord): Promise<readonly ReportedVersion[]>;
  /** Says that the center saw it as it is now. @throws HaidangError `HD_RECORD_CONFLICT` where a later version came meanwhile */
  acknowledge(
    identity: Identity,
    id: string,
    asked: { readonly version: string; readonly text: string },
  ): Promise<StoredReport>;
  /** Asks the province to do something by a time. */
  addTask(
    identity: Identity,
    id: string,
    asked: { readonly title: string; readonly text: string; readonly due: string | null },
  ): Promise<StoredReport>;
  /** Takes a task back that has no answer yet. */
  withdrawTask(identity: Identity, id: string, task: string, reason: string): Promise<StoredReport>;
  /** Reads all that is new, and sends all that is owed. */
  look(check?: () => Promise<void>, end?: AbortSignal): Promise<void>;
  /** Begins to look, on whichever of the servers has the lease. */
  start(membership: Pick<Membership, 'serve'> | undefined): void;
  stop(): Promise<void>;
}

/** Name of the lease under which one server reads for all. */
const LEASE = 'national-board';
const SILENCE_MS = 8_000;
const EVERY_MS = 1_000;
const PAGE = 100;
/** Since when a center is known: the version of what is said of it. */
const KNOWN_SINCE = '2026-01-01T00:00:00.000Z';

/** Opens the board over a TAXII server; it reads nothing before `start`. */
export function openNational(options: {
  readonly records: RecordStore;
  readonly taxii: Taxii;
  readonly audit: Audit;
  readonly settings: Pick<SharingSettings, 'reporterId' | 'reporterName'>;
  readonly log: Log;
  readonly now?: () => number;
}): National {
  const { records, taxii, audit, settings, log, now = Date.now } = options;
  const view = records.as(SYSTEM);
  const board = openBoardRecords({ records, audit });
  const provinces = openProvinces({ records, taxii });
  const absorber = openAbsorber({ records, board, taxii, log });
  const center = { id: settings.reporterId, name: settings.reporterName, createdAt: KNOWN_SINCE };
  const opened = new Set<string>();
  let duty: ReturnType<typeof startDuty> | undefined;

  async function get(id: string): Promise<StoredReport> {
    const found = await board.get(id);
    if (found) return found;
    throw new HaidangError('HD_NOT_FOUND', `There is no incident "${id.slice(0, 64)}" on the board.`);
  }

  /** Puts into the province's collection what is not there yet, and writes what is owed; done again it changes nothing. */
  async function relay(stored: StoredReport): Promise<StoredReport> {
    const { document } = stored;
    let current = stored;
    if (document.unsent.length > 0) {
      const province = await provinces.open(document.province, SYSTEM);
      const { root, number } = provinces.collection(province);
      const objects = messagesFor(document, center);
      if (objects.length > 0) {
        const to = { root, collection: number, space: 0, account: 0 };
        const body = Buffer.from(JSON.stringify({ objects }));
        const { failed } = await taxii.store.add({ to, body, nowMs: now() });
        if (failed > 0) throw new Error(`${failed} notes were not taken by the collection of "${document.province}".`);
      }
      const sent = new Set(document.unsent);
      // A task that was given and withdrawn before either left has one note: it goes in its last state.
      current = await board.change(stored.id, (record) =>
        record.revision === document.revision
          ? { ...record, unsent: record.unsent.filter((note) => !sent.has(note)) }
          : record,
      );
    }
    return board.writeOwed(current);
  }

  /** A person's act; it leaves before the answer where it can. */
  async function act(
    identity: Identity,
    id: string,
    name: string,
    make: (
      record: NationalIncidentRecord,
      at: string,
    ) => { record: NationalIncidentRecord; note: string; detail: object },
  ): Promise<StoredReport> {
    await get(id);
    const stored = await board.change(id, (before) => {
      const at = new Date(now()).toISOString();
      const { record, note, detail } = make(before, at);
      const owed = { id: newItemId(), by: identity.name, act: name, detail: { province: before.province, ...detail } };
      return {
        ...record,
        revision: before.revision + 1,
        updatedAt: at,
        unsent: [...before.unsent.filter((one) => one !== note), note],
        pending: [...before.pending, owed],
      };
    });
    try {
      return await relay(stored);
    } catch (err) {
      log.warn(
        { err, report: id },
        'What the center said is not in the collection of the province yet; it is tried again.',
      );
      return stored;
    }
  }

  async function sendOwed(check: () => Promise<void>): Promise<void> {
    const { records: owing } = await view.find('national-incident', { where: { waiting: [1] }, limit: PAGE });
    for (const stored of owing) {
      await check();
      await relay(stored).catch((err) =>
        log.warn(
          { err, report: stored.id },
          'What is for a province could not be put into its collection; it is tried again.',
        ),
      );
    }
  }

  async function look(
    check: () => Promise<void> = async () => {},
    end: AbortSignal = new AbortController().signal,
  ): Promise<void> {
    const seen = await absorber.run(check, end);
    // A province finds its collection before there is anything in it.
    for (const province of seen) {
      if (opened.has(province)) continue;
      await provinces.open(province, SYSTEM);
      opened.add(province);
    }
    await sendOwed(check);
  }

  async function work(lease: { check(): Promise<void> }, end: AbortSignal): Promise<void> {
    while (!end.aborted) {
      await look(() => lease.check(), end).catch((err) => {
        if (err instanceof HaidangError && err.code === 'HD_LEASE_LOST') throw err;
        if (!end.aborted) log.warn({ err }, 'What provinces pushed could not be read; it is tried again.');
      });
      await sleep(EVERY_MS, end);
    }
  }

  return {
    provinces,
    get,
    look,
    contents: ({ collection, account, containers, kind, object }) =>
      taxii.store.contained({ collection, account, ids: kind === 'report' ? [object] : containers }),
    versions: ({ collection, account, object }) => taxii.store.versions({ collection, account, id: object }),
    acknowledge: (identity, id, { version, text }) =>
      act(identity, id, 'board.acknowledge', (record, at) => {
        if (record.version !== version)
          throw new HaidangError(
            'HD_RECORD_CONFLICT',
            'A later version of this incident came in meanwhile; look at it again.',
          );
        const seen = { id: newItemId(), by: identity.name, at, text: text.trim(), version };
        const note = noteId(center.id, record.province, record.object, seen.id);
        return { record: { ...record, acknowledgement: seen }, note, detail: { version } };
      }),
    addTask: (identity, id, asked) =>
      act(identity, id, 'board.task', (record, at) => {
        const title = asked.title.trim();
        if (title === '') throw new HaidangError('HD_BAD_REQUEST', 'A task needs a title.');
        if (record.tasks.length >= MOST_TASKS)
          throw new HaidangError('HD_TOO_LARGE', `An incident has at most ${MOST_TASKS} tasks of the center.`);
        const own = newItemId();
        const note = noteId(center.id, record.province, record.object, own);
        const due = asked.due === null ? null : new Date(asked.due).toISOString();
        const task: NationalTask = {
          ...{
            id: own,
            note,
            by: identity.name,
            at,
            title,
            text: asked.text.trim(),
            due,
            withdrawn: null,
            answer: null,
          },
        };
        return { record: { ...record, tasks: [...record.tasks, task] }, note, detail: { task: own, title, due } };
      }),
    withdrawTask: (identity, id, task, reason) =>
      act(identity, id, 'board.withdraw', (record, now) => {
        const found = record.tasks.find((one) => one.id === task);
        if (!found) throw new HaidangError('HD_NOT_FOUND', 'There is no such task of this incident.');
        if (found.answer !== null || found.withdrawn !== null)
          throw new HaidangError('HD_RECORD_CONFLICT', 'This task was answered or withdrawn already.');
        // A later version, also within the same millisecond.
        const at = new Date(Math.max(Date.parse(now), Date.parse(found.at) + 1)).toISOString();
        const withdrawn = { by: identity.name, at, reason: reason.trim() };
        const tasks = record.tasks.map((one) => (one === found ? { ...one, withdrawn } : one));
        return { record: { ...record, tasks }, note: found.note, detail: { task, reason } };
      }),
    start(membership) {
      if (membership) {
        membership.serve(LEASE, work);
        return;
      }
      const leases = new Leases({ records, holder: 'alone', silence: SILENCE_MS });
      duty = startDuty({ leases, name: LEASE, work, log, everyMs: EVERY_MS });
    },
    async stop() {
      await duty?.stop();
    },
  };
}

function sleep(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((done) => {
    if (signal.aborted) return done();
    const timer = setTimeout(wake, milliseconds);
    signal.addEventListener('abort', wake, { once: true });
    function wake() {
      clearTimeout(timer);
      signal.removeEventListener('abort', wake);
      done();
    }
  });
}

import type { Audit } from '../accounts/audit.ts';
import { HaidangError } from '../errors.ts';
import { type Identity, SYSTEM } from '../identity.ts';
import { noted, take } from '../incidents/acts.ts';
import type { Incidents, StoredIncident } from '../incidents/incidents.ts';
import { isConflict } from '../incidents/relay.ts';
import type { IndicatorBook } from '../indicators/book.ts';
import { startDuty } from '../leases/duty.ts';
import { Leases } from '../leases/leases.ts';
import type { Membership } from '../leases/membership.ts';
import type { Log } from '../log.ts';
import { waitOf } from '../sharing/backoff.ts';
import { WorkerClient } from '../store/embedded/worker-client.ts';
import type { RecordStore, Versioned } from '../store/record-store.ts';
import type { OutboundPolicy } from '../system/outbound.ts';
import { openApplier } from './apply.ts';
import { putList } from './lists.ts';
import { type InboundItemRecord, inboundId } from './record.ts';
import type { InboundSource } from './settings.ts';
import { openSharedIncidents } from './shared-incidents.ts';
import type {
  InboundSetup,
  ListState,
  PollAnswer,
  PollCall,
  ProblemKind,
  WaitingMessage,
  WarningKind,
} from './thread-calls.ts';

/** How a source fares. */
export interface SourceState {
  /** When it was asked last, and when it answered last, ISO 8601. */
  readonly askedAt: string | null;
  readonly answeredAt: string | null;
  /** Why it did not work, and how often in a row. */
  readonly problem: string | null;
  readonly problemKind: ProblemKind | null;
  readonly failures: number;
  readonly warning: string | null;
  readonly warningKind: WarningKind | null;
  /** New objects of the last poll. */
  readonly fresh: number;
  readonly nextAt: string | null;
  /** How often somebody wanted it asked at once. */
  readonly wakes: number;
}

/** What comes in from outside: collections that are polled, tasks of the national center, and their answers. */
export interface Inbound {
  readonly sources: readonly InboundSource[];
  state(source: string): Promise<SourceState>;
  /** Has a source asked as soon as can be, on whichever server polls. @throws HaidangError `HD_NOT_FOUND` */
  wake(source: string): Promise<void>;
  /** Answers a task; the answer leaves with the next version of the incident that somebody lets out. */
  answer(identity: Identity, incident: string, task: string, text: string): Promise<StoredIncident>;
  /** The same for a task as it came in, wherever its incident went. @throws HaidangError `HD_NOT_FOUND` */
  answerItem(identity: Identity, item: string, text: string): Promise<Versioned<InboundItemRecord>>;
  /** Begins to poll, on whichever of the servers has the lease. */
  start(membership: Pick<Membership, 'serve'> | undefined): void;
  stop(): Promise<void>;
}

/** Name of the lease under which one server polls for all. */
const LEASE = 'inbound';
const SILENCE_MS = 8_000;
const EVERY_MS = 1_000;
const LOOK_MS = 500;
const CIRCLE_MS = 5_000;
const MESSAGES = 200;
const OPEN_TASKS = 200;
const MOST_ANSWER = 4_000;

const NEVER: SourceState = {
  ...{ askedAt: null, answeredAt: null, problem: null, problemKind: null, failures: 0, warning: null, fresh: 0 },
  ...{ nextAt: null, wakes: 0, warningKind: null },
};

export interface InboundOptions {
  readonly sources: readonly InboundSource[];
  /** Id of this center in what it shares. */
  readonly reporter: string;
  readonly records: RecordStore;
  readonly incidents: Incidents;
  readonly indicators: IndicatorBook;
  readonly audit: Audit;
  readonly policy: OutboundPolicy;
  readonly data: string;
  readonly log: Log;
  readonly now?: () => number;
  readonly random?: () => number;
}

/** Opens it; nothing is asked before `start`. */
export function openInbound(options: InboundOptions): Inbound {
  const { sources, records, incidents, indicators, audit, policy, data, log } = options;
  const { now = Date.now, random = Math.random } = options;
  const view = records.as(SYSTEM);
  const shared = openSharedIncidents({ records, reporter: options.reporter });
  const applier = openApplier({ records, incidents, shared, log, now });
  let thread: WorkerClient | undefined;
  let duty: ReturnType<typeof startDuty> | undefined;
  const iso = (after = 0) => new Date(now() + after).toISOString();

  const call = <Result>(name: string, argument: unknown): Promise<Result> => {
    const setup: InboundSetup = { data };
    thread ??= new WorkerClient(new URL('./inbound-thread.ts', import.meta.url), 'inbound', () => setup, log);
    return thread.call<Result>(name, argument);
  };

  const sourceOf = (id: string): InboundSource => {
    const found = sources.find((one) => one.id === id);
    if (found) return found;
    throw new HaidangError('HD_NOT_FOUND', `There is no source "${id.slice(0, 64)}" in the configuration.`);
  };

  const stateId = (source: string) => `inbound-state:${source}`;
  async function state(source: string): Promise<SourceState> {
    const kept = (await view.get('setting', stateId(source)))?.document.value as SourceState | undefined;
    return { ...NEVER, ...kept };
  }
  async function keepState(source: string, make: (before: SourceState) => SourceState): Promise<SourceState> {
    for (let attempt = 1; ; attempt += 1) {
      const found = await view.get('setting', stateId(source));
      const value = make({ ...NEVER, ...(found?.document.value as SourceState | undefined) });
      try {
        if (found) await view.replace('setting', stateId(source), { value }, found.version);
        else await view.create('setting', stateId(source), { value });
        return value;
      } catch (error) {
        const raced = isConflict(error) || (error instanceof HaidangError && error.code === 'HD_RECORD_EXISTS');
        if (!raced || attempt === 10) throw error;
      }
    }
  }

  /** Brings what was read to where it belongs; what fails stays and is tried again with the next poll. */
  async function bringIn(source: InboundSource, check: () => Promise<void>, end: AbortSignal): Promise<void> {
    for (let more = true; more && !end.aborted; ) {
      const waiting = await call<readonly WaitingMessage[]>('waiting', { source: source.id, limit: MESSAGES });
      for (const one of waiting) {
        await check();
        await applier.apply(source, one, check);
        await call('relayed', { source: source.id, object: one.object, version: one.version });
      }
      more = waiting.length === MESSAGES;
    }
    if (!source.takes.includes('indicators') || end.aborted) return;
    const lists = await call<readonly ListState[]>('lists', { source: source.id, now: Math.floor(now() / 1_000) });
    for (const list of lists.filter(({ isNew }) => isNew)) {
      await check();
      await putList(indicators, source, list, end);
      await call('imported', { source: source.id, tlp: list.tlp, digest: list.digest });
      const detail = { source: source.id, tlp: list.tlp, count: list.count };
      await audit.record({ actor: `inbound:${source.id}`, act: 'inbound.list', target: source.id, detail });
    }
  }

  async function pollOne(source: InboundSource, check: () => Promise<void>, end: AbortSignal): Promise<void> {
    const question: PollCall = { source, policy, now: Math.floor(now() / 1_000) };
    const { wakes } = await state(source.id);
    let outcome: PollAnswer;
    try {
      // A source that is silent must not keep the server from stopping.
      outcome = await untilEnd(call<PollAnswer>('poll', question), end);
      await bringIn(source, check, end);
    } catch (error) {
      if (end.aborted || isLost(error)) throw error;
      log.warn({ err: error, source: source.id }, 'What came from a source could not be taken in; it is tried again.');
      const problem = error instanceof Error ? error.message.slice(0, 500) : String(error);
      outcome = { pages: 0, fresh: 0, more: false, problem, afterMs: 0, warning: null };
    }
    await check();
    const { fresh, problem, problemKind = 'other', warning, warningKind = null, more, afterMs } = outcome;
    await keepState(source.id, (before) => {
      const askedAt = iso();
      // Somebody wanted it asked while it was: what came after its last page is what they wait for.
      const next = (wait: number) => (before.wakes === wakes ? iso(wait) : null);
      if (problem === null) {
        // Where whole pages bring nothing new, a server that goes round in circles is not run after.
        const nextAt = next(more ? (fresh > 0 ? 0 : CIRCLE_MS) : source.everySeconds * 1_000);
        const well = { askedAt, answeredAt: askedAt, problem, problemKind: null, failures: 0 };
        return { ...before, ...well, warning, warningKind, fresh, nextAt };
      }
      const failures = before.failures + 1;
      const wait = Math.max(Math.min(source.everySeconds * 1_000, 5_000), waitOf(failures, random, afterMs));
      return { ...before, askedAt, problem, problemKind, failures, warning, warningKind, fresh, nextAt: next(wait) };
    });
  }

  /** Tasks that were done on their incidents by another way than an answer. */
  async function settleOpen(): Promise<void> {
    const { records: open } = await view.find('inbound-item', { where: { open: [1] }, limit: OPEN_TASKS });
    for (const { id } of open) await applier.settle(id);
  }

  async function work(lease: { check(): Promise<void> }, end: AbortSignal): Promise<void> {
    const check = () => lease.check();
    while (!end.aborted) {
      try {
        let hasPolled = false;
        for (const source of sources) {
          const { nextAt } = await state(source.id);
          if (end.aborted || (nextAt !== null && Date.parse(nextAt) > now())) continue;
          await pollOne(source, check, end);
          hasPolled = true;
        }
        if (hasPolled) await settleOpen();
      } catch (err) {
        if (isLost(err)) throw err;
        if (!end.aborted) log.warn({ err }, 'Sources could not be polled; it is tried again.');
      }
      await pause(LOOK_MS, end);
    }
  }

  async function itemOf(id: string): Promise<Versioned<InboundItemRecord>> {
    const found = await view.get('inbound-item', id);
    if (found) return found;
    throw new HaidangError('HD_NOT_FOUND', `Nothing with the id "${id.slice(0, 200)}" came in.`);
  }

  async function answer(identity: Identity, incident: string, task: string, text: string): Promise<StoredIncident> {
    const words = text.trim();
    if (words === '' || words.length > MOST_ANSWER)
      throw new HaidangError('HD_BAD_REQUEST', `An answer has 1 to ${MOST_ANSWER} characters.`);
    let item = '';
    const stored = await incidents.receive(identity, incident, (record, actor) => {
      const found = take(record.tasks, task, 'task');
      const { request } = found;
      if (!request)
        throw new HaidangError('HD_BAD_REQUEST', 'Nobody outside asked for this task; tick it off instead.');
      if (request.withdrawn !== null) throw new HaidangError('HD_RECORD_CONFLICT', 'This task was withdrawn.');
      if (found.doneAt !== null && request.answer !== null)
        throw new HaidangError('HD_RECORD_CONFLICT', 'This task was answered already; open it again to answer anew.');
      item = inboundId(request.source, request.note);
      const answer = { text: words, at: actor.at, by: actor.by };
      const done = { ...found, doneAt: actor.at, doneBy: actor.by, request: { ...request, answer } };
      const tasks = record.tasks.map((one) => (one === found ? done : one));
      return noted({ ...record, tasks }, { act: 'task-done', to: found.title }, 'incident.answer', actor);
    });
    await applier.settle(item);
    return stored;
  }

  return {
    sources,
    state,
    async wake(source) {
      sourceOf(source);
      await keepState(source, (before) => ({ ...before, nextAt: null, wakes: before.wakes + 1 }));
    },
    answer,
    async answerItem(identity, id, text) {
      const { document } = await itemOf(id);
      if (document.kind !== 'task') throw new HaidangError('HD_BAD_REQUEST', 'Only tasks are answered; this is none.');
      const place = await applier.placeOf(document);
      if (!place)
        throw new HaidangError(
          'HD_RECORD_CONFLICT',
          'The incident of this task holds it no longer; answer on the incident.',
        );
      await answer(identity, place.incident, place.task, text);
      return itemOf(id);
    },
    start(membership) {
      if (sources.length === 0) return;
      if (membership) {
        membership.serve(LEASE, work);
        return;
      }
      const leases = new Leases({ records, holder: 'alone', silence: SILENCE_MS });
      duty = startDuty({ leases, name: LEASE, work, log, everyMs: EVERY_MS });
    },
    async stop() {
      await duty?.stop();
      await thread?.close();
    },
  };
}

/** The outcome of something, or that the end came first. */
function untilEnd<Result>(work: Promise<Result>, end: AbortSignal): Promise<Result> {
  return new Promise((done, failed) => {
    const stop = () => failed(new Error('The server stops.'));
    if (end.aborted) stop();
    end.addEventListener('abort', stop, { once: true });
    work.then(done, failed).finally(() => end.removeEventListener('abort', stop));
  });
}

function isLost(error: unknown): boolean {
  return error instanceof HaidangError && error.code === 'HD_LEASE_LOST';
}

function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
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

import { HaidangError } from '../errors.ts';
import { type Identity, SYSTEM } from '../identity.ts';
import { type Actor, noted } from '../incidents/acts.ts';
import { incidentIdOf } from '../incidents/ids.ts';
import type { Incidents } from '../incidents/incidents.ts';
import type { IncidentRecord, TaskItem } from '../incidents/record.ts';
import { isConflict } from '../incidents/relay.ts';
import type { Log } from '../log.ts';
import type { RecordStore } from '../store/record-store.ts';
import { type InboundItemRecord, inboundId } from './record.ts';
import type { InboundSource } from './settings.ts';
import type { SharedIncidents } from './shared-incidents.ts';
import type { WaitingMessage } from './thread-calls.ts';

const TRIES = 20;
const MOST_STEPS = 20;

/** Brings messages where they belong. */
export interface Applier {
  /** Puts one onto its incident and into the list of what came in; done again it changes nothing. */
  apply(source: InboundSource, waiting: WaitingMessage, check: () => Promise<void>): Promise<void>;
  /** Writes how a task stands, as its incident says. */
  settle(item: string): Promise<void>;
  /** Where a task is by now: the incident that holds it, and its id there; undefined where it is no longer on one. */
  placeOf(item: InboundItemRecord): Promise<{ readonly incident: string; readonly task: string } | undefined>;
}

/** Opens it. */
export function openApplier(options: {
  readonly records: RecordStore;
  readonly incidents: Pick<Incidents, 'get' | 'create' | 'receive'>;
  readonly shared: SharedIncidents;
  readonly log: Pick<Log, 'warn'>;
  readonly now: () => number;
}): Applier {
  const { records, incidents, shared, log, now } = options;
  const view = records.as(SYSTEM);

  /** The incident that holds what was of this one: merged ones are part of another. */
  async function holder(id: string): Promise<string> {
    let held = id;
    for (let step = 0; step < MOST_STEPS; step += 1) {
      const into = (await view.get('incident', held))?.document.mergedInto;
      if (into === undefined) return held;
      held = into;
    }
    return held;
  }

  /** A request that is about none of our incidents makes one, so that somebody works on it and its answer can leave. */
  async function incidentFor(source: InboundSource, { object, tlp, message }: WaitingMessage): Promise<string> {
    const id = incidentIdOf(`inbound ${inboundId(source.id, object)}`);
    const wanted = { alerts: [], title: message.title || source.name, summary: message.text, tlp };
    try {
      await incidents.create(actorOf(source), wanted, { id, origin: 'hand' });
    } catch (error) {
      if (!(error instanceof HaidangError && error.code === 'HD_RECORD_EXISTS')) throw error;
    }
    return id;
  }

  async function put(id: string, make: (before: InboundItemRecord | undefined) => InboundItemRecord): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      const found = await view.get('inbound-item', id);
      const next = make(found?.document);
      if (found && JSON.stringify(found.document) === JSON.stringify(next)) return;
      try {
        if (found) await view.replace('inbound-item', id, next, found.version);
        else await view.create('inbound-item', id, next);
        return;
      } catch (error) {
        const raced = isConflict(error) || (error instanceof HaidangError && error.code === 'HD_RECORD_EXISTS');
        if (!raced || attempt === TRIES) throw error;
      }
    }
  }

  async function apply(source: InboundSource, waiting: WaitingMessage, check: () => Promise<void>): Promise<void> {
    const { message, object, versionText, tlp, isRevoked } = waiting;
    const id = inboundId(source.id, object);
    const before = (await view.get('inbound-item', id))?.document;
    // Taken back before anybody here heard of it.
    if (isRevoked && !before) return;
    let incident = before?.incident ?? (await shared.find(message.about)) ?? null;
    await check();
    if (incident === null && message.kind === 'task') incident = await incidentFor(source, waiting);
    let state: InboundItemRecord['state'] = 'listed';
    if (incident !== null && message.kind !== 'advisory') {
      incident = await holder(incident);
      try {
        const { document } = await incidents.receive(actorOf(source), incident, (record, actor) =>
          // Nobody here decided anything: nobody's decision conflicts with it.
          unrevised(record, withMessage(record, { source, waiting }, actor)),
        );
        state = stateOf(document, message.kind, object);
      } catch (error) {
        // An incident holds so many tasks and no more: it is listed all the same, and said here.
        if (!(error instanceof HaidangError && error.code === 'HD_TOO_LARGE')) throw error;
        log.warn({ source: source.id, incident, object }, 'The incident has no room for what came about it.');
        state = message.kind === 'task' ? (isRevoked ? 'withdrawn' : 'open') : 'listed';
      }
    }
    if (message.kind === 'advisory' && isRevoked) state = 'withdrawn';
    const receivedAt = before?.receivedAt ?? new Date(now()).toISOString();
    const { kind, title, text, due, link, publishedAt } = message;
    await put(id, () => ({
      ...{ source: source.id, kind, object, version: versionText, incident, title, text, tlp, due, link },
      ...{ state, open: state === 'open' ? 1 : 0, publishedAt, receivedAt },
    }));
  }

  return {
    apply,
    async placeOf({ incident: first, object }) {
      if (first === null) return undefined;
      const incident = await holder(first);
      const tasks = (await view.get('incident', incident))?.document.tasks ?? [];
      const found = tasks.find(({ request }) => request?.note === object);
      return found && { incident, task: found.id };
    },
    async settle(item) {
      const found = (await view.get('inbound-item', item))?.document;
      if (found?.kind !== 'task' || found.incident === null) return;
      const incident = await holder(found.incident);
      const record = (await view.get('incident', incident))?.document;
      if (!record?.tasks.some(({ request }) => request?.note === found.object)) return;
      const state = stateOf(record, 'task', found.object);
      await put(item, (before) => ({ ...(before ?? found), incident, state, open: state === 'open' ? 1 : 0 }));
    },
  };
}

/** Who acts for a source: the name that histories show. */
function actorOf({ id }: InboundSource): Identity {
  return { ...SYSTEM, name: `inbound:${id}` };
}

/** The incident with a message on it; as it was where it is there already. */
function withMessage(
  record: IncidentRecord,
  { source, waiting }: { readonly source: InboundSource; readonly waiting: WaitingMessage },
  actor: Actor,
): IncidentRecord {
  const { message, object, isRevoked } = waiting;
  if (message.kind !== 'task') {
    if (isRevoked || record.acts.some(({ to }) => to === object)) return record;
    const act = message.kind === 'acknowledgement' ? ('acknowledged' as const) : ('remark' as const);
    const note = message.text || message.title;
    return noted(record, { act, from: source.name, to: object, note }, 'incident.receive', actor);
  }
  const known = record.tasks.find(({ request }) => request?.note === object);
  if (!known) {
    if (isRevoked) return record;
    const task: TaskItem = {
      ...{ id: actor.id(), at: actor.at, by: source.name, title: message.title || source.name, assignee: null },
      ...{ due: message.due, doneAt: null, doneBy: null },
      request: {
        ...{ source: source.id, name: source.name, note: object, text: message.text },
        ...{ answersTo: source.answersTo ?? null, withdrawn: null, answer: null },
      },
    };
    const act = { act: 'task', from: source.name, to: task.title } as const;
    return noted({ ...record, tasks: [...record.tasks, task] }, act, 'incident.receive', actor);
  }
  const { request } = known;
  if (!request) return record;
  const changed: TaskItem = isRevoked
    ? {
        ...known,
        doneAt: known.doneAt ?? actor.at,
        doneBy: known.doneBy ?? source.name,
        request: { ...request, withdrawn: request.withdrawn ?? message.text },
      }
    : { ...known, title: message.title || known.title, due: message.due, request: { ...request, text: message.text } };
  if (JSON.stringify(changed) === JSON.stringify(known)) return record;
  const tasks = record.tasks.map((task) => (task === known ? changed : task));
  const act = { act: isRevoked ? 'task-withdrawn' : 'task-changed', from: known.title, to: changed.title } as const;
  return noted({ ...record, tasks }, act, 'incident.receive', actor);
}

function unrevised(before: IncidentRecord, after: IncidentRecord): IncidentRecord {
  return after === before ? before : { ...after, revision: before.revision };
}

function stateOf(
  { tasks }: Pick<IncidentRecord, 'tasks'>,
  kind: InboundItemRecord['kind'],
  object: string,
): InboundItemRecord['state'] {
  if (kind !== 'task') return 'listed';
  const task = tasks.find(({ request }) => request?.note === object);
  if (task?.request?.withdrawn != null) return 'withdrawn';
  return task?.doneAt ? 'answered' : 'open';
}

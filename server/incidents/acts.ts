import { RSIT_KEYS } from '../../ecs/rsit.ts';
import type { Severity } from '../../rules/rule.ts';
import { HaidangError } from '../errors.ts';
import type { AgencyId } from '../identity.ts';
import { withCustody } from './custody.ts';
import type { Observable } from './indicators.ts';
import { agencyOf, checkSizes } from './merge.ts';
import type { ActItem, AlertItem, EvidenceItem, IncidentRecord, Item, PendingAct } from './record.ts';
import { MOST } from './record.ts';
import type { IncidentChanges, IncidentSet } from './schema.ts';
import { checkMove } from './states.ts';

/** Who acts and when; `id` gives ids that nothing else has. */
export interface Actor {
  readonly by: string;
  readonly at: string;
  id(): string;
}

/** What a change brings along that had to be looked up: alerts with their observables, evidence that was written. */
export interface Gathered {
  readonly alerts: readonly (Pick<AlertItem, 'id' | 'title' | 'agencies'> & {
    readonly techniques: readonly string[];
    readonly observables: readonly Observable[];
  })[];
  readonly evidence: readonly Pick<EvidenceItem, 'kind' | 'name' | 'bytes' | 'sha256' | 'note' | 'events'>[];
  readonly indicator?: Observable;
}

export const NOTHING: Gathered = { alerts: [], evidence: [] };
const SEVERITIES: readonly Severity[] = ['informational', 'low', 'medium', 'high', 'critical'];
const VERDICTS = { confirmed: 'true_positive', false_alarm: 'false_positive', duplicate: 'duplicate' } as const;

/** 1 (informational) to 5 (critical). */
export function rankOf(severity: Severity): number {
  return SEVERITIES.indexOf(severity) + 1;
}

/** Gathers the steps of one act on an incident; each step sees what the one before it made. */
class Draft {
  record: IncidentRecord;
  readonly #actor: Actor;
  readonly #acts: ActItem[] = [];
  readonly #pending: PendingAct[] = [];

  constructor(record: IncidentRecord, actor: Actor) {
    this.record = record;
    this.#actor = actor;
  }

  /** The head of a new item. */
  head(): Item {
    const { by, at } = this.#actor;
    return { id: this.#actor.id(), at, by };
  }

  note(act: Omit<ActItem, 'id' | 'at' | 'by'>): void {
    this.#acts.push({ ...this.head(), ...act });
  }

  wait(act: DistributiveOmit<PendingAct, 'id' | 'at' | 'by'>): void {
    this.#pending.push({ ...this.head(), ...act } as PendingAct);
  }

  set(change: Partial<IncidentRecord>): void {
    this.record = { ...this.record, ...change };
  }

  done(name: string): IncidentRecord {
    const { at } = this.#actor;
    const detail = { acts: this.#acts.map(({ act, from, to }) => ({ act, from, to })).slice(0, 50) };
    this.wait({ kind: 'audit', act: name, detail });
    const acts = [...this.record.acts, ...this.#acts];
    const pending = [...this.record.pending, ...this.#pending];
    const made = {
      ...this.record,
      acts,
      pending,
      waiting: 1 as const,
      revision: this.record.revision + 1,
      updatedAt: at,
    };
    checkSizes(made);
    return { ...made, agency: agencyOf(made) };
  }
}

type DistributiveOmit<T, K extends string> = T extends unknown ? Omit<T, K> : never;

/** The incident after one act. @throws HaidangError `HD_BAD_REQUEST`, `HD_NOT_FOUND`, `HD_TOO_LARGE` */
export function applyIncidentChanges(
  record: IncidentRecord,
  changes: IncidentChanges,
  gathered: Gathered,
  actor: Actor,
): IncidentRecord {
  if (record.mergedInto !== undefined)
    throw new HaidangError('HD_BAD_REQUEST', `This incident is part of "${record.mergedInto}"; act on that one.`);
  const draft = new Draft(record, actor);
  if (changes.set) applySet(draft, changes.set);
  if (changes.comment !== undefined) addComment(draft, changes.comment);
  if (changes.addTask) addTask(draft, changes.addTask);
  if (changes.task) changeTask(draft, changes.task, actor);
  addAlerts(draft, gathered.alerts);
  if (changes.removeAlert !== undefined) removeAlert(draft, changes.removeAlert);
  if (changes.addSystem) {
    const { name, agency, level } = changes.addSystem;
    const system = { ...draft.head(), name: name.trim(), agency: agency as AgencyId | null, level };
    draft.set({ systems: [...draft.record.systems, system] });
    draft.note({ act: 'system', to: name });
  }
  if (changes.removeSystem !== undefined) {
    const gone = take(draft.record.systems, changes.removeSystem, 'system');
    draft.set({ systems: without(draft.record.systems, gone) });
    draft.note({ act: 'system-removed', from: gone.name });
  }
  if (gathered.indicator) addIndicators(draft, [gathered.indicator], null);
  if (changes.removeIndicator !== undefined) {
    const gone = take(draft.record.indicators, changes.removeIndicator, 'indicator');
    const same = ({ type, value }: Observable) => type === gone.type && value === gone.value;
    draft.set({ indicators: draft.record.indicators.filter((one) => !same(one)) });
    draft.note({ act: 'indicator-removed', from: gone.value });
  }
  if (changes.addTechnique !== undefined) addTechniques(draft, [changes.addTechnique]);
  if (changes.removeTechnique !== undefined) {
    const gone = take(draft.record.techniques, changes.removeTechnique, 'technique');
    draft.set({ techniques: draft.record.techniques.filter(({ technique }) => technique !== gone.technique) });
    draft.note({ act: 'technique-removed', from: gone.technique });
  }
  for (const piece of gathered.evidence) addEvidence(draft, piece);
  if (changes.handOver) handOver(draft, changes.handOver, actor);
  return draft.done('incident.change');
}

/** The incident with what came of making it. */
export function startIncident(record: IncidentRecord, gathered: Gathered, actor: Actor): IncidentRecord {
  const draft = new Draft(record, actor);
  draft.note({ act: 'created' });
  addAlerts(draft, gathered.alerts);
  return draft.done('incident.create');
}

/** What another part of the server adds to an incident: evidence, or a line of its history. */
export type Brought = {
  /** The same one is brought once. */
  readonly id: string;
  readonly by: string;
  readonly at: string;
} & ({ readonly evidence: Gathered['evidence'][number] } | { readonly act: Omit<ActItem, 'id' | 'at' | 'by'> });

/** Whether it was brought before. */
export function wasBrought({ acts }: Pick<IncidentRecord, 'acts'>, { id }: Brought): boolean {
  return acts.some((act) => act.id.startsWith(`${id}.`));
}

/** The incident with what was brought; nobody decided anything, so that nobody's decision conflicts with it. @throws HaidangError `HD_TOO_LARGE` */
export function bringIn(record: IncidentRecord, brought: Brought): IncidentRecord {
  const { id, by, at } = brought;
  let count = 0;
  const draft = new Draft(record, {
    by,
    at,
    id: () => {
      count += 1;
      return `${id}.${count}`;
    },
  });
  if ('evidence' in brought) addEvidence(draft, brought.evidence);
  else draft.note(brought.act);
  return { ...draft.done('incident.change'), revision: record.revision };
}

/** The incident with one more line in its history, and in the audit trail under that name. */
export function noted(
  record: IncidentRecord,
  act: Omit<ActItem, 'id' | 'at' | 'by'>,
  name: string,
  actor: Actor,
): IncidentRecord {
  const draft = new Draft(record, actor);
  draft.note(act);
  return draft.done(name);
}

function applySet(draft: Draft, set: IncidentSet): void {
  const { record } = draft;
  const note = set.note?.trim() || undefined;
  const status = set.status ?? record.status;
  const closing = status === 'closed' && record.status !== 'closed';
  if (status !== record.status) {
    checkMove(record.status, status);
    const opensAgain = record.status === 'closed' || record.status === 'resolved';
    if ((closing || (opensAgain && !closing)) && note === undefined)
      throw new HaidangError('HD_BAD_REQUEST', `Going from ${record.status} to ${status} needs a note that says why.`);
    draft.note({ act: 'status', from: record.status, to: status, ...(note === undefined ? {} : { note }) });
  } else if (note !== undefined) addComment(draft, note);
  if (closing && set.outcome === undefined) throw new HaidangError('HD_BAD_REQUEST', 'Closing needs an outcome.');
  if (!closing && (set.outcome !== undefined || set.closeAlerts))
    throw new HaidangError('HD_BAD_REQUEST', 'An outcome, and closing the alerts, belong to closing the incident.');
  const rsit = set.rsit;
  if (rsit !== undefined && rsit !== null && !RSIT_KEYS.includes(rsit))
    throw new HaidangError('HD_BAD_REQUEST', `"${rsit}" is no key of the incident taxonomy (RSIT).`);
  for (const [act, from, to] of [
    ['title', record.title, set.title?.trim()],
    ['summary', record.summary, set.summary],
    ['severity', record.severity, set.severity],
    ['owner', record.owner, set.owner],
    ['tlp', record.tlp, set.tlp],
    ['rsit', record.rsit, rsit],
    ['detected', record.detectedAt, set.detectedAt === undefined ? undefined : isoTime(set.detectedAt)],
  ] as const) {
    if (to === undefined || to === from) continue;
    if (act === 'title' && to === '') throw new HaidangError('HD_BAD_REQUEST', 'An incident needs a title.');
    draft.note(act === 'summary' ? { act } : { act, from, to });
    draft.set(act === 'detected' ? { detectedAt: to ?? record.detectedAt } : { [act]: to });
  }
  draft.set({
    status,
    severityRank: rankOf(draft.record.severity),
    ...(closing ? { closedAt: draft.head().at, outcome: set.outcome ?? null } : {}),
    ...(status === 'closed' ? {} : { closedAt: null, outcome: null }),
  });
  if (closing && set.closeAlerts && set.outcome)
    for (const { id } of record.alerts)
      draft.wait({ kind: 'close-alert', alert: id, verdict: VERDICTS[set.outcome], note: note ?? '' });
}

function addComment(draft: Draft, text: string): void {
  const comment = text.trim();
  if (comment === '') throw new HaidangError('HD_BAD_REQUEST', 'The comment is empty.');
  draft.set({ comments: [...draft.record.comments, { ...draft.head(), text: comment }] });
  draft.note({ act: 'comment' });
}

function addTask(draft: Draft, { title, assignee, due }: NonNullable<IncidentChanges['addTask']>): void {
  const task = { title: title.trim(), assignee, due: due && isoTime(due), doneAt: null, doneBy: null };
  if (task.title === '') throw new HaidangError('HD_BAD_REQUEST', 'A task needs a title.');
  draft.set({ tasks: [...draft.record.tasks, { ...draft.head(), ...task }] });
  draft.note({ act: 'task', to: task.title });
}

function changeTask(draft: Draft, change: NonNullable<IncidentChanges['task']>, { by, at }: Actor): void {
  const before = take(draft.record.tasks, change.id, 'task');
  const wasDone = before.doneAt !== null;
  const done = change.done ?? wasDone;
  const after = {
    ...before,
    title: change.title?.trim() || before.title,
    assignee: change.assignee === undefined ? before.assignee : change.assignee,
    due: change.due === undefined ? before.due : change.due && isoTime(change.due),
    doneAt: done ? (before.doneAt ?? at) : null,
    doneBy: done ? (before.doneBy ?? by) : null,
  };
  draft.set({ tasks: draft.record.tasks.map((task) => (task.id === change.id ? after : task)) });
  if (done !== wasDone) draft.note({ act: done ? 'task-done' : 'task-open', to: after.title });
  else draft.note({ act: 'task-changed', from: before.title, to: after.title });
}

function addAlerts(draft: Draft, alerts: Gathered['alerts']): void {
  const known = new Set(draft.record.alerts.map(({ id }) => id));
  for (const { id, title, agencies, techniques, observables } of alerts) {
    if (known.has(id)) continue;
    known.add(id);
    draft.set({ alerts: [...draft.record.alerts, { ...draft.head(), id, title, agencies }] });
    draft.note({ act: 'alert', to: id, note: title });
    draft.wait({ kind: 'link', alert: id });
    addTechniques(draft, techniques.slice(0, Math.max(0, MOST.techniques - draft.record.techniques.length)), true);
    addIndicators(draft, observables, id);
  }
}

function removeAlert(draft: Draft, id: string): void {
  const gone = take(draft.record.alerts, id, 'alert');
  if (gone.via)
    throw new HaidangError('HD_BAD_REQUEST', 'This alert came with a merged incident; part that one first.');
  draft.set({ alerts: without(draft.record.alerts, gone) });
  draft.note({ act: 'alert-removed', from: id, note: gone.title });
  draft.wait({ kind: 'unlink', alert: id });
}

function addIndicators(draft: Draft, observables: readonly Observable[], alert: string | null): void {
  const known = new Set(draft.record.indicators.map(({ type, value }) => `${type} ${value}`));
  for (const { type, value } of observables) {
    // Of more than an incident holds the first ones stay: alerts must become an incident whatever an attacker put in them.
    const full = alert !== null && draft.record.indicators.length >= MOST.indicators;
    if (full || known.has(`${type} ${value}`)) continue;
    known.add(`${type} ${value}`);
    draft.set({ indicators: [...draft.record.indicators, { ...draft.head(), type, value, alert }] });
    if (alert === null) draft.note({ act: 'indicator', to: value });
  }
}

function addTechniques(draft: Draft, techniques: readonly string[], found = false): void {
  const known = new Set(draft.record.techniques.map(({ technique }) => technique));
  for (const technique of techniques) {
    if (known.has(technique)) continue;
    known.add(technique);
    draft.set({ techniques: [...draft.record.techniques, { ...draft.head(), technique }] });
    if (!found) draft.note({ act: 'technique', to: technique });
  }
}

function addEvidence(draft: Draft, piece: Gathered['evidence'][number]): void {
  const head = draft.head();
  const evidence = withCustody(
    { ...head, ...piece, custody: [] },
    { at: head.at, by: head.by, act: 'added', note: piece.note },
  );
  draft.set({ evidence: [...draft.record.evidence, evidence] });
  draft.note({ act: 'evidence', to: piece.name, note: piece.sha256 });
}

function handOver(draft: Draft, { evidence, note }: NonNullable<IncidentChanges['handOver']>, { at, by }: Actor): void {
  const before = take(draft.record.evidence, evidence, 'evidence');
  const after = withCustody(before, { at, by, act: 'handed', note: note.trim() });
  draft.set({ evidence: draft.record.evidence.map((one) => (one.id === evidence ? after : one)) });
  draft.note({ act: 'custody', to: before.name, note });
}

/** @throws HaidangError `HD_NOT_FOUND` */
export function take<T extends Item>(items: readonly T[], id: string, what: string): T {
  const found = items.find((one) => one.id === id);
  if (found) return found;
  throw new HaidangError('HD_NOT_FOUND', `This incident has no such ${what}.`);
}

function without<T extends Item>(items: readonly T[], gone: T): readonly T[] {
  return items.filter((one) => one !== gone);
}

function isoTime(text: string): string {
  return new Date(text).toISOString();
}

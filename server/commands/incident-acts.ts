import { open, readFile, rm } from 'node:fs/promises';
import { basename } from 'node:path';
import type { IncidentChanges, IncidentDetail, IncidentSet, NewIncident } from '../incidents/schema.ts';
import { readNumber, UsageError, type ValuesOf } from './arguments.ts';
import type { Connection } from './connection.ts';
import { needed } from './due.ts';

/** What the acts on incidents take; the lists and `show` have their own. */
export const ACT_OPTIONS = {
  title: { type: 'string' },
  summary: { type: 'string' },
  severity: { type: 'string' },
  class: { type: 'string' },
  tlp: { type: 'string' },
  owner: { type: 'string' },
  detected: { type: 'string' },
  outcome: { type: 'string' },
  'close-alerts': { type: 'boolean' },
  note: { type: 'string' },
  text: { type: 'string' },
  due: { type: 'string' },
  done: { type: 'boolean' },
  open: { type: 'boolean' },
  alert: { type: 'string', multiple: true },
  agency: { type: 'string', multiple: true },
  event: { type: 'string', multiple: true },
  indicator: { type: 'string' },
  technique: { type: 'string' },
  system: { type: 'string' },
  level: { type: 'string' },
  file: { type: 'string' },
  to: { type: 'string' },
  'hand-over': { type: 'boolean' },
  'if-version': { type: 'string' },
} as const;
const STATUS = { status: { type: 'string' } } as const;
type Options = typeof ACT_OPTIONS & typeof STATUS;
type ActValues = ValuesOf<Options>;
/** Does it, and gives the incident as it is then; nothing where bytes were written to a file. */
export type IncidentAct = (connection: Connection) => Promise<IncidentDetail | undefined>;

const pathOf = (id: string, ...more: readonly string[]): string =>
  ['/api/v1/incidents', id, ...more].map((part, at) => (at === 0 ? part : encodeURIComponent(part))).join('/');
const read = (connection: Connection, id: string) => connection.ask<IncidentDetail>('GET', pathOf(id));

/** The act that a command line names; undefined where it names none. @throws UsageError */
export function readIncidentAct(
  [act, id, item, ...more]: readonly string[],
  values: ActValues,
): IncidentAct | undefined {
  if (more.length > 0) return undefined;
  if (act === 'make') return id === undefined ? make(values) : undefined;
  if (id === undefined) return undefined;
  if (act === 'evidence') return evidence(id, item, values);
  if (act === 'merge' || act === 'part') return item === undefined ? undefined : joinOrPart(act, id, item);
  if (act === 'task') return change(id, values, () => taskChange(item, values));
  if (item !== undefined) return undefined;
  if (act === 'set') return change(id, values, () => ({ set: setOf(values) }));
  if (act === 'comment') return change(id, values, () => ({ comment: needed('text', values.text) }));
  if (act === 'add') return change(id, values, () => addition(values));
  return act === 'remove' ? change(id, values, (detail) => removal(detail, values)) : undefined;
}

function make(values: ActValues): IncidentAct {
  const { title, summary, severity, tlp, owner, detected, alert = [], agency = [] } = values;
  if (title === undefined && alert.length === 0) throw new UsageError('--title or --alert is missing.');
  const body = {
    alerts: alert,
    ...given({ title, summary, severity, tlp, owner, rsit: values.class }),
    ...(agency.length === 0 ? {} : { agencies: agency }),
    ...(detected === undefined ? {} : { detectedAt: moment('detected', detected) }),
  };
  return (connection) => connection.ask('POST', '/api/v1/incidents', body as NewIncident);
}

/** One act upon the version that is there, or the one that the caller saw. */
function change(id: string, values: ActValues, make: (detail: IncidentDetail) => IncidentChanges): IncidentAct {
  const wanted = values['if-version'];
  const seen = wanted === undefined ? undefined : readNumber('if-version', wanted, 1, 999_999_999);
  return async (connection) => {
    const detail = await read(connection, id);
    const changes = make(detail);
    // What only adds conflicts with nothing, unless the caller wants it to.
    const isDecision = Object.keys(changes).some((key) => key === 'set' || key === 'task' || key.startsWith('remove'));
    const version = seen ?? (isDecision ? detail.incident.version : undefined);
    const path = pathOf(id, 'changes');
    return connection.ask('POST', path, { ...changes, ...(version === undefined ? {} : { version }) });
  };
}

function setOf(values: ActValues): IncidentSet {
  const { title, summary, severity, tlp, status, outcome, note, owner, detected } = values;
  const set = {
    ...given({ title, summary, severity, tlp, status, outcome, note }),
    ...(owner === undefined ? {} : { owner: owner === 'none' ? null : owner }),
    ...(values.class === undefined ? {} : { rsit: values.class === 'none' ? null : values.class }),
    ...(detected === undefined ? {} : { detectedAt: moment('detected', detected) }),
    ...(values['close-alerts'] ? { closeAlerts: true } : {}),
  };
  if (Object.keys(set).length === 0) throw new UsageError('"haidang incident set" needs something to set.');
  // The API says by name what it does not know.
  return set as IncidentSet;
}

function taskChange(id: string | undefined, { title, owner, due, done, open }: ActValues): IncidentChanges {
  const at = due === undefined ? undefined : due === 'none' ? null : moment('due', due);
  const person = owner === undefined ? undefined : owner === 'none' ? null : owner;
  if (id === undefined)
    return { addTask: { title: needed('title', title), assignee: person ?? null, due: at ?? null } };
  if (done && open) throw new UsageError('a task is either --done or --open.');
  const task = {
    id,
    ...given({ title }),
    ...(at === undefined ? {} : { due: at }),
    ...(person === undefined ? {} : { assignee: person }),
    ...(done || open ? { done: done === true } : {}),
  };
  return { task };
}

function addition({ alert = [], indicator, technique, system, level, agency = [] }: ActValues): IncidentChanges {
  const changes: IncidentChanges = {
    ...(alert.length === 0 ? {} : { addAlerts: alert }),
    ...(indicator === undefined ? {} : { addIndicator: indicator }),
    ...(technique === undefined ? {} : { addTechnique: technique }),
    ...(system === undefined
      ? {}
      : { addSystem: { name: system, agency: agency[0] ?? null, level: readNumber('level', level, 3, 5) } }),
  };
  if (Object.keys(changes).length > 0) return changes;
  throw new UsageError('say what to add: --alert, --indicator, --technique or --system.');
}

/** What is taken out, by its id or by what it says. */
function removal(detail: IncidentDetail, { alert = [], indicator, technique, system }: ActValues): IncidentChanges {
  const find = <T extends { readonly id: string }>(items: readonly T[], wanted: string, texts: (one: T) => string[]) =>
    items.find((one) => one.id === wanted || texts(one).includes(wanted))?.id ?? wanted;
  if (alert.length > 1) throw new UsageError('one alert is taken out at a time.');
  const changes: IncidentChanges = {
    ...(alert[0] === undefined ? {} : { removeAlert: alert[0] }),
    ...(indicator === undefined
      ? {}
      : { removeIndicator: find(detail.indicators, indicator, (one) => [one.value, one.defanged]) }),
    ...(technique === undefined
      ? {}
      : { removeTechnique: find(detail.techniques, technique, (one) => [one.technique]) }),
    ...(system === undefined ? {} : { removeSystem: find(detail.systems, system, (one) => [one.name]) }),
  };
  if (Object.keys(changes).length > 0) return changes;
  throw new UsageError('say what to take out: --alert, --indicator, --technique or --system.');
}

function evidence(id: string, piece: string | undefined, values: ActValues): IncidentAct | undefined {
  const { file, event = [], note, to } = values;
  if (piece === undefined) {
    if (event.length > 0) return change(id, values, () => ({ snapshot: { events: event, note: note ?? '' } }));
    if (file === undefined) return undefined;
    return async (connection) => {
      const search = new URLSearchParams({ name: basename(file).slice(0, 255), ...given({ note }) });
      return connection.sendFile(`${pathOf(id, 'evidence')}?${search}`, await readFile(file));
    };
  }
  if (values['hand-over'])
    return change(id, values, () => ({ handOver: { evidence: piece, note: needed('note', note) } }));
  if (to === undefined) return undefined;
  return async (connection) => {
    // Never over what is there, and seen before the reading is written down: evidence is compared with what somebody else has.
    const target = await open(to, 'wx', 0o600);
    try {
      await target.writeFile(await connection.file(pathOf(id, 'evidence', piece)));
    } catch (error) {
      await rm(to, { force: true });
      throw error;
    } finally {
      await target.close();
    }
    return undefined;
  };
}

function joinOrPart(act: 'merge' | 'part', id: string, from: string): IncidentAct {
  return async (connection) => {
    const [{ incident }, other] = [await read(connection, id), await read(connection, from)];
    const body = { version: incident.version, from };
    const versions = act === 'merge' ? { ...body, fromVersion: other.incident.version } : body;
    return connection.ask('POST', pathOf(id, act), versions);
  };
}

/** The options that were given. */
function given(options: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(options).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}

function moment(name: string, text: string): string {
  const at = Date.parse(text);
  if (Number.isFinite(at)) return new Date(at).toISOString();
  throw new UsageError(`--${name} takes a time such as 2026-11-23T08:15:00+07:00.`);
}

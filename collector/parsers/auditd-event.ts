import { posix } from 'node:path';
import type { EcsEvent } from '../../ecs/event.ts';
import type { Draft, Endpoint } from './draft.ts';
import { finish, relate } from './draft.ts';
import { isObject, type JsonObject, objectAt } from './json-object.ts';
import { put } from './put.ts';

/** System calls of x86-64 that tell what an event is about, where auditd has not written their names. */
const CALLS: Readonly<Record<string, string>> = {
  42: 'connect',
  43: 'accept',
  44: 'sendto',
  49: 'bind',
  59: 'execve',
  288: 'accept4',
  322: 'execveat',
};
const X86_64 = /^(?:c000003e|x86_64)$/;
/** The record that says what an event is about, best first. */
const LEADING = ['AVC', 'APPARMOR_DENIED', 'SELINUX_ERR', 'SYSCALL', 'SECCOMP'];
/** Fields of one record that the others must not fill in: they are read from the list of files below. */
const OWN = new Set(['@timestamp', 'event', 'message', 'auditd', 'file', 'related']);
const MOST_FILES = 16;

/** What a record says of itself under `auditd.log`. */
function logOf(event: EcsEvent): JsonObject {
  return objectAt((event['auditd'] ?? {}) as JsonObject, 'log') ?? {};
}

function typeOf(event: EcsEvent): string {
  return String(logOf(event)['record_type'] ?? '');
}

function fill(into: JsonObject, from: JsonObject, skip?: ReadonlySet<string>): void {
  for (const key of Object.keys(from)) {
    if (skip?.has(key)) continue;
    const value = from[key];
    const there = into[key];
    if (there === undefined) into[key] = value;
    else if (isObject(there) && isObject(value)) fill(there, value);
  }
}

/** The system call's name: as auditd wrote it, else one of those known by number. */
function callOf(event: EcsEvent | undefined): string | undefined {
  if (!event) return undefined;
  const log = logOf(event);
  const name = log['SYSCALL'];
  if (typeof name === 'string') return name;
  const number = String(log['syscall'] ?? '');
  if (/^[a-z]/.test(number)) return number;
  return X86_64.test(String(log['arch'] ?? log['ARCH'] ?? '')) ? CALLS[number] : undefined;
}

/** The file an event is about: what was made or deleted, else the last that is no folder on the way. */
function setFile(event: EcsEvent, paths: readonly EcsEvent[], folder: string | undefined): string | undefined {
  const kindOf = (path: EcsEvent) => String(logOf(path)['nametype'] ?? '');
  const targets = paths.filter((path) => kindOf(path) !== 'PARENT');
  const chosen = targets.findLast((path) => /^(?:CREATE|DELETE)$/.test(kindOf(path))) ?? targets.at(0);
  const file = chosen && objectAt(chosen as JsonObject, 'file');
  if (!chosen || !file) return undefined;
  const made = { ...file };
  if (typeof made['name'] === 'string' && made['path'] === undefined && folder?.startsWith('/')) {
    made['path'] = posix.join(folder, made['name']);
    delete made['name'];
  }
  event['file'] = made;
  return kindOf(chosen);
}

function classifyCall(event: EcsEvent, call: string | undefined, socket: JsonObject | undefined, file?: string): void {
  const set = (category: string, type: string[]) => {
    event.event.category = [category];
    event.event.type = type;
  };
  if (call !== undefined) event.event.action = call;
  if (call === 'execve' || call === 'execveat') set('process', ['start']);
  else if (socket && /^(?:connect|accept4?)$/.test(call ?? '')) set('network', ['connection', 'start']);
  else if (socket) set('network', ['info']);
  else if (file === 'CREATE') set('file', ['creation']);
  else if (file === 'DELETE') set('file', ['deletion']);
  else if (file !== undefined) set('file', ['info']);
}

/**
 * Makes one event of the records that share an audit id: the system call says who did it and how it ended, `CWD`,
 * `EXECVE`, `PATH`, `SOCKADDR` and `PROCTITLE` what was done to what. Every file stands under `auditd.log.paths`, the one
 * the event is about under `file`. `original` is the records as they came, a line each.
 */
export function joinRecords(records: readonly EcsEvent[], original: string): EcsEvent | undefined {
  const of = (type: string) => records.find((record) => typeOf(record) === type);
  const lead = LEADING.map(of).find((found) => found !== undefined) ?? records[0];
  if (!lead) return undefined;
  const call = of('SYSCALL');
  const paths = records.filter((record) => typeOf(record) === 'PATH');
  const order = [lead, call, of('EXECVE'), of('CWD'), ...records].filter((each) => each !== undefined);
  const event: EcsEvent = { '@timestamp': lead['@timestamp'], event: { ...lead.event, original } };
  if (call?.event.outcome !== undefined) event.event.outcome ??= call.event.outcome;
  for (const record of order) {
    // Arguments of the program that was started come before those in its title, which the kernel cuts off.
    fill(event as JsonObject, structuredClone(record) as JsonObject, OWN);
  }
  const folder = objectAt(event as JsonObject, 'process')?.['working_directory'];
  const kind = setFile(event, paths, typeof folder === 'string' ? folder : undefined);
  if (!event['file'] && lead['file']) event['file'] = lead['file'];
  const socket = records.map((record) => objectAt(logOf(record), 'socket')).find((found) => found !== undefined);
  const name = callOf(call);
  if (lead === call) classifyCall(event, name, socket, kind);
  const side = /^(?:connect|sendto)$/.test(name ?? '') ? 'destination' : /^accept4?$/.test(name ?? '') ? 'source' : '';
  if (socket?.['address'] !== undefined) {
    const end: Endpoint = { ip: String(socket['address']), port: Number(socket['port']) };
    if (side !== '') put(event, side, end);
    else
      for (const record of records)
        for (const ip of (record as Draft).related?.ip ?? []) relate(event as Draft, 'ip', ip);
  }
  // A list, so that a rule for one type of record finds it in the event that the record is part of.
  const log: JsonObject = { ...logOf(lead), record_type: [...new Set(records.map(typeOf))] };
  if (call && call !== lead) fill(log, logOf(call));
  if (socket) log['socket'] = socket;
  if (paths.length > 0) log['paths'] = paths.slice(0, MOST_FILES).map(pathOf);
  event['auditd'] = { log };
  return finish(event as Draft);
}

function pathOf(record: EcsEvent): JsonObject {
  const { path, name, inode, mode } = objectAt(record as JsonObject, 'file') ?? {};
  const { nametype } = logOf(record);
  return Object.fromEntries(
    Object.entries({ name: path ?? name, inode, mode, nametype }).filter(([, value]) => value !== undefined),
  );
}

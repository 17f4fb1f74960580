import { createPrivateKey, X509Certificate } from 'node:crypto';
import { lookup } from 'node:dns/promises';
import { accessSync, constants, existsSync, globSync, readFileSync, statSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { isIP } from 'node:net';
import { dirname } from 'node:path';
import { type CollectorConfig, readConfig } from '../config.ts';
import { readAddressTable } from '../enrichers/address-file.ts';
import { askOnce, bare, DialError, openSocket, openTls } from '../enrol/dial.ts';
import { machineHash, machineHeader } from '../enrol/machine.ts';
import { reasonOf, systemCode } from '../errors.ts';
import type { InputConfig } from '../input-config.ts';
import { isCompressed } from '../inputs/file-position.ts';
import { LINUX, type LogPlaces } from '../inputs/index.ts';
import { lockHolder } from '../spool/lock.ts';
import type { CheckName, Fault } from '../text/doctor.ts';
import { listensOn } from './holder.ts';
import { type InputPort, portOf, tryPort } from './ports.ts';
import { type Rights, rightsHere, unitIsInstalled } from './service.ts';

/** What one look found. */
export interface Finding {
  readonly check: CheckName;
  /** Which input. */
  readonly name?: string;
  readonly state: 'ok' | 'bad' | 'note';
  readonly fault?: Fault;
  /** In the system's own words. */
  readonly detail: string;
}

/** What the doctor asks the machine for, so that a test can make it ill. */
export interface Surroundings {
  readonly rights: Rights;
  /** Hash of what tells this machine from others (`machineHash`). */
  readonly machine: string | null;
  /** Milliseconds to wait for each step on the way to the server. */
  readonly within: number;
  /** The package's service is here: a collector that does not run is then wrong, and not only worth a note. */
  readonly isService: boolean;
  /** Where `inputs: auto` looks for logs. */
  readonly places: Pick<LogPlaces, 'system' | 'services'>;
  /** Bytes free on the disk of a folder. */
  freeBytes(folder: string): Promise<number>;
}

const WITHIN_MS = 10_000;
const CLOCK_MS = 30_000;
const DISK_BYTES = 1024 ** 3;
const SPOOL_PERCENT = 80;
const EXPIRES_MS = 7 * 86_400_000;
const MOST_FILES = 200;
/** How many files are named that are well. */
const MOST_NAMED = 8;
const FIRST_FREE_PORT = 1_024;

/** Looks at everything that a collector needs, one after the other; what needs a thing that is missing is left out. */
export async function examine(path: string, given: Partial<Surroundings> = {}): Promise<Finding[]> {
  const around: Surroundings = {
    rights: given.rights ?? rightsHere(),
    machine: given.machine === undefined ? machineHash() : given.machine,
    within: given.within ?? WITHIN_MS,
    places: given.places ?? LINUX,
    isService: given.isService ?? unitIsInstalled(),
    freeBytes: given.freeBytes ?? freeBytes,
  };
  const found: Finding[] = [];
  let config: CollectorConfig;
  try {
    config = readConfig(path);
    found.push({ check: 'config', state: 'ok', detail: path });
  } catch (error) {
    return [{ check: 'config', state: 'bad', fault: faultOfConfig(path), detail: reasonOf(error) }];
  }
  found.push(
    lockHolder(`${config.spool}/lock`) !== undefined
      ? { check: 'running', state: 'ok', detail: '' }
      : { check: 'running', state: around.isService ? 'bad' : 'note', fault: 'stopped', detail: '' },
  );
  for (const [place, server] of config.servers.entries()) {
    const looked = await lookAtServer({ ...config, server }, around);
    // Each of several by its name; the certificate of this machine is one for all.
    for (const one of looked) {
      if (one.check !== 'certificate') found.push(config.servers.length > 1 ? { ...one, name: server.host } : one);
      else if (place === 0) found.push(one);
    }
  }
  found.push(...(await lookAtDisk(config, around)));
  found.push(...(await lookAtTables(config)));
  if (config.inputs === 'auto') {
    found.push(
      ...(await lookAtAuto(around)),
      ...(await lookAtPorts('syslog', { host: '127.0.0.1', port: config.syslogPort, isUdp: false }, config, around)),
    );
  } else for (const input of config.inputs) found.push(...(await lookAtInput(input, config, around)));
  return found;
}

/** Why a configuration cannot be read: most often nobody has enrolled yet, or somebody who is not root asks. */
function faultOfConfig(path: string): Fault {
  try {
    accessSync(path, constants.R_OK);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return 'not_enrolled';
    if (systemCode(error) === 'EACCES') return 'not_allowed';
  }
  return 'config';
}

async function lookAtServer(config: CollectorConfig, { machine, within }: Surroundings): Promise<Finding[]> {
  const found: Finding[] = [];
  const { server, proxy, proxyCa } = config;
  const host = bare(server);
  const add = (
    check: CheckName,
    fault: Fault | undefined,
    detail: string,
    state: Finding['state'] = fault ? 'bad' : 'ok',
  ) => found.push({ check, state, ...(fault ? { fault } : {}), detail });
  const identity = lookAtIdentity(config, add);
  if (!proxy && isIP(host) === 0) {
    try {
      add('dns', undefined, (await lookup(host)).address);
    } catch (error) {
      add('dns', 'dns', `${host}: ${reasonOf(error)}`);
      return found;
    }
  }
  try {
    (await openSocket({ server, proxy, proxyCa, within })).destroy();
    add('tcp', undefined, server.host);
  } catch (error) {
    add(
      'tcp',
      error instanceof DialError && error.step === 'proxy' ? 'proxy' : 'tcp',
      `${server.host}: ${reasonOf(error)}`,
    );
    return found;
  }
  const ca = readFileSync(config.ca, 'utf8');
  try {
    const tls = await openTls({ server, proxy, proxyCa, within }, { ca, ...identity, verify: true });
    add('tls', undefined, tls.getPeerX509Certificate()?.fingerprint256 ?? '');
    const askedAt = Date.now();
    const { status, body } = await askOnce(tls, server, 'GET', '/v1/clock', undefined, within, machineHeader(machine));
    const answeredAt = Date.now();
    lookAtAnswer(status, body, (askedAt + answeredAt) / 2, add);
  } catch (error) {
    const code = error instanceof DialError ? error.code : '';
    const wrongAuthority = /SELF_SIGNED|UNABLE_TO_(VERIFY|GET_ISSUER)|SIGNATURE/.test(code);
    if (error instanceof DialError)
      add('tls', code.includes('ALTNAME') ? 'name' : wrongAuthority ? 'authority' : 'tls', reasonOf(error));
    else add('server', 'answer', reasonOf(error));
  }
  return found;
}

type Add = (check: CheckName, fault: Fault | undefined, detail: string, state?: Finding['state']) => void;

function lookAtIdentity(config: CollectorConfig, add: Add): { readonly cert?: string; readonly key?: string } {
  try {
    const [cert, key] = [readFileSync(config.certificate, 'utf8'), readFileSync(config.key, 'utf8')];
    const certificate = new X509Certificate(cert);
    if (!certificate.checkPrivateKey(createPrivateKey(key))) throw new Error('the key is of another certificate');
    const ends = certificate.validToDate.getTime();
    const now = Date.now();
    const until = certificate.validToDate.toISOString();
    if (ends <= now) add('certificate', 'expired', until);
    else if (certificate.validFromDate.getTime() > now)
      add('certificate', 'not_yet', certificate.validFromDate.toISOString());
    else if (ends - now < EXPIRES_MS) add('certificate', 'expires', until, 'note');
    else add('certificate', undefined, until);
    return { cert, key };
  } catch (error) {
    add('certificate', 'identity', `${config.certificate}: ${reasonOf(error)}`);
    return {};
  }
}

function lookAtAnswer(status: number, body: string, at: number, add: Add): void {
  const text = body.slice(0, 300);
  if (status === 401 || status === 403) {
    add('server', text.includes('COPIED') ? 'copied' : 'refused', text);
    return;
  }
  let time = Number.NaN;
  try {
    time = Date.parse(String((JSON.parse(body) as { now?: unknown }).now));
  } catch {
    // Told below.
  }
  if (status !== 200 || Number.isNaN(time)) {
    add('server', 'answer', `HTTP ${status} ${text}`);
    return;
  }
  add('server', undefined, `HTTP ${status}`);
  const offset = Math.round(time - at);
  add('clock', Math.abs(offset) >= CLOCK_MS ? 'clock' : undefined, `${offset / 1000} s`);
}

async function lookAtDisk(config: CollectorConfig, around: Surroundings): Promise<Finding[]> {
  const found: Finding[] = [];
  const folder = existsSync(config.spool) ? config.spool : dirname(config.spool);
  try {
    accessSync(folder, constants.W_OK | constants.X_OK);
    const free = await around.freeBytes(folder);
    const used = globSync('**/*', { cwd: config.spool })
      .slice(0, 100_000)
      .reduce((sum, name) => sum + sizeOf(`${config.spool}/${name}`), 0);
    const max = config.spoolMax ?? Math.min(10 * 1024 ** 3, (free + used) / 5);
    const mib = (bytes: number) => `${Math.round(bytes / 1024 ** 2)} MiB`;
    found.push({ check: 'disk', ...verdict(free < DISK_BYTES, 'disk'), detail: `${folder}: ${mib(free)}` });
    found.push({
      check: 'spool',
      ...verdict((100 * used) / max >= SPOOL_PERCENT, 'spool_full'),
      detail: `${mib(used)} / ${mib(max)}`,
    });
  } catch (error) {
    found.push({ check: 'spool', state: 'bad', fault: 'spool', detail: `${folder}: ${reasonOf(error)}` });
  }
  return found;
}

async function freeBytes(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize;
}

/** The files of addresses, where any is configured. */
async function lookAtTables({ geo }: CollectorConfig): Promise<Finding[]> {
  const found: Finding[] = [];
  for (const path of [geo.country, geo.as]) {
    if (path === undefined) continue;
    try {
      const table = await readAddressTable(path);
      found.push({ check: 'geo', name: path, state: 'ok', detail: table?.kind ?? '' });
    } catch (error) {
      found.push({ check: 'geo', name: path, state: 'bad', fault: 'geo', detail: reasonOf(error) });
    }
  }
  return found;
}

function verdict(isBad: boolean, fault: Fault): Pick<Finding, 'state' | 'fault'> {
  return isBad ? { state: 'bad', fault } : { state: 'ok' };
}

function sizeOf(path: string): number {
  try {
    const stat = statSync(path);
    return stat.isFile() ? stat.size : 0;
  } catch {
    return 0;
  }
}

async function lookAtInput(input: InputConfig, config: CollectorConfig, around: Surroundings): Promise<Finding[]> {
  if (input.type === 'file') return input.paths.map((path) => lookAtPath(path, around.rights));
  if (input.type === 'journald') {
    const isReadable = await around.rights.readsJournal();
    return [{ check: 'input', name: 'journald', ...verdict(!isReadable, 'journal'), detail: 'journald' }];
  }
  const port = portOf(input);
  if (!port) return [{ check: 'input', name: input.type, state: 'ok', detail: '' }];
  if (input.type === 'syslog' && input.udp && input.tcp) return lookAtPorts(input.type, port, config, around);
  return [await lookAtPort(input.type, port, config, around)];
}

/** A port that is listened on by TCP and UDP: where both are well, or ill alike, it is told once. */
async function lookAtPorts(type: string, port: InputPort, config: CollectorConfig, around: Surroundings) {
  const tcp = await lookAtPort(type, port, config, around);
  const udp = await lookAtPort(type, { ...port, isUdp: true }, config, around);
  if (udp.state === 'ok' || udp.fault === tcp.fault) return [tcp];
  const named = { ...udp, name: `${udp.name}/udp` };
  return tcp.state === 'ok' ? [named] : [tcp, named];
}

/** What `inputs: auto` finds to read; logs that only others may read are worth a note, nothing at all is wrong. */
async function lookAtAuto({ rights, places }: Surroundings): Promise<Finding[]> {
  const found: string[] = [];
  const notes: Finding[] = [];
  const hasJournal = await rights.readsJournal();
  if (hasJournal) found.push('journald');
  for (const pattern of hasJournal ? places.services : [...places.system, ...places.services]) {
    for (const file of globSync(pattern).slice(0, MOST_FILES)) {
      if (isCompressed(file)) continue;
      const unreadable = rights.unreadable([file]);
      if (unreadable) notes.push({ check: 'input', name: file, state: 'note', ...unreadable });
      else found.push(file);
    }
  }
  if (found.length === 0) notes.unshift({ check: 'inputs', state: 'bad', fault: 'no_logs', detail: 'auto' });
  else notes.unshift({ check: 'inputs', state: 'ok', detail: `auto: ${found.slice(0, MOST_NAMED).join(', ')}` });
  return notes;
}

function lookAtPath(path: string, rights: Rights): Finding {
  const files = globSync(path).slice(0, MOST_FILES);
  if (files.length === 0) return { check: 'input', name: path, state: 'note', fault: 'absent', detail: path };
  const unreadable = rights.unreadable(files);
  if (unreadable) return { check: 'input', name: path, state: 'bad', ...unreadable };
  return { check: 'input', name: path, state: 'ok', detail: String(files.length) };
}

/** Whether a port can be had; that this collector runs and has it itself is no fault. */
async function lookAtPort(
  type: string,
  port: InputPort,
  config: CollectorConfig,
  { rights }: Surroundings,
): Promise<Finding> {
  const name = `${type} ${port.host}:${port.port}`;
  if (port.port > 0 && port.port < FIRST_FREE_PORT && !rights.lowPorts)
    return { check: 'input', name, state: 'bad', fault: 'low_port', detail: '' };
  try {
    await tryPort(port);
    return { check: 'input', name, state: 'ok', detail: '' };
  } catch (error) {
    const pid = lockHolder(`${config.spool}/lock`);
    // Where nobody can tell whose it is, it is the collector's that runs.
    const isOwn = systemCode(error) === 'EADDRINUSE' && pid !== undefined && listensOn(pid, port) !== false;
    if (isOwn) return { check: 'input', name, state: 'ok', detail: 'in use by the running collector' };
    return { check: 'input', name, state: 'bad', fault: 'port', detail: reasonOf(error) };
  }
}

import type { EcsEvent } from '../../ecs/event.ts';
import type { ParseContext, Parser } from '../record.ts';
import { readCsv } from './csv.ts';
import { DeviceFields, sumDirections, takeFields, userOfSource } from './device-fields.ts';
import type { Draft } from './draft.ts';
import { classify, finish, newDraft } from './draft.ts';
import { COMMON_ROWS, LAYOUTS } from './paloalto-fields.ts';
import { countOf, put } from './put.ts';
import { isoTimeAt } from './time.ts';
import { setUrl } from './url.ts';
import { classifyVerdict } from './verdict.ts';

const START =
  /^\d{0,12},(\d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d|\d{4}-\d\d-\d\dT[\d:.+-]{8,24}Z?),[\w-]{0,32},(TRAFFIC|THREAT|SYSTEM|CONFIG|GLOBALPROTECT|USERID|AUTHENTICATION|DECRYPTION|HIPMATCH|HIP-MATCH|IPTAG|CORRELATION|TUNNEL|START|END),/;
const START_WITHIN = /(?:^|[\s>:])(?=\d{0,12},\d{4}[/-]\d\d[/-]\d\d[ T][\d:.+-]{8,20}Z?,[\w-]{0,32},[A-Z-]{3,16},)/;
const MAX_PALOALTO = 65_536;
const SUBTYPES: Readonly<Record<string, readonly string[]>> = {
  url: ['network', 'web'],
  virus: ['network', 'malware'],
  'wildfire-virus': ['network', 'malware'],
  'ml-virus': ['network', 'malware'],
  wildfire: ['network', 'malware'],
  spyware: ['network', 'intrusion_detection'],
  vulnerability: ['network', 'intrusion_detection'],
  flood: ['network', 'intrusion_detection'],
  scan: ['network', 'intrusion_detection'],
  packet: ['network', 'intrusion_detection'],
  file: ['network', 'file'],
  data: ['network', 'file'],
};

/** `2026/11/22 08:01:02` in the collector's zone, or the high resolution form with its own. */
function timeOf(text: string | undefined, context: ParseContext): number | undefined {
  return text === undefined ? undefined : isoTimeAt(text.replaceAll('/', '-'), 0, context.timeZone)?.ms;
}

/** Splits `domain\name` and `name@domain`-less names; the device writes them in lower case. */
function splitUser(user: { name?: string; domain?: string } | undefined): void {
  const slash = user?.name?.lastIndexOf('\\') ?? -1;
  if (!user?.name || slash < 0) return;
  const domain = user.name.slice(0, slash).replace(/\\+$/, '');
  user.name = user.name.slice(slash + 1);
  if (domain !== '') user.domain = domain;
}

const PRECISE = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}(?:Z|[+-]\d\d:\d\d)$/;
const DAY = 86_400_000;

/** The high resolution time, which names its zone and stands elsewhere in every version: the last such near the other. */
function preciseTime(values: readonly string[], generated: number | undefined): number | undefined {
  if (generated === undefined) return undefined;
  for (let at = values.length - 1; at > 20; at--) {
    if (!PRECISE.test(values[at] as string)) continue;
    const ms = isoTimeAt(values[at] as string, 0, 'UTC')?.ms;
    // The same minute and second, whatever zone the other is in.
    const apart = ms === undefined ? Number.NaN : Math.abs(Math.floor(ms / 1000) * 1000 - generated);
    if (apart <= DAY && apart % 900_000 === 0) return ms;
  }
  return undefined;
}

function readTraffic(draft: Draft, fields: DeviceFields, subtype: string): void {
  const seconds = countOf(fields.take('elapsed'));
  if (seconds !== undefined) put(draft, 'event.duration', seconds * 1_000_000_000);
  const phase = subtype === 'start' ? ['start'] : subtype === 'end' ? ['end'] : [];
  classifyVerdict(draft, ['network'], ['connection', ...phase], fields.take('action'));
}

/** `Name(12345)`: what matched and its number. */
function readThreat(draft: Draft, fields: DeviceFields, subtype: string): void {
  const threat = /^(.{0,512}?)\((\d{1,12})\)$/.exec(fields.peek('threatid') ?? '');
  const policy = fields.peek('rule');
  const target = fields.take('misc');
  if (subtype === 'url') {
    if (target !== undefined) setUrl(draft, /^[a-z]{2,10}:\/\//.test(target) ? target : `http://${target}`);
    if (draft.url && target !== undefined && !/^[a-z]{2,10}:\/\//.test(target)) {
      // The device leaves the scheme away.
      draft.url.original = target;
      delete draft.url.scheme;
    }
    put(draft, 'rule.name', fields.take('rule'));
    put(draft, 'rule.category', fields.take('category'));
  } else {
    // What a lookup asked for stands where others have a file's name.
    const isLookup =
      subtype === 'spyware' && (draft['network'] as { application?: string } | undefined)?.application === 'dns';
    put(draft, isLookup ? 'dns.question.name' : 'file.name', target);
    const name = threat?.[1]?.trim();
    if (threat && name !== undefined && name !== '') {
      put(draft, 'rule.name', name);
      put(draft, 'rule.id', threat[2]);
      put(draft, 'rule.category', subtype);
      fields.take('threatid');
      if (policy !== undefined) put(draft, 'rule.ruleset', fields.take('rule'));
    } else {
      put(draft, 'rule.name', fields.take('rule'));
    }
    if (subtype !== 'file' && subtype !== 'data') draft.event.kind = 'alert';
  }
  const category = Object.hasOwn(SUBTYPES, subtype) ? (SUBTYPES[subtype] as readonly string[]) : ['network'];
  classifyVerdict(draft, category, [], fields.take('action'));
  if (draft.event.type?.length === 0) draft.event.type = ['info'];
}

const FAILED = /fail|invalid|denied|reject|error/i;
const WORKED = /succ|granted|authenticated|connected|\blogged in\b/i;

function outcomeOf(text: string): 'success' | 'failure' | undefined {
  return FAILED.test(text) ? 'failure' : WORKED.test(text) ? 'success' : undefined;
}

/** System events name people and places only in their sentence. */
function readSystem(draft: Draft, fields: DeviceFields, subtype: string): void {
  const words = fields.peek('opaque') ?? '';
  const action = fields.take('eventid');
  const login = subtype === 'auth' || /^auth-|login|logged in/i.test(`${action} ${words}`);
  const user =
    /\buser(?:name)?:? '([^']{1,256})'/i.exec(words)?.[1] ??
    /^User (\S{1,256}) logged (?:in|out)|\bUser name: ([^,]{1,256}),/
      .exec(words)
      ?.slice(1)
      .find((name) => name);
  const from = /\bfrom:? (?:IP )?'?([0-9A-Fa-f.:]{3,45}?)'?[.,]?(?:\s|$)/i.exec(words)?.[1];
  if (user !== undefined) draft.user = { name: user };
  if (from !== undefined) takeFields(draft, new DeviceFields(new Map([['from', from]])), [['from', 'source', 'end']]);
  splitUser(draft.user);
  if (login) classify(draft, ['authentication'], ['info'], action, outcomeOf(`${action} ${words}`));
  else classify(draft, [subtype === 'vpn' || subtype === 'globalprotect' ? 'network' : 'host'], ['info'], action);
  put(draft, 'event.reason', /[Rr]eason:? ([^.]{1,200}?)(?:, Auth type:|\.|$)/.exec(words)?.[1]?.trim());
}

function readConfig(draft: Draft, fields: DeviceFields): void {
  const command = fields.take('cmd');
  const result = fields.take('result');
  const type = command === 'add' ? 'creation' : command === 'delete' ? 'deletion' : 'change';
  const outcome = /^Succeeded$/i.test(result ?? '')
    ? 'success'
    : /^(?:Failed|Unauthorized)$/i.test(result ?? '')
      ? 'failure'
      : undefined;
  classify(draft, ['configuration'], [type], command, outcome);
}

function readPortal(draft: Draft, fields: DeviceFields): void {
  const status = fields.take('status');
  const outcome = status === 'success' ? 'success' : status === 'failure' ? 'failure' : undefined;
  const action = fields.take('eventid');
  const phase = /login|connected|tunnel-start/.test(action ?? '')
    ? 'start'
    : /logout|disconnect|tunnel-end/.test(action ?? '')
      ? 'end'
      : 'info';
  const people = /auth|login|logout/.test(action ?? '');
  classify(
    draft,
    people ? ['authentication', 'network'] : ['network', 'session'],
    people ? ['info'] : [phase],
    action,
    outcome,
  );
}

function readUserId(draft: Draft, subtype: string): void {
  const outcome = subtype === 'login' || subtype === 'logout' ? 'success' : undefined;
  classify(
    draft,
    ['authentication'],
    [subtype === 'login' ? 'start' : subtype === 'logout' ? 'end' : 'info'],
    subtype,
    outcome,
  );
}

function readCorrelation(draft: Draft, fields: DeviceFields): void {
  draft.event.kind = 'alert';
  put(draft, 'rule.name', fields.take('objectname'));
  put(draft, 'rule.id', fields.take('object_id'));
  put(draft, 'rule.category', fields.take('category'));
  classify(draft, ['network', 'intrusion_detection'], ['info']);
}

function classifyByType(draft: Draft, fields: DeviceFields, type: string, subtype: string): void {
  if (/^(?:TRAFFIC|DECRYPTION|TUNNEL|START|END)$/.test(type)) readTraffic(draft, fields, subtype);
  else if (type === 'THREAT') readThreat(draft, fields, subtype);
  else if (type === 'SYSTEM') readSystem(draft, fields, subtype);
  else if (type === 'CONFIG') readConfig(draft, fields);
  else if (type === 'GLOBALPROTECT') readPortal(draft, fields);
  else if (type === 'USERID') readUserId(draft, subtype);
  else if (type === 'CORRELATION') readCorrelation(draft, fields);
  else if (type === 'IPTAG') classify(draft, ['network'], ['info'], fields.take('event'));
  else if (type.startsWith('HIP')) classify(draft, ['host', 'network'], ['info'], 'hip-match');
  else {
    const event = fields.peek('event') ?? '';
    classify(draft, ['authentication'], ['info'], 'authentication', outcomeOf(event));
  }
}

function setObserver(draft: Draft, fields: DeviceFields): void {
  put(draft, 'observer.vendor', 'Palo Alto Networks');
  put(draft, 'observer.product', 'PAN-OS');
  put(draft, 'observer.type', 'firewall');
  const name = fields.take('device_name');
  if (name === undefined) return;
  put(draft, 'observer.name', name);
  draft.host = { name, hostname: name };
}

/** Reads one record of comma-separated fields, whose places its type decides; undefined where the text is none. */
export function readPaloAltoMessage(message: string, context: ParseContext): EcsEvent | undefined {
  const start = message.length > MAX_PALOALTO ? null : START.exec(message);
  const values = start ? readCsv(message) : undefined;
  const names = start ? LAYOUTS[start[2] as string] : undefined;
  if (!start || !values || !names) return undefined;
  const pairs = new Map<string, string>();
  for (const [at, name] of names.entries()) {
    const value = values[at];
    if (name !== '' && value !== undefined && value !== '') pairs.set(name, value);
  }
  const fields = new DeviceFields(pairs);
  const type = fields.take('type') as string;
  const subtype = fields.peek('subtype') ?? '';
  const generated = timeOf(fields.peek('time_generated') ?? fields.peek('receive_time'), context);
  const time = preciseTime(values, generated) ?? generated;
  const draft = newDraft(
    message,
    message,
    `panw.${type.toLowerCase()}`,
    context,
    time ?? timeOf(fields.peek('receive_time'), context),
  );
  for (const name of ['receive_time', 'time_generated']) fields.take(name);
  if (fields.peek('serial') === 'no-serial') fields.take('serial');
  setObserver(draft, fields);
  if (type !== 'THREAT') put(draft, 'rule.name', fields.take('rule'));
  takeFields(draft, fields, COMMON_ROWS);
  sumDirections(draft);
  splitUser(draft.source?.user);
  splitUser(draft.destination?.user);
  splitUser(draft.user);
  userOfSource(draft);
  if (draft.user === undefined && draft.destination?.user) draft.user = { ...draft.destination.user };
  classifyByType(draft, fields, type, subtype);
  put(draft, 'log.level', fields.take('severity'));
  draft.message = fields.take('opaque') ?? fields.take('description') ?? fields.take('evidence') ?? message;
  draft['panw'] = { panos: { type, ...fields.rest() } };
  return finish(draft);
}

/** Says whether a text begins as a PAN-OS record does. */
export function isPaloAltoMessage(message: string): boolean {
  return START.test(message);
}

/** PAN-OS logs in the default comma-separated form, with or without a syslog header. */
export const paloalto: Parser = {
  name: 'paloalto',
  detects: (line) => isPaloAltoMessage(line),
  parse(line, context) {
    const at = START_WITHIN.exec(line.slice(0, 512));
    const event = readPaloAltoMessage(at ? line.slice(at.index + at[0].length) : line, context);
    if (event) event.event.original = line;
    return event;
  },
};

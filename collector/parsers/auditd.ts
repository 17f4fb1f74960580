import type { EcsEvent } from '../../ecs/event.ts';
import { ipv6 } from '../inputs/netflow-values.ts';
import type { ParseContext, Parser } from '../record.ts';
import { joinRecords } from './auditd-event.ts';
import { interpretedHead, interpretedPairs } from './auditd-interpreted.ts';
import { meaningOfRecord, RECORD_NAMES } from './auditd-types.ts';
import type { Draft } from './draft.ts';
import { classify, endpoint, finish, isAddress, newDraft, relate } from './draft.ts';
import { countOf, put } from './put.ts';

const HEAD =
  /^(?:node=(\S{1,255}) )?type=([A-Z][A-Z0-9_]{1,40}|\d{1,5}|UNKNOWN\[\d{1,5}\]) (?:msg=)?audit\((\d{9,11})\.(\d{3}):(\d{1,15})\): ?/;
const JOURNAL =
  /^([A-Z][A-Z0-9_]{2,40}) (?=(?:pid|arch|argc|item|cwd|proctitle|avc|apparmor|op|auid|ver|saddr|prog-id)[=:])/;
const MAX_AUDIT = 65_536;
const MAX_PAIRS = 300;
const MOST_RECORDS = 200;
const UNSET = new Set(['(null)', '(none)', '?', '"?"', '(unknown)', '(invalid)', '4294967295', '-1', 'unset', '']);
/** Fields that users of the machine choose: the kernel writes them in hexadecimal where they hold blanks or quotes. */
const UNTRUSTED =
  /^(?:comm|exe|name|cwd|proctitle|cmd|acct|data|path|key|ocomm|watch|dir|file|vm|grp|new_grp|unit|sw|root_dir|invalid_context)$/;
/** Arguments of a command. Those of a system call have the same names, and are numbers. */
const ARGUMENT = /^a\d{1,3}(?:\[\d{1,3}\])?$/;

const INTERPRETED = /^(?:node=\S{1,255} )?type=\S{3,40} msg=audit\(\d{1,4}[./-]\d{1,2}[./-]\d/;

/** Decodes hexadecimal to UTF-8; undefined where the text is no such thing. */
function unhex(text: string): string | undefined {
  return text.length >= 2 && text.length % 2 === 0 && /^[0-9A-F]+$/.test(text)
    ? Buffer.from(text, 'hex').toString('utf8')
    : undefined;
}

/**
 * Reads `name=value` pairs, values bare, in double quotes, or in single quotes that hold pairs of their own (`msg='…'`).
 * What auditd adds behind the mark 0x1d (names for numbers) is read as well; of a repeated name the first holds.
 */
function pairsOf(text: string, record: string): Map<string, string> {
  const pairs = new Map<string, string>();
  let at = 0;
  while (at < text.length && pairs.size < MAX_PAIRS) {
    while (at < text.length && (text[at] === ' ' || text[at] === '\x1d' || text[at] === "'" || text[at] === ',')) at++;
    const mark = text.indexOf('=', at);
    if (mark < 0) break;
    const space = text.lastIndexOf(' ', mark);
    const start = Math.max(at, space + 1);
    const name = text.slice(start, mark);
    let end: number;
    let value: string;
    const quote = text[mark + 1];
    if (quote === "'") {
      at = mark + 2;
      continue;
    }
    if (quote === '"') {
      const close = text.indexOf('"', mark + 2);
      end = close < 0 ? text.length : close + 1;
      value = text.slice(mark + 2, close < 0 ? undefined : close);
    } else {
      end = mark + 1;
      while (end < text.length && text[end] !== ' ' && text[end] !== "'" && text[end] !== '\x1d') end++;
      // Copies of records often lack the mark 0x1d, which no screen shows: `key=(null)ARCH=x86_64`.
      const glued = /.(?:ARCH|SADDR|[AO]?UID|ID)=/.exec(text.slice(mark + 1, end));
      if (glued) end = mark + 2 + glued.index;
      value = text.slice(mark + 1, end);
      if (UNTRUSTED.test(name) || (record === 'EXECVE' && ARGUMENT.test(name))) value = unhex(value) ?? value;
    }
    // `old auid=700 new auid=701`: what was, and what is.
    const isOld = record === 'LOGIN' && text.startsWith('old ', start - 4);
    if (/^[A-Za-z][\w[\]-]{0,40}$/.test(name) && !pairs.has(name) && value !== '{')
      pairs.set(isOld ? `old-${name}` : name, value);
    at = end;
  }
  return pairs;
}

class Fields {
  readonly #pairs: Map<string, string>;

  constructor(pairs: Map<string, string>) {
    this.#pairs = pairs;
  }

  get(name: string): string | undefined {
    const text = this.#pairs.get(name);
    return text === undefined || UNSET.has(text) ? undefined : text;
  }

  count(name: string): number | undefined {
    return countOf(this.get(name));
  }

  /** The kernel cuts long arguments into pieces: `a1[0]=… a1[1]=…`. */
  parts(name: string): string | undefined {
    let text: string | undefined;
    for (let at = 0; at < 256; at++) {
      const part = this.#pairs.get(`${name}[${at}]`);
      if (part === undefined) break;
      text = `${text ?? ''}${part}`;
    }
    return text;
  }

  rest(): Record<string, string> {
    const all: Record<string, string> = {};
    for (const name of this.#pairs.keys()) {
      const text = this.get(name);
      if (text !== undefined)
        all[name.toLowerCase() === name || this.#pairs.has(name.toLowerCase()) ? name : name.toLowerCase()] =
          text.replaceAll('\0', ' ');
    }
    return all;
  }
}

function setProcess(draft: Draft, fields: Fields, record: string): void {
  const pid = fields.count('pid') ?? fields.count('opid');
  put(draft, 'process.pid', pid);
  put(draft, 'process.parent.pid', fields.count('ppid'));
  put(draft, 'process.executable', fields.get('exe'));
  put(draft, 'process.name', fields.get('comm') ?? fields.get('exe')?.replace(/^.*\//s, ''));
  put(draft, 'process.working_directory', fields.get('cwd'));
  const title = fields.get('proctitle');
  if (title !== undefined) {
    const args = title.split('\0');
    put(draft, 'process.title', title.replaceAll('\0', ' ').trim());
    if (args.length > 1 && args.length < 256) put(draft, 'process.args', args);
  }
  if (record === 'EXECVE') {
    const args: string[] = [];
    for (let at = 0; at < 256; at++) {
      const arg = fields.get(`a${at}`) ?? fields.parts(`a${at}`);
      if (arg === undefined) break;
      args.push(arg);
    }
    if (args.length > 0) put(draft, 'process.args', args);
    put(draft, 'process.args_count', fields.count('argc'));
    if (args.length > 0 && args.length === fields.count('argc')) put(draft, 'process.command_line', args.join(' '));
  }
  if (record === 'USER_CMD') put(draft, 'process.command_line', fields.get('cmd'));
}

/** Names that auditd adds (`UID="lan"`) beside the numbers; the numbers alone name nobody. */
function setIds(draft: Draft, fields: Fields): void {
  put(draft, 'user.id', fields.get('uid'));
  put(draft, 'user.name', fields.get('UID'));
  const effective = fields.get('euid');
  if (effective !== undefined && effective !== fields.get('uid')) {
    put(draft, 'user.effective.id', effective);
    put(draft, 'user.effective.name', fields.get('EUID'));
  }
  put(draft, 'user.group.id', fields.get('gid'));
  put(draft, 'user.group.name', fields.get('GID'));
}

function setPeople(draft: Draft, fields: Fields, record: string): void {
  const named = fields.get('acct');
  // What programs write where they know no such account.
  const account = named !== undefined && /^\((?:unknown|invalid) user\)$/.test(named) ? undefined : named;
  if (
    /^(?:ADD|DEL)_USER$|^USER_MGMT$|^USER_CHAUTHTOK$|^ACCT_(?:LOCK|UNLOCK)$|^(?:ADD|DEL)_GROUP$|^GRP_MGMT$/.test(record)
  ) {
    setIds(draft, fields);
    const group = fields.get('grp') ?? fields.get('new_grp');
    // The tools for groups put the group where those for accounts put the account.
    const ofGroup = /^(?:ADD|DEL)_GROUP$|^GRP_MGMT$/.test(record) && group === undefined;
    put(draft, 'group.name', group ?? (ofGroup ? account : undefined));
    put(draft, ofGroup ? 'group.id' : 'user.target.id', fields.get('id'));
    if (!ofGroup) put(draft, 'user.target.name', account ?? fields.get('ID'));
    return;
  }
  if (account !== undefined) {
    draft.user = { name: account };
    return;
  }
  if (record === 'USER_LOGIN' || record === 'USER_LOGOUT' || record === 'USER_START' || record === 'USER_END') {
    put(draft, 'user.id', fields.get('id'));
    put(draft, 'user.name', fields.get('ID'));
    if (draft.user) return;
  }
  setIds(draft, fields);
  if (record === 'LOGIN' && (fields.get('auid') ?? fields.get('AUID')) !== undefined) {
    // The record says for whom a session begins; the other numbers are those of the program that begins it.
    const name = fields.get('AUID');
    const id = fields.get('auid');
    draft.user = { ...(id !== undefined && { id }), ...(name !== undefined && { name }) };
  }
}

/** The address of a socket that listens everywhere, or is not bound. */
function isNowhere(ip: string): boolean {
  return ip === '0.0.0.0' || ip === '::';
}

/** A socket address as the kernel holds it (`saddr=02000050C0000201…`): family, port, address. */
function setSocket(draft: Draft, fields: Fields): void {
  const older = /^inet6? host:(\S{2,64}) serv:(\d{1,5})$/.exec(fields.get('saddr') ?? '');
  const told = fields.get('saddr_fam') === undefined ? undefined : fields.get('laddr');
  if (older || told !== undefined) {
    const named = endpoint(older?.[1] ?? told ?? '', older?.[2] ?? fields.get('lport'));
    if (!named?.ip) return;
    const family = named.ip.includes(':') ? 'ipv6' : 'ipv4';
    put(draft, 'auditd.log.socket', { family, address: named.ip, port: named.port ?? 0 });
    if (!isNowhere(named.ip)) relate(draft, 'ip', named.ip);
    return;
  }
  const raw = fields.get('saddr');
  if (raw === undefined || !/^(?:[0-9A-Fa-f]{2}){3,256}$/.test(raw)) return;
  const bytes = Buffer.from(raw, 'hex');
  const family = bytes.readUInt16LE(0);
  if (family === 1) {
    // A name without a file begins with a zero (unix(7)); ss and others write it with `@`.
    const name = bytes.subarray(2).toString('utf8').replace(/^\0/, '@').replace(/\0.*$/s, '');
    put(draft, 'auditd.log.socket', { family: 'unix', ...(name !== '' && name !== '@' && { path: name }) });
    return;
  }
  if (bytes.length < 8 || (family !== 2 && family !== 10)) return;
  const port = bytes.readUInt16BE(2);
  if (family === 10 && bytes.length < 24) return;
  const text = family === 2 ? [...bytes.subarray(4, 8)].join('.') : ipv6(bytes.subarray(8, 24));
  const found = endpoint(text, port);
  if (!found?.ip) return;
  put(draft, 'auditd.log.socket', { family: family === 2 ? 'ipv4' : 'ipv6', address: found.ip, port });
  // Which end it is, only the system call of the same event says (`joinRecords`).
  if (!isNowhere(found.ip)) relate(draft, 'ip', found.ip);
}

/** The permissions of a mode: of the whole in octal, or of `file,644` as `ausearch -i` writes it. */
function modeOf(mode: string | undefined): string | undefined {
  return /[0-7]{3,4}$/.exec(mode ?? '')?.[0].padStart(4, '0');
}

function setRest(draft: Draft, fields: Fields, record: string): void {
  const name = fields.get('hostname');
  const address = [fields.get('addr'), record.startsWith('CRYPTO') ? fields.get('raddr') : undefined, name].find(
    (each) => each !== undefined && isAddress(each),
  );
  const source = address === undefined ? undefined : endpoint(address, fields.get('rport'));
  if (source) {
    draft.source = source;
    // Without an address the name is that of this machine.
    const domain = name === undefined || name === address ? undefined : endpoint(name)?.domain;
    if (domain !== undefined) source.domain = domain;
  }
  const local = record.startsWith('CRYPTO') ? endpoint(fields.get('laddr') ?? '', fields.get('lport')) : undefined;
  if (local) draft.destination = local;
  if (record === 'PATH' || record === 'AVC') {
    const path = fields.get('path') ?? fields.get('name');
    put(draft, path?.startsWith('/') ? 'file.path' : 'file.name', path);
    put(draft, 'file.inode', fields.get('inode') ?? fields.get('ino'));
    put(draft, 'file.mode', record === 'PATH' ? modeOf(fields.get('mode')) : undefined);
    put(draft, 'file.uid', fields.get('ouid'));
    put(draft, 'file.gid', fields.get('ogid'));
    put(draft, 'file.owner', fields.get('OUID'));
    put(draft, 'file.group', fields.get('OGID'));
  }
  put(draft, 'service.name', record.startsWith('SERVICE_') ? fields.get('unit') : undefined);
  put(draft, 'rule.name', fields.get('key')?.replaceAll('\x01', ','));
  setSocket(draft, fields);
}

function outcomeOf(fields: Fields): 'success' | 'failure' | undefined {
  const result = fields.get('res') ?? fields.get('success');
  if (result === undefined) return undefined;
  return /^(?:1|yes|success)$/.test(result) ? 'success' : /^(?:0|no|failed|fail)$/.test(result) ? 'failure' : undefined;
}

function makeEvent(
  line: string,
  record: string,
  body: string,
  context: ParseContext,
  ms: number | undefined,
  read = pairsOf,
): EcsEvent {
  const draft = newDraft(line, line, 'auditd.log', context, ms);
  delete draft.message;
  const fields = new Fields(read(body.slice(0, MAX_AUDIT), record));
  const denied = /^(?:avc: +|pid=.{1,300} msg='avc: +)denied/.test(body) || fields.get('apparmor') === 'DENIED';
  const granted = /^avc: +granted/.test(body) || fields.get('apparmor') === 'ALLOWED';
  const [category, type] = meaningOfRecord(record, fields.get('syscall'), fields.get('SYSCALL'));
  const verdict = denied ? ['denied'] : granted ? ['allowed'] : [];
  const types = verdict.length > 0 ? verdict : type;
  const outcome = denied ? 'failure' : granted ? 'success' : record.startsWith('ANOM_') ? undefined : outcomeOf(fields);
  classify(draft, category, types, record.toLowerCase(), outcome);
  setProcess(draft, fields, record);
  setPeople(draft, fields, record);
  setRest(draft, fields, record);
  put(draft, 'auditd.log', {
    record_type: record,
    ...(draft['auditd'] as { log?: object } | undefined)?.log,
    ...fields.rest(),
  });
  return draft;
}

function recordName(text: string): string {
  const number = /\d+/.exec(text)?.[0];
  if (!/^(?:\d|UNKNOWN)/.test(text) || number === undefined) return text;
  return Object.hasOwn(RECORD_NAMES, number) ? (RECORD_NAMES[number] as string) : `UNKNOWN[${number}]`;
}

function readInterpreted(line: string, context: ParseContext): EcsEvent | undefined {
  const head = INTERPRETED.test(line.slice(0, 400)) ? interpretedHead(line, context.timeZone) : undefined;
  if (!head) return undefined;
  const draft = makeEvent(line, head.type, line.slice(head.length), context, head.ms, interpretedPairs) as Draft;
  if (head.node !== undefined) draft.host = { name: head.node, hostname: head.node };
  put(draft, 'auditd.log.sequence', head.serial);
  return finish(draft);
}

function readRecord(line: string, context: ParseContext): EcsEvent | undefined {
  const head = HEAD.exec(line.slice(0, 512));
  if (!head) return readInterpreted(line, context);
  const [whole, node, type = '', seconds, millis, serial] = head;
  const draft = makeEvent(
    line,
    recordName(type),
    line.slice(whole.length),
    context,
    Number(seconds) * 1000 + Number(millis),
  ) as Draft;
  if (node !== undefined) draft.host = { name: node, hostname: node };
  put(draft, 'auditd.log.sequence', Number(serial));
  return finish(draft);
}

/** Says whether a message is a whole record. */
export function isAuditMessage(message: string): boolean {
  const start = message.slice(0, 512).replace(/^audit: /, '');
  return HEAD.test(start) || INTERPRETED.test(start);
}

/** Reads a record that came by syslog: whole, behind `audit: `, or as journald writes it, `USER_LOGIN pid=1 …`. */
export function readAuditMessage(message: string, context: ParseContext): EcsEvent | undefined {
  const text = message.replace(/^\[ *\d{1,12}\.\d{1,9}\] /, '').replace(/^audit: /, '');
  const event = readRecord(text, context);
  if (event) return event;
  const journal = JOURNAL.exec(text.slice(0, 128));
  return journal
    ? finish(makeEvent(message, journal[1] as string, text.slice(journal[0].length), context, undefined) as Draft)
    : undefined;
}

/** The records of one event, as the file input joins them, a line each. */
function readEvent(lines: string, context: ParseContext): EcsEvent | undefined {
  const records = lines.split('\n', MOST_RECORDS).map((line) => readRecord(line, context));
  return joinRecords(
    records.filter((record) => record !== undefined),
    lines,
  );
}

/** Records of the Linux audit system, raw or enriched: a line each, or the lines of one event together. */
export const auditd: Parser = {
  name: 'auditd',
  detects: isAuditMessage,
  parse(line, context) {
    if (line.includes('\n')) return readEvent(line, context);
    const event = readRecord(line, context) ?? readAuditMessage(line, context);
    if (event) event.event.original = line;
    return event;
  },
};

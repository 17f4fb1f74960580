import type { EcsEvent } from '../../ecs/event.ts';
import type { ParseContext, Parser } from '../record.ts';
import type { Draft } from './draft.ts';
import { classify, finish, newDraft } from './draft.ts';
import { put } from './put.ts';
import type { SyslogHeader } from './syslog-header.ts';
import { readSysmon, sysmonTime } from './sysmon.ts';
import { readPowerShell, readSecurity, readService } from './windows-events.ts';
import { accountOf } from './windows-fields.ts';
import { isWindowsLine, readWindowsHeader, readWindowsLine } from './windows-lines.ts';
import { channelOf, meaningOf } from './windows-meaning.ts';
import type { WindowsRecord } from './windows-record.ts';
import { readWindowsRecord } from './windows-record.ts';

/** Sysmon for Linux writes the same events under a name of its own. */
const SYSMON = /^(?:Microsoft-Windows|Linux)-Sysmon/;
const LINUX = /^Linux-Sysmon/;
const XML = /^(?:<\?xml[^<>]{0,128}\?>\s{0,8})?<Event[\s>]/;
const JSON_MARKS = /"(?:winlog|winlog\.event_id|_?EventID|eventID|log_name|LogName)"\s{0,4}:/;

function setHost(draft: Draft, record: WindowsRecord): void {
  const computer = record.computer;
  if (computer !== undefined) draft.host = { name: computer, hostname: computer };
}

/** Everything that the log itself says, under the names that Winlogbeat uses and rules ask for. */
function setWinlog(draft: Draft, record: WindowsRecord, channel: string | undefined): void {
  put(draft, 'winlog.channel', channel);
  put(draft, 'winlog.provider_name', record.provider);
  put(draft, 'winlog.event_id', record.code);
  put(draft, 'winlog.record_id', record.recordId);
  put(draft, 'winlog.computer_name', record.computer);
  put(draft, 'winlog.task', record.task);
  put(draft, 'winlog.activity_id', record.activity);
  put(draft, 'winlog.process.pid', record.pid);
  put(draft, 'winlog.process.thread.id', record.thread);
  put(draft, 'winlog.user.identifier', record.userId);
  if (Object.keys(record.data).length > 0) put(draft, 'winlog.event_data', { ...record.data });
}

function makeEvent(line: string, record: WindowsRecord, context: ParseContext): EcsEvent {
  const channel = channelOf(record.channel, record.provider);
  const isSysmon = SYSMON.test(channel ?? '') || SYSMON.test(record.provider ?? '');
  const { dataset, meaning } = meaningOf(isSysmon ? 'Microsoft-Windows-Sysmon/Operational' : channel, record.code);
  const ms = (isSysmon ? sysmonTime(record.data) : undefined) ?? record.ms;
  const isLinux = LINUX.test(record.provider ?? record.channel ?? '');
  const draft = newDraft(line, line, isLinux ? 'sysmon_linux.log' : `windows.${dataset}`, context, ms);
  if (record.message === undefined) delete draft.message;
  else draft.message = record.message;
  put(draft, 'event.code', record.code);
  put(draft, 'event.provider', record.provider);
  setHost(draft, record);
  put(draft, 'host.os.type', isLinux ? 'linux' : 'windows');
  put(draft, 'log.level', record.level?.toLowerCase());
  setWinlog(draft, record, channel);
  if (isSysmon) {
    readSysmon(draft, record);
    return finish(draft);
  }
  if (meaning) classify(draft, meaning.category, meaning.type, meaning.action, meaning.outcome ?? record.outcome);
  else if (record.outcome) draft.event.outcome = record.outcome;
  if (!meaning) put(draft, 'event.action', record.task);
  const account = accountOf(record.account);
  if (account) draft.user = account;
  if (dataset === 'security') readSecurity(draft, record, meaning);
  else if (dataset.startsWith('powershell')) readPowerShell(draft, record);
  else readService(draft, record, dataset);
  return finish(draft);
}

function detects(line: string): boolean {
  const first = line.charCodeAt(0);
  if (first === 60) return XML.test(line.slice(0, 256));
  if (first === 123) return JSON_MARKS.test(line);
  return isWindowsLine(line);
}

function readRecord(line: string, zone: string): WindowsRecord | undefined {
  return readWindowsRecord(line, zone) ?? readWindowsLine(line, zone);
}

/** Says whether a message is a record of the Windows event log, whole: JSON or XML. */
export function isWindowsMessage(message: string): boolean {
  return detects(message);
}

/** Reads a record of the Windows event log that came inside another line. */
export function readWindowsMessage(message: string, context: ParseContext): EcsEvent | undefined {
  const record = detects(message) ? readRecord(message, context.timeZone) : undefined;
  return record && makeEvent(message, record, context);
}

/** Reads a record of which the header of a syslog line says a part. */
export function readWindowsHeaded(message: string, context: ParseContext, header: SyslogHeader): EcsEvent | undefined {
  const record = readWindowsHeader(header, context.timeZone);
  return record && makeEvent(message, record, context);
}

/** Windows event logs as JSON of Winlogbeat or NXLog, as the XML of the log itself, or as lines of other agents. */
export const windows: Parser = {
  name: 'windows',
  detects,
  parse(line, context) {
    const record = readRecord(line, context.timeZone);
    return record && makeEvent(line, record, context);
  },
};

/** The same forms, where the records are Sysmon's. */
export const sysmon: Parser = {
  name: 'sysmon',
  detects: (line) => detects(line) && /(?:Microsoft-Windows|Linux)-Sysmon/.test(line),
  parse(line, context) {
    const record = readRecord(line, context.timeZone);
    if (!record) return undefined;
    const named = SYSMON.test(record.channel ?? '') || SYSMON.test(record.provider ?? '');
    if (!named && (record.channel !== undefined || record.provider !== undefined)) return undefined;
    return makeEvent(line, named ? record : { ...record, provider: 'Microsoft-Windows-Sysmon' }, context);
  },
};

import type { SyslogHeader } from './syslog-header.ts';
import { isoTimeAt, monthAt, utcTime, zonedTime } from './time.ts';
import { known } from './windows-fields.ts';
import { channelOf } from './windows-meaning.ts';
import type { WindowsRecord } from './windows-record.ts';
import { outcomeOf, readFlatRecord } from './windows-record.ts';
import { renderedData } from './windows-text.ts';

const MAX_LINE = 65_536;
const SNARE = /^(?:\S{1,255}(?:\t|#011))?MSWinEventLog(\t|#011)\d{1,3}\1/;
const FORWARDED = /^\d\d\/\d\d\/\d{4} \d\d:\d\d:\d\d(?:\.\d{1,6})? [AP]M\r?\nLogName=/;
const QRADAR = /^AgentDevice=\S{1,64}(?:[ \t]|#011)/;
const QRADAR_KEYS =
  'AgentDevice|AgentLogFile|AgentLogFormat|AgentLogProtocol|PluginVersion|Source|Computer|OriginatingComputer|User|Domain|EventIDCode|EventID|EventType|EventCategory|RecordNumber|TimeGenerated|TimeWritten|Level|Keywords|Task|Opcode|Message';
const QRADAR_PAIR = new RegExp(`(?:^|[ \\t]|#011)(${QRADAR_KEYS})=`, 'g');
/** `Security-Auditing: 4624: AUDIT_SUCCESS An account was …` of programs that send the log on as they show it. */
const NUMBERED = /^(\d{1,5}): (?:(AUDIT_(?:SUCCESS|FAILURE)) )?(?=\S)/;
const SHORT_SOURCES: Readonly<Record<string, string>> = {
  'Security-Auditing': 'Microsoft-Windows-Security-Auditing',
  'Microsoft-Windows-Security-Auditing': 'Microsoft-Windows-Security-Auditing',
  'Microsoft-Windows-Sysmon': 'Microsoft-Windows-Sysmon',
  Service_Control_Manager: 'Service Control Manager',
};

/** `Sun Nov 22 08:01:02 2026`, the clock of the machine that the line is of. */
function dayTime(text: string, zone: string): number | undefined {
  const found = /^(?:[A-Z][a-z]{2} )?([A-Z][a-z]{2}) {1,2}(\d{1,2}) (\d\d):(\d\d):(\d\d)(?:\.\d{1,9})? (\d{4})$/.exec(
    text,
  );
  if (!found) return isoTimeAt(text, 0, zone)?.ms;
  const [, , day, hours, minutes, seconds, year] = found.map(Number);
  const clock = (hours as number) * 3600 + (minutes as number) * 60 + (seconds as number);
  const local = utcTime(year as number, monthAt(found[1] as string, 0), day as number, clock);
  return local === undefined ? undefined : zonedTime(local, zone);
}

function fromSnare(line: string, zone: string): WindowsRecord | undefined {
  const mark = (SNARE.exec(line.slice(0, 600)) as RegExpExecArray)[1] as string;
  const words = line.slice(line.indexOf('MSWinEventLog')).split(mark);
  if (words.length < 14) return undefined;
  const [, , log, , time, code, source, user, , kind, computer, category] = words.map((word) => known(word));
  // A count of its own stands behind the message, which may hold the mark itself.
  const rest = words.slice(13);
  if (rest.length > 1 && /^\s*-?\d*\s*$/.test(rest.at(-1) as string)) rest.pop();
  const message = rest.join(mark === '\t' ? '\t' : ' ').trim();
  const channel = channelOf(log, source);
  return {
    code: code ?? '',
    channel,
    provider: source,
    computer,
    ms: dayTime(time ?? '', zone),
    task: category,
    message,
    outcome: outcomeOf(kind),
    level: /^(?:Information|Warning|Error|Critical|Verbose)$/i.test(kind ?? '') ? kind : undefined,
    account: user === 'Unknown User' ? undefined : user,
    data: renderedData(message, channel ?? ''),
  };
}

function fromQradar(line: string): WindowsRecord | undefined {
  const message = /(?:[ \t]|#011)Message=(.*)$/s.exec(line);
  const head = message ? line.slice(0, message.index) : line;
  const marks = [...head.matchAll(QRADAR_PAIR)];
  const fields = new Map<string, string | undefined>();
  for (const [at, mark] of marks.entries())
    fields.set(mark[1] as string, known(head.slice(mark.index + mark[0].length, marks[at + 1]?.index)));
  const get = (name: string): string | undefined => fields.get(name);
  const text = message?.[1]?.trim();
  const channel = channelOf(get('AgentLogFile'), get('Source'));
  const seconds = /^\d{10}(?:\d{3})?$/.exec(get('TimeGenerated') ?? '')?.[0];
  const user = get('User');
  const domain = get('Domain');
  return {
    code: get('EventIDCode') ?? get('EventID') ?? '',
    channel,
    provider: get('Source'),
    computer: get('Computer'),
    ms: seconds === undefined ? undefined : Number(seconds.padEnd(13, '0')),
    recordId: get('RecordNumber'),
    message: text,
    outcome: outcomeOf(get('Keywords')) ?? { 8: 'success' as const, 16: 'failure' as const }[Number(get('EventType'))],
    account: user === undefined ? undefined : domain === undefined ? user : `${domain}\\${user}`,
    data: renderedData(text ?? '', channel ?? ''),
  };
}

/** The lines that Splunk's forwarder makes of a record: its time, `Key=value`, and the message last. */
function fromForwarder(text: string, zone: string): WindowsRecord {
  const at = text.indexOf('\nMessage=');
  const message = at < 0 ? undefined : text.slice(at + 9).trim();
  const fields = new Map<string, string | undefined>();
  const [time = '', ...lines] = (at < 0 ? text : text.slice(0, at)).split(/\r?\n/, 64);
  for (const line of lines) {
    const mark = line.indexOf('=');
    if (mark > 0) fields.set(line.slice(0, mark), known(line.slice(mark + 1)));
  }
  const source = fields.get('SourceName');
  const provider = source === 'Microsoft Windows security auditing.' ? 'Microsoft-Windows-Security-Auditing' : source;
  const channel = channelOf(fields.get('LogName'), provider);
  return {
    code: fields.get('EventCode') ?? '',
    channel,
    provider,
    computer: fields.get('ComputerName'),
    ms: clockTime(time, zone),
    recordId: fields.get('RecordNumber'),
    level: fields.get('Type'),
    task: fields.get('TaskCategory'),
    message,
    outcome: outcomeOf(fields.get('Keywords')),
    account: fields.get('User') === 'NOT_TRANSLATED' ? undefined : fields.get('User'),
    data: renderedData(message ?? '', channel ?? ''),
  };
}

/** `11/22/2026 08:01:02 AM`, month first. */
function clockTime(text: string, zone: string): number | undefined {
  const found = /^(\d\d)\/(\d\d)\/(\d{4}) (\d\d):(\d\d):(\d\d)(?:\.\d{1,6})? ([AP])M$/.exec(text.trim());
  if (!found) return undefined;
  const [, month, day, year, hours, minutes, seconds] = found.map(Number) as number[];
  const clock = (((hours ?? 0) % 12) + (found[7] === 'P' ? 12 : 0)) * 3600 + (minutes ?? 0) * 60 + (seconds ?? 0);
  const local = utcTime(year ?? 0, (month ?? 0) - 1, day ?? 0, clock);
  return local === undefined ? undefined : zonedTime(local, zone);
}

/** Says whether a message is a record that Snare or QRadar's agent wrote as fields with marks between them. */
export function isWindowsLine(message: string): boolean {
  const start = message.slice(0, 600);
  if (FORWARDED.test(start)) return true;
  return start.includes('MSWinEventLog')
    ? SNARE.test(start)
    : QRADAR.test(start) && /(?:\s|#011)EventID=\d/.test(message);
}

/** Reads such a record. */
export function readWindowsLine(message: string, zone: string): WindowsRecord | undefined {
  if (message.length > MAX_LINE || !isWindowsLine(message)) return undefined;
  if (FORWARDED.test(message.slice(0, 100))) return numbered(fromForwarder(message, zone));
  const record = QRADAR.test(message.slice(0, 100)) ? fromQradar(message) : fromSnare(message, zone);
  return numbered(record);
}

function numbered(record: WindowsRecord | undefined): WindowsRecord | undefined {
  return record && /^\d{1,10}$/.test(record.code) ? record : undefined;
}

/** The fields of a record that stand in the structured data of its header (RFC 5424 §6.3), as NXLog writes them. */
function structuredFields(header: SyslogHeader): Record<string, string> | undefined {
  return Object.values(header.structuredData ?? {}).find(
    (element) =>
      element['EventID'] !== undefined && (element['Channel'] ?? element['ProviderGuid'] ?? element['Keywords']),
  );
}

/** Says whether a syslog line is a record of the Windows event log by its header, or by the words after its program. */
export function isWindowsHeader(header: SyslogHeader): boolean {
  if (header.structuredData !== undefined && structuredFields(header) !== undefined) return true;
  return Object.hasOwn(SHORT_SOURCES, header.program ?? '') && NUMBERED.test(header.message);
}

/** Reads a record of which the syslog header says a part. */
export function readWindowsHeader(header: SyslogHeader, zone: string): WindowsRecord | undefined {
  const fields = structuredFields(header);
  if (fields) {
    const { EventTime, ...rest } = fields;
    return readFlatRecord(
      {
        SourceName: header.program,
        Hostname: header.host,
        ProcessID: header.procid,
        ...rest,
        ...(header.ms === undefined && { EventTime }),
        ...(header.message !== '' && { Message: header.message }),
        SourceModuleType: 'im_msvistalog',
      },
      zone,
      header.ms,
    );
  }
  const found = NUMBERED.exec(header.message);
  const provider = SHORT_SOURCES[header.program ?? ''];
  if (!found || provider === undefined || header.message.length > MAX_LINE) return undefined;
  const message = header.message.slice(found[0].length).trim();
  const channel = channelOf(undefined, provider);
  return {
    code: found[1] as string,
    channel,
    provider,
    computer: header.host,
    ms: header.ms,
    message,
    outcome: outcomeOf(found[2]),
    data: renderedData(message, channel ?? ''),
  };
}

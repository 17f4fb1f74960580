import { readField } from '../../ecs/event.ts';
import type { JsonObject } from './json-object.ts';
import { isObject, parseObject } from './json-object.ts';
import { isoTimeAt } from './time.ts';
import { channelOf } from './windows-meaning.ts';
import { renderedData } from './windows-text.ts';
import { readEventXml } from './windows-xml.ts';

/** One record of a Windows event log, whichever agent shipped it. Absent parts are undefined or empty. */
export interface WindowsRecord {
  readonly code: string;
  readonly channel?: string | undefined;
  readonly provider?: string | undefined;
  readonly computer?: string | undefined;
  readonly ms?: number | undefined;
  readonly recordId?: string | undefined;
  readonly pid?: number | undefined;
  readonly thread?: number | undefined;
  readonly level?: string | undefined;
  readonly task?: string | undefined;
  readonly activity?: string | undefined;
  readonly message?: string | undefined;
  readonly outcome?: 'success' | 'failure' | undefined;
  /** Who the system says wrote the record. */
  readonly userId?: string | undefined;
  /** The same by name, `DOMAIN\\name`, where a form of the log has no number for it. */
  readonly account?: string | undefined;
  readonly data: Readonly<Record<string, string>>;
}

const MAX_FIELDS = 400;
/** What some agents put beside the message, where they leave out the event's own fields. */
const UNTELLING = new Set(['Sid', 'Data', 'Type', 'Account', 'UserName']);

/** What NXLog and other flat forms say of the record itself; every other key is event data. */
const FLAT = new Set(
  'EventTime EventReceivedTime Hostname Keywords EventType SeverityValue Severity EventID SourceName ProviderGuid Version Task OpcodeValue Opcode RecordNumber ExecutionProcessID ExecutionThreadID Channel Category Message SourceModuleName SourceModuleType ActivityID RelatedActivityID ProcessID ThreadID Provider_Name Provider_Guid EventRecordID SystemTime Computer Level Execution_ProcessID Execution_ThreadID Security_UserID EventRecordId ProviderName TimeCreated @timestamp @version StringInserts TimeGenerated TimeWritten EventCategory ComputerName EventSourceName Activity TenantId SourceSystem SourceComputerId EventOriginId MG _ResourceId ManagementGroupName Qualifiers host tags type product service category port message Domain AccountName AccountType UserID _src _expect EventIDQualifiers LogName MachineName timestamp log agent ecs input winlog event'.split(
    ' ',
  ),
);
/** Keys that some events have as data although flat forms use the same name for the account that wrote the record. */
const ALSO_DATA = new Set(['AccountName', 'Domain', 'Level', 'ProviderName', 'Task', 'EventType', 'Severity']);

function textOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value === '' ? undefined : value;
  // Masks of 64 bits come as numbers: all their digits, where the short form would round them.
  if (typeof value === 'number') return Number.isInteger(value) ? BigInt(value).toString() : String(value);
  return typeof value === 'boolean' ? String(value) : undefined;
}

function first(from: JsonObject, names: readonly string[]): string | undefined {
  for (const name of names) {
    const text = textOf(readField(from, name));
    if (text !== undefined) return text;
  }
  return undefined;
}

function numberOf(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}

function timeOf(text: string | undefined, zone: string): number | undefined {
  if (text === undefined) return undefined;
  if (/^\d{13}$/.test(text)) return Number(text);
  // `2026-11-22 08:01:02 +0700`.
  const joined = /^(.{19,29}) ([+-]\d{4})$/.exec(text);
  if (joined) return isoTimeAt(`${joined[1]}${joined[2]}`, 0, zone)?.ms;
  return isoTimeAt(text, 0, zone)?.ms;
}

const AUDIT_FAILURE = 1n << 52n;
const AUDIT_SUCCESS = 1n << 53n;

/** Audit records say in their keywords whether what they tell of worked: by name, or as bits 52 and 53 of a mask. */
export function outcomeOf(keywords: string | undefined): 'success' | 'failure' | undefined {
  if (keywords === undefined) return undefined;
  if (/audit[ _]?failure|failure ?audit/i.test(keywords)) return 'failure';
  if (/audit[ _]?success|success ?audit/i.test(keywords)) return 'success';
  if (!/^(?:0x[0-9A-Fa-f]{1,16}|-?\d{1,20})$/.test(keywords)) return undefined;
  const mask = BigInt.asUintN(64, BigInt(keywords));
  return mask & AUDIT_FAILURE ? 'failure' : mask & AUDIT_SUCCESS ? 'success' : undefined;
}

function toldOutcome(object: JsonObject): 'success' | 'failure' | undefined {
  const told = first(object, ['event.outcome', 'winlog.outcome']);
  return told === 'success' || told === 'failure' ? told : undefined;
}

function texts(from: unknown, skip?: ReadonlySet<string>): Record<string, string> {
  const data: Record<string, string> = {};
  if (!isObject(from)) return data;
  for (const key of Object.keys(from).slice(0, MAX_FIELDS)) {
    if (skip?.has(key) && !ALSO_DATA.has(key)) continue;
    const value = from[key];
    const text = Array.isArray(value) ? value.map((each) => textOf(each) ?? '').join('\n') : textOf(value);
    if (text !== undefined && /^[\w #.-]{1,128}$/.test(key)) data[key] = text;
  }
  return data;
}

/** Names that converters of XML give to an element's attribute and to its text. */
const NAME_KEYS = ['@Name', 'Name', '_Name', '-Name', '#attributes.Name', '$.Name', '_attributes.Name'] as const;
const TEXT_KEYS = ['#text', '_text', 'text', '_', '_value', 'Value', 'content', '$t'] as const;

/** The `EventData` of converters that keep `<Data Name="…">` as a list of objects, or as an object in a list of one. */
function namedData(from: unknown): unknown {
  const list = isObject(from) ? from['Data'] : undefined;
  const items: unknown[] = Array.isArray(list) ? list : isObject(list) ? [list] : [];
  if (items.length === 0 || !items.every(isObject)) return from;
  const named: JsonObject = {};
  for (const item of items.slice(0, MAX_FIELDS) as JsonObject[]) {
    const name = first(item, NAME_KEYS);
    if (name !== undefined) named[name] = first(item, TEXT_KEYS) ?? '';
  }
  return named;
}

/** Winlogbeat and Elastic Agent: `winlog.*`, nested or with dotted names; before version 7 without `winlog`. */
function fromWinlog(object: JsonObject, zone: string): WindowsRecord | undefined {
  const code = first(object, ['winlog.event_id', 'event.code', 'event_id']);
  if (code === undefined) return undefined;
  const keywords = readField(object, 'winlog.keywords') ?? object['keywords'];
  const data = readField(object, 'winlog.event_data') ?? object['event_data'];
  const user = readField(object, 'winlog.user_data') ?? object['user_data'];
  return {
    code,
    channel: first(object, ['winlog.channel', 'log_name']),
    provider: first(object, ['winlog.provider_name', 'source_name', 'event.provider']),
    computer: first(object, ['winlog.computer_name', 'computer_name', 'host.name', 'host.hostname']),
    ms: timeOf(first(object, ['@timestamp', 'winlog.time_created', 'event.created']), zone),
    recordId: first(object, ['winlog.record_id', 'record_number']),
    pid: numberOf(first(object, ['winlog.process.pid'])),
    thread: numberOf(first(object, ['winlog.process.thread.id'])),
    level: first(object, ['log.level', 'level']),
    task: first(object, ['winlog.task', 'task']),
    activity: first(object, ['winlog.activity_id']),
    message: first(object, ['message']),
    // Keywords are in the machine's language; what the agent made of their bits is not.
    outcome: outcomeOf(Array.isArray(keywords) ? keywords.join(' ') : textOf(keywords)) ?? toldOutcome(object),
    userId: first(object, ['winlog.user.identifier']),
    data: {
      ...dotted(object, 'winlog.user_data.'),
      ...dotted(object, 'winlog.event_data.'),
      ...texts(user),
      ...texts(data),
    },
  };
}

function dotted(object: JsonObject, prefix: string): Record<string, string> {
  const data: Record<string, string> = {};
  for (const key of Object.keys(object).slice(0, MAX_FIELDS)) {
    const text = key.startsWith(prefix) ? textOf(object[key]) : undefined;
    if (text !== undefined) data[key.slice(prefix.length)] = text;
  }
  return data;
}

/** NXLog's im_msvistalog and other forms in which all fields stand beside one another. */
export function readFlatRecord(object: JsonObject, zone: string, ms?: number): WindowsRecord {
  const keywords = first(object, ['Keywords']);
  const kind = first(object, ['EventType']);
  const audit = kind !== undefined && /^AUDIT_/.test(kind);
  const data = { ...texts(object, FLAT), ...texts(object['EventData'] ?? object['event_data']) };
  if (audit || /^(?:(?:Success|Failure) ?Audit|INFO|WARNING|ERROR|VERBOSE|CRITICAL)$/.test(kind ?? ''))
    delete data['EventType'];
  // NXLog's own `Task`, `Severity` and `Level` are numbers and words of the record.
  for (const key of ['Task', 'Severity', 'Level', 'ProviderName']) delete data[key];
  if (object['SourceModuleType'] !== undefined || object['SourceModuleName'] !== undefined) {
    if (data['AccountName'] !== undefined && object['AccountType'] !== undefined) {
      delete data['AccountName'];
      delete data['Domain'];
    }
  }
  return {
    code: first(object, ['EventID']) as string,
    channel: first(object, ['Channel', 'LogName']),
    provider: first(object, ['Provider_Name', 'SourceName', 'ProviderName', 'EventSourceName']),
    computer: first(object, ['Hostname', 'Computer', 'MachineName', 'ComputerName']),
    ms:
      ms ??
      timeOf(
        first(object, ['EventTime', 'SystemTime', 'TimeCreated', 'TimeGenerated', '@timestamp']),
        object['SystemTime'] === undefined ? zone : 'UTC',
      ),
    recordId: first(object, ['RecordNumber', 'EventRecordID', 'EventRecordId']),
    pid: numberOf(first(object, ['ExecutionProcessID', 'Execution_ProcessID', 'ProcessID'])),
    thread: numberOf(first(object, ['ExecutionThreadID', 'Execution_ThreadID', 'ThreadID'])),
    level: first(object, ['Severity']),
    task: first(object, ['Category']),
    activity: first(object, ['ActivityID']),
    message: first(object, ['Message', 'message']),
    outcome: outcomeOf(kind) ?? outcomeOf(keywords),
    userId: first(object, ['Security_UserID', 'UserID']),
    data,
  };
}

/** The `Event.System` and `Event.EventData` of programs that turn the XML into JSON. */
function fromEvent(object: JsonObject, zone: string): WindowsRecord | undefined {
  const system = (readField(object, 'System') ?? readField(object, 'system')) as JsonObject | undefined;
  if (!isObject(system)) return undefined;
  const code = first(system, ['EventID', 'EventID.#text', 'EventID.Value', 'eventID']);
  if (code === undefined) return undefined;
  const data = namedData(readField(object, 'EventData') ?? readField(object, 'eventdata'));
  const user = readField(object, 'UserData');
  const inner = isObject(user) ? Object.values(user).find(isObject) : undefined;
  return {
    code,
    channel: first(system, ['Channel', 'channel']),
    provider: first(system, ['Provider.#attributes.Name', 'Provider.Name', 'Provider.@Name', 'providerName']),
    computer: first(system, ['Computer', 'computer']),
    ms: timeOf(
      first(system, [
        'TimeCreated.#attributes.SystemTime',
        'TimeCreated.SystemTime',
        'TimeCreated.@SystemTime',
        'systemTime',
      ]),
      zone,
    ),
    recordId: first(system, ['EventRecordID', 'eventRecordID']),
    pid: numberOf(first(system, ['Execution.#attributes.ProcessID', 'Execution.ProcessID', 'processID'])),
    thread: numberOf(first(system, ['Execution.#attributes.ThreadID', 'Execution.ThreadID', 'threadID'])),
    message: first(system, ['message']),
    outcome: outcomeOf(first(system, ['Keywords', 'keywords', 'severityValue'])),
    userId: first(system, ['Security.#attributes.UserID', 'Security.UserID']),
    data: { ...texts(inner), ...capitals(texts(data), object['system'] !== undefined) },
  };
}

/** Some agents lower the first letter of every name; the names of the log itself begin with a capital. */
function capitals(data: Record<string, string>, lowered: boolean): Record<string, string> {
  if (!lowered) return data;
  return Object.fromEntries(
    Object.entries(data).map(([key, text]) => [`${key[0]?.toUpperCase()}${key.slice(1)}`, text]),
  );
}

function fromXml(line: string, zone: string): WindowsRecord | undefined {
  const xml = readEventXml(line);
  if (!xml) return undefined;
  const { texts: system, attributes } = xml;
  return {
    code: (system['EventID'] as string).trim(),
    channel: system['Channel'],
    provider: attributes['Provider']?.['Name'],
    computer: system['Computer'],
    ms: timeOf(attributes['TimeCreated']?.['SystemTime'], zone),
    recordId: system['EventRecordID'],
    pid: numberOf(attributes['Execution']?.['ProcessID']),
    thread: numberOf(attributes['Execution']?.['ThreadID']),
    message: system['Message'],
    outcome: outcomeOf(system['Keywords']),
    userId: attributes['Security']?.['UserID'],
    data: xml.data,
  };
}

/** `winlog`, or the names that Winlogbeat gave before version 7. */
function isWinlog(object: JsonObject): boolean {
  if (isObject(object['winlog']) || object['winlog.event_id'] !== undefined) return true;
  return (
    typeof object['log_name'] === 'string' && object['event_id'] !== undefined && object['source_name'] !== undefined
  );
}

/** What `Get-WinEvent | ConvertTo-Json` writes. */
function isPowerShellObject(object: JsonObject): boolean {
  return object['Id'] !== undefined && object['LogName'] !== undefined && object['ProviderName'] !== undefined;
}

function fromPowerShell(object: JsonObject, zone: string): WindowsRecord {
  const written = first(object, ['TimeCreated', 'TimeCreated.value', 'TimeCreated.DateTime']);
  const date = /^\/Date\((\d{12,14})\)\/$/.exec(written ?? '')?.[1];
  const keywords = object['KeywordsDisplayNames'];
  return {
    code: first(object, ['Id']) as string,
    channel: first(object, ['LogName']),
    provider: first(object, ['ProviderName']),
    computer: first(object, ['MachineName']),
    ms: date === undefined ? timeOf(written, zone) : Number(date),
    recordId: first(object, ['RecordId']),
    pid: numberOf(first(object, ['ProcessId'])),
    thread: numberOf(first(object, ['ThreadId'])),
    level: first(object, ['LevelDisplayName']),
    task: first(object, ['TaskDisplayName']),
    message: first(object, ['Message']),
    outcome:
      outcomeOf(Array.isArray(keywords) ? keywords.join(' ') : undefined) ?? outcomeOf(first(object, ['Keywords'])),
    userId: first(object, ['UserId.Value', 'UserId']),
    data: {},
  };
}

/** The same fields as NXLog writes them in GELF, a low line before each name. */
function withoutMarks(object: JsonObject): JsonObject {
  const plain: JsonObject = { Hostname: object['host'], Message: object['full_message'] ?? object['short_message'] };
  for (const key of Object.keys(object).slice(0, MAX_FIELDS))
    if (key.startsWith('_')) plain[key.slice(1)] = object[key];
  return plain;
}

/** Says whether an object is a record of a Windows event log, in one of the forms that agents ship. */
export function isWindowsObject(object: JsonObject): boolean {
  if (isWinlog(object)) return true;
  if (
    object['EventID'] !== undefined &&
    (object['Channel'] ?? object['SourceName'] ?? object['Provider_Name'] ?? object['LogName']) !== undefined
  )
    return true;
  if (isPowerShellObject(object)) return true;
  if (object['_EventID'] !== undefined && (object['_Channel'] ?? object['_SourceName']) !== undefined) return true;
  if (isObject(object['Event']) && isObject(object['Event']['System'])) return true;
  if (isObject(object['System']) && object['System']['EventID'] !== undefined) return true;
  return isObject(object['win']) && isObject(object['win']['system']);
}

/** Reads one record: JSON of Winlogbeat, NXLog or a converter of XML, or the XML itself. */
export function readWindowsRecord(line: string, zone: string): WindowsRecord | undefined {
  const start = line.trimStart();
  if (start.startsWith('<')) return start.includes('<Event') ? fromXml(start, zone) : undefined;
  const read = start.startsWith('{') ? parseObject(start) : undefined;
  // What a search in an index gives has the document under `_source`.
  const object = isObject(read?.['_source']) ? read['_source'] : read;
  if (!object || !isWindowsObject(object)) return undefined;
  const record = isWinlog(object)
    ? fromWinlog(object, zone)
    : isObject(object['Event'])
      ? fromEvent(object['Event'], zone)
      : isObject(object['win'])
        ? fromEvent(object['win'], zone)
        : isObject(object['System'])
          ? fromEvent(object, zone)
          : isPowerShellObject(object)
            ? fromPowerShell(object, zone)
            : readFlatRecord(object['_EventID'] === undefined ? object : withoutMarks(object), zone);
  if (!record || !/^\d{1,10}$/.test(record.code)) return undefined;
  const told = Object.keys(record.data).some((key) => !UNTELLING.has(key));
  if (told || record.message === undefined) return record;
  const rendered = renderedData(record.message, channelOf(record.channel, record.provider) ?? '');
  return { ...record, data: { ...record.data, ...rendered } };
}

import type { Condition } from '../query/condition.ts';
import type { LogSource } from '../rule.ts';

type Names = Readonly<Record<string, string>>;

/** Names of web server rules (Sigma 2.1, *Taxonomy*: W3C extended log fields). */
const WEBSERVER: Names = {
  'c-ip': 'source.ip',
  'c-uri': 'url.original',
  'cs-uri': 'url.original',
  'c-uri-stem': 'url.path',
  'cs-uri-stem': 'url.path',
  'c-uri-query': 'url.query',
  'cs-uri-query': 'url.query',
  'c-useragent': 'user_agent.original',
  'cs-user-agent': 'user_agent.original',
  'cs-method': 'http.request.method',
  'cs-username': 'user.name',
  'cs-referer': 'http.request.referrer',
  'cs-referrer': 'http.request.referrer',
  'cs-version': 'http.version',
  'cs-host': 'url.domain',
  'sc-status': 'http.response.status_code',
  'sc-bytes': 'http.response.body.bytes',
};

/** Names of process rules, on Linux and Windows. */
const PROCESS: Names = {
  Image: 'process.executable',
  CommandLine: 'process.command_line',
  CurrentDirectory: 'process.working_directory',
  OriginalFileName: 'process.pe.original_file_name',
  Description: 'process.pe.description',
  Product: 'process.pe.product',
  Company: 'process.pe.company',
  Imphash: 'process.pe.imphash',
  ProcessId: 'process.pid',
  ProcessGuid: 'process.entity_id',
  ParentImage: 'process.parent.executable',
  ParentCommandLine: 'process.parent.command_line',
  ParentProcessId: 'process.parent.pid',
  ParentProcessGuid: 'process.parent.entity_id',
  User: 'user.name',
};

/** Names of other Windows and Sysmon events; what is not here is under `winlog.event_data`. */
const WINDOWS: Names = {
  ...PROCESS,
  EventID: 'event.code',
  Channel: 'winlog.channel',
  Provider_Name: 'winlog.provider_name',
  Computer: 'host.name',
  ComputerName: 'host.name',
  TargetFilename: 'file.path',
  ImageLoaded: 'file.path',
  TargetObject: 'registry.path',
  DestinationIp: 'destination.ip',
  DestinationPort: 'destination.port',
  DestinationHostname: 'destination.domain',
  SourceIp: 'source.ip',
  SourcePort: 'source.port',
  QueryName: 'dns.question.name',
  ScriptBlockText: 'powershell.file.script_block_text',
  IpAddress: 'source.ip',
  WorkstationName: 'source.domain',
};

function namesFor(logsource: LogSource): { readonly names: Names; readonly otherwise: string } {
  if (logsource.product === 'windows') return { names: WINDOWS, otherwise: 'winlog.event_data.' };
  if (logsource.category === 'webserver' || logsource.category === 'proxy') return { names: WEBSERVER, otherwise: '' };
  return { names: { ...WEBSERVER, ...PROCESS }, otherwise: '' };
}

/** The ECS name of a rule's field. ECS names begin with a lower-case letter and hold a dot, and pass through, as does `message`. */
export function ecsFieldName(field: string, logsource: LogSource): string {
  if (/^(@timestamp|[a-z][a-z0-9_]*(\.[\w*-]+)+|message|tags)$/.test(field)) return field;
  const { names, otherwise } = namesFor(logsource);
  return Object.hasOwn(names, field) ? (names[field] as string) : otherwise + field;
}

/** A condition with every field renamed. */
export function renameFields(condition: Condition, rename: (field: string) => string): Condition {
  switch (condition.kind) {
    case 'and':
    case 'or':
      return { kind: condition.kind, of: condition.of.map((part) => renameFields(part, rename)) };
    case 'not':
      return { kind: 'not', of: renameFields(condition.of, rename) };
    case 'field': {
      const { test } = condition;
      const renamed = test.kind === 'same-as' ? { ...test, field: rename(test.field) } : test;
      return { kind: 'field', field: rename(condition.field), test: renamed };
    }
    default:
      return condition;
  }
}

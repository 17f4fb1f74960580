import type { Condition } from '../query/condition.ts';
import type { LogSource } from '../rule.ts';
import type { FieldMode } from './engine.ts';

type Part = 'product' | 'service' | 'category';
/** Field → values of which it must have one. All fields of a row must agree; any row is enough. `*` at an end is a wildcard. */
type Rows = readonly Readonly<Record<string, readonly string[]>>[];

const SYSMON = ['Microsoft-Windows-Sysmon/Operational'];

/**
 * How an ECS event tells its Sigma log source (Sigma 2.1, *Log Source*; docs/architecture.md). A part that is not here
 * is compared with `event.module` (product), the end of `event.dataset` (service) or `event.category` (category).
 */
export const ECS_LOG_SOURCES: Readonly<Record<Part, Readonly<Record<string, Rows>>>> = {
  product: {
    linux: [
      { 'event.module': ['system', 'auditd', 'linux', 'sysmon_linux', 'postfix', 'dovecot', 'bind', 'iptables'] },
      { 'host.os.type': ['linux'] },
    ],
    windows: [
      { 'event.module': ['windows', 'sysmon', 'winlog'] },
      { 'host.os.type': ['windows'] },
      { 'winlog.channel': ['*'] },
    ],
    apache: [{ 'event.module': ['apache'] }],
    nginx: [{ 'event.module': ['nginx'] }],
    suricata: [{ 'event.module': ['suricata'] }],
  },
  service: {
    sshd: [{ 'process.name': ['sshd', 'sshd-session', 'sshd-auth'] }],
    sudo: [{ 'process.name': ['sudo'] }],
    su: [{ 'process.name': ['su'] }],
    cron: [{ 'process.name': ['cron', 'crond', 'CRON', 'anacron'] }],
    auth: [{ 'event.dataset': ['system.auth'] }],
    syslog: [
      { 'event.dataset': ['system.syslog', 'system.auth', 'postfix.log', 'dovecot.log', 'bind.log', 'iptables.log'] },
    ],
    auditd: [{ 'event.module': ['auditd'] }],
    security: [{ 'winlog.channel': ['Security'] }],
    system: [{ 'winlog.channel': ['System'] }],
    application: [{ 'winlog.channel': ['Application'] }],
    sysmon: [{ 'winlog.channel': SYSMON }],
    powershell: [{ 'winlog.channel': ['Microsoft-Windows-PowerShell/Operational', 'PowerShellCore/Operational'] }],
    'powershell-classic': [{ 'winlog.channel': ['Windows PowerShell'] }],
    taskscheduler: [{ 'winlog.channel': ['Microsoft-Windows-TaskScheduler/Operational'] }],
    windefend: [{ 'winlog.channel': ['Microsoft-Windows-Windows Defender/Operational'] }],
  },
  category: {
    webserver: [
      { 'event.dataset': ['nginx.access', 'apache.access'] },
      { 'event.category': ['web'], 'event.type': ['access'] },
    ],
    proxy: [{ 'event.dataset': ['*.proxy', 'squid.*'] }],
    firewall: [{ 'event.category': ['network'], 'event.type': ['allowed', 'denied', 'connection'] }],
    dns: [{ 'event.dataset': ['dns.*', '*.dns'] }, { 'dns.question.name': ['*'] }],
    process_creation: [
      { 'event.category': ['process'], 'event.type': ['start', 'creation'] },
      { 'winlog.channel': SYSMON, 'event.code': ['1'] },
      { 'winlog.channel': ['Security'], 'event.code': ['4688'] },
    ],
    network_connection: [
      { 'winlog.channel': SYSMON, 'event.code': ['3'] },
      { 'event.category': ['network'], 'event.type': ['connection', 'start'] },
    ],
    driver_load: [{ 'event.category': ['driver'] }, { 'winlog.channel': SYSMON, 'event.code': ['6'] }],
    image_load: [{ 'event.category': ['library'] }, { 'winlog.channel': SYSMON, 'event.code': ['7'] }],
    create_remote_thread: [{ 'winlog.channel': SYSMON, 'event.code': ['8'] }],
    raw_access_thread: [{ 'winlog.channel': SYSMON, 'event.code': ['9'] }],
    process_access: [{ 'winlog.channel': SYSMON, 'event.code': ['10'] }],
    file_event: [
      { 'winlog.channel': SYSMON, 'event.code': ['11'] },
      { 'event.category': ['file'], 'event.type': ['creation', 'change'] },
    ],
    registry_add: [{ 'winlog.channel': SYSMON, 'event.code': ['12'] }],
    registry_delete: [{ 'winlog.channel': SYSMON, 'event.code': ['12'] }],
    registry_set: [{ 'winlog.channel': SYSMON, 'event.code': ['13'] }],
    registry_event: [{ 'winlog.channel': SYSMON, 'event.code': ['12', '13', '14'] }],
    create_stream_hash: [{ 'winlog.channel': SYSMON, 'event.code': ['15'] }],
    pipe_created: [{ 'winlog.channel': SYSMON, 'event.code': ['17', '18'] }],
    wmi_event: [{ 'winlog.channel': SYSMON, 'event.code': ['19', '20', '21'] }],
    dns_query: [{ 'winlog.channel': SYSMON, 'event.code': ['22'] }],
    file_delete: [{ 'winlog.channel': SYSMON, 'event.code': ['23', '26'] }],
    ps_script: [{ 'winlog.channel': ['Microsoft-Windows-PowerShell/Operational'], 'event.code': ['4104'] }],
    ps_module: [{ 'winlog.channel': ['Microsoft-Windows-PowerShell/Operational'], 'event.code': ['4103'] }],
  },
};

const REGISTRY_KINDS = ['registry_event', 'registry_add', 'registry_delete', 'registry_set', 'registry_rename'];

/**
 * Categories of raw events that hold one another (Sigma 2.1, *Taxonomy*): `registry_event` is every change of the
 * registry, so an event that is only known as one tells its kind by `EventType`.
 */
export const RAW_CATEGORIES: Readonly<Record<string, Rows>> = {
  registry_event: [{ category: REGISTRY_KINDS }],
  registry_add: [{ category: ['registry_add'] }, { category: ['registry_event'], EventType: ['Create*'] }],
  registry_delete: [{ category: ['registry_delete'] }, { category: ['registry_event'], EventType: ['Delete*'] }],
  registry_rename: [{ category: ['registry_rename'] }, { category: ['registry_event'], EventType: ['Rename*'] }],
};

function valueCondition(field: string, value: string): Condition {
  if (value === '*') return { kind: 'field', field, test: { kind: 'exists', value: true } };
  const match = value.startsWith('*') ? 'ends' : value.endsWith('*') ? 'starts' : 'equals';
  return { kind: 'field', field, test: { kind: 'string', match, value: value.replaceAll('*', ''), cased: false } };
}

function rowsCondition(rows: Rows): Condition {
  const of = rows.map((row): Condition => {
    const fields = Object.entries(row).map(
      ([field, values]): Condition => ({ kind: 'or', of: values.map((value) => valueCondition(field, value)) }),
    );
    return { kind: 'and', of: fields };
  });
  return { kind: 'or', of };
}

function rawPart(part: Part, name: string): Condition {
  const rows = part === 'category' && Object.hasOwn(RAW_CATEGORIES, name) ? RAW_CATEGORIES[name] : undefined;
  return rows ? rowsCondition(rows) : valueCondition(part, name);
}

function ecsPart(part: Part, name: string): Condition {
  const known = ECS_LOG_SOURCES[part];
  const rows = Object.hasOwn(known, name) ? known[name] : undefined;
  if (rows) return rowsCondition(rows);
  if (part === 'product') return valueCondition('event.module', name);
  if (part === 'category') return valueCondition('event.category', name);
  return { kind: 'or', of: [valueCondition('event.dataset', name), valueCondition('event.dataset', `*.${name}`)] };
}

/** The condition an event meets where it comes from a log source. A part that the rule does not name is not asked about. */
export function logSourceCondition(logsource: LogSource, mode: FieldMode): Condition {
  const of: Condition[] = [];
  for (const part of ['product', 'service', 'category'] as const) {
    const name = logsource[part];
    if (name !== undefined) of.push(mode === 'raw' ? rawPart(part, name) : ecsPart(part, name));
  }
  return of.length === 0 ? { kind: 'always' } : { kind: 'and', of };
}

/** The names of fields that a condition reads. */
export function conditionFields(condition: Condition): string[] {
  if (condition.kind === 'field') return [condition.field];
  if (condition.kind === 'not') return conditionFields(condition.of);
  return condition.kind === 'and' || condition.kind === 'or' ? condition.of.flatMap(conditionFields) : [];
}

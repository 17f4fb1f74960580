import type { Draft } from './draft.ts';
import { relate } from './draft.ts';
import { countOf, put, putTransport } from './put.ts';
import {
  accountOf,
  addressOf,
  baseName,
  known,
  pidOf,
  putCommandLine,
  putEnd,
  putPath,
  putProcess,
} from './windows-fields.ts';
import type { WindowsMeaning } from './windows-meaning.ts';
import { KERBEROS_FAILURES, LOGON_FAILURES, LOGON_TYPES } from './windows-meaning.ts';
import type { WindowsRecord } from './windows-record.ts';

type Data = WindowsRecord['data'];

/** An account from fields of one prefix: `SubjectUserName`, `SubjectDomainName`, `SubjectUserSid`. */
function accountAt(data: Data, prefix: string): { name?: string; domain?: string; id?: string } | undefined {
  const name = known(data[`${prefix}UserName`]) ?? known(data[`${prefix}Name`]);
  const domain = known(data[`${prefix}DomainName`]) ?? known(data[`${prefix}Domain`]);
  const id = known(data[`${prefix}UserSid`]) ?? known(data[`${prefix}Sid`]);
  const real = id === 'S-1-0-0' ? undefined : id;
  if (name === undefined && real === undefined) return undefined;
  // Kerberos writes the realm behind the name too: `lan@CORP.LOCAL`.
  const at = name === undefined || domain === undefined ? -1 : name.lastIndexOf('@');
  const isRealm = at > 0 && name?.slice(at + 1).toLowerCase() === domain?.toLowerCase();
  return {
    ...(name !== undefined && { name: isRealm ? name.slice(0, at) : name }),
    ...(domain !== undefined && { domain }),
    ...(real !== undefined && { id: real }),
  };
}

/** The common name of a member's distinguished name (RFC 4514), or the name as it is. */
function memberName(text: string | undefined): string | undefined {
  const name = known(text);
  if (name === undefined) return undefined;
  const common = /^CN=((?:[^,\\]|\\.)*)/i.exec(name);
  return common ? (common[1] as string).replace(/\\(.)/g, '$1') : accountOf(name)?.name;
}

function setPeople(draft: Draft, data: Data, roles: WindowsMeaning['roles'] | undefined): void {
  const subject = accountAt(data, 'Subject');
  const target = accountAt(data, 'Target');
  switch (roles) {
    case 'target':
      if (target) draft.user = target;
      if (subject?.name !== undefined) relate(draft, 'user', subject.name);
      return;
    case 'account': {
      const name = known(data['AccountName']);
      const domain = known(data['AccountDomain']);
      if (name !== undefined) draft.user = { name, ...(domain !== undefined && { domain }) };
      return;
    }
    case 'subject-effective':
      if (subject) draft.user = subject;
      if (target?.name !== undefined) put(draft, 'user.effective', target);
      return;
    case 'subject-target':
      if (subject) draft.user = subject;
      if (target) put(draft, 'user.target', target);
      put(draft, 'user.changes.name', known(data['NewTargetUserName']));
      if (known(data['NewTargetUserName']) !== undefined)
        put(draft, 'user.target.name', known(data['OldTargetUserName']));
      return;
    case 'subject-group':
    case 'subject-member':
      if (subject) draft.user = subject;
      if (target) put(draft, 'group', target);
      if (roles === 'subject-member') {
        put(draft, 'user.target.name', memberName(data['MemberName']));
        put(draft, 'user.target.id', known(data['MemberSid']));
        if (target) put(draft, 'user.target.group', { ...target });
      }
      return;
    default:
      if (subject) draft.user = subject;
  }
}

function setLogon(draft: Draft, data: Data, code: string): void {
  const type = known(data['LogonType']);
  if (type !== undefined && Object.hasOwn(LOGON_TYPES, type)) put(draft, 'winlog.logon.type', LOGON_TYPES[type]);
  const session = known(data['TargetLogonId']);
  const isNone = session !== undefined && /^0x0+$/.test(session) && data['SubjectLogonId'] !== undefined;
  put(
    draft,
    'winlog.logon.id',
    (isNone ? undefined : session) ?? known(data['SubjectLogonId']) ?? known(data['LogonID']),
  );
  const status = (known(data['SubStatus']) ?? '0x0').toLowerCase();
  const cause = /^0x0+$/.test(status) ? (known(data['Status']) ?? '').toLowerCase() : status;
  if (code === '4625' || code === '4776' || code === '4777') {
    const reason = Object.hasOwn(LOGON_FAILURES, cause) ? LOGON_FAILURES[cause] : undefined;
    put(draft, 'winlog.logon.failure.sub_status', code === '4625' ? cause : undefined);
    put(draft, 'event.reason', reason);
  }
  if (code === '4768' || code === '4771') {
    const failure = (known(data['Status']) ?? known(data['FailureCode']) ?? '').toLowerCase();
    put(draft, 'event.reason', Object.hasOwn(KERBEROS_FAILURES, failure) ? KERBEROS_FAILURES[failure] : undefined);
  }
  const result = known(data['Status']) ?? known(data['FailureCode']);
  if (/^47(?:68|69|70|76)$/.test(code) && result !== undefined && /^0x[0-9a-f]{1,8}$/i.test(result)) {
    draft.event.outcome = Number(result) === 0 ? 'success' : 'failure';
  }
}

function setProcess(draft: Draft, data: Data, code: string): void {
  if (code === '4688') {
    putProcess(draft, 'process', data['NewProcessName'], data['NewProcessId']);
    putProcess(draft, 'process.parent', data['ParentProcessName'], data['ProcessId']);
    putCommandLine(draft, 'process', data['CommandLine']);
    return;
  }
  const image = known(data['ProcessName']) ?? known(data['Application']);
  const pid = pidOf(data['ProcessId'] ?? data['ProcessID']);
  if (image !== undefined) putProcess(draft, 'process', image, undefined);
  if (pid !== undefined && pid > 0) put(draft, 'process.pid', pid);
  if (code === '4689') put(draft, 'process.exit_code', pidOf(data['Status']));
}

function setConnection(draft: Draft, data: Data): void {
  if (data['SourceAddress'] !== undefined && data['DestAddress'] !== undefined) {
    putEnd(draft, 'source', data['SourceAddress'], data['SourcePort']);
    putEnd(draft, 'destination', data['DestAddress'], data['DestPort']);
    putTransport(draft, known(data['Protocol']));
    if (data['Direction'] === '%%14592') put(draft, 'network.direction', 'inbound');
    if (data['Direction'] === '%%14593') put(draft, 'network.direction', 'outbound');
    return;
  }
  const name = known(data['WorkstationName']) ?? known(data['Workstation']) ?? known(data['ClientName']);
  putEnd(draft, 'source', data['IpAddress'] ?? data['ClientAddress'], data['IpPort'], name?.replace(/^\\\\/, ''));
}

/** Reads what an event of the Security log says beyond its number. */
export function readSecurity(draft: Draft, record: WindowsRecord, meaning: WindowsMeaning | undefined): void {
  const { data, code } = record;
  setPeople(draft, data, meaning?.roles);
  setLogon(draft, data, code);
  setProcess(draft, data, code);
  setConnection(draft, data);
  put(draft, 'service.name', known(data['ServiceName']));
  if (code === '4740') {
    // This event alone has the computer that the tries came from where others have the account's domain.
    delete draft.user?.target?.domain;
    putEnd(draft, 'source', undefined, undefined, known(data['TargetDomainName']));
  }
  if (/^(?:4656|4658|4660|4663)$/.test(code) && data['ObjectType'] === 'File')
    putPath(draft, 'file', data['ObjectName']);
  if (code === '4657') {
    const key = known(data['ObjectName']);
    const value = known(data['ObjectValueName']);
    put(draft, 'registry.key', key);
    put(draft, 'registry.value', value);
    if (key !== undefined) put(draft, 'registry.path', value === undefined ? key : `${key}\\${value}`);
  }
  if (code === '5140' || code === '5145') {
    const share = known(data['ShareName']);
    const local = known(data['ShareLocalPath'])
      ?.replace(/^\\\?\?\\/, '')
      .replace(/\\$/, '');
    const target = known(data['RelativeTargetName']);
    if (target === undefined || target === '\\') {
      put(draft, 'file.target_path', share);
      put(draft, 'file.path', local !== undefined && /^[A-Za-z]:$/.test(local) ? `${local}\\` : local);
    } else {
      put(draft, 'file.name', baseName(target));
      put(draft, 'file.target_path', `${share ?? ''}\\${target}`);
      if (local !== undefined) put(draft, 'file.path', `${local}\\${target}`);
    }
  }
}

/** `Name=value` or `Name = value` in the lines of a text. */
function lineValue(text: string, name: string): string | undefined {
  for (const line of text.split(/\r?\n/, 200)) {
    const trimmed = line.trim();
    if (!trimmed.toLowerCase().startsWith(name.toLowerCase())) continue;
    const rest = trimmed.slice(name.length).trimStart();
    if (rest.startsWith('=')) return known(rest.slice(1));
  }
  return undefined;
}

/** Reads events of PowerShell: script blocks (4104), modules (4103), the engine's start and stop (400, 403, 600). */
export function readPowerShell(draft: Draft, record: WindowsRecord): void {
  const { data } = record;
  put(draft, 'powershell.file.script_block_text', known(data['ScriptBlockText']));
  put(draft, 'powershell.file.script_block_id', known(data['ScriptBlockId']));
  put(draft, 'powershell.sequence', countOf(data['MessageNumber']));
  put(draft, 'powershell.total', countOf(data['MessageTotal']));
  putPath(draft, 'file', data['Path']);
  const context = data['ContextInfo'] ?? data['param3'] ?? data['Data'] ?? '';
  const text = context.includes('=') ? context : '';
  putCommandLine(draft, 'process', lineValue(text, 'HostApplication') ?? lineValue(text, 'Host Application'));
  putPath(draft, 'file', lineValue(text, 'Script Name') ?? lineValue(text, 'ScriptName'));
  put(draft, 'powershell.engine.version', lineValue(text, 'EngineVersion') ?? lineValue(text, 'Engine Version'));
  put(draft, 'powershell.command.name', lineValue(text, 'CommandName') ?? lineValue(text, 'Command Name'));
  const user = accountOf(lineValue(text, 'UserId') ?? lineValue(text, 'User'));
  if (user) draft.user = user;
  else if (record.userId !== undefined) draft.user = { id: record.userId };
}

function readDefender(draft: Draft, data: Data): void {
  const threat = known(data['Threat Name']);
  if (threat !== undefined) draft.event.kind = 'alert';
  put(draft, 'rule.name', threat);
  put(draft, 'rule.id', known(data['Threat ID']));
  put(draft, 'rule.category', known(data['Category Name']));
  const path = known(data['Path'])
    ?.split(/;\s*(?=\w+:_)/, 1)[0]
    ?.replace(/^(?:file|containerfile|process|webfile):_?(?:pid:[^|]*\|)?/, '');
  putPath(draft, 'file', path?.split(/->|\|/, 1)[0]);
  const process = known(data['Process Name']);
  if (process !== undefined && process !== 'Unknown') putProcess(draft, 'process', process, undefined);
  const user = accountOf(data['Detection User'] ?? data['User']);
  if (user) draft.user = user;
}

/** Reads events of the System, Defender, Task Scheduler and Terminal Services logs. */
export function readService(draft: Draft, record: WindowsRecord, dataset: string): void {
  const { data, code } = record;
  if (dataset === 'defender') {
    readDefender(draft, data);
    return;
  }
  if (dataset === 'terminal_services') {
    const user = accountOf(data['User'] ?? (code === '1149' ? data['Param1'] : undefined));
    if (user) draft.user = user;
    if (code === '1149') put(draft, 'user.domain', known(data['Param2']));
    putEnd(draft, 'source', addressOf(data['Address'] ?? data['Param3']), undefined);
    return;
  }
  if (dataset === 'task_scheduler') {
    const user = accountOf(data['UserContext'] ?? data['UserName']);
    if (user) draft.user = user;
    return;
  }
  if (dataset === 'system' && code === '104') {
    const account = accountAt(data, 'Subject');
    if (account) draft.user = account;
  }
  if (dataset === 'system' && code === '1074') {
    // The program that asked for it, and on whose behalf.
    putProcess(draft, 'process', data['param1']?.replace(/ \([^()]{1,64}\)$/, ''), undefined);
    const account = accountOf(data['param7']);
    if (account) draft.user = account;
  }
  if (dataset === 'system')
    put(
      draft,
      'service.name',
      known(data['ServiceName']) ?? (/^70(?:31|34|36|40)$/.test(code) ? known(data['param1']) : undefined),
    );
  if (draft.user === undefined && record.userId !== undefined) draft.user = { id: record.userId };
}

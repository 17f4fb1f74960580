/** Whose fields stand under a heading of a message: who acted, whom it was done to, a group's member, or the event's. */
type Section = 'Subject' | 'Target' | 'Member' | 'Group' | '';

const HEADINGS: Readonly<Record<string, Section>> = {
  Subject: 'Subject',
  'Creator Subject': 'Subject',
  'New Logon': 'Target',
  'Account For Which Logon Failed': 'Target',
  'Account Whose Credentials Were Used': 'Target',
  'Account That Was Locked Out': 'Target',
  'Computer Account That Was Changed': 'Target',
  'New Computer Account': 'Target',
  'Target Computer': 'Target',
  'Target Account': 'Target',
  'Target Subject': 'Target',
  'New Account': 'Target',
  'Account Information': 'Target',
  User: 'Target',
  Member: 'Member',
  Group: 'Group',
  'New Group': 'Group',
  'Deleted Group': 'Group',
};
/** Headings whose fields have names of their own. */
const OTHER_HEADINGS =
  'Access Request Information|Additional Information|Application Information|Attributes|Audit Policy Change|Certificate Information|Changed Attributes|Detailed Authentication Information|Failure Information|Filter Information|Logon Information|Network Information|Object|Process|Process Information|Requested Operation|Service|Service Information|Session|Share Information|Target Server|Task Information|Rule Information|Layer Information'.split(
    '|',
  );

/** What the account's fields are called behind `Subject`, `Target` or `Member`. */
const ACCOUNT: Readonly<Record<string, string>> = {
  'Security ID': 'Sid',
  'User ID': 'Sid',
  'Account Name': 'Name',
  'Group Name': 'Name',
  'Account Domain': 'DomainName',
  'Domain Name': 'DomainName',
  'Group Domain': 'DomainName',
  'Supplied Realm Name': 'DomainName',
  'Logon ID': 'LogonId',
};

const LABELS: Readonly<Record<string, string>> = {
  'Logon Type': 'LogonType',
  'Logon GUID': 'LogonGuid',
  'Logon Process': 'LogonProcessName',
  'Logon Account': 'TargetUserName',
  'Authentication Package': 'AuthenticationPackageName',
  'Package Name (NTLM only)': 'LmPackageName',
  'Key Length': 'KeyLength',
  'Transited Services': 'TransmittedServices',
  'Elevated Token': 'ElevatedToken',
  'Virtual Account': 'VirtualAccount',
  'Restricted Admin Mode': 'RestrictedAdminMode',
  'Impersonation Level': 'ImpersonationLevel',
  'Linked Logon ID': 'TargetLinkedLogonId',
  'Network Account Name': 'TargetOutboundUserName',
  'Network Account Domain': 'TargetOutboundDomainName',
  'Failure Reason': 'FailureReason',
  'Sub Status': 'SubStatus',
  Status: 'Status',
  'Error Code': 'Status',
  'Result Code': 'Status',
  'Failure Code': 'Status',
  'Ticket Options': 'TicketOptions',
  'Ticket Encryption Type': 'TicketEncryptionType',
  'Pre-Authentication Type': 'PreAuthType',
  'Source Workstation': 'Workstation',
  'Workstation Name': 'WorkstationName',
  'Source Network Address': 'IpAddress',
  'Network Address': 'IpAddress',
  'Client Address': 'IpAddress',
  'Client Port': 'IpPort',
  'Source Address': 'SourceAddress',
  'Source Port': 'SourcePort',
  Port: 'IpPort',
  'Destination Address': 'DestAddress',
  'Destination Port': 'DestPort',
  Protocol: 'Protocol',
  Direction: 'Direction',
  'Caller Computer Name': 'TargetDomainName',
  'Process ID': 'ProcessId',
  'Process Name': 'ProcessName',
  'Caller Process ID': 'ProcessId',
  'Caller Process Name': 'ProcessName',
  'New Process ID': 'NewProcessId',
  'New Process Name': 'NewProcessName',
  'Creator Process ID': 'ProcessId',
  'Creator Process Name': 'ParentProcessName',
  'Process Command Line': 'CommandLine',
  'Token Elevation Type': 'TokenElevationType',
  'Mandatory Label': 'MandatoryLabel',
  'Exit Status': 'Status',
  'Application Name': 'Application',
  'Object Server': 'ObjectServer',
  'Object Type': 'ObjectType',
  'Object Name': 'ObjectName',
  'Object Value Name': 'ObjectValueName',
  'Handle ID': 'HandleId',
  Accesses: 'AccessList',
  'Access Mask': 'AccessMask',
  'Resource Attributes': 'ResourceAttributes',
  'Share Name': 'ShareName',
  'Share Path': 'ShareLocalPath',
  'Relative Target Name': 'RelativeTargetName',
  'Service Name': 'ServiceName',
  'Service ID': 'ServiceSid',
  'Service File Name': 'ServiceFileName',
  'Service Type': 'ServiceType',
  'Service Start Type': 'ServiceStartType',
  'Service Account': 'ServiceAccount',
  'Task Name': 'TaskName',
  'Task Content': 'TaskContent',
  'Target Server Name': 'TargetServerName',
  Privileges: 'PrivilegeList',
  'SAM Account Name': 'SamAccountName',
  'Session Name': 'SessionName',
  'Client Name': 'ClientName',
  'Session ID': 'SessionID',
};
/** What Sysmon calls its fields, which is what its messages call them too. */
const SYSMON_LABELS =
  'RuleName|UtcTime|ProcessGuid|ProcessId|Image|FileVersion|Description|Product|Company|OriginalFileName|CommandLine|CurrentDirectory|User|LogonGuid|LogonId|TerminalSessionId|IntegrityLevel|Hashes|Hash|ParentProcessGuid|ParentProcessId|ParentImage|ParentCommandLine|ParentUser|TargetFilename|CreationUtcTime|PreviousCreationUtcTime|Protocol|Initiated|SourceIsIpv6|SourceIp|SourceHostname|SourcePort|SourcePortName|DestinationIsIpv6|DestinationIp|DestinationHostname|DestinationPort|DestinationPortName|ImageLoaded|Signed|Signature|SignatureStatus|SourceProcessGuid|SourceProcessGUID|SourceProcessId|SourceImage|SourceThreadId|SourceUser|TargetProcessGuid|TargetProcessGUID|TargetProcessId|TargetImage|TargetUser|NewThreadId|StartAddress|StartModule|StartFunction|GrantedAccess|CallTrace|Device|EventType|TargetObject|Details|NewName|PipeName|Operation|Consumer|Filter|EventNamespace|Name|Query|Type|Destination|QueryName|QueryStatus|QueryResults|IsExecutable|Archived|Contents|Session|ClientInfo|State|Version|SchemaVersion|Configuration|ConfigurationFileHash'.split(
    '|',
  );

/** Values that are one word, so that what explains them further down is no part of them. */
const WORD =
  /(?:Sid|LogonId|LogonType|Guid|Address|Port|Status|ProcessId|Protocol|KeyLength|Options|EncryptionType|PreAuthType|Mask|HandleId)$/;
const EXPLAINED =
  /\s(?:This event is generated (?:when|on)|The subject fields indicate|Token Elevation Type indicates|Certificate information is only|Pre-authentication types,|Ticket options, encryption types|Type 1 is a full token|Privileges are required).*$/s;

function labelPattern(names: readonly string[], gap: string): RegExp {
  const longest = [...names].sort((one, other) => other.length - one.length);
  const words = longest.map((name) => name.replace(/[()]/g, '\\$&')).join('|');
  return new RegExp(`(?<=^|${gap})(${words}):(?=\\s|$)`, 'g');
}

const SECURITY_NAMES = [
  ...new Set([...Object.keys(HEADINGS), ...OTHER_HEADINGS, ...Object.keys({ ...ACCOUNT, ...LABELS })]),
];
const WIDE = '[ \\t]{2}|[\\r\\n\\t] ?|\\.\\s';
const PATTERNS = {
  security: { wide: labelPattern(SECURITY_NAMES, WIDE), narrow: labelPattern(SECURITY_NAMES, '\\s') },
  sysmon: { wide: labelPattern(SYSMON_LABELS, WIDE), narrow: labelPattern(SYSMON_LABELS, '\\s') },
} as const;

/** The labels of a message with what stands behind each, in their order. */
function labelled(text: string, kind: 'security' | 'sysmon'): readonly (readonly [label: string, value: string])[] {
  const { wide, narrow } = PATTERNS[kind];
  const found = [...text.matchAll(wide)];
  // Where blanks have been squeezed into one, any label counts.
  const marks = found.length > 2 ? found : [...text.matchAll(narrow)];
  return marks.map((mark, at) => {
    const value = text.slice(mark.index + mark[0].length, marks[at + 1]?.index);
    return [mark[1] as string, value.trim()];
  });
}

function keyOf(section: Section, label: string): string | undefined {
  const own = Object.hasOwn(ACCOUNT, label) ? ACCOUNT[label] : undefined;
  if (own !== undefined) {
    if (section === 'Member') return own === 'Sid' || own === 'Name' ? `Member${own}` : undefined;
    const who = section === 'Subject' ? 'Subject' : section === '' ? undefined : 'Target';
    if (who === undefined) return undefined;
    return own === 'Name' || (own === 'Sid' && section !== 'Group') ? `${who}User${own}` : `${who}${own}`;
  }
  return Object.hasOwn(LABELS, label) ? LABELS[label] : undefined;
}

const DIRECTIONS: Readonly<Record<string, string>> = { Inbound: '%%14592', Outbound: '%%14593' };

function securityData(text: string): Record<string, string> {
  const data: Record<string, string> = {};
  let section: Section = '';
  for (const [label, value] of labelled(text, 'security')) {
    if (value === '' && (Object.hasOwn(HEADINGS, label) || OTHER_HEADINGS.includes(label))) {
      section = HEADINGS[label] ?? '';
      continue;
    }
    const key = keyOf(section, label);
    if (key === undefined || data[key] !== undefined) continue;
    const whole = value.replace(EXPLAINED, '').trim();
    const kept = WORD.test(key) ? (/^\S*/.exec(whole)?.[0] ?? '') : whole;
    // Where the viewer has names for accounts, `NULL SID` and `CORP\\lan` stand in place of the numbers.
    if (/Sid$/.test(key) && !/^S-\d-\d/.test(kept)) continue;
    if (kept !== '') data[key] = key === 'Direction' ? (DIRECTIONS[kept] ?? kept) : kept;
  }
  // Shares and logons call the client what firewalls call the source of a connection.
  if (data['DestAddress'] !== undefined) return data;
  const { SourceAddress, SourcePort, ...rest } = data;
  const address = rest['IpAddress'] ?? SourceAddress;
  const port = rest['IpPort'] ?? SourcePort;
  return { ...rest, ...(address && { IpAddress: address }), ...(port && { IpPort: port }) };
}

const SCRIPT = /^Creating Scriptblock text \((\d{1,6}) of (\d{1,6})\):/;
const SERVICE_STATE = /^The (.{1,256}) service entered the (.{1,64}) state\.?\s*$/;

/** A script block's text stands between the message's first words and the block's number and file. */
function scriptData(message: string, [head, number = '', total = '']: RegExpExecArray): Record<string, string> {
  const end = message.lastIndexOf('ScriptBlock ID:');
  const [id = '', path = ''] = end < 0 ? [] : message.slice(end + 15).split('Path:', 2);
  const all = {
    MessageNumber: number,
    MessageTotal: total,
    ScriptBlockText: message.slice(head.length, end < 0 ? undefined : end).trim(),
    ScriptBlockId: id.trim(),
    Path: path.trim(),
  };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== ''));
}

/**
 * The event data that the English text of a message says, under the names that the log itself has for them; empty where
 * the text is of another kind or language. `channel` is the log that the message is of.
 */
export function renderedData(text: string, channel: string): Record<string, string> {
  const message = text.trim();
  if (/Sysmon/.test(channel))
    return Object.fromEntries(
      labelled(message, 'sysmon')
        .filter(([, value]) => value !== '')
        .toReversed(),
    );
  const script = SCRIPT.exec(message);
  if (script) return scriptData(message, script);
  const state = SERVICE_STATE.exec(message);
  if (state) return { param1: state[1] as string, param2: state[2] as string };
  const data = securityData(message);
  if (!/^System$/i.test(channel)) return data;
  const { ServiceFileName: ImagePath, ServiceStartType: StartType, ServiceAccount: AccountName, ...rest } = data;
  return {
    ...rest,
    ...(ImagePath && { ImagePath }),
    ...(StartType && { StartType }),
    ...(AccountName && { AccountName }),
  };
}

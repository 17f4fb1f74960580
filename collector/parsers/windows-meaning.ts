/** Whose accounts an event names: who acted (`Subject…`), and whom or what it was done to (`Target…`). */
export type Roles =
  | 'target'
  | 'subject'
  | 'subject-effective'
  | 'subject-target'
  | 'subject-group'
  | 'subject-member'
  | 'account'
  | 'none';

/** ECS categorization of a Windows event. */
export interface WindowsMeaning {
  readonly category: readonly string[];
  readonly type: readonly string[];
  readonly action: string;
  readonly roles: Roles;
  readonly outcome?: 'success' | 'failure';
}

type Row = readonly [
  codes: string,
  action: string,
  category: string,
  type: string,
  roles: Roles,
  outcome?: 'success' | 'failure',
];

const SECURITY: readonly Row[] = [
  ['1100', 'logging-service-shutdown', 'process', 'end', 'none'],
  ['1102', 'audit-log-cleared', 'iam', 'admin change', 'subject', 'success'],
  ['1104', 'logging-full', 'iam', 'admin', 'none'],
  ['1105', 'auditlog-archieved', 'iam', 'admin', 'none'],
  ['1108', 'logging-processing-error', 'iam', 'admin', 'none'],
  ['4608', 'system-started', 'host', 'start', 'none'],
  ['4609', 'system-stopped', 'host', 'end', 'none'],
  ['4610', 'authentication-package-loaded', 'configuration', 'access', 'none'],
  ['4611', 'trusted-logon-process-registered', 'configuration', 'change', 'subject'],
  ['4614', 'notification-package-loaded', 'configuration', 'access', 'none'],
  ['4622', 'security-package-loaded', 'configuration', 'access', 'none'],
  ['4616', 'system-time-changed', 'configuration', 'change', 'subject'],
  ['4624', 'logged-in', 'authentication', 'start', 'target', 'success'],
  ['4625', 'logon-failed', 'authentication', 'start', 'target', 'failure'],
  ['4634 4647', 'logged-out', 'authentication', 'end', 'target', 'success'],
  ['4648', 'logged-in-explicit', 'authentication', 'start', 'subject-effective'],
  ['4656 4658 4660 4661 4663 4690', 'object-access', 'file', 'access', 'subject'],
  ['4657', 'registry-value-modified', 'configuration registry', 'change', 'subject'],
  ['4662', 'directory-object-access', 'iam', 'access', 'subject'],
  ['4670', 'permissions-changed', 'iam configuration', 'admin change', 'subject'],
  ['4672', 'logged-in-special', 'iam', 'admin', 'subject'],
  ['4964', 'logged-in-special', 'iam', 'admin group', 'subject'],
  ['4673', 'privileged-service-called', 'iam', 'admin', 'subject'],
  ['4674', 'privileged-operation', 'iam', 'admin', 'subject'],
  ['4688', 'created-process', 'process', 'start', 'subject-effective'],
  ['4689', 'exited-process', 'process', 'end', 'subject'],
  ['4697', 'service-installed', 'iam configuration', 'admin change', 'subject'],
  ['4698', 'scheduled-task-created', 'iam configuration', 'admin creation', 'subject'],
  ['4699', 'scheduled-task-deleted', 'iam configuration', 'admin deletion', 'subject'],
  ['4700', 'scheduled-task-enabled', 'iam configuration', 'admin change', 'subject'],
  ['4701', 'scheduled-task-disabled', 'iam configuration', 'admin change', 'subject'],
  ['4702', 'scheduled-task-updated', 'iam configuration', 'admin change', 'subject'],
  ['4703', 'user-right-adjusted', 'iam', 'admin change', 'subject'],
  ['4704', 'user-right-assigned', 'iam', 'admin user change', 'subject'],
  ['4705', 'user-right-removed', 'iam', 'admin user change', 'subject'],
  ['4706', 'domain-trust-added', 'configuration', 'creation', 'subject'],
  ['4707', 'domain-trust-removed', 'configuration', 'deletion', 'subject'],
  ['4713', 'kerberos-policy-changed', 'configuration', 'change', 'subject'],
  ['4714', 'encrypted-data-recovery-policy-changed', 'configuration', 'change', 'subject'],
  ['4715', 'object-audit-policy-changed', 'configuration', 'change', 'subject'],
  ['4716', 'trusted-domain-information-changed', 'configuration', 'change', 'subject'],
  ['4717', 'system-security-access-granted', 'iam configuration', 'admin change', 'subject'],
  ['4718', 'system-security-access-removed', 'iam configuration', 'admin deletion', 'subject'],
  ['4719', 'changed-audit-config', 'iam configuration', 'admin change', 'subject'],
  ['4720', 'added-user-account', 'iam', 'user creation', 'subject-target'],
  ['4722', 'enabled-user-account', 'iam', 'user change', 'subject-target'],
  ['4723', 'changed-password', 'iam', 'user change', 'subject-target'],
  ['4724', 'reset-password', 'iam', 'user change', 'subject-target'],
  ['4725', 'disabled-user-account', 'iam', 'user deletion', 'subject-target'],
  ['4726', 'deleted-user-account', 'iam', 'user deletion', 'subject-target'],
  ['4727 4731 4754', 'added-group-account', 'iam', 'group creation', 'subject-group'],
  ['4728 4732 4756', 'added-member-to-group', 'iam', 'group change', 'subject-member'],
  ['4729 4733 4757', 'removed-member-from-group', 'iam', 'group change', 'subject-member'],
  ['4730 4734 4758', 'deleted-group-account', 'iam', 'group deletion', 'subject-group'],
  ['4735 4737 4755', 'modified-group-account', 'iam', 'group change', 'subject-group'],
  ['4738', 'modified-user-account', 'iam', 'user change', 'subject-target'],
  ['4739', 'domain-policy-changed', 'configuration', 'change', 'subject'],
  ['4740', 'locked-out-user-account', 'iam', 'user change', 'subject-target'],
  ['4741', 'added-computer-account', 'iam', 'admin creation', 'subject-target'],
  ['4742', 'changed-computer-account', 'iam', 'admin change', 'subject-target'],
  ['4743', 'deleted-computer-account', 'iam', 'admin deletion', 'subject-target'],
  ['4744 4749 4759', 'added-distribution-group-account', 'iam', 'group creation', 'subject-group'],
  ['4745 4750 4760', 'changed-distribution-group-account', 'iam', 'group change', 'subject-group'],
  ['4746 4751 4761', 'added-member-to-distribution-group', 'iam', 'group change', 'subject-member'],
  ['4747 4752 4762', 'removed-member-from-distribution-group', 'iam', 'group change', 'subject-member'],
  ['4748 4753 4763', 'deleted-distribution-group-account', 'iam', 'group deletion', 'subject-group'],
  ['4764', 'type-changed-group-account', 'iam', 'group change', 'subject-group'],
  ['4767', 'unlocked-user-account', 'iam', 'user change', 'subject-target'],
  ['4768 4772', 'kerberos-authentication-ticket-requested', 'authentication', 'start', 'target'],
  ['4769 4773', 'kerberos-service-ticket-requested', 'authentication', 'start', 'target'],
  ['4770', 'kerberos-service-ticket-renewed', 'authentication', 'start', 'target'],
  ['4771', 'kerberos-preauth-failed', 'authentication', 'start', 'target', 'failure'],
  ['4776', 'credential-validated', 'authentication', 'start', 'target'],
  ['4777', 'credential-validated', 'authentication', 'start', 'target', 'failure'],
  ['4778', 'session-reconnected', 'authentication session', 'start', 'account'],
  ['4779', 'session-disconnected', 'authentication session', 'end', 'account'],
  ['4780', 'permissions-changed', 'iam', 'admin user change', 'subject-target'],
  ['4781', 'renamed-user-account', 'iam', 'user change', 'subject-target'],
  ['4794', 'recovery-password-set', 'iam', 'admin change', 'subject'],
  ['4798', 'group-membership-enumerated', 'iam', 'user info', 'subject-target'],
  ['4799', 'user-member-enumerated', 'iam', 'group info', 'subject-group'],
  ['4800', 'workstation-locked', 'session', 'end', 'target'],
  ['4801', 'workstation-unlocked', 'session', 'start', 'target'],
  ['5140', 'network-share-object-accessed', 'network file', 'info access', 'subject'],
  ['5142', 'network-share-object-added', 'configuration', 'creation', 'subject'],
  ['5144', 'network-share-object-deleted', 'configuration', 'deletion', 'subject'],
  ['5145', 'network-share-object-access-checked', 'network file', 'info access', 'subject'],
  ['5136', 'directory-object-modified', 'iam configuration', 'change', 'subject'],
  ['5137', 'directory-object-created', 'iam configuration', 'creation', 'subject'],
  ['5141', 'directory-object-deleted', 'iam configuration', 'deletion', 'subject'],
  ['5152 5157', 'windows-firewall-packet-block', 'network', 'connection denied', 'none'],
  ['5154 5156 5158', 'windows-firewall-connection', 'network', 'connection allowed', 'none'],
  ['4817', 'object-audit-changed', 'iam configuration', 'admin change', 'subject'],
  ['4902', 'user-audit-policy-created', 'iam configuration', 'admin creation', 'none'],
  ['4904', 'security-event-source-added', 'iam configuration', 'admin change', 'subject'],
  ['4905', 'security-event-source-removed', 'iam configuration', 'admin deletion', 'subject'],
  ['4906', 'crash-on-audit-changed', 'iam configuration', 'admin change', 'none'],
  ['4907', 'audit-setting-changed', 'iam configuration', 'admin change', 'subject'],
  ['4908', 'special-group-table-changed', 'iam configuration', 'admin change', 'none'],
  ['4912', 'per-user-audit-policy-changed', 'iam configuration', 'admin change', 'subject'],
  ['4950', 'windows-firewall-setting-changed', 'configuration', 'change', 'none'],
  ['4954', 'windows-firewall-group-policy-changed', 'configuration', 'change', 'none'],
  ['5024', 'windows-firewall-service-started', 'process', 'start', 'none'],
  ['5025', 'windows-firewall-service-stopped', 'process', 'end', 'none'],
  ['5033', 'windows-firewall-driver-started', 'driver', 'start', 'none'],
  ['5034', 'windows-firewall-driver-stopped', 'driver', 'end', 'none'],
  ['5037', 'windows-firewall-driver-error', 'driver', 'end', 'none'],
  ['4946', 'firewall-rule-added', 'configuration', 'creation', 'none'],
  ['4947', 'firewall-rule-modified', 'configuration', 'change', 'none'],
  ['4948', 'firewall-rule-deleted', 'configuration', 'deletion', 'none'],
];

const SYSTEM: readonly Row[] = [
  ['104', 'audit-log-cleared', 'iam', 'admin change', 'subject'],
  ['1074', 'system-shutdown', 'host', 'end', 'none'],
  ['6005 12', 'system-started', 'host', 'start', 'none'],
  ['6006 13', 'system-stopped', 'host', 'end', 'none'],
  ['6008', 'system-stopped-unexpectedly', 'host', 'end', 'none'],
  ['7034 7031', 'service-terminated', 'process', 'end error', 'none'],
  ['7036', 'service-state-changed', 'process', 'change', 'none'],
  ['7040', 'service-start-type-changed', 'configuration', 'change', 'none'],
  ['7045', 'service-installed', 'configuration', 'creation', 'none'],
];

const POWERSHELL: readonly Row[] = [
  ['4103', 'module-logged', 'process', 'info', 'none'],
  ['4104', 'script-block-logged', 'process', 'info', 'none'],
  ['4105 400', 'engine-started', 'process', 'start', 'none'],
  ['4106 403', 'engine-stopped', 'process', 'end', 'none'],
  ['600', 'provider-started', 'process', 'info', 'none'],
  ['800', 'pipeline-executed', 'process', 'info', 'none'],
];

const DEFENDER: readonly Row[] = [
  ['1006 1015 1116', 'malware-detected', 'malware', 'info', 'none'],
  ['1007 1117', 'malware-action-taken', 'malware', 'info', 'none', 'success'],
  ['1008 1118 1119', 'malware-action-failed', 'malware', 'info', 'none', 'failure'],
  ['1013', 'malware-history-deleted', 'configuration', 'deletion', 'none'],
  ['5000', 'real-time-protection-enabled', 'configuration', 'change', 'none'],
  ['5001', 'real-time-protection-disabled', 'configuration', 'change', 'none'],
  ['5007', 'configuration-changed', 'configuration', 'change', 'none'],
  ['5010 5012', 'scanning-disabled', 'configuration', 'change', 'none'],
];

const TASKS: readonly Row[] = [
  ['106', 'scheduled-task-registered', 'configuration', 'creation', 'none'],
  ['140', 'scheduled-task-updated', 'configuration', 'change', 'none'],
  ['141', 'scheduled-task-deleted', 'configuration', 'deletion', 'none'],
  ['129 200', 'scheduled-task-started', 'process', 'start', 'none'],
  ['102 201', 'scheduled-task-completed', 'process', 'end', 'none'],
];

const TERMINAL: readonly Row[] = [
  ['21', 'logged-in', 'authentication session', 'start', 'none', 'success'],
  ['22', 'shell-started', 'session', 'start', 'none'],
  ['23', 'logged-out', 'authentication session', 'end', 'none'],
  ['24', 'session-disconnected', 'session', 'end', 'none'],
  ['25', 'session-reconnected', 'session', 'start', 'none'],
  ['1149', 'remote-authentication', 'authentication', 'info', 'none', 'success'],
];

/** Channels by what they hold: the end of the data set, and the meanings of their events. */
const CHANNELS: readonly (readonly [RegExp, string, readonly Row[]])[] = [
  [/^security$/i, 'security', SECURITY],
  [/^system$/i, 'system', SYSTEM],
  [/^application$/i, 'application', []],
  [/^(?:Microsoft-Windows-PowerShell|PowerShellCore)\/Operational$/i, 'powershell_operational', POWERSHELL],
  [/^Windows PowerShell$/i, 'powershell', POWERSHELL],
  [/^Microsoft-Windows-Windows Defender\//i, 'defender', DEFENDER],
  [/^Microsoft-Windows-TaskScheduler\//i, 'task_scheduler', TASKS],
  [/^Microsoft-Windows-TerminalServices-/i, 'terminal_services', TERMINAL],
  [/^Microsoft-Windows-Sysmon\//i, 'sysmon_operational', []],
];
const PROVIDERS: Readonly<Record<string, string>> = {
  'Microsoft-Windows-Security-Auditing': 'Security',
  'Microsoft-Windows-Sysmon': 'Microsoft-Windows-Sysmon/Operational',
  'Service Control Manager': 'System',
  'Microsoft-Windows-PowerShell': 'Microsoft-Windows-PowerShell/Operational',
  PowerShell: 'Windows PowerShell',
  'Microsoft-Windows-Windows Defender': 'Microsoft-Windows-Windows Defender/Operational',
  'Microsoft-Windows-TaskScheduler': 'Microsoft-Windows-TaskScheduler/Operational',
};

const meanings = new Map<readonly Row[], ReadonlyMap<string, WindowsMeaning>>();

function meaningsOf(rows: readonly Row[]): ReadonlyMap<string, WindowsMeaning> {
  const known = meanings.get(rows);
  if (known) return known;
  const made = new Map<string, WindowsMeaning>();
  for (const [codes, action, category, type, roles, outcome] of rows) {
    const meaning = {
      action,
      category: category.split(' '),
      type: type.split(' '),
      roles,
      ...(outcome && { outcome }),
    };
    for (const code of codes.split(' ')) made.set(code, meaning);
  }
  meanings.set(rows, made);
  return made;
}

/** The channel of a record: its own, or the one its provider writes to. */
export function channelOf(channel: string | undefined, provider: string | undefined): string | undefined {
  if (channel !== undefined) return /^security$/i.test(channel) ? 'Security' : channel;
  return provider !== undefined && Object.hasOwn(PROVIDERS, provider) ? PROVIDERS[provider] : undefined;
}

/** What an event is about, and the end of its data set, by channel and number. */
export function meaningOf(channel: string | undefined, code: string): { dataset: string; meaning?: WindowsMeaning } {
  const row = channel === undefined ? undefined : CHANNELS.find(([pattern]) => pattern.test(channel));
  if (!row) return { dataset: 'forwarded' };
  const meaning = meaningsOf(row[2]).get(code);
  return { dataset: row[1], ...(meaning && { meaning }) };
}

/** Kinds of logon by number (event 4624). */
export const LOGON_TYPES: Readonly<Record<string, string>> = {
  0: 'System',
  2: 'Interactive',
  3: 'Network',
  4: 'Batch',
  5: 'Service',
  7: 'Unlock',
  8: 'NetworkCleartext',
  9: 'NewCredentials',
  10: 'RemoteInteractive',
  11: 'CachedInteractive',
  12: 'CachedRemoteInteractive',
  13: 'CachedUnlock',
};

/** Why a logon failed, by NTSTATUS in lower case. */
export const LOGON_FAILURES: Readonly<Record<string, string>> = {
  '0xc000005e': 'no logon server was available',
  '0xc0000064': 'the user name does not exist',
  '0xc000006a': 'the password is wrong',
  '0xc000006d': 'the user name or the password is wrong',
  '0xc000006e': 'an account restriction prevents the logon',
  '0xc000006f': 'the logon is outside the hours allowed',
  '0xc0000070': 'the logon is from a workstation not allowed',
  '0xc0000071': 'the password has expired',
  '0xc0000072': 'the account is disabled',
  '0xc000009a': 'the system lacks resources',
  '0xc00000dc': 'the security server is in the wrong state',
  '0xc0000133': 'the clocks of the machine and the domain controller differ too much',
  '0xc000015b': 'the user lacks the right to log on in this way',
  '0xc000018c': 'the trust between the domains failed',
  '0xc0000192': 'the logon service was not started',
  '0xc0000193': 'the account has expired',
  '0xc0000224': 'the password must be changed before the first logon',
  '0xc0000225': 'an object was not found',
  '0xc0000234': 'the account is locked',
  '0xc00002ee': 'an error during logon',
  '0xc0000371': 'the local accounts store holds no secret for the account',
  '0xc0000413': 'the machine does not allow this account to authenticate',
};

/** Why a Kerberos ticket was refused, by the codes of RFC 4120 §7.5.9 in hexadecimal. */
export const KERBEROS_FAILURES: Readonly<Record<string, string>> = {
  '0x6': 'the user name does not exist',
  '0x7': 'the service does not exist',
  '0x9': 'the account has no key',
  '0xc': 'the logon is restricted by time or workstation',
  '0xe': 'the encryption type is not supported',
  '0x12': 'the account is disabled, expired or locked',
  '0x17': 'the password has expired',
  '0x18': 'the password is wrong',
  '0x25': 'the clocks of the machine and the domain controller differ too much',
};

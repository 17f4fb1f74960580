import type { EcsEvent } from '../../ecs/event.ts';
import type { ParseContext } from '../record.ts';
import { parseAccountMessage } from './accounts.ts';
import { apache } from './apache.ts';
import { isAuditMessage, readAuditMessage } from './auditd.ts';
import { parseBindMessage } from './bind.ts';
import { isCefMessage, readCefMessage } from './cef.ts';
import { isCheckPointMessage, readCheckPointMessage } from './checkpoint.ts';
import { isCiscoMessage, readCiscoMessage } from './cisco-asa.ts';
import { isIosMessage, readIosMessage } from './cisco-ios.ts';
import { parseDhcpMessage } from './dhcp.ts';
import { parseDovecotMessage } from './dovecot.ts';
import type { MessageParser } from './draft.ts';
import { isFortigateMessage, readFortigateMessage } from './fortigate.ts';
import { readHaproxyMessage } from './haproxy.ts';
import { isLeefMessage, readLeefMessage } from './leef.ts';
import { isMikrotikMessage, readMikrotikMessage } from './mikrotik.ts';
import { readNetfilterMessage } from './netfilter.ts';
import { nginx } from './nginx.ts';
import { parseOpensshMessage } from './openssh.ts';
import { parseOpenvpnMessage } from './openvpn.ts';
import { isPaloAltoMessage, readPaloAltoMessage } from './paloalto.ts';
import { isPam, parsePam } from './pam.ts';
import { parsePostfixMessage } from './postfix.ts';
import { readPostgresqlMessage } from './postgresql.ts';
import {
  parseBanMessage,
  parseConnectionMessage,
  parseCronMessage,
  parseDhclientMessage,
  parseDnsmasqMessage,
  parseElevationMessage,
  parseFtpMessage,
  parseSambaMessage,
} from './services.ts';
import { parseLogindMessage, parseLoginMessage, parseSuMessage } from './sessions.ts';
import { isSophosMessage, readSophosMessage } from './sophos.ts';
import { readSquidMessage } from './squid.ts';
import { parseSudoMessage } from './sudo.ts';
import { suricata } from './suricata.ts';
import type { SyslogHeader } from './syslog-header.ts';
import { isWindowsMessage, readWindowsHeaded, readWindowsMessage } from './windows.ts';
import { isWindowsHeader } from './windows-lines.ts';

/** How the messages of one program are read. */
export interface ProgramMessages {
  /** Whether they belong to `system.auth`. */
  readonly auth?: boolean;
  /** The data set of a program that has one of its own. */
  readonly dataset?: string;
  readonly message?: MessageParser;
  /** The name stands for a format, not for a process. */
  readonly noProcess?: true;
  /** Reads the message as a line of another format. */
  readonly whole?: (message: string, context: ParseContext, header: SyslogHeader) => EcsEvent | undefined;
}

const SSHD: ProgramMessages = { auth: true, message: parseOpensshMessage };
const ACCOUNTS: ProgramMessages = {
  auth: true,
  message: (message, draft) => parsePam(message, draft) || parseAccountMessage(message, draft),
};
const POSTFIX: ProgramMessages = { dataset: 'postfix.log', message: parsePostfixMessage };
const DOVECOT: ProgramMessages = {
  dataset: 'dovecot.log',
  message: (message, draft) => (isPam(message) ? parsePam : parseDovecotMessage)(message, draft),
};
/** How the messages of a PAM module are read, whichever program runs it. */
export const PAM: ProgramMessages = { auth: true, message: parsePam };
/** Infoblox's servers write what their policies did as CEF under the same name. */
const NAMED: ProgramMessages = {
  dataset: 'bind.log',
  message: parseBindMessage,
  whole: (message, context) => (isCefMessage(message) ? readCefMessage(message, context) : undefined),
};
const OPENVPN: ProgramMessages = { dataset: 'openvpn.log', message: parseOpenvpnMessage };
const DHCP: ProgramMessages = { dataset: 'dhcp.log', message: parseDhcpMessage };
const POSTGRESQL: ProgramMessages = { whole: readPostgresqlMessage };
/** Some senders put a blank behind `CEF:` or `LEEF:`, which then look like a program's name. */
const again = (
  name: string,
  read: (message: string, context: ParseContext) => EcsEvent | undefined,
): ProgramMessages => ({
  noProcess: true,
  whole: (message, context) => read(`${name}:${message}`, context),
});

const PROGRAMS = new Map<string, ProgramMessages>([
  ['sshd', SSHD],
  ['sshd-session', SSHD],
  ['sshd-auth', SSHD],
  ['sftp-server', SSHD],
  ['internal-sftp', SSHD],
  ['sudo', { auth: true, message: parseSudoMessage }],
  ['su', { auth: true, message: (message, draft) => parsePam(message, draft) || parseSuMessage(message, draft) }],
  ['login', { auth: true, message: (text, draft) => parsePam(text, draft) || parseLoginMessage(text, draft) }],
  [
    'systemd-logind',
    { auth: true, message: (text, draft) => parseLogindMessage(text, draft) || parsePam(text, draft) },
  ],
  ['unix_chkpwd', PAM],
  ['nginx', { whole: (message, context) => nginx.parse(message, context) }],
  ['apache2', { whole: (message, context) => apache.parse(message, context) }],
  ['httpd', { whole: (message, context) => apache.parse(message, context) }],
  ['haproxy', { dataset: 'haproxy.log', whole: readHaproxyMessage }],
  ['squid', { dataset: 'squid.cache', whole: readSquidMessage }],
  ['(squid-1)', { dataset: 'squid.cache', whole: readSquidMessage }],
  ['named', NAMED],
  ['audit', { whole: readAuditMessage }],
  ['auditd', { whole: readAuditMessage }],
  ['audispd', { whole: readAuditMessage }],
  ['audisp-syslog', { whole: readAuditMessage }],
  [
    'kernel',
    { whole: (message, context) => readNetfilterMessage(message, context) ?? readAuditMessage(message, context) },
  ],
  ['ulogd', { whole: readNetfilterMessage }],
  ['dovecot', DOVECOT],
  ['imap-login', DOVECOT],
  ['pop3-login', DOVECOT],
  ['managesieve-login', DOVECOT],
  ['submission-login', DOVECOT],
  ['auth-worker', DOVECOT],
  ['sysmon', { whole: readWindowsMessage }],
  ['openvpn', OPENVPN],
  ['ovpn-server', OPENVPN],
  ['dhcpd', DHCP],
  ['dnsmasq-dhcp', DHCP],
  ['kea-dhcp4', DHCP],
  ['kea-dhcp6', DHCP],
  ['postgres', POSTGRESQL],
  ['postgresql', POSTGRESQL],
  ['CEF', again('CEF', readCefMessage)],
  ['LEEF', again('LEEF', readLeefMessage)],
  ['CheckPoint', { noProcess: true, whole: readCheckPointMessage }],
  ['suricata', { whole: (message, context) => suricata.parse(message.replace(/^@cee: ?/, ''), context) }],
]);
for (const name of ['CiscoASA', 'ciscoasa', 'ASA', 'asa', 'FTD', 'ftd'])
  PROGRAMS.set(name, { whole: readCiscoMessage });
for (const name of 'useradd usermod userdel groupadd groupmod groupdel passwd chpasswd gpasswd chage chsh chfn newusers'.split(
  ' ',
)) {
  PROGRAMS.set(name, ACCOUNTS);
}

const FTP: ProgramMessages = { auth: true, message: parseFtpMessage };
const CRON: ProgramMessages = { message: parseCronMessage };
const ELEVATION: ProgramMessages = { auth: true, message: parseElevationMessage };
const CONNECTIONS: ProgramMessages = { message: parseConnectionMessage };
const SAMBA: ProgramMessages = { auth: true, message: parseSambaMessage };
const BANS: ProgramMessages = { message: parseBanMessage };
/** Programs of a machine in which PAM's modules write as well; what those write is theirs. */
const SERVICES = new Map<string, ProgramMessages>([
  ...['cron', 'CRON', 'crond', 'CROND', 'crontab'].map((name) => [name, CRON] as const),
  ...['vsftpd', 'proftpd', 'pure-ftpd', 'ftpd', 'in.ftpd', 'wu-ftpd'].map((name) => [name, FTP] as const),
  ...['polkitd', 'pkexec', 'doas'].map((name) => [name, ELEVATION] as const),
  ...['snmpd', 'in.telnetd', 'telnetd', 'xinetd', 'rpc.mountd', 'mountd', 'in.rshd', 'in.rlogind', 'in.tftpd'].map(
    (name) => [name, CONNECTIONS] as const,
  ),
  ...['smbd', 'samba', 'smbd_audit'].map((name) => [name, SAMBA] as const),
  ...['fail2ban', 'fail2ban-server', 'fail2ban.actions', 'fail2ban.filter', 'sshguard'].map(
    (name) => [name, BANS] as const,
  ),
  ['dhclient', { message: parseDhclientMessage }],
  ['dnsmasq', { message: parseDnsmasqMessage }],
]);

/** Programs that name a part of themselves: `postfix/smtpd`, `postfix-in/cleanup`. */
function familyOf(program: string): ProgramMessages | undefined {
  if (program.startsWith('named-')) return NAMED;
  if (program.startsWith('postfix') && program.includes('/')) return POSTFIX;
  return /^(?:imap|pop3|lmtp|lda|managesieve|auth-worker)\(/.test(program) ? DOVECOT : undefined;
}

const WINDOWS: ProgramMessages = { noProcess: true, whole: readWindowsMessage };
const WINDOWS_HEADED: ProgramMessages = { noProcess: true, whole: readWindowsHeaded };
/** What ships records of Windows or of the audit system under its own name, or under that of the log. */
const SHIPPER =
  /^(?:nxlog|winlogbeat|filebeat|fluent-?bit|fluentd|logstash|vector|rsyslogd?|snare|evtsys|adiscon|wazuh|win(?:dows)?[_-]?(?:event)?[_-]?(?:log)?|sysmon|Microsoft-Windows-.{1,64}|.{0,32}audi[ts].{0,32})$/i;
const AUDIT: ProgramMessages = { whole: readAuditMessage, noProcess: true };
const CISCO: ProgramMessages = { whole: readCiscoMessage };
const NETFILTER: ProgramMessages = { whole: readNetfilterMessage };
const FORTIGATE: ProgramMessages = { whole: readFortigateMessage };

/** Devices that say by a mark or by their fields what they are. */
const DEVICES: readonly (ProgramMessages & { readonly is: (message: string) => boolean })[] = [
  { is: isCefMessage, whole: readCefMessage },
  { is: isLeefMessage, whole: readLeefMessage },
  { is: isIosMessage, whole: readIosMessage },
  { is: isPaloAltoMessage, whole: readPaloAltoMessage },
  { is: isSophosMessage, whole: readSophosMessage },
  { is: isCheckPointMessage, whole: readCheckPointMessage },
  { is: isMikrotikMessage, whole: readMikrotikMessage },
  { is: isWindowsMessage, ...WINDOWS },
];

/** What no program's name stands before: devices that say by a mark or by their fields what they are. */
function untagged(message: string): ProgramMessages | undefined {
  if (isCiscoMessage(message)) return CISCO;
  if (isFortigateMessage(message)) return FORTIGATE;
  const device = DEVICES.find(({ is }) => is(message));
  if (device) return device;
  // Some devices leave out the kernel's name.
  return message.includes(' SRC=') && message.includes('IN=') ? NETFILTER : undefined;
}

/** Says whether a program's messages are read here. */
export function isProgram(name: string): boolean {
  return PROGRAMS.has(name) || SERVICES.has(name) || familyOf(name) !== undefined;
}

/** Says whether a message that no program's name stands before is of a kind that says itself what it is. */
export function isUntagged(message: string): boolean {
  return untagged(message) !== undefined || isPam(message);
}

/** How a program's messages are read; what a PAM module wrote is read as such in any program. */
export function programMessages(
  program: string | undefined,
  message: string,
  header: SyslogHeader,
): ProgramMessages | undefined {
  const known = program === undefined ? untagged(message) : (PROGRAMS.get(program) ?? familyOf(program));
  if (known) return known;
  if (isWindowsHeader(header)) return WINDOWS_HEADED;
  if (isPam(message)) return PAM;
  const service = program === undefined ? undefined : SERVICES.get(program);
  if (service) return service;
  // Any program can quote a record of another; those that ship records give themselves, or the log's source, as the program.
  if (program === undefined || !SHIPPER.test(program)) return undefined;
  return isWindowsMessage(message) ? WINDOWS : isAuditMessage(message) ? AUDIT : undefined;
}

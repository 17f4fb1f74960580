import type { DeviceFields, Row } from './device-fields.ts';
import type { Draft } from './draft.ts';
import { classify } from './draft.ts';
import { put } from './put.ts';

/** Fields of the logs of single protocols, beside those that all logs share. */
export const PROTOCOL_ROWS: Readonly<Record<string, readonly Row[]>> = {
  dhcp: [
    ['client_addr', 'source', 'end'],
    ['assigned_addr', 'source', 'end'],
    ['mac', 'source.mac', 'mac'],
    ['client_fqdn', 'source.domain'],
    ['host_name', 'source.domain'],
    ['server_addr', 'destination', 'end'],
  ],
  ftp: [['user', 'user.name']],
  irc: [['user', 'user.name']],
  ntlm: [
    ['username', 'user.name'],
    ['domainname', 'user.domain'],
    ['hostname', 'source.domain'],
  ],
  radius: [
    ['username', 'user.name'],
    ['mac', 'source.mac', 'mac'],
  ],
  smb_files: [
    ['name', 'file.name'],
    ['size', 'file.size', 'count'],
  ],
  smtp: [
    ['subject', 'email.subject'],
    ['user_agent', 'email.x_mailer'],
  ],
  socks: [['user', 'user.name']],
};

/** `network.protocol` by log. */
const PROTOCOLS: Readonly<Record<string, string>> = {
  dce_rpc: 'dce_rpc',
  dhcp: 'dhcp',
  ftp: 'ftp',
  irc: 'irc',
  kerberos: 'kerberos',
  ldap: 'ldap',
  ldap_search: 'ldap',
  modbus: 'modbus',
  mysql: 'mysql',
  ntlm: 'ntlm',
  ntp: 'ntp',
  quic: 'quic',
  radius: 'radius',
  rdp: 'rdp',
  rfb: 'rfb',
  sip: 'sip',
  smb_files: 'smb',
  smb_mapping: 'smb',
  smtp: 'smtp',
  snmp: 'snmp',
  socks: 'socks',
};

/** Zeek's `T` and `F`, and JSON's own words. */
function truth(text: string | undefined): 'success' | 'failure' | undefined {
  if (text === 'T' || text === 'true') return 'success';
  return text === 'F' || text === 'false' ? 'failure' : undefined;
}

function login(draft: Draft, outcome: 'success' | 'failure' | undefined): void {
  classify(draft, ['network', 'authentication'], ['protocol', 'info'], undefined, outcome);
}

/** The client's principal, `lan/CORP.LOCAL`. */
function readKerberos(draft: Draft, fields: DeviceFields): void {
  const client = fields.peek('client') ?? '';
  const slash = client.lastIndexOf('/');
  const name = slash < 0 ? client : client.slice(0, slash);
  if (name !== '')
    draft.user = { name, ...(slash >= 0 && slash + 1 < client.length && { domain: client.slice(slash + 1) }) };
  put(draft, 'event.reason', fields.take('error_msg'));
  login(draft, truth(fields.take('success')));
}

/** The bare address of `A Name <a@example.org>` (RFC 5322 §3.4). */
function addressesOf(text: string | undefined): string[] {
  return (text ?? '')
    .split(',', 64)
    .map((each) => /<([^<>\s]{1,320})>/.exec(each)?.[1] ?? each.trim())
    .filter((each) => each.includes('@'));
}

function readMail(draft: Draft, fields: DeviceFields): void {
  const from = addressesOf(fields.peek('from') ?? fields.peek('mailfrom'));
  const to = addressesOf(fields.peek('to') ?? fields.peek('rcptto'));
  if (from.length > 0) put(draft, 'email.from.address', from);
  if (to.length > 0) put(draft, 'email.to.address', to);
  put(draft, 'email.message_id', fields.take('msg_id')?.replace(/^<|>$/g, ''));
  classify(draft, ['network', 'email'], ['protocol']);
}

function readRadius(draft: Draft, fields: DeviceFields): void {
  const result = fields.take('result')?.toLowerCase();
  login(draft, result === 'success' ? 'success' : result === 'failed' ? 'failure' : undefined);
}

const READERS: Readonly<Record<string, (draft: Draft, fields: DeviceFields) => void>> = {
  kerberos: readKerberos,
  ntlm: (draft, fields) => login(draft, truth(fields.take('success'))),
  radius: readRadius,
  smb_files: (draft, fields) => {
    const file = draft['file'] as { name?: string } | undefined;
    const folder = fields.peek('path');
    if (file?.name !== undefined && folder !== undefined) put(draft, 'file.path', `${folder}\\${file.name}`);
    put(draft, 'event.action', fields.take('action'));
    classify(draft, ['network', 'file'], ['protocol', 'access'], draft.event.action);
  },
  smtp: readMail,
};

/** Sets what a record of one protocol's log is about; false where the log is of no protocol known here. */
export function classifyProtocol(draft: Draft, fields: DeviceFields, path: string): boolean {
  if (!Object.hasOwn(PROTOCOLS, path)) return false;
  put(draft, 'network.protocol', PROTOCOLS[path]);
  const read = Object.hasOwn(READERS, path) ? READERS[path] : undefined;
  if (read) read(draft, fields);
  else classify(draft, ['network'], ['protocol']);
  return true;
}

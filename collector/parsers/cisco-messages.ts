import type { Template } from './message-template.ts';
import { template } from './message-template.ts';

/** ECS categorization of a message. */
export interface Meaning {
  readonly category: readonly string[];
  readonly type: readonly string[];
  readonly action?: string;
  readonly outcome?: 'success' | 'failure';
}

/** How the message of one number is read, and what it is about. */
export interface CiscoMessage {
  readonly templates: readonly Template[];
  readonly meaning: Meaning;
}

const NETWORK = ['network'];
const AUTH = ['authentication'];
const DENIED: Meaning = {
  category: NETWORK,
  type: ['connection', 'denied'],
  action: 'firewall-rule',
  outcome: 'failure',
};
const RULE: Meaning = { category: NETWORK, type: ['connection', 'info'], action: 'firewall-rule' };
const BUILT: Meaning = {
  category: NETWORK,
  type: ['connection', 'start'],
  action: 'flow-creation',
  outcome: 'success',
};
const TORN: Meaning = { category: NETWORK, type: ['connection', 'end'], action: 'flow-expiration' };
const TORN_WELL: Meaning = { ...TORN, outcome: 'success' };
const LOGIN: Meaning = { category: AUTH, type: ['info'], action: 'logged-in', outcome: 'success' };
const REFUSED: Meaning = { category: AUTH, type: ['info'], action: 'logon-failed', outcome: 'failure' };
const NOTE: Meaning = { category: NETWORK, type: ['info'] };
const COMMAND: Meaning = { category: ['configuration'], type: ['info'], action: 'command-executed' };
const CONFIGURED: Meaning = {
  category: ['configuration'],
  type: ['change'],
  action: 'configuration',
  outcome: 'success',
};
const TRANSLATED: Meaning = {
  category: ['network', 'configuration'],
  type: ['creation'],
  action: 'nat-slot',
  outcome: 'success',
};
const VPN_UP: Meaning = {
  category: ['network', 'session'],
  type: ['connection', 'start'],
  action: 'client-vpn-connected',
  outcome: 'success',
};
const VPN_DOWN: Meaning = {
  category: ['network', 'session'],
  type: ['connection', 'end'],
  action: 'client-vpn-disconnected',
};
const VPN_REFUSED: Meaning = {
  category: ['network', 'session'],
  type: ['connection', 'denied'],
  action: 'client-vpn-error',
  outcome: 'failure',
};
const FILTERED: Meaning = { category: NETWORK, type: ['connection', 'info'], action: 'dynamic-filter' };
const TLS: Meaning = { category: NETWORK, type: ['connection', 'protocol'] };

/** `Group <g> User <u> IP <a> text`, also without brackets, as the VPN messages begin. */
const SESSION = ['Group <{group}> User <{user}> IP <{src}>[,] {rest}', 'Group {group} User {user} IP {src} {rest}'];
/** `Group = g, Username = u, IP = a, text`, of which any part may be absent, as the IKE messages begin. */
const PEER = [
  'Group = {group}, Username = {user}, IP = {src}, {rest}',
  'Group = {group}, IP = {src}, {rest}',
  'Username = {user}, IP = {src}, {rest}',
  'IP = {src}, {rest}',
  'Group = {group}, {rest}',
];
const FLOW =
  '{sif}:{src}/{sport}[ ({nat}/{natport})][ ({suser})][({suser})] to {dif}:{dst}/{dport}[ ({nat2}/{nat2port})][({duser})]';
const BACK =
  '{dif}:{dst}/{dport}[ ({nat2}/{nat2port})][ ({duser})][({duser})] to {sif}:{src}/{sport}[ ({nat}/{natport})][({suser})]';
const ENDED =
  '{sif}:{src}/{sport}[({suser})][ ({suser})] to {dif}:{dst}/{dport}[({duser})][ ({duser})] duration {duration} bytes {bytes}';
const ENDS = ['', ' ({user})', ' {reason} ({user})', ' {reason}'];
const ICMP = 'faddr {foreign}/{number}[({suser})] gaddr {global}/{number} laddr {local}/{number}[({duser})]~';
const LIST = '{sif}/{src}({sport})[({suser})] -> {dif}/{dst}({dport})[({duser})]~';
const ON = 'from {src}/{sport} to {dst}/{dport} on interface {sif}';
const SIDES = '{transport} src {sif}:{src}[/{sport}][({suser})] dst {dif}:{dst}[/{dport}][({duser})]';

// One row a message: its number or numbers, what it is about, and its texts as the vendor's guide of system log
// messages describes them. The rows of a number are tried in order.
const ROWS: readonly (readonly [numbers: string, meaning: Meaning, ...texts: string[]])[] = [
  [
    '106001',
    DENIED,
    '{direction} {transport} connection denied from {src}/{sport} to {dst}/{dport} flags {flags} on interface {sif}',
  ],
  ['106002', DENIED, '{transport} Connection denied by {direction} list {acl} src {src} dest {dst}~'],
  ['106006', DENIED, 'Deny {direction} {transport} from {src}/{sport} to {dst}/{dport} on interface {sif}~'],
  ['106007', DENIED, 'Deny {direction} {transport} from {src}/{sport} to {dst}/{dport} due to {reason}'],
  ['106010 106011 106014', DENIED, `Deny {direction}[ (No xlate)] ${SIDES}[ (type {itype}, code {icode})]~`],
  ['106012', DENIED, 'Deny IP from {src} to {dst}, {reason}'],
  ['106013', DENIED, 'Dropping echo request from {src} to PAT address {dst}~'],
  [
    '106015',
    DENIED,
    'Deny {transport} (no connection) from {src}/{sport} to {dst}/{dport} flags {flags} on interface {sif}~',
  ],
  ['106016', DENIED, 'Deny IP spoof from ({src}) to {dst} on interface {sif}~'],
  ['106017', DENIED, 'Deny IP due to Land Attack from {src} to {dst}~'],
  ['106018', DENIED, '{transport} packet type {itype} denied by {direction} list {acl} src {src} dest {dst}~'],
  ['106020', DENIED, 'Deny IP teardrop fragment (size = {number}, offset = {number}) from {src} to {dst}~'],
  ['106021', DENIED, 'Deny {transport} reverse path check from {src} to {dst} on interface {sif}~'],
  ['106022', DENIED, 'Deny {transport} connection spoof from {src} to {dst} on interface {sif}~'],
  ['106023', DENIED, `Deny ${SIDES}[ (type {itype}, code {icode})] by access-group "{acl}"~`],
  ['106100', RULE, `access-list {acl} {verdict} {transport} ${LIST}`],
  [
    '106102 106103',
    RULE,
    `access-list {acl} {verdict} {transport} for user '{user}' ${LIST}`,
    `access-list {acl} {verdict} {transport} for user {user} ${LIST}`,
  ],
  [
    '109005',
    LOGIN,
    `Authentication succeeded for user '{user}' ${ON}~`,
    `Authentication succeeded for user {user} ${ON}~`,
  ],
  ['109006', REFUSED, `Authentication failed for user '{user}' ${ON}~`, `Authentication failed for user {user} ${ON}~`],
  [
    '109007',
    { category: NETWORK, type: ['connection', 'allowed'], action: 'authorization', outcome: 'success' },
    `Authorization permitted for user '{user}' ${ON}~`,
    `Authorization permitted for user {user} ${ON}~`,
  ],
  [
    '109008 109025',
    { ...DENIED, action: 'authorization' },
    `Authorization denied for user '{user}' ${ON}~`,
    `Authorization denied for user {user} ${ON}~`,
    `Authorization denied (acl={acl}) for user '{user}' ${ON} using {transport}~`,
  ],
  [
    '110002 110003',
    { ...RULE, outcome: 'failure' },
    '{reason} for {transport} from {sif}:{src}/{sport} to {dst}/{dport}~',
    '{reason} for {transport} from {sif}:{src}/{sport} to {dif}:{dst}/{dport}~',
  ],
  ['111001', COMMAND, 'Begin configuration: {src} writing to {name}'],
  ['111004 111005', CONFIGURED, '{src} end configuration: {verdict}~'],
  ['111007', COMMAND, 'Begin configuration: {src} reading from {name}'],
  [
    '111008',
    COMMAND,
    "User '{user}' executed the '{command}' command.~",
    "User '{user}' executed the {command} command.~",
  ],
  ['111009', COMMAND, "User '{user}' executed cmd: {command}"],
  [
    '111010',
    { ...COMMAND, type: ['change'], outcome: 'success' },
    "User '{user}', running '{name}' from IP {src}, executed '{command}'",
    "User '{user}', running {name} from IP {src}, executed {command}",
  ],
  [
    '113004',
    LOGIN,
    'AAA user {word} Successful : server = {dst} : user = {user}',
    'AAA user {word} Successful: server = {dst} , User = {user}',
    'AAA user {word} Successful : server = {dst} , User = {user}',
  ],
  [
    '113005 113016',
    REFUSED,
    'AAA user {word} Rejected : reason = {reason} : server = {dst} : user = {user} : user IP = {src}',
    'AAA user {word} Rejected : reason = {reason} : server = {dst} : user = {user}',
    'AAA credentials rejected : reason = {reason} : server = {dst} : user = {user}[ : user IP = {src}]',
  ],
  [
    '113006',
    { category: ['iam', 'authentication'], type: ['user', 'change'], action: 'account-locked' },
    'User {user} locked out on exceeding {number} successive failed authentication attempts~',
  ],
  [
    '113007',
    { category: ['iam'], type: ['user', 'change'], action: 'account-unlocked' },
    'User {user} unlocked by {name}',
  ],
  ['113008', LOGIN, 'AAA transaction status ACCEPT : user = {user}'],
  [
    '113009 113011',
    { category: AUTH, type: ['info'] },
    'AAA retrieved default group policy ({group}) for user = {user}',
    'AAA retrieved user specific group policy ({group}) for user = {user}',
    'AAA retrieved default group policy {group} for user {user}',
  ],
  ['113010', { category: AUTH, type: ['info'] }, 'AAA challenge received for user {user} from server {dst}~'],
  ['113012', LOGIN, 'AAA user {word} Successful : local database : user = {user}'],
  ['113013', REFUSED, 'AAA unable to complete the request Error : reason = {reason} : user = {user}'],
  ['113014', REFUSED, 'AAA {word} server not accessible : server = {dst} : user = {user}'],
  [
    '113015 113017',
    REFUSED,
    'AAA user {word} Rejected : reason = {reason} : local database : user = {user} : user IP = {src}',
    'AAA user {word} Rejected : reason = {reason} : local database : user = {user}',
    'AAA credentials rejected : reason = {reason} : local database : user = {user}[ : user IP = {src}]',
  ],
  [
    '113019',
    VPN_DOWN,
    'Group = {group}, Username = {user}, IP = {src}, Session disconnected. Session Type: {name}, Duration: {duration}, Bytes xmt: {dbytes}, Bytes rcv: {sbytes}, Reason: {reason}',
  ],
  ['113021', REFUSED, 'Attempted console login failed. User {user} did NOT have appropriate Admin Rights~'],
  ['113029 113030 113031 113032 113033 113034 113035 113036 113037 113038 113040', VPN_REFUSED, ...SESSION],
  ['113039', VPN_UP, ...SESSION],
  ['302013 302015', BUILT, `Built[ Probe] {direction} {transport} connection {id} for ${FLOW}[ ({user})]~`],
  [
    '302014 302036 302304',
    TORN,
    ...ENDS.flatMap((end) =>
      ['for', 'from'].map((word) => `Teardown {transport}[ state-bypass] connection {id} ${word} ${ENDED}${end}`),
    ),
  ],
  [
    '302016 302018 302306',
    TORN_WELL,
    ...ENDS.flatMap((end) =>
      ['for', 'from'].map((word) => `Teardown {transport} connection {id} ${word} ${ENDED}${end}`),
    ),
  ],
  ['302020', BUILT, `Built {direction} {transport} connection for ${ICMP}`],
  ['302021', TORN_WELL, `Teardown {transport} connection for ${ICMP}`],
  [
    '302022 302024 302026',
    BUILT,
    'Built {word} stub {transport} connection for {sif}:{src}/{sport} ({nat}[/{natport}]) to {dif}:{dst}/{dport}~',
  ],
  [
    '302023 302025 302027',
    TORN_WELL,
    'Teardown[ {word}] stub {transport} connection for {sif}:{src}/{sport} to {dif}:{dst}/{dport} duration {duration} forwarded bytes {bytes}[ {reason}]',
  ],
  [
    '303002',
    { category: ['network', 'file'], type: ['access'], action: 'ftp', outcome: 'success' },
    'FTP connection from {sif}:{src}/{sport} to {dif}:{dst}/{dport}, user {user} {verb} file {path}',
  ],
  [
    '304001',
    { category: ['network', 'web'], type: ['access', 'allowed'], action: 'url-access', outcome: 'success' },
    '{user}@{src} Accessed URL {rest}',
    '{src} Accessed URL {rest}',
    '{user}@{src} Accessed JAVA URL {rest}',
    '{src} Accessed JAVA URL {rest}',
  ],
  [
    '304002',
    { category: ['network', 'web'], type: ['access', 'denied'], action: 'url-access', outcome: 'failure' },
    'Access denied URL {url} SRC {src} DEST {dst} on interface {sif}',
    'Access denied URL {url} SRC {src} DEST {dst}~',
  ],
  [
    '305005 305006 305013',
    { ...DENIED, action: 'nat-failed' },
    `No translation group found for ${SIDES}~`,
    `{name} translation creation failed for ${SIDES}~`,
    `Asymmetric NAT rules matched for forward and reverse flows; Connection for ${SIDES} denied due to {reason}`,
  ],
  [
    '305009 305011',
    TRANSLATED,
    'Built {word} {transport} translation from {sif}:{src}/{sport}[ ({suser})][({suser})] to {dif}:{nat}/{natport}~',
    'Built {word} translation from {sif}:{src}[ ({suser})][({suser})] to {dif}:{nat}',
  ],
  [
    '305010 305012',
    { ...TRANSLATED, type: ['deletion'] },
    'Teardown {word} {transport} translation from {sif}:{src}/{sport}[ ({suser})][({suser})] to {dif}:{nat}/{natport} duration {duration}',
    'Teardown {word} translation from {sif}:{src}[ ({suser})][({suser})] to {dif}:{nat} duration {duration}',
  ],
  ['313001 313008', DENIED, 'Denied {transport} type={itype}, code={icode} from {src} on interface {sif}~'],
  ['313004', DENIED, 'Denied {transport} type={itype}, from[ laddr] {src} on interface {sif} to {dst}: {reason}'],
  [
    '313005',
    DENIED,
    'No matching connection for ICMP error message: {transport} src {sif}:{src}[({suser})] dst {dif}:{dst}[({duser})] (type {itype}, code {icode}) on {name} interface.~',
  ],
  [
    '313009',
    DENIED,
    'Denied invalid {transport} code {icode}, for {sif}:{src}/{sport} ({nat}/{natport}) to {dif}:{dst}/{dport} ({nat2}/{nat2port})~',
  ],
  [
    '315011',
    { category: ['network', 'session'], type: ['connection', 'end'], action: 'ssh-session-ended' },
    'SSH session from {src} on interface {sif} for user "{user}" disconnected by SSH server, reason: "{reason}"~',
    'SSH session from {src} on interface {sif} for user {user} disconnected by SSH server, reason: {reason}',
  ],
  [
    '338001 338002 338003 338004 338005 338006 338007 338008 338101 338102 338103 338104 338201 338202 338203 338204',
    FILTERED,
    'Dynamic filter {word} {name} {transport} traffic from {sif}:{src}/{sport} ({nat}/{natport}) to {dif}:{dst}/{dport} ({nat2}/{nat2port}), {verb} {quoted} resolved from {list} list: {rest}',
    'Dynamic Filter {word} {name} {transport} traffic from {sif}:{src}/{sport} ({nat}/{natport}) to {dif}:{dst}/{dport} ({nat2}/{nat2port}), {verb} {quoted} resolved from {list} list: {rest}',
  ],
  ['401002', { category: NETWORK, type: ['info'], action: 'shun-added' }, 'Shun added: {src}~'],
  ['401003', { category: NETWORK, type: ['info'], action: 'shun-deleted' }, 'Shun deleted: {src}~'],
  [
    '401004',
    { ...DENIED, action: 'shun' },
    'Shunned packet: {src} ==> {dst} on interface {sif}~',
    'Shunned packet: {src} = {dst} on interface {sif}~',
  ],
  ['402117', DENIED, 'IPSEC: Received a non-IPSec packet (protocol= {transport}) from {src} to {dst}~'],
  ['419001', DENIED, 'Dropping {transport} packet from {sif}:{src}/{sport} to {dif}:{dst}/{dport}, reason: {reason}'],
  [
    '419002',
    RULE,
    'Duplicate {transport} SYN from {sif}:{src}/{sport} to {dif}:{dst}/{dport} with {reason}',
    'Received duplicate {transport} SYN from {sif}:{src}/{sport} to {dif}:{dst}/{dport} with {reason}',
  ],
  ['434002', DENIED, 'SFR requested to drop {transport} packet from {sif}:{src}/{sport} to {dif}:{dst}/{dport}~'],
  ['500004', DENIED, 'Invalid transport field for protocol={transport}, from {src}/{sport} to {dst}/{dport}~'],
  [
    '502101',
    { category: ['iam'], type: ['user', 'creation'], action: 'user-created' },
    'New user added to local dbase: Uname: {user} Priv: {rest}',
  ],
  [
    '502102',
    { category: ['iam'], type: ['user', 'deletion'], action: 'user-deleted' },
    'User deleted from local dbase: Uname: {user} Priv: {rest}',
  ],
  [
    '502103',
    { category: ['iam'], type: ['user', 'change'], action: 'privilege-changed' },
    'User priv level changed: Uname: {user} From: {rest}',
  ],
  [
    '507003',
    DENIED,
    '{transport} flow from {sif}:{src}/{sport} to {dif}:{dst}/{dport} terminated by inspection engine, reason - {reason}',
  ],
  [
    '605004',
    REFUSED,
    'Login denied from {src}/{sport} to {dif}:{dst}/{dport} for user "{user}"~',
    'Login denied from {src}/{sport} to {dif}:{dst}/{dport} for user {user}',
  ],
  [
    '605005',
    LOGIN,
    'Login permitted from {src}/{sport} to {dif}:{dst}/{dport} for user "{user}"~',
    'Login permitted from {src}/{sport} to {dif}:{dst}/{dport} for user {user}',
  ],
  [
    '606001 606003',
    { category: ['session'], type: ['start'], action: 'asdm-session-start' },
    'ASDM[ logging] session number {number} from {src} started',
  ],
  [
    '606002 606004',
    { category: ['session'], type: ['end'], action: 'asdm-session-end' },
    'ASDM[ logging] session number {number} from {src} ended',
  ],
  ['609001', { ...BUILT, action: 'flow-creation' }, 'Built local-host {sif}:{src}'],
  ['609002', TORN_WELL, 'Teardown local-host {sif}:{src} duration {duration}'],
  [
    '611101',
    LOGIN,
    'User authentication succeeded: IP address: {src}, Uname: {user}',
    'User authentication succeeded: Uname: {user}',
  ],
  [
    '611102',
    REFUSED,
    'User authentication failed: IP address: {src}, Uname: {user}',
    'User authentication failed: Uname: {user}',
  ],
  ['611103', { category: AUTH, type: ['end'], action: 'logged-out' }, 'User logged out: Uname: {user}'],
  ['710001', RULE, '{transport} access requested from {src}/{sport} to {dif}:{dst}/{dport}'],
  [
    '710002',
    { ...RULE, type: ['connection', 'allowed'], outcome: 'success' },
    '{transport} access permitted from {src}/{sport} to {dif}:{dst}/{dport}',
  ],
  ['710003', DENIED, '{transport} access denied by ACL from {src}/{sport} to {dif}:{dst}/{dport}'],
  ['710004', DENIED, '{transport} connection limit exceeded from {src}/{sport} to {dif}:{dst}/{dport}~'],
  [
    '710005 710006',
    DENIED,
    '{transport} request discarded from {src}/{sport} to {dif}:{dst}/{dport}',
    '{transport} request discarded from {src} to {dif}:{dst}',
  ],
  ['713119 713120 713049', { category: NETWORK, type: ['connection', 'info'] }, ...PEER],
  ['713050 713259', { category: NETWORK, type: ['connection', 'end'] }, ...PEER],
  ['713167 713198 713166', REFUSED, ...PEER],
  [
    '713228 713130 713184 713204 713903 713904 713905 713906 713902 713901 713202 713068 713041 713042 713048 713061 713075 713122 713123 713124 713132 713172 713194 713203 713225 713236 713257',
    NOTE,
    ...PEER,
  ],
  ['716001', VPN_UP, ...SESSION],
  [
    '716002',
    VPN_DOWN,
    'Group <{group}> User <{user}> IP <{src}> WebVPN session terminated: {reason}.',
    'Group {group} User {user} IP {src} WebVPN session terminated: {reason}.',
    ...SESSION,
  ],
  [
    '716003',
    { category: ['network', 'web'], type: ['access', 'allowed'], action: 'url-access', outcome: 'success' },
    'Group <{group}> User <{user}> IP <{src}> WebVPN access GRANTED: {url}',
    ...SESSION,
  ],
  [
    '716004',
    { category: ['network', 'web'], type: ['access', 'denied'], action: 'url-access', outcome: 'failure' },
    'Group <{group}> User <{user}> IP <{src}> WebVPN access DENIED to specified location: {url}',
    ...SESSION,
  ],
  ['716038', LOGIN, ...SESSION],
  ['716039', REFUSED, ...SESSION],
  [
    '716058 716059 722010 722011 722012 722028 722032 722036 722053 722055',
    NOTE,
    'Group <{group}> User <{user}> IP <{src}>~',
    ...SESSION,
  ],
  ['722022 722033 722034 722051', VPN_UP, ...SESSION],
  ['722023 722037', { ...VPN_DOWN }, ...SESSION],
  ['725001', TLS, 'Starting SSL handshake with {word} {sif}:{src}/{sport}[ to {dst}/{dport}] for {name} session~'],
  [
    '725002',
    { ...TLS, outcome: 'success' },
    'Device completed SSL handshake with {word} {sif}:{src}/{sport}[ to {dst}/{dport}]~',
  ],
  [
    '725006',
    { ...TLS, outcome: 'failure' },
    'Device failed SSL handshake with {word} {sif}:{src}/{sport}[ to {dst}/{dport}]~',
  ],
  [
    '725007',
    { ...TLS, type: ['connection', 'end'] },
    'SSL session with {word} {sif}:{src}/{sport}[ to {dst}/{dport}] terminated~',
  ],
  ['733100', { category: NETWORK, type: ['info'], action: 'threat-detection' }, '{rest}'],
  [
    '733101',
    { category: ['network', 'intrusion_detection'], type: ['info'], action: 'threat-detection' },
    'Host {src} is {reason}. {rest}',
    'Subnet {name} is {reason}. {rest}',
  ],
  [
    '733102',
    { category: ['network', 'intrusion_detection'], type: ['denied'], action: 'shun-added' },
    'Threat-detection adds host {src} to shun list~',
  ],
  [
    '733103',
    { category: ['network', 'intrusion_detection'], type: ['info'], action: 'shun-deleted' },
    'Threat-detection removes host {src} from shun list~',
  ],
  [
    '734001',
    { category: ['network', 'session'], type: ['info'] },
    'DAP: User {user}, Addr {src}, Connection {name}: {rest}',
  ],
  [
    '746012 746013',
    { category: NETWORK, type: ['info'] },
    'user-identity: Add IP-User mapping {src} - {user} Succeeded~',
    'user-identity: Delete IP-User mapping {src} - {user} Succeeded~',
  ],
  ['750002 750003', NOTE, 'Local:{dst}:{dport} Remote:{src}:{sport} Username:{user} {rest}'],
  ['751025', VPN_UP, 'Local:{dst}:{dport} Remote:{src}:{sport} Username:{user} Group:{group} {rest}'],
  ['605001 605002 605003', NOTE, '{rest}'],
  [
    '602303 602304',
    NOTE,
    'IPSEC: An {direction} {name} SA (SPI= {quoted}) between {src} and {dst} (user= {user}) has been {verb}.~',
  ],
  [
    '434004',
    NOTE,
    'SFR requested {word} to bypass further packet redirection and process {transport} flow from {sif}:{src}/{sport} to {dif}:{dst}/{dport} locally~',
  ],
  [
    '805001',
    NOTE,
    'Offloaded {transport} Flow for connection {id} from {sif}:{src}/{sport} ({nat}/{natport}) to {dif}:{dst}/{dport} ({nat2}/{nat2port})~',
  ],
  [
    '805002',
    NOTE,
    '{transport} Flow is no longer offloaded for connection {id} from {sif}:{src}/{sport} ({nat}/{natport}) to {dif}:{dst}/{dport} ({nat2}/{nat2port})~',
  ],
];

function readRows(): Map<string, CiscoMessage> {
  const messages = new Map<string, CiscoMessage>();
  for (const [numbers, meaning, ...texts] of ROWS) {
    const message = { templates: texts.map(template), meaning };
    for (const number of numbers.split(' ')) messages.set(number, message);
  }
  // A connection that was made outwards names its far end first.
  const built = messages.get('302013') as CiscoMessage;
  const outward = template(`Built[ Probe] {outward} {transport} connection {id} for ${BACK}[ ({user})]~`);
  for (const number of ['302013', '302015']) {
    messages.set(number, { ...built, templates: [outward, ...built.templates] });
  }
  return messages;
}

/** Messages of ASA and of the ASA part of FTD, by number. */
export const CISCO_MESSAGES: ReadonlyMap<string, CiscoMessage> = readRows();

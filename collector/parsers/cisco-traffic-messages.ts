import type { CiscoRow } from './cisco-meanings.ts';
import {
  AUTH,
  BUILT,
  COMMAND,
  CONFIGURED,
  DENIED,
  FILTERED,
  LOGIN,
  NETWORK,
  REFUSED,
  RULE,
  TORN,
  TORN_WELL,
  TRANSLATED,
  VPN_DOWN,
  VPN_REFUSED,
  VPN_UP,
} from './cisco-meanings.ts';

/** `Group <g> User <u> IP <a> text`, also without brackets, as the VPN messages begin. */
const SESSION = ['Group <{group}> User <{user}> IP <{src}>[,] {rest}', 'Group {group} User {user} IP {src} {rest}'];
const FLOW =
  '{sif}:{src}/{sport}[ ({nat}/{natport})][ ({suser})][({suser})] to {dif}:{dst}/{dport}[ ({nat2}/{nat2port})][({duser})]';
const ENDED =
  '{sif}:{src}/{sport}[({suser})][ ({suser})] to {dif}:{dst}/{dport}[({duser})][ ({duser})] duration {duration} bytes {bytes}';
const ENDS = ['', ' ({user})', ' {reason} ({user})', ' {reason}'];
const ICMP = 'faddr {foreign}/{number}[({suser})] gaddr {global}/{number} laddr {local}/{number}[({duser})]~';
const LIST = '{sif}/{src}({sport})[({suser})] -> {dif}/{dst}({dport})[({duser})]~';
const ON = 'from {src}/{sport} to {dst}/{dport} on interface {sif}';
const SIDES = '{transport} src {sif}:{src}[/{sport}][({suser})] dst {dif}:{dst}[/{dport}][({duser})]';

/** Messages 106001 to 338204: access lists, logins through the device, commands, connections, translations. */
export const TRAFFIC_MESSAGES: readonly CiscoRow[] = [
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
  ['111003', COMMAND, '{src} Erase configuration~'],
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
    'AAA user {word} Successful[ ]: server = {dst}[ ]: user = {user}',
    'AAA user {word} Successful[ ]: server = {dst}[ ], User = {user}',
  ],
  [
    '113005 113016',
    REFUSED,
    'AAA user {word} Rejected[ ]: reason = {reason}[ ]: server = {dst}[ ]: user =[ {user}][ ]: user IP = {src}',
    'AAA user {word} Rejected[ ]: reason = {reason}[ ]: server = {dst}[ ]: user = {user}',
    'AAA credentials rejected[ ]: reason = {reason}[ ]: server = {dst}[ ]: user = {user}[ : user IP = {src}]',
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
  ['113008', LOGIN, 'AAA transaction status ACCEPT[ ]: user = {user}'],
  [
    '113009 113011',
    { category: AUTH, type: ['info'] },
    'AAA retrieved default group policy ({group}) for user = {user}',
    'AAA retrieved user specific group policy ({group}) for user = {user}',
    'AAA retrieved default group policy {group} for user {user}',
  ],
  ['113003', { category: AUTH, type: ['info'] }, 'AAA group policy for user {user} is being set to {group}'],
  ['113010', { category: AUTH, type: ['info'] }, 'AAA challenge received for user {user} from server {dst}~'],
  ['113012', LOGIN, 'AAA user {word} Successful[ ]: local database[ ]: user = {user}'],
  ['113013', REFUSED, 'AAA unable to complete the request Error : reason = {reason} : user = {user}'],
  ['113014', REFUSED, 'AAA {word} server not accessible : server = {dst} : user = {user}'],
  [
    '113015 113017',
    REFUSED,
    'AAA user {word} Rejected[ ]: reason = {reason}[ ]: local database[ ]: user =[ {user}][ ]: user IP = {src}',
    'AAA user {word} Rejected[ ]: reason = {reason}[ ]: local database[ ]: user = {user}',
    'AAA credentials rejected[ ]: reason = {reason}[ ]: local database[ ]: user = {user}[ : user IP = {src}]',
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
    '{src}[({suser})] Accessed URL {rest}',
    '{user}@{src} Accessed JAVA URL {rest}',
    '{src}[({suser})] Accessed JAVA URL {rest}',
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
    'SSH session from[ {src}] on interface {sif} for user "{user}" disconnected by SSH server, reason: "{reason}"~',
    'SSH session from[ {src}] on interface {sif} for user {user} disconnected by SSH server, reason: {reason}',
    'SSH session from[ {src}] on interface {sif} for user "{user}" terminated normally~',
    'SSH session from[ {src}] on interface {sif} for user {user} terminated normally~',
  ],
  [
    '338001 338002 338003 338004 338005 338006 338007 338008 338101 338102 338103 338104 338201 338202 338203 338204',
    FILTERED,
    'Dynamic filter {word} {name} {transport} traffic from {sif}:{src}/{sport} ({nat}/{natport}) to {dif}:{dst}/{dport} ({nat2}/{nat2port}), {verb} {quoted} resolved from {list} list: {rest}',
    'Dynamic Filter {word} {name} {transport} traffic from {sif}:{src}/{sport} ({nat}/{natport}) to {dif}:{dst}/{dport} ({nat2}/{nat2port}), {verb} {quoted} resolved from {list} list: {rest}',
  ],
];

import type { CiscoRow } from './cisco-meanings.ts';
import {
  AUTH,
  BUILT,
  DENIED,
  LOGIN,
  NETWORK,
  NOTE,
  REFUSED,
  RULE,
  TLS,
  TORN_WELL,
  VPN_DOWN,
  VPN_UP,
} from './cisco-meanings.ts';

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

/** `Local:a:p Remote:a:p Username:u text`, as the messages of IKE version 2 begin. */
const IKE = [
  'Local:{dst}:{dport} Remote:{src}:{sport} Username:{user} IKEv2 {rest}',
  'Local:{dst}:{dport} Remote:{src}:{sport} Username:{user} {rest}',
];
/** A login to a session, from older devices, which name no address. */
const ASKED = 'Authentication: {word}, group = {group} user = {user}[ ], Session Type: {name}';

/** Messages 400000 and up: shuns, logins to the device, VPN sessions, TLS, threats. */
export const DEVICE_MESSAGES: readonly CiscoRow[] = [
  [
    Array.from({ length: 52 }, (_, number) => 400_000 + number).join(' '),
    { category: ['network', 'intrusion_detection'], type: ['info'] },
    'IPS:{id} {list} from {src} to {dst} on interface {sif}~',
    'IDS:{id} {list} from {src} to {dst} on interface {sif}~',
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
    'Group {group} User {user} IP {src} WebVPN access GRANTED: {url}',
    ...SESSION,
  ],
  [
    '716004',
    { category: ['network', 'web'], type: ['access', 'denied'], action: 'url-access', outcome: 'failure' },
    'Group <{group}> User <{user}> IP <{src}> WebVPN access DENIED to specified location: {url}',
    'Group {group} User {user} IP {src} WebVPN access DENIED to specified location: {url}',
    ...SESSION,
  ],
  ['716038', LOGIN, ...SESSION, ASKED],
  ['716039', REFUSED, ...SESSION, ASKED],
  [
    '716058 716059 722010 722011 722012 722028 722032 722036 722053 722055',
    NOTE,
    ...SESSION,
    'Group <{group}> User IP <{src}> {rest}',
  ],
  ['721016', VPN_UP, '({name}) WebVPN session for client user {user}, IP[v4][v6] {src} has been created~'],
  ['721018', VPN_DOWN, '({name}) WebVPN session for client user {user}, IP[v4][v6] {src} has been deleted~'],
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
    'Host {src} is attacking. {rest}',
    'Object {src} is attacking. {rest}',
    'Host {dst} is targeted. {rest}',
    'Object {dst} is targeted. {rest}',
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
  ['750002 750003', NOTE, ...IKE],
  ['750006', VPN_UP, ...IKE],
  ['750007', VPN_DOWN, ...IKE],
  [
    '751025',
    VPN_UP,
    'Local:{dst}:{dport} Remote:{src}:{sport} Username:{user}[ IKEv2] Group:{group} IPv4 Address{rest}',
    ...IKE,
  ],
  ['605001 605002 605003', NOTE, '{rest}'],
  [
    '607001',
    NOTE,
    'Pre-allocate SIP {name} {transport} secondary channel for {sif}:{src}[/{sport}] to {dif}:{dst}[/{dport}] from {rest} message',
    'Pre-allocate SIP {name} secondary channel for {sif}:{src}[/{sport}] to {dif}:{dst}[/{dport}] from {rest} message',
  ],
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
  ['725003', TLS, 'SSL {word} {sif}:{src}/{sport} to {dst}/{dport} request to resume previous session~'],
  ['725016', TLS, 'Device selects trust-point {name} for {word} {sif}:{src}/{sport}[ to {dst}/{dport}]~'],
  [
    '308001',
    REFUSED,
    'console enable password incorrect for {number} tries (from {src})~',
    'PIX console enable password incorrect for {number} tries (from {src})~',
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

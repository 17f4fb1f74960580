import type { IosMeaning } from './cisco-ios-services.ts';
import { IOS_SERVICE_MESSAGES } from './cisco-ios-services.ts';

const IP = '[0-9A-Fa-f.:]{2,45}';
const NAME = '[^\\s:()\\[\\],]{1,128}';
const list = (text: string) =>
  new RegExp(`^(?:access-)?list (?<rule>${NAME}) (?<verdict>permit(?:ted)?|den(?:y|ied)) ${text}`);
const MAC = '[0-9A-Fa-f.:-]{12,17}';
const FROM = `(?:\\((?<sif>[^\\s)]{1,64})(?: (?<mac>${MAC}))?\\) ?|(?<port>[A-Z][A-Za-z]{1,40}[\\d/.]{1,16}) ?)?`;
const PORTS = `(?:(?<transport>\\w{1,16}) )?(?:(?<smac>${MAC}) )?(?<src>${IP})\\((?<sport>\\d{1,5})\\) ${FROM}-> (?<dst>${IP})\\((?<dport>\\d{1,5})\\),? ?(?:(?<packets>\\d{1,12}) packets?)?`;
const BARE = `(?<transport>\\w{1,16}) (?:(?<smac>${MAC}) )?(?<src>${IP}) ${FROM}-> (?<dst>${IP})`;
const ICMP = `${BARE} \\((?<itype>\\d{1,3})(?:/(?<icode>\\d{1,3}))?\\), (?<packets>\\d{1,12}) packets?`;
const PLAIN = `${BARE}, (?<packets>\\d{1,12}) packets?`;
const CONNECTION = { category: ['network'], type: ['connection'] } as const;
const LOGIN = { category: ['authentication'], type: ['info'], action: 'login' } as const;
const CONFIG = { category: ['configuration'], type: ['change'] } as const;
const LINK = { category: ['network'], type: ['info'] } as const;

/** Where access lists are logged: by the router, for IPv6, and by IOS XR. */
const ACCESS_LISTS = [
  ['SEC', 'IPACCESSLOG'],
  ['IPV6', 'ACCESSLOG'],
  ['IPV6_ACL', 'ACCESSLOG'],
  ['ACL-IPV4_ACL', 'IPACCESSLOG'],
  ['ACL-IPV6_ACL', 'IPACCESSLOG'],
] as const;

/** By facility and mnemonic, or by mnemonic alone, as the system message guides of IOS and IOS XE list them. */
export const IOS_MESSAGES: ReadonlyMap<string, IosMeaning> = new Map<string, IosMeaning>([
  ...ACCESS_LISTS.flatMap(([facility, code]): [string, IosMeaning][] => [
    [`${facility}-${code}P`, { ...CONNECTION, pattern: list(PORTS) }],
    [`${facility}-${code}DP`, { ...CONNECTION, pattern: list(ICMP) }],
    [`${facility}-${code}NP`, { ...CONNECTION, pattern: list(PLAIN) }],
    [`${facility}-${code}RP`, { ...CONNECTION, pattern: list(PLAIN) }],
    [
      `${facility}-${code}SP`,
      { ...CONNECTION, pattern: list(`${BARE}(?: \\((?<itype>\\d{1,3})\\))?, (?<packets>\\d{1,12}) packets?`) },
    ],
  ]),
  ['SEC-IPACCESSLOGS', { ...CONNECTION, pattern: list(`(?<src>${IP}) (?<packets>\\d{1,12}) packets?`) }],
  ...['IPACCESSLOGP', 'IPV6ACCESSLOGP'].map((code): [string, IosMeaning] => [
    `FMANFP-${code}`,
    { ...CONNECTION, pattern: new RegExp(`(?:^|: {1,4})${list(PORTS).source.slice(1)}`) },
  ]),
  ...['IPACCESSLOGDP', 'IPV6ACCESSLOGDP'].map((code): [string, IosMeaning] => [
    `FMANFP-${code}`,
    { ...CONNECTION, pattern: new RegExp(`(?:^|: {1,4})${list(ICMP).source.slice(1)}`) },
  ]),
  [
    'SYS-PRIV_AUTH_FAIL',
    {
      ...LOGIN,
      action: 'enable',
      outcome: 'failure',
      pattern: new RegExp(
        `^Authentication to Privilege level \\d{1,2} failed by (?<user>${NAME})(?: on \\w{1,16})?(?: \\((?<src>${IP})\\))?`,
      ),
    },
  ],
  [
    'SYS-PRIV_AUTH_PASS',
    {
      ...LOGIN,
      action: 'enable',
      outcome: 'success',
      pattern: new RegExp(
        `^Privilege level set to \\d{1,2} by (?<user>${NAME})(?: on \\w{1,16})?(?: \\((?<src>${IP})\\))?`,
      ),
    },
  ],
  [
    'SEC_LOGIN-LOGIN_FAILED',
    {
      ...LOGIN,
      outcome: 'failure',
      pattern: new RegExp(
        `^Login failed \\[user: ?(?<user>[^\\]]{0,128})\\] \\[Source: (?<src>${IP})\\] \\[localport: (?<lport>\\d{1,5})\\](?: \\[Reason: (?<reason>[^\\]]{0,256})\\])?`,
      ),
    },
  ],
  [
    'SEC_LOGIN-LOGIN_SUCCESS',
    {
      ...LOGIN,
      outcome: 'success',
      pattern: new RegExp(
        `^Login Success \\[user: ?(?<user>[^\\]]{0,128})\\] \\[Source: (?<src>${IP})\\] \\[localport: (?<lport>\\d{1,5})\\]`,
      ),
    },
  ],
  [
    'SEC_LOGIN-QUIET_MODE_ON',
    {
      category: ['authentication'],
      type: ['denied'],
      action: 'quiet-mode-on',
      pattern: new RegExp(
        `\\[user: ?(?<user>[^\\]]{0,128})\\] \\[Source: (?<src>${IP})\\] \\[localport: (?<lport>\\d{1,5})\\](?: \\[Reason: (?<reason>[^\\]]{0,256})\\])?`,
      ),
    },
  ],
  [
    'SSH-SSH2_USERAUTH',
    {
      ...LOGIN,
      pattern: new RegExp(
        `^User '(?<user>[^']{0,128})' authentication for SSH2? Session from (?<src>${IP}) \\(.{0,256}?(?<result>Succeeded|Failed)\\.?$`,
      ),
    },
  ],
  [
    'SSH-SSH2_SESSION',
    {
      category: ['network', 'session'],
      type: ['connection'],
      action: 'ssh-session',
      pattern: new RegExp(`^SSH2? Session request from (?<src>${IP}) .{0,256}?(?<result>Succeeded|Failed)\\.?$`),
    },
  ],
  [
    'SSH-SSH2_CLOSE',
    {
      category: ['network', 'session'],
      type: ['connection', 'end'],
      action: 'ssh-close',
      pattern: new RegExp(`^SSH2? Session from (?<src>${IP}) .{0,128}? for user '(?<user>[^']{0,128})'`),
    },
  ],
  [
    'SYS-LOGOUT',
    {
      category: ['session'],
      type: ['end'],
      action: 'logout',
      pattern: new RegExp(`^User (?<user>${NAME}) has exited tty session \\d{1,5}\\((?<src>${IP})\\)`),
    },
  ],
  [
    'SYS-CONFIG_I',
    {
      ...CONFIG,
      action: 'configured',
      outcome: 'success',
      // `by admin on vty0 (10.0.0.5)`; `by vty0 (10.0.0.5)` names the line and nobody.
      pattern: new RegExp(
        `^Configured from \\w{1,32} by (?:(?:vty|tty|con|aux)\\d{0,3}(?= \\(|$)|(?<user>${NAME}))(?: on \\w{1,16})?(?: \\((?<src>${IP})\\))?`,
      ),
    },
  ],
  [
    'PARSER-CFGLOG_LOGGEDCMD',
    {
      ...CONFIG,
      action: 'command-executed',
      pattern: /^User: ?(?<user>[^\s]{1,128}) {1,4}logged command: ?(?<command>.{1,2048})$/s,
    },
  ],
  [
    'LINK-UPDOWN',
    {
      ...LINK,
      action: 'link-state',
      pattern: /^Interface (?<interface>[^\s,]{1,64}), changed state to (?:up|down|reset|administratively down)/,
    },
  ],
  [
    'LINEPROTO-UPDOWN',
    {
      ...LINK,
      action: 'line-protocol-state',
      pattern: /^Line protocol on Interface (?<interface>[^\s,]{1,64}), changed state to (?:up|down)/,
    },
  ],
  [
    'LINK-CHANGED',
    { ...LINK, action: 'link-state', pattern: /^Interface (?<interface>[^\s,]{1,64}), changed state to / },
  ],
  ...IOS_SERVICE_MESSAGES,
  ['SYS-RESTART', { category: ['host'], type: ['start'], action: 'restart' }],
  [
    'SYS-RELOAD',
    {
      category: ['host'],
      type: ['end'],
      action: 'reload',
      pattern: new RegExp(`^Reload requested by (?<user>${NAME})`),
    },
  ],
  [
    'PORT_SECURITY-PSECURE_VIOLATION',
    {
      category: ['network'],
      type: ['denied'],
      action: 'port-security-violation',
      pattern: /caused by MAC address (?<hardware>[0-9A-Fa-f.:-]{12,17}) on port (?<interface>[^\s.]{1,64})/,
    },
  ],
  ['AAA-BADSERVERTYPEERROR', { category: ['authentication'], type: ['error'], action: 'aaa-error' }],
  [
    'DOT1X-FAIL',
    {
      category: ['authentication', 'network'],
      type: ['info'],
      action: '802.1x',
      outcome: 'failure',
      pattern: /^Authentication failed for client \((?<hardware>[^)]{1,40})\) on Interface (?<interface>\S{1,64})/,
    },
  ],
  [
    'DOT1X-SUCCESS',
    {
      category: ['authentication', 'network'],
      type: ['info'],
      action: '802.1x',
      outcome: 'success',
      pattern: /^Authentication successful for client \((?<hardware>[^)]{1,40})\) on Interface (?<interface>\S{1,64})/,
    },
  ],
  ['OSPF-ADJCHG', { ...LINK, action: 'ospf-neighbor' }],
  ['BGP-ADJCHANGE', { ...LINK, action: 'bgp-neighbor' }],
  ...['IF_UP', 'IF_DOWN_LINK_FAILURE', 'IF_DOWN_ADMIN_DOWN', 'IF_DOWN_NONE', 'IF_ADMIN_UP'].map(
    (code): [string, IosMeaning] => [
      `ETHPORT-${code}`,
      { ...LINK, action: 'link-state', pattern: /^Interface (?<interface>[^\s,]{1,64}) is / },
    ],
  ),
  [
    'SNMP-AUTHFAIL',
    {
      category: ['authentication'],
      type: ['info'],
      action: 'snmp',
      outcome: 'failure',
      pattern: new RegExp(`from host (?<src>${IP})`),
    },
  ],
]);

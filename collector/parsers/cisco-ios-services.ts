/** What a message of a router or switch means, and how its text is read: named groups of the pattern. */
export interface IosMeaning {
  readonly category: readonly string[];
  readonly type: readonly string[];
  readonly action?: string;
  readonly outcome?: 'success' | 'failure';
  readonly pattern?: RegExp;
}

const IP = '[0-9A-Fa-f.:]{2,45}';
const MAC = '[0-9A-Fa-f.:-]{12,17}';
const NAME = '[^\\s:()\\[\\],]{1,128}';
const DENIED = { category: ['network'], type: ['connection', 'denied'], outcome: 'failure' } as const;
const PORT_LOGIN = { category: ['authentication', 'network'], type: ['info'] } as const;

/** `client (0011.2233.4455) on Interface Gi1/0/3`. */
const CLIENT = new RegExp(`client \\((?<hardware>${MAC})\\) on Interface (?<interface>\\S{1,64})`);

/** Messages of the firewall, of ports that ask who is there, of NX-OS, of small switches. */
export const IOS_SERVICE_MESSAGES: readonly (readonly [string, IosMeaning])[] = [
  ...['SESS_AUDIT_TRAIL', 'SESS_AUDIT_TRAIL_START'].map((code): [string, IosMeaning] => [
    `FW-${code}`,
    {
      category: ['network'],
      type: ['connection', code.endsWith('START') ? 'start' : 'end'],
      pattern: new RegExp(
        `(?:Start|Stop) (?<transport>[\\w-]{1,16}) session: initiator \\((?<src>${IP}):(?<sport>\\d{1,5})\\)(?: sent (?<sbytes>\\d{1,15}) bytes)? -- responder \\((?<dst>${IP}):(?<dport>\\d{1,5})\\)(?: sent (?<dbytes>\\d{1,15}) bytes)?`,
      ),
    },
  ]),
  [
    'FW-DROP_PKT',
    {
      ...DENIED,
      action: 'deny',
      pattern: new RegExp(
        `^Dropping (?<transport>[\\w-]{1,16}) (?:pkt|session)(?: from (?<sif>\\S{1,64}))? (?<src>${IP}):(?<sport>\\d{1,5})(?: =>)? (?<dst>${IP}):(?<dport>\\d{1,5}).{0,256}? due to {1,2}(?<reason>.{1,128}?)(?: with ip ident .{0,200})?$`,
      ),
    },
  ],
  [
    'TCP-BADAUTH',
    {
      ...DENIED,
      action: 'bad-authentication',
      pattern: new RegExp(
        `^(?<reason>(?:No|Invalid) MD5 digest) from (?<src>[0-9.]{7,15}|${IP}?)[:(](?<sport>\\d{1,5})\\)? to (?<dst>[0-9.]{7,15}|${IP}?)[:(](?<dport>\\d{1,5})(?:\\)| |$)`,
      ),
    },
  ],
  [
    'CRYPTO-RECVD_PKT_INV_SPI',
    {
      category: ['network'],
      type: ['error'],
      pattern: new RegExp(
        `destaddr=(?<dst>${IP}), .{0,80}?srcaddr=(?<src>${IP})(?:, input interface=(?<sif>\\S{1,64}))?`,
      ),
    },
  ],
  [
    'PIM-INVALID_RP_JOIN',
    { category: ['network'], type: ['info'], pattern: new RegExp(`Join from (?<src>${IP}) for invalid RP`) },
  ],
  [
    'SYS-TTY_EXPIRE_TIMER',
    {
      category: ['session'],
      type: ['end'],
      action: 'session-expired',
      pattern: new RegExp(`^\\(exec timer expired, tty \\d{1,5} \\((?<src>${IP})\\)\\), user (?<user>${NAME})`),
    },
  ],
  ...['AUTHMGR', 'MAB'].flatMap((facility): [string, IosMeaning][] => [
    [`${facility}-FAIL`, { ...PORT_LOGIN, action: '802.1x', outcome: 'failure', pattern: CLIENT }],
    [`${facility}-SUCCESS`, { ...PORT_LOGIN, action: '802.1x', outcome: 'success', pattern: CLIENT }],
  ]),
  ...['DHCP_SNOOPING_DENY', 'ACL_DENY', 'INVALID_ARP'].map((code): [string, IosMeaning] => [
    `SW_DAI-${code}`,
    {
      ...DENIED,
      action: 'arp-inspection',
      pattern: new RegExp(
        ` on (?<interface>[^\\s,]{1,64}), vlan \\d{1,5}\\.? ?\\(\\[(?<smac>${MAC})/(?<src>${IP})/(?<dmac>${MAC})/(?<dst>[0-9.]{7,15})/`,
      ),
    },
  ]),
  ...['DHCP_SNOOPING_UNTRUSTED_PORT', 'DHCP_SNOOPING_MATCH_MAC_FAIL'].map((code): [string, IosMeaning] => [
    `DHCP_SNOOPING-${code}`,
    { ...DENIED, action: 'dhcp-snooping', pattern: new RegExp(`MAC sa: (?<hardware>${MAC})`) },
  ]),
  [
    'VSHD-VSHD_SYSLOG_CONFIG_I',
    {
      category: ['configuration'],
      type: ['change'],
      action: 'configured',
      outcome: 'success',
      pattern: new RegExp(`^Configured from \\w{1,32} by (?<user>${NAME}) on (?:(?<src>${IP})@)?\\S{1,64}`),
    },
  ],
  [
    'AUTHPRIV-SYSTEM_MSG',
    {
      category: ['authentication'],
      type: ['info'],
      pattern: new RegExp(
        `^pam_aaa:Authentication (?<result>failed|succeeded) for (?:illegal )?user (?<user>${NAME}) from (?<src>${IP})`,
      ),
    },
  ],
  ...(
    [
      ['LOGIN_PASSED', 'success'],
      ['LOGIN_FAILED', 'failure'],
    ] as const
  ).map(([code, outcome]): [string, IosMeaning] => [
    `WEBSERVER-${code}`,
    {
      category: ['authentication'],
      type: ['info'],
      action: 'login',
      outcome,
      pattern: new RegExp(`from host (?<src>${IP})(?: by user '(?<user>[^']{0,128})')?`),
    },
  ]),
  ...['CONNECT', 'REJECT'].map((code): [string, IosMeaning] => [
    `AAA-${code}`,
    {
      category: ['authentication'],
      type: ['info'],
      action: 'login',
      pattern: new RegExp(
        `^New \\w{1,16} connection for user (?<user>[^,]{1,128}), source (?<src>${IP}) destination (?<dst>${IP}) {1,3}(?<result>ACCEPTED|REJECTED)`,
      ),
    },
  ]),
];

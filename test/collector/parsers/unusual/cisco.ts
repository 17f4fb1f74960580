import type { Row } from './row.ts';

const ASA = 'Nov 22 2026 08:01:08 fw1 : %ASA';

/** Messages of Cisco's firewalls in words that some versions alone write, and of numbers that the tables do not have. */
export const CISCO: readonly Row[] = [
  [
    'cisco-asa',
    `${ASA}-6-113005: AAA user authentication Rejected: reason = AAA failure: server = 192.0.2.9 : user = lan: user IP = 203.0.113.4`,
    {
      'user.name': 'lan',
      'source.ip': '203.0.113.4',
      'destination.ip': '192.0.2.9',
      'event.reason': 'AAA failure',
      'event.outcome': 'failure',
    },
  ],
  [
    'cisco-asa',
    `${ASA}-6-113005: AAA user authentication Rejected : reason = Unspecified : server = 192.0.2.9 : user = : user IP = 203.0.113.4`,
    { 'source.ip': '203.0.113.4', 'event.reason': 'Unspecified' },
    ['user'],
  ],
  [
    'cisco-asa',
    `${ASA}-6-113005: AAA user authorization Rejected : reason = AAA failure : server = 192.0.2.9 : user = pc7$ : user IP = None`,
    { 'user.name': 'pc7$', 'event.action': 'authorization' },
    ['source'],
  ],
  [
    'cisco-asa',
    `${ASA}-6-113012: AAA user authentication Successful: local database: user = lan`,
    { 'user.name': 'lan', 'event.outcome': 'success' },
  ],
  [
    'cisco-asa',
    `${ASA}-6-716039: Authentication: rejected, group = staff user = lan , Session Type: WebVPN`,
    { 'user.name': 'lan', 'user.group.name': 'staff', 'event.outcome': 'failure' },
  ],
  [
    'cisco-asa',
    `${ASA}-6-716003: Group STAFF User lan IP 203.0.113.4 WebVPN access GRANTED: "https://intra.example.net/a"`,
    { 'url.domain': 'intra.example.net', 'url.path': '/a', 'user.name': 'lan' },
  ],
  [
    'cisco-asa',
    `${ASA}-6-721016: (WebVPN-Primary) WebVPN session for client user lan, IPv4 203.0.113.4 has been created.`,
    { 'user.name': 'lan', 'source.ip': '203.0.113.4', 'event.type': ['connection', 'start'] },
  ],
  [
    'cisco-asa',
    `${ASA}-6-315011: SSH session from 203.0.113.4 on interface inside for user "lan" terminated normally.`,
    { 'user.name': 'lan', 'source.ip': '203.0.113.4' },
    ['event.reason'],
  ],
  [
    'cisco-asa',
    `${ASA}-6-751025: Local:192.0.2.1:4500 Remote:203.0.113.4:50466 Username:lan@example.net IKEv2 Group:Remote Staff IPv4 Address=10.9.0.7 IPv6 address=:: assigned to session`,
    { 'user.name': 'lan@example.net', 'user.group.name': 'Remote Staff', 'source.port': 50_466 },
  ],
  [
    'cisco-asa',
    `${ASA}-5-722037: Group <Remote Staff> User <lan> IP <203.0.113.4> SVC closing connection: Transport closing.`,
    { 'event.reason': 'Transport closing', 'user.group.name': 'Remote Staff' },
  ],
  [
    'cisco-asa',
    `${ASA}-6-722055: Group <STAFF> User <lan> IP <203.0.113.4> Client Type: AnyConnect 4.10`,
    { 'user_agent.original': 'AnyConnect 4.10' },
  ],
  [
    'cisco-asa',
    `${ASA}-2-106006: message repeated 3 times: [ Deny inbound UDP from 203.0.113.4/137 to 192.0.2.8/137 on interface inside]`,
    { 'source.ip': '203.0.113.4', 'destination.port': 137, 'haidang.repeated': 3, 'network.direction': 'inbound' },
  ],
  [
    'cisco-asa',
    `${ASA}-4-106023: Deny udp src v1:outside:203.0.113.4/5000 dst v2:inside:192.0.2.8/53 by access-group "out" [0x0, 0x0]`,
    { 'source.ip': '203.0.113.4', 'destination.ip': '192.0.2.8', 'observer.ingress.interface.name': 'v1:outside' },
  ],
  [
    'cisco-asa',
    `${ASA}-4-106023: Deny tcp src outside:203.0.113.4/5000 dst web:192.0.2.8/443(www.example.net) by access-group "out"`,
    { 'destination.ip': '192.0.2.8' },
    ['destination.user', 'user'],
  ],
  [
    'cisco-asa',
    `${ASA}-4-313009: Denied invalid ICMP code 9, for inside:192.0.2.7/8795 (192.0.2.7/8795) to identity:192.0.2.1/0 (192.0.2.1/0), ICMP id 295, ICMP type 8`,
    { 'cisco.asa.icmp_type': 8, 'cisco.asa.icmp_code': 9 },
    ['source.port'],
  ],
  [
    'cisco-asa',
    `${ASA}-6-302021: Teardown ICMP connection for faddr 203.0.113.4/29(LOCAL\\lan, 12:staff) gaddr 192.0.2.8/0 laddr 192.0.2.8/0 (lan) type 8 code 0`,
    { 'destination.ip': '203.0.113.4', 'destination.user.name': 'lan', 'source.ip': '192.0.2.8' },
    ['source.user'],
  ],
  [
    'cisco-asa',
    `${ASA}-6-607001: Pre-allocate SIP Via UDP secondary channel for voice:203.0.113.4/5060 to inside:192.0.2.8 from OPTIONS message`,
    { 'source.ip': '203.0.113.4', 'destination.ip': '192.0.2.8', 'network.transport': 'udp' },
  ],
  [
    'cisco-asa',
    `${ASA}-4-400010: IPS:2000 ICMP Echo Reply from 203.0.113.4 to 192.0.2.8 on interface outside`,
    { 'rule.id': '2000', 'rule.name': 'ICMP Echo Reply', 'source.ip': '203.0.113.4' },
  ],
  [
    'cisco-asa',
    `${ASA}-4-410001: Dropped UDP DNS reply from outside:203.0.113.4/53 to inside:192.0.2.8/3333; label length 164 bytes exceeds protocol limit of 63 bytes`,
    { 'source.port': 53, 'destination.ip': '192.0.2.8', 'network.transport': 'udp' },
    ['event.outcome'],
  ],
  [
    'cisco-asa',
    `${ASA}-4-402116: IPSEC: Received an ESP packet (SPI= 0x1B, sequence number= 0x2) from 203.0.113.4 (user= lan) to 192.0.2.1. The packet specifies its destination as 10.0.0.1.`,
    { 'source.ip': '203.0.113.4', 'destination.ip': '192.0.2.1', 'user.name': 'lan' },
  ],
  [
    'cisco-asa',
    `${ASA}-4-405001: Received ARP request collision from 192.0.2.1/0011.2233.4455 on interface inside`,
    { 'event.code': '405001' },
    ['source', 'destination'],
  ],
  [
    'cisco-asa',
    `${ASA}-7-715065: Group = STAFF, Username = lan, IP = 203.0.113.4, IKE AM Responder FSM error history`,
    { 'user.name': 'lan', 'source.ip': '203.0.113.4', 'user.group.name': 'STAFF' },
  ],
  [
    'cisco-asa',
    `${ASA}-4-733101: Object 203.0.113.4 is targeted. Current burst rate is 6 per second, max configured rate is 5`,
    { 'destination.ip': '203.0.113.4', 'event.action': 'threat-detection' },
    ['source'],
  ],
  [
    'cisco-asa',
    `${ASA}-4-722041: TunnelGroup <VPN> GroupPolicy <P> User <lan> IP <203.0.113.4> No IPv6 address available for SVC connection`,
    { 'user.name': 'lan', 'source.ip': '203.0.113.4' },
  ],
  [
    'cisco-asa',
    `${ASA}-6-302020: Built inbound ICMP connection for faddr 203.0.113.4/5(any) gaddr 192.0.2.7/0 laddr 192.0.2.7/0`,
    { 'source.ip': '203.0.113.4', 'destination.ip': '192.0.2.7' },
    ['user', 'source.user'],
  ],
  [
    'cisco-asa',
    'Nov 22 2026 08:01:08 fw1 : %FTD-1-430003: AccessControlRuleAction: Block, SrcIP: 192.0.2.7, DstIP: 203.0.113.4, SrcPort: 51234, DstPort: 443, Protocol: tcp, AccessControlRuleName: R, User: EXAMPLE\\lan',
    { 'user.name': 'lan', 'user.domain': 'EXAMPLE', 'source.user.domain': 'EXAMPLE', 'rule.name': 'R' },
  ],
];

import type { Row } from './row.ts';

const LEFT = '%SYS-6-LOGOUT: User lan has exited tty session 1(203.0.113.4)';
const GONE = { 'event.action': 'logout', 'user.name': 'lan', 'source.ip': '203.0.113.4' };

/** Heads and messages of routers and switches that some versions, settings and models alone have. */
export const CISCO_IOS: readonly Row[] = [
  ['cisco-ios', `<190>: sw1: Nov 22 2026 08:01:08.961: ${LEFT}`, { ...GONE, 'host.name': 'sw1' }],
  ['cisco-ios', `<190>45: sw1: 000046: 2y10w: ${LEFT}`, { ...GONE, 'host.name': 'sw1' }],
  ['cisco-ios', `<190>45: 192.0.2.2 46: Nov 22 2026 08:01:08.961: ${LEFT}`, { ...GONE, 'host.name': '192.0.2.2' }],
  [
    'cisco-ios',
    `<190>45: sw1: Nov 22 08:01:08.123 UTC+05:30: ${LEFT}`,
    { ...GONE, 'host.name': 'sw1', '@timestamp': '2026-11-22T02:31:08.123Z' },
  ],
  [
    'cisco-ios',
    '<190>Nov 22 08:01:08 xr1 RP/0/RP0/CPU0:Nov 22 08:01:07.630 UTC: ipv4_acl_mgr[310]: %ACL-IPV4_ACL-6-IPACCESSLOGP : access-list OUT deny tcp 203.0.113.4(4000) -> 192.0.2.8(22), 1 packet',
    {
      'host.name': 'xr1',
      'process.name': 'ipv4_acl_mgr',
      'process.pid': 310,
      'rule.name': 'OUT',
      'destination.port': 22,
      'event.outcome': 'failure',
      '@timestamp': '2026-11-22T08:01:07.630Z',
    },
  ],
  [
    'cisco-ios',
    '<190>45: 46: Nov 22 2026 08:01:08.412 UTC: %IOSXE-6-PLATFORM: R0/0: cpp_cp: QFP:0.0 Thread:001 TS:0001 %FW-6-SESS_AUDIT_TRAIL: (target:class) (A_TO_B:C):Stop dns session: initiator (203.0.113.4:33207) sent 48 bytes -- responder (192.0.2.53:53) sent 40 bytes, from Gi0/0',
    {
      'event.code': 'SESS_AUDIT_TRAIL',
      'source.port': 33_207,
      'source.bytes': 48,
      'destination.bytes': 40,
      'network.protocol': 'dns',
    },
    ['event.outcome'],
  ],
  [
    'cisco-ios',
    '<190>45: Nov 22 08:01:08.412: %FW-6-DROP_PKT: Dropping tcp pkt from Gi0/0/2.6 203.0.113.4:53836 => 192.0.2.8:80(target:class)-(A_TO_B:class-default) due to Policy drop:classify result with ip ident 130 tcp flag 0x2',
    {
      'source.port': 53_836,
      'destination.port': 80,
      'event.outcome': 'failure',
      'event.reason': 'Policy drop:classify result',
    },
  ],
  [
    'cisco-ios',
    '<190>45: Nov 22 08:01:08.412: %SEC-6-IPACCESSLOGSP: list IN denied igmp 203.0.113.4 -> 224.0.0.2 (20), 1 packet',
    { 'network.transport': 'igmp', 'rule.name': 'IN', 'source.packets': 1 },
  ],
  [
    'cisco-ios',
    '<190>45: Nov 22 08:01:08.412: %IPV6-6-ACCESSLOGP: list V6-E0/0-IN/10 permitted tcp 2001:db8::4(1027) -> 2001:db8::8(22), 9 packets',
    { 'source.ip': '2001:db8::4', 'destination.port': 22, 'rule.name': 'V6-E0/0-IN/10', 'event.outcome': 'success' },
  ],
  [
    'cisco-ios',
    '<190>45: Nov 22 08:01:08.412: %SEC-6-IPACCESSLOGP: list IN denied udp 0.0.0.0(68) -> 255.255.255.255(67), 1 packet',
    { 'source.ip': '0.0.0.0', 'source.port': 68 },
  ],
  [
    'cisco-ios',
    '<174>45: r1: 46: Nov 22 08:01:08.802 UTC: %FMANFP-6-IPACCESSLOGP:  F0/0: fman_fp_image:  list IN denied tcp 00-00-5E-00-53-23 203.0.113.4(56279) TenGigabitEthernet0/1/1-> 192.0.2.8(45240), 1 packet',
    {
      'source.mac': '00-00-5E-00-53-23',
      'source.port': 56_279,
      'observer.ingress.interface.name': 'TenGigabitEthernet0/1/1',
    },
  ],
  [
    'cisco-ios',
    '<190>45: Nov 22 08:01:08.081: %TCP-6-BADAUTH: No MD5 digest from 203.0.113.4(64999) to 192.0.2.1(179) (RST) tableid - 0',
    { 'source.port': 64_999, 'destination.port': 179, 'event.outcome': 'failure' },
  ],
  [
    'cisco-ios',
    '<190>45: r1: *Nov 22 08:01:08.123: %SW_DAI-4-DHCP_SNOOPING_DENY: 1 Invalid ARPs (Req) on Gi1/0/2, vlan 10.([0000.5e00.5307/192.0.2.7/0000.0000.0000/192.0.2.1/08:01:08 UTC Sun Nov 22 2026])',
    { 'source.ip': '192.0.2.7', 'source.mac': '00-00-5E-00-53-07', 'destination.ip': '192.0.2.1' },
  ],
  [
    'cisco-ios',
    '<166>45: r1: 46: 2y10w: %SYS-6-TTY_EXPIRE_TIMER: (exec timer expired, tty 1 (203.0.113.4)), user lan',
    { 'user.name': 'lan', 'source.ip': '203.0.113.4', 'event.type': ['end'] },
  ],
  [
    'cisco-ios',
    '<189>45: r1: Nov 22 08:01:08.123: %MAB-5-FAIL: Authentication failed for client (0000.5e00.5307) on Interface Gi1/0/3 AuditSessionID 0A',
    { 'source.mac': '00-00-5E-00-53-07', 'event.outcome': 'failure', 'cisco.ios.interface.name': 'Gi1/0/3' },
  ],
  [
    'cisco-ios',
    '<189>: 2026 Nov 22 08:01:08 UTC: %VSHD-5-VSHD_SYSLOG_CONFIG_I: Configured from vty by lan on 203.0.113.4@pts/0',
    { 'user.name': 'lan', 'source.ip': '203.0.113.4', 'event.category': ['configuration'] },
  ],
  [
    'cisco-ios',
    '<189>%AAA-W-REJECT: New http connection for user lan, source 203.0.113.4 destination 192.0.2.1 REJECTED',
    { 'user.name': 'lan', 'destination.ip': '192.0.2.1', 'event.outcome': 'failure', 'event.severity': 4 },
  ],
  [
    'cisco-ios',
    '<189>45: Nov 22 08:01:08: %PIM-SW1-6-INVALID_RP_JOIN: Received (*, 233.252.0.78) Join from 203.0.113.4 for invalid RP 192.0.2.3',
    { 'source.ip': '203.0.113.4', 'event.provider': 'PIM-SW1' },
  ],
  [
    'cisco-ios',
    '<189>2026 Nov 22 08:01:08 nx1 %ETHPORT-5-IF_UP: Interface Ethernet1/1 is up in mode access',
    { 'host.name': 'nx1', 'event.action': 'link-state', '@timestamp': '2026-11-22T01:01:08.000Z' },
  ],
];

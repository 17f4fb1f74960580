import { EXCHANGE } from './exchange.ts';
import type { Row } from './row.ts';

function zeek(
  path: string,
  record: object,
  gives: Readonly<Record<string, unknown>>,
  lacks: readonly string[] = [],
): Row {
  const ends = { 'id.orig_h': '192.0.2.7', 'id.orig_p': 5000, 'id.resp_h': '192.0.2.88', 'id.resp_p': 88 };
  return ['zeek', JSON.stringify({ _path: path, ts: 1795309262.1, uid: 'C1', ...ends, ...record }), gives, lacks];
}

/** Lines of devices and services, most of them of the second tier. */
export const SECOND_TIER: readonly Row[] = [
  [
    'cisco-asa',
    '%ASA-4-402117: IPSEC: Received a non-IPSec packet (protocol= ICMP) from 203.0.113.5 to 198.51.100.1.',
    { 'source.ip': '203.0.113.5', 'destination.ip': '198.51.100.1', 'event.outcome': 'failure' },
    ['destination.domain'],
  ],
  [
    'squid',
    '1795309262.123     12 192.0.2.5 TAG_NONE/000 0 NONE error:transaction-end-before-headers - HIER_NONE/- -',
    { 'event.type': ['connection'], 'source.ip': '192.0.2.5' },
    ['event.outcome', 'http.request', 'url'],
  ],
  [
    'auditd',
    'type=USER_LOGIN msg=audit(1795309263.004:4022): pid=2103 uid=0 auid=4294967295 ses=4294967295 msg=\'op=login acct=28756E6B6E6F776E207573657229 exe="/usr/sbin/sshd" hostname=? addr=203.0.113.5 terminal=sshd res=failed\'',
    { 'source.ip': '203.0.113.5', 'event.outcome': 'failure' },
    ['user.name', 'related.user'],
  ],
  [
    'cisco-ios',
    'Nov 22 08:01:02: %FMANFP-6-IPACCESSLOGP: R0/0: fman_fp_image: list INET denied udp 192.0.2.10(53) (GigabitEthernet0/0/0) -> 203.0.113.9(33000), 1 packet',
    {
      'rule.name': 'INET',
      'event.outcome': 'failure',
      'source.ip': '192.0.2.10',
      'source.port': 53,
      'destination.port': 33000,
      'observer.ingress.interface.name': 'GigabitEthernet0/0/0',
    },
  ],
  [
    'cisco-ios',
    'Nov 22 08:01:02: %SYS-5-PRIV_AUTH_FAIL: Authentication to Privilege level 15 failed by admin on vty0 (192.0.2.5)',
    { 'event.outcome': 'failure', 'user.name': 'admin', 'source.ip': '192.0.2.5' },
  ],
  [
    'cisco-ios',
    '2026 Nov 22 08:01:02 sw1 %AUTHPRIV-5-SYSTEM_MSG: New user added with username netops - useradd',
    { '@timestamp': '2026-11-22T01:01:02.000Z', 'host.name': 'sw1', 'event.provider': 'AUTHPRIV' },
    ['user'],
  ],
  [
    'cisco-ios',
    '2026 Nov 22 08:01:02.123 ICT: %ETHPORT-5-IF_DOWN_LINK_FAILURE: Interface Ethernet1/1 is down (Link failure)',
    { 'cisco.ios.interface.name': 'Ethernet1/1', '@timestamp': '2026-11-22T01:01:02.123Z' },
  ],
  [
    'cef',
    'CEF:1|V|P|1|x|name|Very-High|rt=Nov 22 2026 08:01:02 ICT outcome=failure suser=lan shost=pc1.example',
    { '@timestamp': '2026-11-22T01:01:02.000Z', 'event.severity': 10, 'event.outcome': 'failure' },
  ],
  [
    'cef',
    'CEF:0|V|P|1|x|n|5|rt=Nov 22 2026 08:01:02.500 +09:00 c6a2=2001:db8::1 c6a2Label=Source IPv6 Address c6a3=2001:db8::2 c6a3Label=Destination IPv6 Address',
    { 'source.ip': '2001:db8::1', 'destination.ip': '2001:db8::2', '@timestamp': '2026-11-21T23:01:02.500Z' },
    ['cef.extensions'],
  ],
  [
    'leef',
    'LEEF:1.0|Palo Alto Networks|PAN-OS Syslog Integration|8.1|trojan/PDF(268198686)|ReceiveTime=2026/11/22 08:01:02|cat=THREAT|devTime=Nov 22 2026 01:01:02 GMT|src=192.0.2.7|dst=203.0.113.9|srcPort=5000|dstPort=80|proto=tcp|action=alert',
    {
      'source.ip': '192.0.2.7',
      'source.port': 5000,
      'destination.ip': '203.0.113.9',
      'destination.port': 80,
      'event.action': 'alert',
      '@timestamp': '2026-11-22T01:01:02.000Z',
    },
  ],
  [
    'leef',
    'LEEF:1.0|Microsoft|MSExchange|4.0 SP1|15345|msg=a|b=c and more\tsrc=192.0.2.1\tusrName=joe.black',
    { 'source.ip': '192.0.2.1', message: 'a|b=c and more', 'user.name': 'joe.black' },
  ],
  [
    'paloalto',
    '1,2026/11/22 08:01:02,012801096514,SYSTEM,general,0,2026/11/22 08:01:01,,general,,0,0,general,informational,"User admin logged in via Web from 192.0.2.5 using https",57,0x0,0,0,0,0,,PA-220',
    { 'user.name': 'admin', 'source.ip': '192.0.2.5', 'event.outcome': 'success', 'host.name': 'PA-220' },
  ],
  [
    'mikrotik',
    'pptp,ppp,info,account lan logged in, 10.0.0.5 from 203.0.113.5',
    {
      'user.name': 'lan',
      'source.ip': '203.0.113.5',
      'related.ip': ['203.0.113.5', '10.0.0.5'],
      'event.outcome': 'success',
    },
  ],
  [
    'mikrotik',
    'l2tp,ppp,info,account lan logged out, 3600 100 200 10 20 from 203.0.113.5',
    { 'user.name': 'lan', 'event.action': 'logout', 'event.duration': 3_600_000_000_000 },
    ['event.outcome'],
  ],
  [
    'mikrotik',
    'system,info user lan added by admin',
    { 'event.category': ['iam'], 'user.name': 'admin', 'user.target.name': 'lan' },
  ],
  [
    'mikrotik',
    'wireless,info 00:11:22:33:44:55@wlan1: connected, signal strength -60',
    { 'source.mac': '00-11-22-33-44-55', 'observer.ingress.interface.name': 'wlan1' },
  ],
  zeek(
    'kerberos',
    { request_type: 'AS', client: 'lan/CORP.LOCAL', service: 'krbtgt/CORP.LOCAL', success: false, cipher: 'aes256' },
    {
      'user.name': 'lan',
      'user.domain': 'CORP.LOCAL',
      'event.outcome': 'failure',
      'network.protocol': 'kerberos',
      'source.port': 5000,
    },
    ['tls', 'service'],
  ),
  zeek(
    'smtp',
    { mailfrom: 'a@x.example', rcptto: ['b@y.example'], from: 'A <a@x.example>', to: ['b@y.example'], subject: 'hi' },
    {
      'email.subject': 'hi',
      'email.from.address': ['a@x.example'],
      'email.to.address': ['b@y.example'],
      'network.protocol': 'smtp',
    },
    ['tls'],
  ),
  zeek(
    'ntlm',
    { username: 'lan', hostname: 'PC1', domainname: 'CORP', success: true },
    { 'user.name': 'lan', 'user.domain': 'CORP', 'source.domain': 'PC1', 'event.outcome': 'success' },
  ),
  zeek(
    'sip',
    { method: 'REGISTER', uri: 'sip:x@y', status_code: 401, user_agent: 'friendly-scanner', subject: 'x' },
    { 'network.protocol': 'sip' },
    ['http', 'url', 'tls', 'user_agent'],
  ),
  zeek('radius', { username: 'lan', result: 'failed' }, { 'user.name': 'lan', 'event.outcome': 'failure' }),
  zeek(
    'smb_files',
    { action: 'SMB::FILE_OPEN', path: '\\\\srv\\c$', name: 'x.exe', size: 10 },
    { 'file.path': '\\\\srv\\c$\\x.exe', 'file.name': 'x.exe', 'file.size': 10, 'event.action': 'SMB::FILE_OPEN' },
  ),
  [
    'zeek',
    '{"ts":1795309262.1,"uids":["C12"],"client_addr":"192.0.2.77","server_addr":"192.0.2.1","mac":"00:11:22:33:44:55","host_name":"pc1","assigned_addr":"192.0.2.77","msg_types":["REQUEST","ACK"]}',
    { 'source.ip': '192.0.2.77', 'destination.ip': '192.0.2.1', 'source.mac': '00-11-22-33-44-55' },
  ],
  [
    'zeek',
    '{"_path":"software","ts":1795309262.1,"host":"192.0.2.9","software_type":"SSH::SERVER","name":"OpenSSH","uid":"C1"}',
    { 'related.ip': ['192.0.2.9'] },
    ['url', 'source', 'destination'],
  ],
  ...EXCHANGE,
];

/** Headers of syslog, from its two standards and from beside them. */
export const SYSLOG: readonly Row[] = [
  [
    'syslog',
    "<165>Aug 24 05:34:00 CST 1987 mymachine myproc[10]: %% It's time to make the do-nuts.",
    { '@timestamp': '1987-08-23T22:34:00.000Z', 'host.name': 'mymachine', 'process.name': 'myproc', 'process.pid': 10 },
  ],
  [
    'syslog',
    '<165>Aug 24 05:34:00 1987 mymachine myproc[10]: a year behind the clock',
    { '@timestamp': '1987-08-23T22:34:00.000Z', 'host.name': 'mymachine' },
  ],
  [
    'syslog',
    '<165>Aug 24 05:34:00 mymachine myproc[10]: no year',
    { '@timestamp': '2026-08-23T22:34:00.000Z', 'host.name': 'mymachine' },
  ],
  [
    'syslog',
    '<165>Aug 24 05:34:00 1987 mymachine myproc[10]: a year again, for the same second',
    { '@timestamp': '1987-08-23T22:34:00.000Z', 'host.name': 'mymachine' },
  ],
  [
    'syslog',
    '64 <14>1 2026-11-22T08:01:02Z 2001:db8::5 app 5 - - with its octets counted',
    { 'host.name': '2001:db8::5', 'process.pid': 5, message: 'with its octets counted', 'log.syslog.priority': 14 },
  ],
  [
    'syslog',
    'Nov 22 14:41:57 combo syslogd 1.4.1: restart.',
    { 'process.name': 'syslogd', message: 'restart.', 'host.name': 'combo' },
  ],
  [
    'syslog',
    '<13>Nov 22 08:01:02 app1 {"level": "info", "ip": "192.0.2.5"}',
    { 'host.name': 'app1', message: '{"level": "info", "ip": "192.0.2.5"}' },
    ['process', 'source'],
  ],
];

import type { Row } from './row.ts';

/** Lines of exchange formats and of routers in words that other vendors and versions use. */
export const EXCHANGE: readonly Row[] = [
  [
    'cef',
    'CEF:0|Microsoft|Microsoft Windows|Windows Server 2019|Microsoft-Windows-Security-Auditing:4625|An account failed to log on.|Medium| eventId=5 externalId=4625 categoryOutcome=/Failure rt=1795309262123 src=203.0.113.5 spt=50111 dhost=DC1.so.example duser=minh dntdom=SO cs1=x cs1Label=Accesses',
    {
      'event.outcome': 'failure',
      'user.name': 'minh',
      'source.ip': '203.0.113.5',
      'destination.domain': 'DC1.so.example',
    },
  ],
  [
    'cef',
    'CEF:0|Incapsula|SIEMintegration|1|1|Illegal Resource Access|3| fileId=1 sourceServiceName=www.example.com siteid=1 suid=5 requestClientApplication=Mozilla/5.0 (X11; Linux) deviceFacility=mia cs2=true cs2Label=Javascript Support src=203.0.113.5 xff=203.0.113.5 start=1795309262000 request=www.example.com/admin.php?x\\=1 requestMethod=GET cn1=403 app=HTTP act=REQ_BLOCKED_SECURITY deviceExternalId=1 in=54',
    {
      'url.domain': 'www.example.com',
      'url.path': '/admin.php',
      'url.query': 'x=1',
      'url.original': 'www.example.com/admin.php?x=1',
      'event.type': ['denied'],
    },
  ],
  [
    'cef',
    'CEF:0|Aruba Networks|ClearPass|6.9|2009|RADIUS Accounting|0|duser=lan dmac=00005e005302 dvc=192.0.2.4 outcome=Accept',
    { 'event.outcome': 'success', 'user.name': 'lan' },
  ],
  [
    'leef',
    'LEEF:2.0|Vendor|Product|1|login|x09|src=203.0.113.5\tusrName=lan\tsev=7\tdevTime=Nov 22 2026 08:01:02.123\tdevTimeFormat=MMM dd yyyy HH:mm:ss.SSS\tcat=auth\turl=http://a.example/x?y=1\tproto=TCP',
    { '@timestamp': '2026-11-22T01:01:02.123Z', 'url.domain': 'a.example', 'user.name': 'lan' },
  ],
  [
    'leef',
    '<13>Nov 22 08:01:02 host1 LEEF:1.0|IBM|Guardium|10|GUARD_LOGIN_FAIL|usrName=lan\tsrc=192.0.2.5\tdst=192.0.2.9\tdstPort=1521\taction=failed',
    { 'event.outcome': 'failure', 'host.name': 'host1' },
  ],
  [
    'leef',
    'LEEF:2.0|Check Point|IPS|1.0|Prevent|cat=IPS\tdevTime=1795309262\tsrcPort=5000\tsrc=203.0.113.5\tdst=192.0.2.10\tdstPort=80\tproto=tcp\taction=Prevent\tsev=9\tattack=SQLi\trule=IPS 1\tpolicy=P',
    { 'rule.name': 'IPS 1', 'event.outcome': 'failure', 'event.action': 'Prevent' },
  ],
  [
    'mikrotik',
    'pptp,ppp,error <pptp-0>: user hoa authentication failed',
    { 'user.name': 'hoa', 'event.outcome': 'failure', 'event.action': 'login' },
    ['source'],
  ],
  [
    'mikrotik',
    'system,info,account user admin logged in via local',
    { 'user.name': 'admin', 'event.outcome': 'success' },
    ['network', 'source'],
  ],
  [
    'mikrotik',
    'ovpn,info TCP connection established from 203.0.113.5',
    { 'source.ip': '203.0.113.5', 'event.action': 'connection' },
    ['event.outcome'],
  ],
  [
    'openvpn',
    '2026-11-22 08:01:02 lan/203.0.113.9:40112 Connection reset, restarting [0]',
    { 'source.ip': '203.0.113.9', 'source.port': 40112, 'user.name': 'lan', 'event.action': 'vpn_disconnected' },
    ['host'],
  ],
  [
    'openvpn',
    '2026-11-22 08:01:02 TCP connection established with [AF_INET6]::ffff:203.0.113.9:40112',
    { 'source.ip': '203.0.113.9', 'source.port': 40112, 'event.action': 'vpn_connection_attempt' },
    ['host', 'user'],
  ],
  [
    'openvpn',
    '2026-11-22 08:01:02 203.0.113.9:40112 TLS: Initial packet from [AF_INET6]::ffff:203.0.113.9:40112, sid=a b',
    { 'source.ip': '203.0.113.9', 'source.port': 40112 },
  ],
  [
    'openvpn',
    '2026-11-22 08:01:02 203.0.113.9:40112 [lan] Peer Connection Initiated with [AF_INET6]2001:db8::9:40112 (via ::ffff:192.0.2.1%eth0)',
    { 'source.ip': '2001:db8::9', 'source.port': 40112, 'user.name': 'lan' },
  ],
  [
    'syslog',
    'Nov 22 08:01:02 r1 dnsmasq[200]: query[A] www.example.com from 192.0.2.7',
    { 'source.ip': '192.0.2.7', 'dns.question.name': 'www.example.com', 'dns.question.type': 'A', 'process.pid': 200 },
  ],
  [
    'syslog',
    'Nov 22 08:01:02 r1 dnsmasq[200]: reply www.example.com is 203.0.113.80',
    { 'dns.resolved_ip': ['203.0.113.80'], 'dns.type': 'answer' },
    ['source', 'destination'],
  ],
];

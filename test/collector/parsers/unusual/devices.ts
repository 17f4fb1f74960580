import type { Row } from './row.ts';

const FORTIGATE = 'date=2026-11-22 time=08:01:08 devname="fg1" devid="FGT60F1" tz="+0700"';

/** Records of network devices whose fields are not the usual ones of their kind. */
export const DEVICES: readonly Row[] = [
  [
    'fortigate',
    `${FORTIGATE} logid="0116047301" type="event" subtype="rest-api" level="information" logdesc="REST API request success" user="lan" ui="GUI(192.0.2.9)" method="POST" path="system.admin" status="403" url="/api/v2/cmdb/system/admin?vdom=root"`,
    {
      'http.request.method': 'POST',
      'http.response.status_code': 403,
      'url.path': '/api/v2/cmdb/system/admin',
      'source.ip': '192.0.2.9',
    },
  ],
  [
    'fortigate',
    `${FORTIGATE} logid="0100026001" type="event" subtype="system" level="information" logdesc="DHCP Ack log" interface="port5" dhcp_msg="Ack" mac="00:00:5e:00:53:07" ip=192.0.2.77 lease=1800 hostname="pc7" msg="DHCP server sends a DHCPACK"`,
    { 'source.ip': '192.0.2.77', 'source.mac': '00-00-5E-00-53-07', 'source.domain': 'pc7' },
    ['url'],
  ],
  [
    'fortigate',
    `${FORTIGATE} logid="0101037120" type="event" subtype="vpn" level="notice" action="negotiate" remip=203.0.113.4 locip=192.0.2.1 remport=500 locport=500 user="203.0.113.4" eapuser="lan" status="success" assignip=N/A`,
    { 'user.name': 'lan', 'source.ip': '203.0.113.4', 'source.user.name': 'lan' },
  ],
  [
    'fortigate',
    `${FORTIGATE} logid="0814044032" type="utm" subtype="voip" eventtype="voip" level="information" srcip=192.0.2.7 src_port=57904 dstip=192.0.2.10 dst_port=5060 proto=17 policy_id=314 action="permit" from="sip:45@192.0.2.10" to="sip:46@192.0.2.10"`,
    { 'source.port': 57_904, 'destination.port': 5060, 'rule.id': '314' },
    ['email'],
  ],
  [
    'fortigate',
    `${FORTIGATE} logid="1601061010" type="utm" subtype="ssh" level="warning" policyid=1 srcip=192.0.2.7 srcport=43580 dstip=192.0.2.10 dstport=22 proto=6 action="blocked" login="root"`,
    { 'user.name': 'root', 'event.outcome': 'failure' },
  ],
  [
    'fortigate',
    `${FORTIGATE} logid="0000000013" type="traffic" subtype="forward" level="notice" srcip=192.0.2.7 srcport=61031 dstip=192.0.2.10 dstport=7680 proto=6 action="deny" unauthuser="lan" unauthusersource="kerberos" forwardedfor="198.51.100.8"`,
    { 'user.name': 'lan', 'network.forwarded_ip': '198.51.100.8' },
  ],
  [
    'fortigate',
    'date=2026-11-22 time=08:01:08 tz="+0700" devname=fmg1 device_id=FMGVM1 log_id=0001010014 type=event subtype=system pri=alert desc="User login from SSH failed" user="lan" msg="Login from ssh: Failed for lan" remote_ip="203.0.113.4" remote_port=38654',
    {
      'user.name': 'lan',
      'source.ip': '203.0.113.4',
      'source.port': 38_654,
      'event.outcome': 'failure',
      'observer.serial_number': 'FMGVM1',
    },
  ],
  [
    'fortigate',
    '2026-11-22T01:01:09.976660+00:00 192.0.2.1 date=2026-11-22 time=08:01:08 devname="fg1" devid="FGT60F1" tz="+0700" logid="0100032002" type="event" subtype="system" level="alert" user="lan" ui="https(192.0.2.9)" srcip=192.0.2.9 action="login" status="failed" reason="passwd_invalid"',
    { 'event.outcome': 'failure', 'source.ip': '192.0.2.9', 'host.name': 'fg1' },
  ],
  [
    'cisco-asa',
    '2026-11-22T01:01:08Z fw1 %ASA-6-302016: Teardown UDP connection 5 for outside:203.0.113.4/5802 to in:192.0.2.9/80 duration 0:00:01 bytes 148',
    { 'host.name': 'fw1', 'source.ip': '203.0.113.4', 'destination.port': 80 },
  ],
  [
    'cisco-asa',
    'Nov 22 2026 08:01:08 fw1 CiscoASA[999]: %ASA-6-605005: Login permitted from 203.0.113.4/3702 to inside:192.0.2.1/ssh for user "lan"',
    { 'host.name': 'fw1', 'process.pid': 999, 'user.name': 'lan', 'event.outcome': 'success' },
  ],
];

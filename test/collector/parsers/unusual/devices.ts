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
  [
    'paloalto',
    '<14>Nov 22 08:01:08 fw1 1,2026/11/22 08:01:07,007051000113358,HIPMATCH,0,2561,2026/11/22 08:01:07,example\\lan,vsys1,pc7,Windows,192.0.2.7,is-win,1,object,0,0,7028,0x0,0,0,0,0,,fw1,1,2001:db8::7,aabb',
    { 'source.ip': '192.0.2.7', 'user.name': 'lan', 'user.domain': 'example', 'source.domain': 'pc7' },
    ['event.outcome'],
  ],
  [
    'paloalto',
    '<14>Nov 22 08:01:08 fw1 1,2026/11/22 08:01:07,007051000113358,CORRELATION,wildfire-c2,0,2026/11/22 08:01:07,192.0.2.7,example\\lan,vsys1,compromised-host,medium,0,0,0,0,,fw1,1,beacon-heuristics,6005,"Host has made use of IRC 100 times."',
    { 'rule.name': 'beacon-heuristics', 'rule.id': '6005', 'source.ip': '192.0.2.7', 'event.kind': 'alert' },
  ],
  [
    'paloalto',
    '<14>Nov 22 08:01:08 fw1 1,2026/11/22 08:01:07,007051000113358,IPTAG,0,2561,2026/11/22 08:01:07,vsys1,192.0.2.7,mytag,register,1,0,xmlapi,xml-api,unknown,700,0x0,0,0,0,0,,fw1,1',
    { 'event.action': 'register', 'source.ip': '192.0.2.7' },
  ],
  [
    'paloalto',
    'Nov 22 08:01:08 931201168,2026-11-22T01:01:10.000000Z,no-serial,GLOBALPROTECT,globalprotect,9.1,2026-11-22T01:01:05.000000Z,vsys1,gateway-hip-check,host-info,,,example\\\\lan,,PC7,203.0.113.4,,10.2.2.2,2001:db8::1,8cbc,SER,5.2.6,,,1,,,HIP report is not needed,success,,0,,0,GW,130,true',
    { '@timestamp': '2026-11-22T01:01:05.000Z', 'user.name': 'lan', 'user.domain': 'example' },
    ['host', 'observer.serial_number'],
  ],
  [
    'paloalto',
    '1,2026/11/22 08:01:08,,SYSTEM,general,2561,2026/11/22 08:01:08,,general,,0,0,general,informational,"Connection closed",70,0x0,0,0,0,0,,fw1,0,0,2026-11-22T08:01:08.440-03:00',
    { '@timestamp': '2026-11-22T11:01:08.440Z', 'host.name': 'fw1' },
  ],
  [
    'checkpoint',
    '<134>1 2026-11-22T01:01:02Z gw1 CheckPoint 1930 - [flags:"133440"; ifdir:"inbound"; origin:"192.0.2.1"; product:"System Monitor"; sys_message::"installed Standard"]',
    { message: 'installed Standard', 'event.category': ['host'] },
  ],
  [
    'checkpoint',
    '<134>1 2026-11-22T01:01:02Z gw1 CheckPoint 1930 - [action:"Drop"; ifdir:"inbound"; origin:"192.0.2.1"; rule_name:"Cleanup"; packet_amount:"2"; packets:" <203.0.113.4,59912,192.0.2.8,1990,6;eth0> <203.0.113.5,40252,192.0.2.9,999,6;eth0>"]',
    {
      'event.type': ['connection', 'denied'],
      'rule.name': 'Cleanup',
      'related.ip': ['192.0.2.1', '203.0.113.4', '192.0.2.8', '203.0.113.5', '192.0.2.9'],
    },
    ['source', 'destination'],
  ],
  [
    'sophos',
    '<30>device="SFW" date=2026-11-22 time=08:01:08 timezone="+07" device_name="XG1" device_id=S1 log_id=086304418010 log_type="ATP" log_component="Firewall" log_subtype="Drop" priority=Warning user_name="lan" protocol="TCP" src_port=22623 dst_port=80 sourceip=192.0.2.7 destinationip=203.0.113.4 url=203.0.113.4 threatname=C2/Test-A eventid=C3 eventtype="Standard" login_user=""',
    {
      '@timestamp': '2026-11-22T01:01:08.000Z',
      'destination.ip': '203.0.113.4',
      'url.domain': '203.0.113.4',
      'rule.name': 'C2/Test-A',
    },
    ['url.path'],
  ],
  [
    'checkpoint',
    '<134>1 2026-11-22T01:01:02Z mgmt1 CheckPoint 10547 - [action:"Accept"; origin:"192.0.2.1"; additional_info:"Administrator failed to log in: Wrong Password"; administrator:"lan"; audit_status:"Failure"; client_ip:"203.0.113.4"; operation:"Log In"; product:"SmartConsole"; subject:"Administrator Login"]',
    { 'event.outcome': 'failure', 'event.reason': 'Wrong Password', 'user.name': 'lan', 'source.ip': '203.0.113.4' },
  ],
  [
    'sophos',
    'Nov 22 08:01:08 fw1 device_name="SFW" timestamp="2026-11-22T08:01:08+0700" device_model="SFVH" device_serial_id="C1" log_id=063411660020 log_type="Event" log_component="DHCP Server" log_subtype="System" log_version=1 status="Renew" severity="Information" reported_ip="192.0.2.7" src_mac="00:00:5e:00:53:07" reported_host="PC7" message="Lease IP 192.0.2.7 renewed"',
    { 'source.ip': '192.0.2.7', 'source.mac': '00-00-5E-00-53-07', 'source.domain': 'PC7' },
  ],
  [
    'cisco-asa',
    '2026-11-22T01:01:08Z   %FTD-1-430003: AccessControlRuleAction: Block with reset, SrcIP: 192.0.2.7, DstIP: 203.0.113.4, SrcPort: 50815, DstPort: 7680, Protocol: tcp, User: Not Found',
    { 'source.ip': '192.0.2.7', 'event.outcome': 'failure', '@timestamp': '2026-11-22T01:01:08.000Z' },
    ['user', 'host'],
  ],
  [
    'paloalto',
    '1,2026/11/22 08:01:07,007051000113358,THREAT,spyware,2561,2026/11/22 08:01:07,192.0.2.7,203.0.113.4,,,out,example\\lan,,dns,vsys1,trust,untrust,e1,e2,fwd,2026/11/22 08:01:07,1,1,5353,53,0,0,0x0,udp,sinkhole,"bad.example.org",Suspicious DNS Query (generic:bad.example.org)(4000000),any,medium,client-to-server,700,0x0,VN,US',
    { 'dns.question.name': 'bad.example.org', 'rule.id': '4000000', 'event.outcome': 'failure' },
    ['file', 'source.nat'],
  ],
  [
    'paloalto',
    '1,2026/11/22 08:01:07,007051000113358,SYSTEM,globalprotect,2561,2026/11/22 08:01:07,,globalprotectgateway-auth-fail,GW,0,0,general,informational,"GlobalProtect gateway user authentication failed. Login from: 203.0.113.4, Source region: US, User name: lan, Client OS version: Windows 10, Reason: Invalid password, Auth type: profile.",70,0x0',
    { 'user.name': 'lan', 'source.ip': '203.0.113.4', 'event.reason': 'Invalid password', 'event.outcome': 'failure' },
  ],
];

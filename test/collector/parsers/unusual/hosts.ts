import type { Row } from './row.ts';

const LOGIN_FAILED = {
  'event.category': ['authentication'],
  'event.action': 'authentication_failure',
  'event.outcome': 'failure',
};

/** Lines of hosts and their services, in shapes that their writers have beside the usual ones. */
export const HOSTS: readonly Row[] = [
  [
    'bind',
    '22-Nov-2026 08:01:08.000 security: error: client @0x7f2c 203.0.113.10#40007: request has invalid signature: TSIG xfer-key: tsig verify failure (BADKEY)',
    { 'event.outcome': 'failure', 'bind.key': 'xfer-key', 'bind.tsig_error': 'BADKEY', 'source.ip': '203.0.113.10' },
    ['dns.question'],
  ],
  [
    'bind',
    '22-Nov-2026 08:01:08.000 client 203.0.113.10#40007 (example.gov.vn): view ext: request has invalid signature: TSIG xfer.key (local.xfer): tsig indicates error (BADTIME)',
    { 'event.outcome': 'failure', 'bind.key': 'xfer.key', 'event.reason': 'tsig indicates error' },
    ['dns.question'],
  ],
  [
    'bind',
    "22-Nov-2026 08:01:08.000 update: info: client @0x7f2c 192.0.2.10#40007/key ddns: updating zone 'example.gov.vn/IN': adding an RR at 'pc1.example.gov.vn' A 192.0.2.77",
    { 'event.action': 'update', 'event.type': ['change'], 'dns.question.name': 'example.gov.vn' },
    ['event.outcome'],
  ],
  [
    'bind',
    "22-Nov-2026 08:01:08.000 update: info: client @0x7f2c 192.0.2.10#40007: updating zone 'example.gov.vn/IN': update unsuccessful: pc1.example.gov.vn: 'name not in use' prerequisite not satisfied (YXDOMAIN)",
    { 'event.action': 'update', 'event.outcome': 'failure', 'dns.question.name': 'example.gov.vn' },
  ],
  [
    'bind',
    "22-Nov-2026 08:01:08.000 update-security: info: client @0x7f2c 192.0.2.10#40007: update forwarding 'example.gov.vn/IN' denied",
    { 'event.outcome': 'failure', 'dns.question.name': 'example.gov.vn' },
    ['event.reason'],
  ],
  [
    'netfilter',
    'Nov 22 08:01:08 fw kernel: nft drop IN=lan0 OUT= MACSRC=52:54:00:cc:dd:02 MACDST=52:54:00:aa:bb:01 MACPROTO=0800 SRC=192.0.2.47 DST=192.0.2.1 LEN=40 PROTO=TCP SPT=4000 DPT=22 SYN UID=1000 GID=1000',
    {
      'source.mac': '52-54-00-CC-DD-02',
      'destination.mac': '52-54-00-AA-BB-01',
      'event.action': 'drop',
      'user.id': '1000',
      'destination.port': 22,
    },
  ],
  ...['[no-drop]', 'not accepted:', 'never-block:'].map(
    (prefix): Row => [
      'netfilter',
      `Nov 22 08:01:08 fw kernel: ${prefix} IN=lan0 OUT= SRC=192.0.2.47 DST=192.0.2.1 LEN=40 PROTO=UDP SPT=4000 DPT=53 LEN=20`,
      { 'event.type': ['connection'], 'source.ip': '192.0.2.47' },
      ['event.action', 'event.outcome'],
    ],
  ),
  [
    'netfilter',
    'Nov 22 08:01:08 fw kernel: IN=br0 OUT=br0 PHYSIN=eth1 PHYSOUT=eth2 MACSRC=52:54:00:cc:dd:02 MACDST=52:54:00:aa:bb:01 MACPROTO=8100 VPROTO=0800 VID=12 SRC=192.0.2.47 DST=192.0.2.1 LEN=40 PROTO=TCP SPT=4000 DPT=22 SYN',
    { 'network.vlan.id': '12', 'source.mac': '52-54-00-CC-DD-02', 'observer.ingress.interface.name': 'br0' },
  ],
  [
    'nginx',
    '2026/11/22 08:14:31 [error] 12#13: *5 open() "/srv/www/x" failed (2: No such file or directory), client: unix:, server: localhost, request: "GET /x HTTP/1.1", host: "localhost"',
    { 'http.request.method': 'GET', 'url.path': '/x', 'url.domain': 'localhost', 'process.pid': 12 },
    ['source'],
  ],
  [
    'pam',
    'Nov 22 10:00:01 pc1 gdm-password][1200]: pam_unix(gdm-password:auth): authentication failure; logname=lan uid=0 euid=0 tty=/dev/tty1 ruser= rhost=  user=lan',
    { ...LOGIN_FAILED, 'user.name': 'lan', 'process.name': 'gdm-password', 'process.pid': 1200 },
    ['source'],
  ],
  [
    'pam',
    '2026-11-22T10:00:01.123456+07:00 pc1 gdm-password]: pam_unix(gdm-password:session): session opened for user lan(uid=1000) by (uid=0)',
    { 'event.type': ['start'], 'user.name': 'lan', 'user.id': '1000', 'process.name': 'gdm-password' },
  ],
  [
    'pam',
    'Nov 22 10:00:01 pc1 gdm(pam_unix)[2803]: authentication failure; logname= uid=0 euid=0 tty=:0 ruser= rhost=198.51.100.4 user=root',
    { ...LOGIN_FAILED, 'source.ip': '198.51.100.4', 'user.name': 'root', 'event.dataset': 'system.auth' },
  ],
  [
    'pam',
    'Nov 22 10:00:01 pc1 login(pam_unix)[2421]: session opened for user root by LOGIN(uid=0)',
    { 'user.name': 'root', 'related.user': ['root'] },
    ['user.effective'],
  ],
  [
    'pam',
    'Nov 22 10:00:01 pc1  -- root[2421]: ROOT LOGIN ON tty2',
    { 'user.name': 'root', 'process.name': 'login', 'process.pid': 2421, 'event.outcome': 'success' },
    ['source'],
  ],
  [
    'pam',
    "Nov 22 10:00:01 pc1 login[77]: FAILED LOGIN (1) on '/dev/tty1' FOR 'root', Authentication failure",
    { ...LOGIN_FAILED, 'user.name': 'root', 'event.reason': 'Authentication failure' },
    ['source'],
  ],
  [
    'pam',
    "Nov 22 10:00:01 pc1 login[77]: FAILED LOGIN (2) on '/dev/pts/1' from '203.0.113.9' FOR 'UNKNOWN', User not known to the underlying authentication module",
    { ...LOGIN_FAILED, 'source.ip': '203.0.113.9' },
    ['user'],
  ],
  [
    'pam',
    'Nov 22 10:00:01 pc1 login[77]: TOO MANY LOGIN TRIES (3) FROM 203.0.113.9 FOR lan, Authentication failure',
    { ...LOGIN_FAILED, 'user.name': 'lan', 'source.ip': '203.0.113.9' },
  ],
  [
    'pam',
    'Nov 22 10:00:01 pc1 login[77]: LOGIN ON pts/3 BY lan FROM gw.example.net',
    { 'event.outcome': 'success', 'user.name': 'lan', 'source.domain': 'gw.example.net' },
    ['source.ip'],
  ],
  [
    'dovecot',
    'Nov 22 08:01:04 mail1 dovecot: imap-login: Disconnected (Connection reset by peer (errno=104), no auth attempts in 3 secs): user=<>, rip=203.0.113.5, lip=192.0.2.25, session=<abc>',
    { 'event.reason': 'Connection reset by peer (errno=104), no auth attempts in 3 secs', 'source.ip': '203.0.113.5' },
    ['user', 'event.outcome'],
  ],
  [
    'dovecot',
    'Nov 22 08:01:04 mail1 dovecot: imap-login: Disconnected: Connection closed: SSL_accept() failed: error:0A000416:SSL routines (no auth attempts in 0 secs): user=<>, rip=203.0.113.5, lip=192.0.2.25, TLS handshaking, session=<abc>',
    { 'event.reason': 'no auth attempts in 0 secs' },
  ],
  [
    'dovecot',
    'Nov 22 08:01:04 mail1 dovecot: pop3-login: Disconnected: Connection closed: read(size=594) failed (auth failed, 2 attempts (PLAIN) in 4 secs): user=<lan>, method=PLAIN, rip=203.0.113.5, lip=192.0.2.25, TLS, session=<abc>',
    {
      'event.reason': 'auth failed, 2 attempts (PLAIN) in 4 secs',
      'event.outcome': 'failure',
      'user.name': 'lan',
      'dovecot.attempts': 2,
    },
  ],
  [
    'dovecot',
    'Nov 22 08:01:20 mail1 dovecot: imap(lan)<2201><abc>: Disconnected: Connection closed (IDLE running for 0.001 + waiting input for 1741.2 secs) in=10 out=200',
    {
      'event.reason': 'Connection closed (IDLE running for 0.001 + waiting input for 1741.2 secs)',
      'source.bytes': 10,
    },
  ],
  [
    'auditd',
    'type=SOCKADDR msg=audit(1795309270.000:4029): saddr=0A0001BB0000000020010DB800000000000000000000000500000000',
    { 'auditd.log.socket': { family: 'ipv6', address: '2001:db8::5', port: 443 }, 'related.ip': ['2001:db8::5'] },
    ['source', 'destination'],
  ],
  [
    'auditd',
    'type=SOCKADDR msg=audit(1795309270.000:4029): saddr=020001BBCB0071500000000000000000SADDR={ saddr_fam=inet laddr=203.0.113.80 lport=443 }',
    { 'auditd.log.socket': { family: 'ipv4', address: '203.0.113.80', port: 443 }, 'related.ip': ['203.0.113.80'] },
    ['source', 'destination'],
  ],
  [
    'auditd',
    'type=SOCKADDR msg=audit(1795309270.000:4029): saddr=01002F7661722F72756E2F6E7363642F736F636B657400',
    { 'auditd.log.socket': { family: 'unix', path: '/var/run/nscd/socket' } },
    ['related.ip'],
  ],
  [
    'auditd',
    'type=SYSCALL msg=audit(1795309265.501:4024): arch=c000003e syscall=42 success=no exit=-115 ppid=1 pid=2201 auid=1000 uid=33 gid=33 euid=33 comm="curl" exe="/usr/bin/curl" key=(null)ARCH=x86_64 SYSCALL=connect AUID="lan" UID="www-data"',
    { 'user.name': 'www-data', 'user.id': '33', 'event.outcome': 'failure', 'process.name': 'curl' },
    ['rule'],
  ],
  [
    'json',
    '{"log":"203.0.113.5 - - [22/Nov/2026:08:14:15 +0700] \\"GET /index.html HTTP/1.1\\" 200 612 \\"-\\" \\"Mozilla/5.0\\"\\n","stream":"stdout","time":"2026-11-22T01:14:16.123456789Z"}',
    {
      'event.dataset': 'nginx.access',
      'source.ip': '203.0.113.5',
      'url.path': '/index.html',
      stream: 'stdout',
      '@timestamp': '2026-11-22T01:14:15.000Z',
    },
    ['log'],
  ],
  [
    'json',
    '{"log":"Started in 3 s\\r\\n","stream":"stderr","attrs":{"tag":"web"},"time":"2026-11-22T01:14:15.123456789Z"}',
    { message: 'Started in 3 s', '@timestamp': '2026-11-22T01:14:15.123Z', 'attrs.tag': 'web' },
    ['log', 'haidang', 'error'],
  ],
  [
    'json',
    '{"__CURSOR":"s=1;i=2","__REALTIME_TIMESTAMP":"1795309262123456","_HOSTNAME":"web01","PRIORITY":"6","SYSLOG_FACILITY":"10","SYSLOG_IDENTIFIER":"sshd","_PID":"4711","_SYSTEMD_UNIT":"ssh.service","MESSAGE":"Failed password for invalid user admin from 203.0.113.5 port 40122 ssh2"}',
    {
      '@timestamp': '2026-11-22T01:01:02.123Z',
      'event.dataset': 'system.auth',
      'event.outcome': 'failure',
      'host.name': 'web01',
      'process.name': 'sshd',
      'process.pid': 4711,
      'user.name': 'admin',
      'source.ip': '203.0.113.5',
      'source.port': 40122,
      'related.hosts': ['web01'],
      'journald.unit': 'ssh.service',
    },
    ['MESSAGE', '_HOSTNAME'],
  ],
  [
    'json',
    '{"__REALTIME_TIMESTAMP":"1795309262123456","_HOSTNAME":"web01","_COMM":"php","MESSAGE":[104,105,255]}',
    { message: 'hi\ufffd', 'process.name': 'php', 'event.dataset': 'system.syslog' },
    ['error'],
  ],
  [
    'openssh',
    'Nov 22 08:01:08 web1 sshd[1]: Failed none for invalid user from 203.0.113.5 port 4022 ssh2',
    { 'source.ip': '203.0.113.5', 'event.outcome': 'failure' },
    ['user'],
  ],
  [
    'openssh',
    'Nov 22 08:01:08 web1 sshd[1]: srclimit_penalise: ipv4: new 203.0.113.5/32 deferred penalty of 5 seconds for penalty: failed authentication',
    { 'source.ip': '203.0.113.5' },
    ['user', 'event.outcome'],
  ],
  [
    'openssh',
    'Nov 22 08:01:08 web1 sftp-server[2]: session opened for local user lan from [203.0.113.5]',
    { 'user.name': 'lan', 'source.ip': '203.0.113.5', 'event.type': ['start'] },
  ],
  [
    'dovecot',
    'Nov 22 08:01:04 mail1 dovecot: doveadm(203.0.113.5)<1><>: Error: passdb lookup failed',
    { 'service.name': 'doveadm' },
    ['user'],
  ],
  [
    'nginx',
    '203.0.113.5 - - [22/Nov/2026:08:01:08 +0700] "GET / HTTP/1.1" 200 5 "-" "curl/8" "www.example.net"',
    { 'user_agent.original': 'curl/8' },
    ['nginx.access.forwarded_for'],
  ],
  [
    'pam',
    'Nov 22 10:00:01 pc1 sshd[1]: pam_google_authenticator(sshd:auth): Invalid verification code for lan',
    { ...LOGIN_FAILED, 'user.name': 'lan' },
  ],
  [
    'pam',
    'Nov 22 10:00:01 pc1 sudo: pam_unix(sudo:auth): auth could not identify password for [lan]',
    { ...LOGIN_FAILED, 'user.name': 'lan' },
  ],
  [
    'pam',
    "Nov 22 10:00:01 pc1 login[9]: pam_securetty(login:auth): access denied: tty 'ttyS0' is not secure !",
    LOGIN_FAILED,
    ['user'],
  ],
  [
    'pam',
    'Nov 22 10:00:01 pc1 sshd[1]: pam_unix(sshd:account): account lan has expired (account expired)',
    { 'user.name': 'lan', 'event.outcome': 'failure' },
  ],
  [
    'pam',
    'Nov 22 10:00:01 pc1 dovecot: pam_unix(dovecot:auth): authentication failure; logname= uid=0 euid=0 tty=dovecot ruser=lan rhost=2001:db8::5',
    { ...LOGIN_FAILED, 'source.ip': '2001:db8::5', 'process.name': 'dovecot' },
  ],
];

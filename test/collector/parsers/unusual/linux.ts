import type { Row } from './row.ts';

/** Lines of the audit system, of the kernel and of the programs of a Linux machine. */
export const LINUX: readonly Row[] = [
  [
    'auditd',
    'type=SYSCALL msg=audit(11/22/2026 08:01:02.123:456) : arch=x86_64 syscall=execve success=yes exit=0 a0=0x55d0c0 a1=0x55d0c8 a2=0x55d0d0 a3=0x8 items=2 ppid=2001 pid=2002 auid=lan uid=root gid=root euid=root suid=root fsuid=root egid=root sgid=root fsgid=root tty=pts0 ses=3 comm=cat exe=/usr/bin/cat subj=unconfined key=secrets',
    {
      'event.outcome': 'success',
      'event.type': ['start'],
      'process.executable': '/usr/bin/cat',
      'process.pid': 2002,
      'user.name': 'root',
      'rule.name': 'secrets',
      '@timestamp': '2026-11-22T01:01:02.123Z',
    },
    ['user.id'],
  ],
  [
    'auditd',
    'type=PROCTITLE msg=audit(11/22/2026 08:01:02.123:456) : proctitle=cat /etc/shadow',
    { 'process.title': 'cat /etc/shadow' },
    ['process.args'],
  ],
  [
    'auditd',
    'type=PATH msg=audit(11/22/2026 08:01:02.123:456) : item=0 name=/etc/shadow inode=1234 dev=fd:00 mode=file,000 ouid=root ogid=root rdev=00:00 nametype=NORMAL cap_fp=none',
    { 'file.path': '/etc/shadow', 'file.mode': '0000', 'file.owner': 'root', 'file.inode': '1234' },
    ['file.uid'],
  ],
  [
    'auditd',
    'type=EXECVE msg=audit(11/22/2026 08:01:02.123:456) : argc=2 a0=cat a1=/etc/shadow',
    { 'process.command_line': 'cat /etc/shadow', 'process.args_count': 2 },
  ],
  [
    'auditd',
    'type=SOCKADDR msg=audit(11/22/2026 08:01:02.123:457) : saddr={ saddr_fam=inet laddr=192.0.2.9 lport=443 }',
    { 'auditd.log.socket.address': '192.0.2.9', 'auditd.log.socket.port': 443, 'related.ip': ['192.0.2.9'] },
    ['source', 'destination'],
  ],
  [
    'auditd',
    "type=USER_LOGIN msg=audit(11/22/2026 08:01:02.123:458) : pid=900 uid=root auid=unset ses=unset subj=system_u:system_r:sshd_t:s0-s0:c0.c1023 msg='op=login acct=minh exe=/usr/sbin/sshd hostname=? addr=203.0.113.5 terminal=ssh res=failed'",
    { 'user.name': 'minh', 'source.ip': '203.0.113.5', 'event.outcome': 'failure' },
    ['user.id', 'source.domain'],
  ],
  [
    'auditd',
    "type=USER_LOGIN msg=audit(22.11.2026 08:01:02.123:459) : pid=900 uid=root auid=lan ses=4 msg='op=login id=lan exe=/usr/sbin/sshd hostname=192.0.2.5 addr=192.0.2.5 terminal=/dev/pts/0 res=success'",
    { 'user.name': 'lan', 'source.ip': '192.0.2.5', '@timestamp': '2026-11-22T01:01:02.123Z' },
    ['user.id'],
  ],
  [
    'auditd',
    "type=USER_CMD msg=audit(11/22/26 08:01:02.123:460) : pid=950 uid=lan auid=lan ses=4 msg='cwd=/home/lan cmd=systemctl restart nginx exe=/usr/bin/sudo terminal=pts/0 res=success'",
    {
      'process.command_line': 'systemctl restart nginx',
      'process.executable': '/usr/bin/sudo',
      'user.name': 'lan',
      '@timestamp': '2026-11-22T01:01:02.123Z',
    },
  ],
  [
    'auditd',
    'type=LOGIN msg=audit(1489636960.072:19623791): pid=28281 uid=0 old auid=700 new auid=701 old ses=6793 new ses=12286',
    { 'user.id': '701' },
  ],
  [
    'auditd',
    'type=DEL_GROUP msg=audit(1763773262.123:61): pid=1 uid=0 auid=0 ses=1 msg=\'op=delete-group acct="ops" exe="/usr/sbin/groupdel" hostname=? addr=? terminal=? res=success\'',
    { 'group.name': 'ops', 'user.id': '0' },
    ['user.target'],
  ],
  [
    'auditd',
    'type=GRP_MGMT msg=audit(1763773262.123:60): pid=1 uid=0 auid=0 ses=1 msg=\'op=add-user-to-group grp="wheel" acct="hoa" exe="/usr/sbin/usermod" hostname=? addr=? terminal=? res=success\'',
    { 'group.name': 'wheel', 'user.target.name': 'hoa' },
  ],
  [
    'auditd',
    'type=USER_CHAUTHTOK msg=audit(1784285181.000:3457): pid=345678 uid=0 auid=1007 ses=3456 msg=\'op=updating-password id=20002 exe="/usr/sbin/usermod" hostname=h.example addr=? terminal=pts/6 res=success\'UID="root" AUID="adm" ID="hoa"',
    { 'user.target.name': 'hoa', 'user.target.id': '20002', 'user.name': 'root' },
  ],
  [
    'auditd',
    '<13>Nov 22 08:01:02 web01 tag_audit_log: type=CRED_DISP msg=audit(1763773262.123:101): pid=7 uid=0 auid=0 ses=9 msg=\'op=PAM:setcred grantors=pam_env,pam_unix acct="root" exe="/usr/sbin/crond" hostname=? addr=? terminal=cron res=success\'',
    { 'process.name': 'crond', 'user.name': 'root', 'host.name': 'web01', 'event.outcome': 'success' },
  ],
  [
    'auditd',
    'type=USER_AVC msg=audit(1763773262.123:48): pid=700 uid=81 auid=4294967295 ses=4294967295 subj=system_u:system_r:system_dbusd_t:s0 msg=\'avc:  denied  { send_msg } for msgtype=method_call interface=org.x member=Y dest=:1.2 spid=900 tpid=901 scontext=a tcontext=b tclass=dbus  exe="/usr/bin/dbus-daemon" sauid=81 hostname=? addr=? terminal=?\'',
    { 'event.type': ['denied'], 'event.outcome': 'failure', 'process.name': 'dbus-daemon' },
  ],
  [
    'auditd',
    'type=EXECVE msg=audit(1763773262.123:59): argc=3 a0="sh" a1="-c" a2_len=12 a2[0]="echo a" a2[1]=" bcdef"',
    { 'process.command_line': 'sh -c echo a bcdef' },
  ],
  [
    'auditd',
    'type=SOCKADDR msg=audit(11/22/2026 08:01:02.123:457) : saddr=inet host:192.0.2.9 serv:443',
    { 'auditd.log.socket.address': '192.0.2.9' },
  ],
  [
    'auditd',
    'type=SYSCALL msg=audit(11/22/2026 08:01:02.123:470) : arch=x86_64 syscall=openat success=no exit=EACCES(Permission denied) a0=0xffffff9c a1=0x7ffd a2=O_RDONLY a3=0x0 items=1 ppid=1 pid=2 auid=lan uid=unknown(1005) gid=ops euid=unknown(1005) tty=(none) ses=3 comm=cat exe=/usr/bin/cat key=(null)',
    { 'user.id': '1005', 'event.outcome': 'failure', 'process.pid': 2 },
    ['user.name', 'rule'],
  ],
  [
    'bind',
    '22-Nov-2026 08:01:02.123 rpz: info: client @0x7faf8e004a00 192.0.2.5#54175 (bad.example.net): disabled rpz QNAME NXDOMAIN rewrite bad.example.net/A/IN via bad.example.net.rpz.example',
    { 'event.action': 'rpz', 'event.type': ['protocol', 'info'], 'rule.name': 'bad.example.net.rpz.example' },
    ['event.outcome'],
  ],
  [
    'bind',
    "22-Nov-2026 08:01:02.167 xfer-in: info: transfer of 'example.net/IN/internal' from 192.0.2.57#53: Transfer completed: 1 messages, 20 records, 500 bytes, 0.001 secs (0 bytes/sec)",
    {
      'dns.question.name': 'example.net',
      'bind.view': 'internal',
      'destination.ip': '192.0.2.57',
      'event.action': 'zone-transfer',
    },
    ['event.outcome', 'source'],
  ],
  [
    'bind',
    "22-Nov-2026 08:01:02.167 xfer-in: info: transfer of 'example.net/IN' from 192.0.2.57#53: Transfer status: success",
    { 'event.outcome': 'success', 'destination.ip': '192.0.2.57' },
  ],
  [
    'bind',
    "22-Nov-2026 08:01:02.167 xfer-in: info: transfer of 'example.net/IN' from 192.0.2.57#53: Transfer status: REFUSED",
    { 'event.outcome': 'failure', 'event.reason': 'REFUSED' },
  ],
  [
    'bind',
    '22-Nov-2026 08:01:02.167 xfer-in: info: zone example.net/IN/internal: transferred serial 2026112201',
    { 'bind.zone': 'example.net', 'bind.view': 'internal' },
    ['dns'],
  ],
  [
    'bind',
    '22-Nov-2026 08:01:02.167 general: info: zone example.net/IN: notify from 192.0.2.11#46485: serial 2026112201',
    { 'event.action': 'notify', 'source.ip': '192.0.2.11', 'source.port': 46485, 'bind.zone': 'example.net' },
    ['event.outcome'],
  ],
  [
    'bind',
    "22-Nov-2026 08:01:02.167 lame-servers: info: host unreachable resolving 'ns.example.net/AAAA/IN': 2001:db8::53#53",
    {
      'destination.ip': '2001:db8::53',
      'destination.port': 53,
      'dns.question.name': 'ns.example.net',
      'event.outcome': 'failure',
    },
  ],
  [
    'bind',
    '22-Nov-2026 08:01:02.167 resolver: notice: DNS format error from 198.51.100.5#53 resolving a.example.net/A for client 192.0.2.7#5311: invalid response',
    { 'destination.ip': '198.51.100.5', 'destination.port': 53, 'dns.question.type': 'A' },
    ['source'],
  ],
  [
    'bind',
    "Nov 22 08:01:02 ns1 named[26208]: 22-Nov-2026 08:01:02.167 xfer-in: info: transfer of 'example.net/IN' from 192.0.2.57#53: Transfer completed: 1 messages, 20 records, 500 bytes, 0.001 secs (0 bytes/sec)",
    {
      'host.name': 'ns1',
      'process.pid': 26208,
      'event.action': 'zone-transfer',
      'bind.category': 'xfer-in',
      'destination.ip': '192.0.2.57',
    },
  ],
  [
    'bind',
    '<30>Nov 22 08:01:02 ns1 named[28468]: 22-Nov-2026 08:01:02.767 client 192.0.2.7#57398: UDP: query: a1.example.com IN A response: NOERROR +AED a1.example.com. 28800 IN A 192.0.2.99;',
    {
      'dns.response_code': 'NOERROR',
      'dns.resolved_ip': ['192.0.2.99'],
      'source.ip': '192.0.2.7',
      'network.transport': 'udp',
      'dns.type': 'answer',
    },
  ],
  [
    'bind',
    '<30>Nov 22 08:01:02 ns1 named[28468]: infoblox-responses: 22-Nov-2026 08:01:02.767 client 192.0.2.7#57398: view: 2: UDP: query: a1.example.com IN A response: NXDOMAIN -',
    { 'bind.view': '2', 'dns.response_code': 'NXDOMAIN', 'source.ip': '192.0.2.7' },
    ['dns.answers'],
  ],
  [
    'bind',
    'Nov 22 08:01:02 ns1 named-pkcs11[700]: client @0x7f 192.0.2.7#57398 (a.example.com): query: a.example.com IN A + (192.0.2.53)',
    { 'dns.question.name': 'a.example.com', 'process.name': 'named-pkcs11', 'process.pid': 700 },
  ],
  [
    'bind',
    '22-Nov-2026 08:01:02.167 update-security: info: client @0x7f 192.0.2.7#57398: update-policy: using: signer=, name=x.example, addr=192.0.2.7, tcp=0, type=A, target=',
    { 'source.ip': '192.0.2.7', 'event.type': ['protocol', 'info'] },
    ['event.action'],
  ],
  [
    'bind',
    '22-Nov-2026 08:01:02.167 notify: info: client @0x7f 203.0.113.7#57398: refused notify from non-master: 203.0.113.7#57398',
    { 'event.action': 'notify', 'event.outcome': 'failure', 'source.ip': '203.0.113.7' },
  ],
  [
    'bind',
    '22-Nov-2026 08:01:02.167 notify: info: zone example.com/IN: refused notify from non-master: 203.0.113.7#57398',
    { 'event.action': 'notify', 'event.outcome': 'failure', 'source.ip': '203.0.113.7', 'bind.zone': 'example.com' },
  ],
];

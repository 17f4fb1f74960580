import type { Row } from './row.ts';

const EVE = {
  timestamp: '2026-11-22T08:14:15.123456+0700',
  src_ip: '203.0.113.5',
  src_port: 51000,
  dest_ip: '192.0.2.80',
  dest_port: 80,
  proto: 'TCP',
};

function row(eve: object, gives: Readonly<Record<string, unknown>>, lacks: readonly string[] = []): Row {
  return ['suricata', JSON.stringify({ ...EVE, ...eve }), gives, lacks];
}

const RULE = { gid: 1, signature_id: 9000010, rev: 3, signature: 'LOCAL probe', category: 'Misc', severity: 2 };

/** EVE records with what only some versions, settings and protocols write. */
export const SURICATA: readonly Row[] = [
  row(
    {
      event_type: 'alert',
      vlan: [10, 20],
      ether: { src_mac: '52:54:00:aa:bb:01', dest_mac: '52:54:00:aa:bb:02' },
      alert: { ...RULE, action: 'blocked', metadata: { created_at: ['2026_01_01'] } },
      http: { hostname: 'a.example:8080', http_port: 8080, url: '/x?y=1', http_method: 'GET', xff: '198.51.100.9' },
    },
    {
      'event.kind': 'alert',
      'event.type': ['denied'],
      'event.outcome': 'failure',
      'network.vlan.id': '10',
      'network.inner.vlan.id': '20',
      'source.mac': '52-54-00-AA-BB-01',
      'destination.mac': '52-54-00-AA-BB-02',
      'url.domain': 'a.example',
      'url.port': 8080,
      'rule.name': 'LOCAL probe',
      'rule.id': '9000010',
      'related.ip': ['203.0.113.5', '192.0.2.80', '198.51.100.9'],
    },
  ),
  row(
    { event_type: 'drop', drop: { len: 40, reason: 'rules' }, alert: { ...RULE, action: 'blocked' } },
    { 'event.kind': 'event', 'event.type': ['denied'], 'event.outcome': 'failure', 'rule.name': 'LOCAL probe' },
  ),
  row(
    {
      event_type: 'dns',
      dns: {
        type: 'answer',
        id: 16,
        rcode: 'NOERROR',
        rrname: 'www.example.com',
        rrtype: 'A',
        ttl: 5,
        rdata: '198.51.100.7',
      },
    },
    {
      'dns.type': 'answer',
      'dns.question.name': 'www.example.com',
      'dns.answers': [{ name: 'www.example.com', type: 'A', data: '198.51.100.7', ttl: 5 }],
      'dns.resolved_ip': ['198.51.100.7'],
      'related.hosts': ['www.example.com'],
    },
  ),
  row(
    {
      event_type: 'dns',
      dns: {
        version: 2,
        type: 'answer',
        id: 1,
        rrname: 'www.example.com',
        rrtype: 'A',
        rcode: 'NOERROR',
        grouped: { A: ['198.51.100.7', '198.51.100.8'], CNAME: ['x.example.com'] },
      },
    },
    { 'dns.resolved_ip': ['198.51.100.7', '198.51.100.8'], 'dns.response_code': 'NOERROR' },
  ),
  row(
    {
      event_type: 'alert',
      alert: { ...RULE, action: 'allowed' },
      app_proto: 'dns',
      dns: { query: [{ type: 'query', id: 5, rrname: 'bad.example', rrtype: 'TXT' }] },
    },
    { 'dns.type': 'query', 'dns.id': '5', 'dns.question': { name: 'bad.example', type: 'TXT' } },
    ['event.outcome'],
  ),
  row(
    {
      event_type: 'alert',
      alert: { ...RULE, action: 'allowed' },
      app_proto: 'dns',
      dns: {
        answer: {
          version: 2,
          type: 'answer',
          id: 5,
          rrname: 'bad.example',
          rrtype: 'A',
          rcode: 'NOERROR',
          answers: [{ rrname: 'bad.example', rrtype: 'A', ttl: 1, rdata: '203.0.113.77' }],
        },
      },
    },
    { 'dns.type': 'answer', 'dns.question.name': 'bad.example', 'dns.resolved_ip': ['203.0.113.77'] },
    ['suricata.eve.dns.answer.answers'],
  ),
  row(
    { event_type: 'http', http: { hostname: 'libhtp', url: '/libhtp::request_uri_not_seen', status: 200, length: 0 } },
    { 'http.response.status_code': 200, 'event.outcome': 'success' },
    ['url', 'destination.domain'],
  ),
  row(
    { event_type: 'http', http: { http2: { stream_id: 1 }, version: '2', url: '/q', http_method: 'GET', status: 404 } },
    { 'http.version': '2', 'http.response.status_code': 404, 'event.outcome': 'failure', 'url.path': '/q' },
  ),
  row(
    {
      event_type: 'tls',
      tls: { sni: 'portal.example.gov.vn', version: 'TLS 1.3', ja3: { hash: 'a'.repeat(32), string: '771' } },
    },
    {
      'tls.version': '1.3',
      'tls.version_protocol': 'tls',
      'tls.client.ja3': 'a'.repeat(32),
      'related.hosts': ['portal.example.gov.vn'],
    },
  ),
  row({ event_type: 'tls', tls: { version: 'UNDETERMINED' } }, { 'network.protocol': 'tls' }, ['tls']),
  row(
    {
      event_type: 'netflow',
      netflow: {
        pkts: 4,
        bytes: 400,
        start: '2026-11-22T08:13:10.000000+0700',
        end: '2026-11-22T08:13:20.000000+0700',
      },
    },
    { 'source.packets': 4, 'source.bytes': 400, 'network.bytes': 400, 'event.start': '2026-11-22T01:13:10.000Z' },
    ['destination.bytes'],
  ),
  row(
    {
      event_type: 'smtp',
      dest_port: 25,
      smtp: { helo: 'mx', mail_from: '<bounce@x.example>', rcpt_to: ['<b@y.example>'] },
      email: {
        status: 'PARSE_DONE',
        from: 'A B <a@x.example>',
        to: ['b@y.example'],
        attachment: ['inv.exe'],
        subject: 'hoa don',
      },
    },
    {
      'event.category': ['network', 'email'],
      'email.from.address': ['a@x.example'],
      'email.to.address': ['b@y.example'],
      'email.subject': 'hoa don',
      'email.attachments': [{ file: { name: 'inv.exe' } }],
    },
  ),
  row(
    { event_type: 'smtp', smtp: { helo: 'mx', mail_from: '<>', rcpt_to: ['<b@y.example>'] } },
    { 'email.to.address': ['b@y.example'] },
    ['email.from'],
  ),
  row(
    { event_type: 'fileinfo', app_proto: 'smtp', fileinfo: { filename: 'inv.pdf', size: 100, sha256: 'c'.repeat(64) } },
    { 'file.name': 'inv.pdf', 'file.size': 100, 'file.hash.sha256': 'c'.repeat(64) },
    ['file.path'],
  ),
  row(
    {
      event_type: 'smb',
      smb: {
        command: 'SMB2_COMMAND_SESSION_SETUP',
        status: 'STATUS_LOGON_FAILURE',
        ntlmssp: { domain: 'CORP', user: 'lan', host: 'PC1' },
      },
    },
    { 'user.name': 'lan', 'user.domain': 'CORP', 'event.outcome': 'failure', 'network.protocol': 'smb' },
  ),
  row(
    {
      event_type: 'smb',
      smb: { command: 'SMB2_COMMAND_NEGOTIATE_PROTOCOL', status: 'STATUS_MORE_PROCESSING_REQUIRED' },
    },
    { 'network.protocol': 'smb' },
    ['event.outcome', 'user', 'file'],
  ),
  row(
    {
      event_type: 'krb5',
      krb5: { msg_type: 'KRB_AS_REP', cname: 'lan', realm: 'CORP.LOCAL', sname: 'krbtgt/CORP.LOCAL' },
    },
    { 'user.name': 'lan', 'user.domain': 'CORP.LOCAL', 'event.outcome': 'success' },
  ),
  row(
    {
      event_type: 'krb5',
      krb5: { msg_type: 'KRB_ERROR', error_code: 'KDC_ERR_PREAUTH_FAILED', cname: '<empty>', realm: 'CORP.LOCAL' },
    },
    { 'event.outcome': 'failure' },
    ['user'],
  ),
  row(
    { event_type: 'ftp', ftp: { command: 'USER', command_data: 'lan', completion_code: ['331'] } },
    { 'user.name': 'lan', 'network.protocol': 'ftp' },
    ['event.outcome'],
  ),
  row({ event_type: 'ftp', ftp: { command: 'PASS', command_data: 'lan' } }, { 'network.protocol': 'ftp' }, ['user']),
  row({ event_type: 'mqtt', mqtt: { connect: { client_id: 'd', username: 'sensor' } } }, { 'user.name': 'sensor' }),
  row(
    { event_type: 'quic', proto: 'UDP', quic: { sni: 'www.example.com' } },
    { 'tls.client.server_name': 'www.example.com' },
  ),
  row(
    { event_type: 'dhcp', proto: 'UDP', dhcp: { type: 'reply', assigned_ip: '192.0.2.77', client_ip: '0.0.0.0' } },
    { 'related.ip': ['203.0.113.5', '192.0.2.80', '192.0.2.77'] },
  ),
  row({ event_type: 'rdp', rdp: { event_type: 'initial_request', cookie: 'lan' } }, { 'network.protocol': 'rdp' }, [
    'user',
  ]),
  row(
    { event_type: 'anomaly', app_proto: 'failed', anomaly: { type: 'decode', event: 'decoder.ipv4.trunc_pkt' } },
    { 'event.category': ['network'], 'event.type': ['info'] },
    ['network.protocol', 'event.outcome'],
  ),
  [
    'suricata',
    '{"timestamp":"2026-11-22T08:14:15.123456+0700","src_ip":"203.0.113.80","src_port":80,"dest_ip":"192.0.2.5","dest_port":47592,"proto":"TCP","event_type":"alert","alert":{"action":"allowed","gid":1,"signature_id":9000001,"rev":1,"signature":"test answer","category":"","severity":2},"http":{"hostname":"www.example.net","url":"/x","http_method":"GET","status":200},"app_proto":"http","direction":"to_client","flow":{"pkts_toserver":6,"pkts_toclient":5,"bytes_toserver":496,"bytes_toclient":876,"src_ip":"192.0.2.5","dest_ip":"203.0.113.80"}}',
    { 'source.bytes': 876, 'source.domain': 'www.example.net', 'destination.bytes': 496, 'destination.packets': 6 },
    ['destination.domain'],
  ],
];

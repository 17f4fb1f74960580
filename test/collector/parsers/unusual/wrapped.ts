import type { Row } from './row.ts';

const FAILED = 'Failed password for lan from 203.0.113.5 port 4022 ssh2';
const REFUSED = {
  'user.name': 'lan',
  'source.ip': '203.0.113.5',
  'source.port': 4022,
  'event.outcome': 'failure',
  'process.name': 'sshd',
  'process.pid': 1234,
};
const ACCESS =
  '203.0.113.9:51234 [22/Nov/2026:08:01:08.003] fe~ app/web2 0/0/1/25/26 503 412 - - sC-- 35/30/2/1/3 0/0 "GET /a HTTP/1.1"';

/** Lines that something has wrapped, or that lack what usually stands before them. */
export const WRAPPED: readonly Row[] = [
  ['openssh', `sshd[1234]: ${FAILED}`, REFUSED, ['host']],
  ['openssh', `2026-11-22 08:01:08 web1 sshd[1234]: ${FAILED}`, { ...REFUSED, 'host.name': 'web1' }],
  ['openssh', `Sun Nov 22 08:01:08 2026 web1 sshd[1234]: ${FAILED}`, { ...REFUSED, 'host.name': 'web1' }],
  [
    'openssh',
    JSON.stringify({
      __REALTIME_TIMESTAMP: '1795309262123456',
      _HOSTNAME: 'web1',
      SYSLOG_IDENTIFIER: 'sshd',
      _PID: '1234',
      MESSAGE: FAILED,
    }),
    { ...REFUSED, 'host.name': 'web1' },
  ],
  [
    'haproxy',
    `haproxy[4021]: ${ACCESS}`,
    { 'source.ip': '203.0.113.9', 'http.response.status_code': 503, 'process.pid': 4021 },
  ],
  [
    'haproxy',
    `Nov 22 08:01:08 lb1 haproxy[4021]: ${ACCESS.replace(' 0/0/1/25/26', ' www.example.net 0/0/1/25/26')}`,
    { 'destination.domain': 'www.example.net', 'http.response.status_code': 503 },
  ],
  [
    'haproxy',
    `Nov 22 08:01:08 lb1 haproxy[4021]: ${ACCESS} 0/0/0/0/1 www.example.net/TLSv1.3/TLS_AES_256_GCM_SHA384`,
    { 'tls.client.server_name': 'www.example.net', 'tls.version': '1.3', 'url.path': '/a' },
  ],
  [
    'haproxy',
    'Nov 22 08:01:08 lb1 haproxy[4021]: [WARNING] 325/080108 (4021) : Server app/web2 is UP, reason: Layer7 check passed, code: 200.',
    { 'event.action': 'server-up', 'log.level': 'warning', 'process.pid': 4021 },
  ],
  [
    'haproxy',
    'Nov 22 08:01:08 lb1 haproxy[4021]: words of a version to come',
    { 'event.dataset': 'haproxy.log', 'process.pid': 4021 },
  ],
  [
    'squid',
    '1795309262.391    104 192.0.2.46 58938 TCP_MISS/200 904 123 364 123 528 GET http://example.com/ 1.1 lan HIER_DIRECT/203.0.113.10 80 text/html - - "-" "curl/8.14.1" "example.com" "-" 53 -',
    {
      'source.port': 58_938,
      'destination.port': 80,
      'user.name': 'lan',
      'http.version': '1.1',
      'url.domain': 'example.com',
      'user_agent.original': 'curl/8.14.1',
    },
    ['http.request.referrer'],
  ],
  [
    'squid',
    '1795309262.123    345 192.0.2.46/pc1 TCP_MEM_HIT/200 3000 GET http://www.example.com/ - NONE/- text/html',
    { 'source.ip': '192.0.2.46' },
    ['destination', 'user'],
  ],
];

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readConfig } from '../../../collector/config.ts';
import { temporaryFolder } from '../receiver.ts';

let folder: ReturnType<typeof temporaryFolder>;
const BASE = `id: c0test01
server: https://127.0.0.1:8443
ca: some.pem
certificate: some.pem
key: some.pem
spool: spool
inputs:
`;

beforeAll(() => {
  folder = temporaryFolder();
  writeFileSync(join(folder.path, 'some.pem'), 'PEM');
  writeFileSync(join(folder.path, 'secrets'), 'bearer a-token\n');
  writeFileSync(join(folder.path, 'broken'), 'bearer a-token\npassword hunter2\n');
});
afterAll(() => folder.remove());

function inputs(text: string) {
  const path = join(folder.path, 'collector.yaml');
  writeFileSync(path, BASE + text);
  return readConfig(path, {}).inputs;
}

test('every listener has its port and is heard on this machine alone, unless the file says otherwise', () => {
  const at = (name: string) => join(folder.path, name);
  expect(inputs('  - type: http\n  - type: relp\n  - type: netflow\n  - {type: syslog, tls: true}\n')).toEqual([
    { type: 'http', host: '127.0.0.1', port: 8088, parser: 'auto', present_as: 'elasticsearch', max_body_mib: 32 },
    { type: 'relp', host: '127.0.0.1', port: 2514, parser: 'auto' },
    { type: 'netflow', host: '127.0.0.1', port: 2055 },
    {
      type: 'syslog',
      host: '127.0.0.1',
      port: 6514,
      udp: false,
      tcp: true,
      tls: { certificate: at('some.pem'), key: at('some.pem') },
      parser: 'auto',
    },
  ]);
  const tls = 'tls: {certificate: some.pem, key: some.pem, client_ca: some.pem}';
  expect(inputs(`  - {type: http, host: 0.0.0.0, ${tls}, secrets: secrets}\n`)).toMatchObject([
    { host: '0.0.0.0', secrets: at('secrets'), tls: { clientCa: at('some.pem') } },
  ]);
});

test.each([
  [
    'http open to all',
    '  - type: http\n    host: 0.0.0.0\n',
    /:9: inputs\.0\.host is 0\.0\.0\.0, which others can reach/,
  ],
  ['secrets not there', '  - type: http\n    secrets: none\n', /:9: inputs\.0\.secrets cannot be used: ENOENT/],
  [
    'a line of secrets',
    '  - type: http\n    secrets: broken\n',
    /broken:2 does not begin with basic, apikey or bearer/,
  ],
  ['TLS over UDP', '  - type: syslog\n    tls: true\n    udp: true\n', /:10: inputs\.0\.udp cannot be with `tls`/],
  [
    'a TLS file',
    '  - type: relp\n    tls: {certificate: none.pem, key: some.pem}\n',
    /:9: inputs\.0\.tls\.certificate cannot/,
  ],
  ['an encoding', '  - type: file\n    paths: [a]\n    encoding: tcvn3\n', /:10: inputs\.0\.encoding is not right/],
  ['a pattern', '  - type: file\n    paths: [a]\n    multiline: "(x"\n', /:10: inputs\.0\.multiline is no pattern/],
  ['a key of another input', '  - type: netflow\n    parser: auto\n', /inputs\.0\.parser is not a key/],
])('%s is named with its key and line', (_, text, message) => {
  expect(() => inputs(text)).toThrow(message);
  expect(() => inputs(text)).not.toThrow(/hunter2/);
});

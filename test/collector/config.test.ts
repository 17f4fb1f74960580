import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readConfig } from '../../collector/config.ts';
import { temporaryFolder } from './receiver.ts';

let folder: ReturnType<typeof temporaryFolder>;
const BASE = `id: c0test01
server: https://127.0.0.1:8443
ca: some.pem
certificate: some.pem
key: some.pem
spool: spool
`;

beforeAll(() => {
  folder = temporaryFolder();
  writeFileSync(join(folder.path, 'some.pem'), 'PEM');
});
afterAll(() => folder.remove());

function read(text: string, env: NodeJS.ProcessEnv = {}) {
  const path = join(folder.path, 'collector.yaml');
  writeFileSync(path, text);
  return readConfig(path, env);
}

test('paths are relative to the file, and what is left out has its default', () => {
  const config = read(`${BASE}inputs:\n  - type: file\n    paths: [logs/*.log]\n  - type: syslog\n  - type: stdin\n`);
  expect(config.ca).toBe(join(folder.path, 'some.pem'));
  expect(config.spool).toBe(join(folder.path, 'spool'));
  expect(config.inputs).toEqual([
    {
      type: 'file',
      paths: [join(folder.path, 'logs/*.log')],
      parser: 'auto',
      from: 'start',
      encoding: 'utf-8',
      backfill: false,
    },
    { type: 'syslog', host: '127.0.0.1', port: 5514, udp: true, tcp: true, parser: 'auto' },
    { type: 'stdin', parser: 'auto' },
  ]);
  expect(read(BASE, { HAIDANG_SYSLOG_PORT: '6514' })).toMatchObject({ inputs: 'auto', syslogPort: 6514 });
  expect(read(`${BASE}spool_max: 2GiB\n`).spoolMax).toBe(2 * 1024 ** 3);
});

test('times without a zone are read in the zone of this machine, unless the file names one', () => {
  const before = process.env['TZ'];
  try {
    for (const zone of ['Asia/Bangkok', 'America/New_York', 'UTC']) {
      process.env['TZ'] = zone;
      expect(read(BASE).timeZone).toBe(zone);
    }
    process.env['TZ'] = 'Nowhere/AtAll';
    expect(read(BASE).timeZone).toBe('UTC');
    expect(read(`${BASE}time_zone: Asia/Bangkok\n`).timeZone).toBe('Asia/Bangkok');
  } finally {
    if (before === undefined) delete process.env['TZ'];
    else process.env['TZ'] = before;
  }
});

test.each([
  ['a key not known', `${BASE}colour: red\n`, /collector\.yaml:7: colour is not a key/],
  ['a missing key', BASE.replace(/^server.*\n/m, ''), /server is missing/],
  ['a bad id', BASE.replace('c0test01', 'Has Space'), /collector\.yaml:1: id is not right/],
  ['plain http', BASE.replace('https:', 'http:'), /collector\.yaml:2: server is not right/],
  ['a file that is not there', BASE.replace('ca: some.pem', 'ca: none.pem'), /collector\.yaml:3: ca: cannot read/],
  ['a time zone', `${BASE}time_zone: Mars/Base\n`, /collector\.yaml:7: time_zone .* Mars\/Base/],
  ['broken YAML', `${BASE}inputs: [\n`, /collector\.yaml:8: /],
  ['a type not known', `${BASE}inputs:\n  - type: fax\n`, /collector\.yaml:8: inputs\.0\.type must be one of file/],
  [
    'a parser not known',
    `${BASE}inputs:\n  - type: stdin\n    parser: cobol\n`,
    /collector\.yaml:9: inputs\.0\.parser/,
  ],
  ['a port', `${BASE}inputs:\n  - type: syslog\n    port: 70000\n`, /collector\.yaml:9: inputs\.0\.port/],
  ['nothing at all', '', /the file is not right/],
])('%s is named with its key and line', (_, text, message) => {
  expect(() => read(text)).toThrow(message);
});

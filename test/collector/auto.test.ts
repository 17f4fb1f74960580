import { createSocket } from 'node:dgram';
import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type LogPlaces, makeInputs } from '../../collector/inputs/index.ts';
import type { Input } from '../../collector/inputs/input.ts';
import { JournaldInput } from '../../collector/inputs/journald.ts';
import { type CollectorBench, openBench } from './bench.ts';
import { readEvents } from './read-events.ts';
import { temporaryFolder, until } from './receiver.ts';

let folder: ReturnType<typeof temporaryFolder>;
let bench: CollectorBench;
let inputs: Input[] = [];

const at = (name: string) => join(folder.path, 'var-log', name);
const places = (hasJournal: boolean): LogPlaces => ({
  hasJournal: async () => hasJournal,
  system: [at('auth.log'), at('secure')],
  services: [at('nginx/*.log'), at('suricata/eve.json')],
});
const sources = () => [...bench.ledger.all()].map(({ source }) => source);

beforeEach(async () => {
  folder = temporaryFolder();
  mkdirSync(at('nginx'), { recursive: true });
  bench = await openBench(folder.path);
  writeFileSync(
    at('auth.log'),
    'Nov 22 10:00:00 web1 sshd[9]: Failed password for root from 203.0.113.9 port 4000 ssh2\n',
  );
  writeFileSync(
    at('nginx/access.log'),
    '203.0.113.9 - - [22/Nov/2026:10:00:00 +0700] "GET / HTTP/1.1" 200 5 "-" "curl"\n',
  );
  writeFileSync(at('nginx/access.log.2.gz'), gzipSync('old\n'));
  writeFileSync(at('nginx/old.log.gz'), gzipSync('old\n'));
});
afterEach(async () => {
  for (const input of inputs) await input.stop();
  inputs = [];
  await bench.spool.close();
  folder.remove();
});

test('without a journal: the system logs and service logs that are there, and syslog over UDP and TCP', async () => {
  inputs = await makeInputs({ inputs: 'auto', syslogPort: 0 }, bench.context, places(false));
  for (const input of inputs) await input.start();
  const listening = bench.log.told.filter(({ text }) => text === 'listening for syslog').map(({ fields }) => fields);
  expect(listening).toMatchObject([{ transport: 'udp' }, { transport: 'tcp' }]);
  const port = Number((listening[0] as { listen: string }).listen.split(':').at(-1));
  const sender = createSocket('udp4');
  await new Promise((sent) =>
    sender.send('<38>Nov 22 10:00:00 fw1 sshd[7]: Invalid user a from 203.0.113.8', port, '127.0.0.1', sent),
  );
  sender.close();
  // A log that a service opens only now is found by its glob.
  writeFileSync(at('nginx/error.log'), '2026/11/22 10:00:00 [error] 7#7: *1 open() failed\n');
  const spooled = () => [...bench.ledger.all()].reduce((sum, { durable }) => sum + durable.spooled, 0);
  await until('one record of each source', () => spooled() === 4);
  expect(sources().sort()).toEqual([
    `file:${at('auth.log')}`,
    `file:${at('nginx/access.log')}`,
    `file:${at('nginx/error.log')}`,
    'syslog-tcp:127.0.0.1:0',
    'syslog-udp:127.0.0.1:0',
  ]);
  const events = await readEvents(bench.spool);
  expect(events.map(({ event }) => event['dataset']).sort()).toEqual([
    'nginx.access',
    'nginx.error',
    'system.auth',
    'system.auth',
  ]);
});

test('with a journal: the journal, and of the files only those that services write beside it', async () => {
  const made = await makeInputs({ inputs: 'auto', syslogPort: 0 }, bench.context, places(true));
  expect(made[0]).toBeInstanceOf(JournaldInput);
  inputs = made.slice(1);
  for (const input of inputs) await input.start();
  appendFileSync(at('auth.log'), 'Nov 22 10:00:01 web1 sshd[9]: also in the journal\n');
  await until('the access log', () => bench.ledger.source(`file:${at('nginx/access.log')}`).durable.spooled === 1);
  expect(sources().sort()).toEqual([
    `file:${at('nginx/access.log')}`,
    'journald',
    'syslog-tcp:127.0.0.1:0',
    'syslog-udp:127.0.0.1:0',
  ]);
});

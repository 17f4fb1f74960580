import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { report } from '../../../collector/commands/doctor.ts';
import { examine, type Surroundings } from '../../../collector/doctor/examine.ts';
import { rightsOf } from '../../../collector/doctor/service.ts';
import { enrol } from '../../../collector/enrol/enrol.ts';
import { lockSpool } from '../../../collector/spool/lock.ts';
import { DOCTOR_WORDS, FAULT_TEXT, type Fault } from '../../../collector/text/doctor.ts';
import { LANGUAGES } from '../../../collector/text/language.ts';
import { callProgram } from '../../../collector/text/program.ts';
import { type FleetLab, openFleetLab } from '../../server/fleet/lab.ts';

const DAY_MS = 86_400_000;
const HERE = 'a'.repeat(64);
let lab: FleetLab;
let folder: string;
/** Milliseconds that the server's clock is ahead of this machine's. */
let ahead = 0;
const ends: (() => void)[] = [];

beforeAll(async () => {
  lab = await openFleetLab({ fleet: { attempts: { perAddress: 1_000, inAll: 1_000, audited: 20 } } });
  // It goes on with this machine's, however long a step takes.
  Object.defineProperty(lab.clock, 'now', { get: () => Date.now() + ahead });
});
afterAll(() => lab.close());
afterEach(() => {
  ahead = 0;
  for (const end of ends.splice(0).reverse()) end();
});

/** A collector that was enrolled just now, in a folder of its own; gives its id. */
async function enrolled(): Promise<string> {
  folder = mkdtempSync(join(tmpdir(), 'hd-doctor-'));
  ends.push(() => rmSync(folder, { recursive: true, force: true }));
  const log = join(folder, 'a.log');
  writeFileSync(log, 'x\n');
  const options = { server: lab.url, token: await lab.token(), folder, version: '1', machine: HERE };
  return (await enrol({ ...options, inputs: [{ type: 'file', paths: [log] }] })).collector;
}

const config = () => join(folder, 'collector.yaml');
/** As if the collector ran: this process has its spool. */
const running = () => {
  mkdirSync(join(folder, 'spool'), { recursive: true });
  return lockSpool(join(folder, 'spool'));
};
const set = (key: string, value: unknown) => {
  const before = parse(readFileSync(config(), 'utf8')) as Record<string, unknown>;
  writeFileSync(config(), stringify({ ...before, [key]: value }));
};

async function listen(serve: (socket: Socket) => void): Promise<number> {
  const server: Server = createServer(serve);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  ends.push(() => server.close());
  return (server.address() as AddressInfo).port;
}

/** A port at which nothing answers, as behind a firewall that drops: nobody takes its connections, and no more fit. */
async function silentPort(): Promise<number> {
  const script =
    "const s=require('node:net').createServer().listen({port:0,host:'127.0.0.1',backlog:1},()=>{process.stdout.write(s.address().port+'\\n',()=>Atomics.wait(new Int32Array(new SharedArrayBuffer(4)),0,0))})";
  const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'ignore'] });
  ends.push(() => child.kill('SIGKILL'));
  const port = await new Promise<number>((resolve) => child.stdout.once('data', (text) => resolve(Number(text))));
  for (let n = 0; n < 8; n++) {
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => undefined);
    ends.push(() => socket.destroy());
  }
  return port;
}

const nothing = { lowPorts: true, readsJournal: async () => false };

/** Two logs where `auto` looks for them, and a syslog port that nobody has. */
function placesHere() {
  writeFileSync(join(folder, 'b.log'), 'x\n');
  return { system: [join(folder, 'a.log'), join(folder, 'none.log')], services: [join(folder, 'b*.log')] };
}

interface Situation {
  readonly name: string;
  readonly fault: Fault;
  /** Others that come of the same cause. */
  readonly also?: readonly Fault[];
  arrange(): Promise<Partial<Surroundings> | undefined> | Partial<Surroundings> | undefined;
}

const SITUATIONS: readonly Situation[] = [
  { name: 'nothing listens at the address', fault: 'tcp', arrange: () => void set('server', 'https://127.0.0.1:1') },
  {
    name: 'a firewall drops what is sent',
    fault: 'tcp',
    async arrange() {
      set('server', `https://127.0.0.1:${await silentPort()}`);
      return { within: 1_500 };
    },
  },
  {
    name: 'a name without an address',
    fault: 'dns',
    arrange: () => void set('server', 'https://khong-co.invalid:8443'),
  },
  {
    name: 'a proxy that refuses',
    fault: 'proxy',
    async arrange() {
      const port = await listen((socket) => socket.end('HTTP/1.1 403 Forbidden\r\n\r\n'));
      set('proxy', `http://127.0.0.1:${port}`);
      return undefined;
    },
  },
  {
    name: 'something on the way that ends TLS',
    fault: 'tls',
    async arrange() {
      const port = await listen((socket) => socket.once('data', () => socket.destroy()));
      set('server', `https://127.0.0.1:${port}`);
      return undefined;
    },
  },
  {
    name: 'the authority of another server',
    fault: 'authority',
    async arrange() {
      const another = await openFleetLab();
      writeFileSync(join(folder, 'ca.crt'), another.authority.certificate);
      await another.close();
      return undefined;
    },
  },
  {
    name: 'a certificate that has ended',
    fault: 'expired',
    also: ['refused'],
    async arrange() {
      ahead = -40 * DAY_MS;
      await enrolled();
      ahead = 0;
      return undefined;
    },
  },
  {
    name: 'a certificate that was taken back',
    fault: 'refused',
    async arrange() {
      const id = await enrolled();
      await lab.fleet.revoke(id as never, 'x');
      return undefined;
    },
  },
  { name: 'a disk that was copied to another machine', fault: 'copied', arrange: () => ({ machine: 'b'.repeat(64) }) },
  {
    name: 'a key that is gone',
    fault: 'identity',
    also: ['refused'],
    arrange: () => void writeFileSync(join(folder, 'identity.pem'), ''),
  },
  {
    name: 'a clock that is a minute off',
    fault: 'clock',
    arrange() {
      ahead = 60_000;
      return undefined;
    },
  },
  { name: 'a full disk', fault: 'disk', arrange: () => ({ freeBytes: async () => 10 * 1024 ** 2 }) },
  {
    name: 'a log that the service may not read',
    fault: 'unreadable',
    arrange() {
      set('inputs', [{ type: 'file', paths: ['/etc/shadow'] }]);
      return { rights: rightsOf([], false) };
    },
  },
  {
    name: 'a log in a folder that the service does not see',
    fault: 'hidden',
    arrange: () => ({ rights: rightsOf([], false) }),
  },
  {
    name: 'a folder of logs with nothing in it',
    fault: 'absent',
    arrange() {
      mkdirSync(join(folder, 'empty'));
      set('inputs', [{ type: 'file', paths: [join(folder, 'empty', '*.log')] }]);
      return undefined;
    },
  },
  {
    name: 'a port that the service may not have',
    fault: 'low_port',
    arrange() {
      set('inputs', [{ type: 'syslog', host: '127.0.0.1', port: 514 }]);
      return { rights: rightsOf([], false) };
    },
  },
  {
    name: 'a port that another program has',
    fault: 'port',
    async arrange() {
      set('inputs', [{ type: 'relp', host: '127.0.0.1', port: await silentPort() }]);
      return undefined;
    },
  },
  {
    name: 'a service that does not run',
    fault: 'stopped',
    arrange: () => ({ isService: true }),
  },
  {
    name: 'a machine with no log that the service may read',
    fault: 'no_logs',
    also: ['unreadable', 'port'],
    arrange() {
      set('inputs', 'auto');
      return { rights: { ...nothing, unreadable: () => ({ fault: 'unreadable', detail: '' }) }, places: placesHere() };
    },
  },
  {
    name: 'one log among others that the service may not read',
    fault: 'unreadable',
    // The port that syslog comes to may be another's on a machine that does other things, too.
    also: ['port'],
    arrange() {
      set('inputs', 'auto');
      const unreadable = (files: readonly string[]) =>
        files.some((file) => file.endsWith('b.log')) ? ({ fault: 'unreadable', detail: '' } as const) : undefined;
      return { rights: { ...nothing, unreadable }, places: placesHere() };
    },
  },
  {
    name: 'a machine that nobody has enrolled',
    fault: 'not_enrolled',
    arrange: () => void rmSync(config()),
  },
  {
    name: 'a configuration with a mistake',
    fault: 'config',
    arrange: () => void set('inputs', [{ type: 'file', paths: 5 }]),
  },
];

describe('the doctor, in a broken situation', () => {
  it('finds nothing wrong before', async () => {
    await enrolled();
    const found = await examine(config(), { machine: HERE });
    // Nobody has started it: without the service that is worth a note.
    expect(found.filter(({ state }) => state !== 'ok')).toMatchObject([{ check: 'running', state: 'note' }]);
    const { release } = running();
    expect((await examine(config(), { machine: HERE })).filter(({ state }) => state !== 'ok')).toEqual([]);
    release();
  });

  it.each(SITUATIONS)(
    '$name: says $fault and what to do, in three languages',
    async ({ fault, also = [], arrange }) => {
      await enrolled();
      const arranged = await arrange();
      if (fault !== 'stopped') running();
      const found = await examine(config(), { machine: HERE, ...arranged });
      const faults = found.flatMap((one) => one.fault ?? []);
      expect(faults[0]).toBe(fault);
      for (const other of faults.slice(1)) expect(also).toContain(other);
      for (const language of LANGUAGES) {
        const { what, todo } = FAULT_TEXT[language][fault];
        const text = report(found, language);
        expect(text).toContain(what);
        expect(text).toContain(todo);
        callProgram('haidang-collector');
        const inPackage = report(found, language);
        callProgram('haidang collector');
        // What is to be typed is what there is on the machine.
        expect(inPackage).not.toContain('haidang collector');
        const isWell = text.includes(DOCTOR_WORDS[language].all);
        expect(isWell).toBe(found.every((one) => one.state !== 'bad' && one.fault !== 'stopped'));
      }
    },
  );
});

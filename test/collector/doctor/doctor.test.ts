import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { report } from '../../../collector/commands/doctor.ts';
import { examine } from '../../../collector/doctor/examine.ts';
import { enrol } from '../../../collector/enrol/enrol.ts';
import { lockSpool } from '../../../collector/spool/lock.ts';
import { CHECK_TEXT, DOCTOR_WORDS, FAULT_TEXT } from '../../../collector/text/doctor.ts';
import { LANGUAGES } from '../../../collector/text/language.ts';
import { type FleetLab, openFleetLab } from '../../server/fleet/lab.ts';

let lab: FleetLab;
let config: string;
let collector: string;
let other: Server | undefined;
let release: () => void;

beforeEach(async () => {
  // The doctor compares clocks: on a busy machine one that stands still would be wrong before it is asked.
  lab = await openFleetLab({ ticking: true });
  const folder = join(lab.folder, 'c');
  const log = join(lab.folder, 'a.log');
  writeFileSync(log, 'x\n');
  const options = { server: lab.url, token: await lab.token(), folder, version: '1', machine: null };
  ({ config, collector } = await enrol({ ...options, inputs: [{ type: 'file', paths: [log] }] }));
  // This process stands for the collector that runs.
  mkdirSync(join(folder, 'spool'));
  ({ release } = lockSpool(join(folder, 'spool')));
});
afterEach(async () => {
  other?.close();
  other = undefined;
  await lab.close();
});

const change = (key: string, value: unknown) => {
  const before = parse(readFileSync(config, 'utf8')) as Record<string, unknown>;
  writeFileSync(config, stringify({ ...before, [key]: value }));
};
const faults = async () => (await examine(config)).filter(({ fault }) => fault).map(({ fault }) => fault);

describe('the doctor', () => {
  it('finds an enrolled collector well', async () => {
    const found = await examine(config);
    expect(found.filter(({ state }) => state !== 'ok')).toEqual([]);
    expect(found.map(({ check }) => check)).toEqual(
      expect.arrayContaining([
        'config',
        'running',
        'certificate',
        'tcp',
        'tls',
        'server',
        'clock',
        'disk',
        'spool',
        'input',
      ]),
    );
  });

  it('names a server that is not there, and a name without an address', async () => {
    change('server', 'https://127.0.0.1:1');
    expect(await faults()).toEqual(['tcp']);
    change('server', 'https://khong-co.invalid:8443');
    expect(await faults()).toEqual(['dns']);
  });

  it('names another authority, and a name that the certificate does not have', async () => {
    const another = await openFleetLab();
    writeFileSync(join(lab.folder, 'c', 'ca.crt'), another.authority.certificate);
    await another.close();
    expect(await faults()).toEqual(['authority']);
    writeFileSync(join(lab.folder, 'c', 'ca.crt'), lab.authority.certificate);
    change('server', `https://127.0.0.2:${lab.ingest.port}`);
    expect((await faults())[0]).toMatch(/^(name|tcp)$/);
  });

  it('names a revoked certificate, and a wrong clock', async () => {
    lab.clock.now += 60_000;
    expect(await faults()).toEqual(['clock']);
    await lab.fleet.revoke(collector as never, 'x');
    expect(await faults()).toEqual(['refused']);
  });

  it('names a file that is not there, and a port in use', async () => {
    other = createServer();
    await new Promise<void>((resolve) => other?.listen(0, '127.0.0.1', resolve));
    const { port } = other.address() as AddressInfo;
    change('inputs', [
      { type: 'file', paths: [join(lab.folder, 'none-*.log')] },
      { type: 'syslog', host: '127.0.0.1', port },
    ]);
    // As long as this process is the collector, the port is its own.
    expect(await faults()).toEqual(['absent']);
    release();
    expect(await faults()).toEqual(['stopped', 'absent', 'port']);
  });

  it('names the line of a wrong configuration', async () => {
    change('inputs', [{ type: 'file', paths: 5 }]);
    const [first] = await examine(config);
    expect(first).toMatchObject({ check: 'config', state: 'bad', fault: 'config' });
    expect(first?.detail).toMatch(/collector\.yaml:\d+/);
  });

  it('says each check and each fault in three languages', async () => {
    change('server', 'https://127.0.0.1:1');
    const found = await examine(config);
    for (const language of LANGUAGES) {
      expect(Object.keys(CHECK_TEXT[language])).toEqual(Object.keys(CHECK_TEXT.en));
      expect(Object.keys(FAULT_TEXT[language])).toEqual(Object.keys(FAULT_TEXT.en));
      const text = report(found, language);
      expect(text).toContain(FAULT_TEXT[language].tcp.what);
      expect(text).toContain(FAULT_TEXT[language].tcp.todo);
      expect(text).not.toContain(DOCTOR_WORDS[language].all);
    }
  });
});

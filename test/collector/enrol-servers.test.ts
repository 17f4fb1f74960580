import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { readConfig } from '../../collector/config.ts';
import { examine } from '../../collector/doctor/examine.ts';
import { enrol } from '../../collector/enrol/enrol.ts';
import { type FleetLab, openFleetLab } from '../server/fleet/lab.ts';

/** Nobody listens there. */
const NOBODY = 'https://127.0.0.1:1';
let lab: FleetLab;
beforeEach(async () => {
  lab = await openFleetLab();
});
afterEach(() => lab.close());

it('enrols at the first of several servers that answers, writes all down, and each is looked at by the doctor', async () => {
  const folder = join(lab.folder, 'c');
  const order = { token: await lab.token(), folder, version: '1', machine: null, inputs: [] };
  const { config, collector } = await enrol({ ...order, server: `${NOBODY},${lab.url}` });
  expect(readConfig(config).servers.map(({ origin }) => origin)).toEqual([NOBODY, lab.url]);
  const found = await examine(config);
  const at = (check: string) => found.filter((one) => one.check === check).map(({ name, state }) => `${name} ${state}`);
  expect(at('tcp')).toEqual(['127.0.0.1:1 bad', `127.0.0.1:${lab.ingest.port} ok`]);
  expect(at('server')).toEqual([`127.0.0.1:${lab.ingest.port} ok`]);
  expect(at('certificate')).toEqual(['undefined ok']);

  // A list that people wrote in lines of its own stays whole when the machine enrols again.
  const lines = (text: string) => text.replace(/^server:.*$/m, `server:\n  - ${NOBODY}\n  - ${lab.url}`);
  writeFileSync(config, lines(readFileSync(config, 'utf8')));
  const again = await enrol({ ...order, token: await lab.token(), server: lab.url });
  expect(again.collector).toBe(collector);
  expect(readConfig(config).servers).toHaveLength(2);
  // Another address replaces all of it.
  const { port } = lab.ingest;
  await enrol({ ...order, token: await lab.token(), server: `https://localhost:${port}` });
  expect(readConfig(config).servers.map(({ origin }) => origin)).toEqual([`https://localhost:${port}`]);
});

it('names each fault of addresses, bandwidth and the authority of a proxy', async () => {
  const folder = join(lab.folder, 'c');
  const order = { server: lab.url, token: await lab.token(), folder, version: '1', machine: null, inputs: [] };
  const { config } = await enrol(order);
  const text = readFileSync(config, 'utf8');
  const fault = (line: string) => {
    writeFileSync(config, `${text}${line}\n`);
    try {
      readConfig(config);
      return '';
    } catch (error) {
      return (error as Error).message;
    }
  };
  expect(fault('bandwidth: 2 Mbit/s')).toBe('');
  expect(fault('bandwidth: [{limit: 2 Mbit/s, hours: "08:00-17:00"}]')).toBe('');
  expect(fault('bandwidth: fast')).toMatch(/collector\.yaml:\d+: bandwidth is neither/);
  expect(fault('proxy_ca: none.pem')).toMatch(/proxy_ca: cannot read/);
  writeFileSync(config, text.replace(/^server:.*$/m, 'server: []'));
  expect(() => readConfig(config)).toThrow(/server/);
});

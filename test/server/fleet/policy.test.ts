import { appendFileSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type CollectorConfig, readConfig } from '../../../collector/config.ts';
import { enrol } from '../../../collector/enrol/enrol.ts';
import { checkPolicy } from '../../../collector/enrol/policy.ts';
import { type RunningCollector, startCollector } from '../../../collector/main.ts';
import { type FleetLab, openFleetLab } from './lab.ts';

const silent = pino({ level: 'silent' });
let lab: FleetLab;
let logs: string;
let configPath: string;
let config: CollectorConfig;
const running: RunningCollector[] = [];

beforeEach(async () => {
  lab = await openFleetLab();
  logs = join(lab.folder, 'logs');
  mkdirSync(logs);
  const options = { server: lab.url, token: await lab.token(), folder: join(lab.folder, 'c'), version: '1' };
  configPath = (await enrol({ ...options, inputs: [{ type: 'file', paths: [join(logs, 'first.log')] }] })).config;
  appendFileSync(configPath, `allow_folders: [${logs}]\n`);
  config = readConfig(configPath);
});
afterEach(async () => {
  for (const one of running.splice(0)) await one.stop(0);
  await lab.close();
});

const signed = (version: number, inputs: unknown) => {
  const policy = JSON.stringify({ group: 'default', version, inputs });
  return { policy, signature: lab.authority.sign(policy) };
};
const file = (...paths: string[]) => ({ type: 'file', paths });

async function stored(count: number): Promise<void> {
  for (const end = Date.now() + 15_000; (await lab.events.lastSequence()) < count; ) {
    if (Date.now() > end) throw new Error(`waited in vain for ${count} events`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

describe('a policy', () => {
  it('is taken where the authority signed it, and not where a byte differs', () => {
    const good = signed(1, [file(join(logs, '*.log'))]);
    expect(checkPolicy(good, config)).toMatchObject({ version: 1, inputs: [{ type: 'file' }] });
    expect(() => checkPolicy({ ...good, policy: good.policy.replace('"version":1', '"version":2') }, config)).toThrow(
      'not signed',
    );
  });

  it('can name no file outside of what this machine allows', () => {
    for (const path of [
      '/etc/shadow',
      `${logs}/../identity.pem`,
      `${logs}2/a.log`,
      `{${logs}/a,/etc/passwd}`,
      'a.log',
    ]) {
      expect(() => checkPolicy(signed(1, [file(path)]), config), path).toThrow('allow_folders');
    }
    symlinkSync('/etc/passwd', join(logs, 'link.log'));
    expect(() => checkPolicy(signed(1, [file(join(logs, '*.log'))]), config)).toThrow('leads out');
    expect(() => checkPolicy(signed(1, [{ type: 'http', port: 1, secrets: '/etc/shadow' }]), config)).toThrow(
      'secrets',
    );
    expect(() => checkPolicy(signed(1, [{ type: 'nonsense' }]), config)).toThrow('policy 1');
  });

  it('replaces the inputs without a loss, stays after a restart, and is not taken back by an older one', async () => {
    writeFileSync(join(logs, 'first.log'), 'one\n');
    writeFileSync(join(logs, 'second.log'), 'two\nthree\n');
    const collector = await startCollector(config, silent);
    running.push(collector);
    await stored(1);
    await lab.fleet.setPolicy('default', `inputs: [{type: file, paths: ['${logs}/*.log']}]`, 'admin');
    await collector.lookForPolicy();
    await stored(3);
    // A source that both have goes on where it stood.
    appendFileSync(join(logs, 'first.log'), 'one more\n');
    await stored(4);
    expect(collector.status().health?.policy).toEqual({ version: 1, failed: null });
    await running.pop()?.stop(2_000);
    const again = await startCollector(readConfig(configPath), silent);
    running.push(again);
    expect(again.status().health?.policy).toEqual({ version: 1, failed: null });
    appendFileSync(join(logs, 'second.log'), 'four\n');
    await stored(5);
    expect(await lab.events.lastSequence()).toBe(5);
  });

  it('is rolled back and reported where it does not work, and what was before goes on', async () => {
    writeFileSync(join(logs, 'first.log'), 'one\n');
    const collector = await startCollector(config, silent);
    running.push(collector);
    await stored(1);
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
    try {
      const { port } = taken.address() as AddressInfo;
      await lab.fleet.setPolicy('default', `inputs: [{type: file, paths: [/etc/shadow]}]`, 'admin');
      await collector.lookForPolicy();
      expect(collector.status().health?.policy).toMatchObject({ version: null, failed: { version: 1 } });
      await lab.fleet.setPolicy('default', `inputs: [{type: relp, port: ${port}}]`, 'admin');
      await collector.lookForPolicy();
      const { policy } = collector.status().health ?? {};
      expect(policy).toMatchObject({ version: null, failed: { version: 2 } });
      appendFileSync(join(logs, 'first.log'), 'two\n');
      await stored(2);
    } finally {
      taken.close();
    }
  });

  it('is refused by the server where it is none', async () => {
    for (const yaml of ['inputs: []', 'x: 1', 'inputs: [5]', '{', 'inputs: [{paths: [a]}]']) {
      await expect(lab.fleet.setPolicy('default', yaml, 'admin'), yaml).rejects.toMatchObject({
        code: 'HD_BAD_REQUEST',
      });
    }
    expect(readFileSync(configPath, 'utf8')).toContain('allow_folders');
  });
});

import { appendFileSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type CollectorConfig, readConfig } from '../../../collector/config.ts';
import { enrol } from '../../../collector/enrol/enrol.ts';
import { checkPolicy, keptPolicies } from '../../../collector/enrol/policy.ts';
import { type RunningCollector, startCollector } from '../../../collector/main.ts';
import { changeRecord } from '../../../server/fleet/change-record.ts';
import { KEPT_VERSIONS, readPolicy, versionsOf } from '../../../server/fleet/policies.ts';
import { type FleetLab, openFleetLab } from './lab.ts';

const silent = pino({ level: 'silent' });
let lab: FleetLab;
let logs: string;
let configPath: string;
let config: CollectorConfig;
const running: RunningCollector[] = [];

let disk: 'ok' | 'stopped' = 'ok';

beforeEach(async () => {
  disk = 'ok';
  lab = await openFleetLab({ ingest: { diskState: () => disk } });
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

async function until(what: string, probe: () => boolean | Promise<boolean>): Promise<void> {
  for (const end = Date.now() + 60_000; Date.now() < end; ) {
    if (await probe()) return;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error(`waited in vain: ${what}`);
}

async function stored(count: number): Promise<void> {
  for (const end = Date.now() + 60_000; (await lab.events.lastSequence()) < count; ) {
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
    expect(collector.status().health?.policy).toEqual({ version: 1, failed: null, trial: true });
    await running.pop()?.stop(2_000);
    const again = await startCollector(readConfig(configPath), silent);
    running.push(again);
    expect(again.status().health?.policy).toEqual({ version: 1, failed: null, trial: true });
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

describe('the trial of a policy', () => {
  it('ends well when events went out and no source got an error', async () => {
    writeFileSync(join(logs, 'second.log'), 'two\n');
    const collector = await startCollector(config, silent, { trialMs: 0 });
    running.push(collector);
    await lab.fleet.setPolicy('default', `inputs: [{type: file, paths: ['${logs}/*.log']}]`, 'admin');
    await collector.lookForPolicy();
    expect(collector.status().health?.policy).toMatchObject({ version: 1, trial: true });
    await stored(1);
    await until('the trial is over', async () => {
      await collector.lookAtTrial();
      return collector.status().health?.policy.trial === false;
    });
    expect(collector.status().health?.policy).toEqual({ version: 1, failed: null, trial: false });
    expect(keptPolicies(config, silent)).toMatchObject({ passed: { version: 1 }, tried: undefined });
  });

  it('goes back to what was before when nothing goes out, reports it, and does not try the same again', async () => {
    writeFileSync(join(logs, 'first.log'), 'one\n');
    const collector = await startCollector(config, silent, { trialMs: 0 });
    running.push(collector);
    await stored(1);
    // Stored is not yet acknowledged: the first frame must not be the one that waits.
    await until('the first receipt', () => collector.status().waiting.frames === 0);
    disk = 'stopped';
    appendFileSync(join(logs, 'first.log'), 'two\n');
    await until('a frame waits', () => collector.status().waiting.frames > 0);
    const yaml = `bandwidth: 8 kbit/s\ninputs: [{type: file, paths: ['${logs}/other.log']}]`;
    await lab.fleet.setPolicy('default', yaml, 'admin');
    await collector.lookForPolicy();
    expect(collector.status().health).toMatchObject({ bandwidthLimit: 1_000, policy: { version: 1, trial: true } });
    await collector.lookAtTrial();
    const failed = { version: 1, reason: 'No events went out to the server since it was taken over.' };
    expect(collector.status().health).toMatchObject({
      bandwidthLimit: null,
      policy: { version: null, failed, trial: false },
    });
    await collector.lookForPolicy();
    expect(collector.status().health?.policy).toEqual({ version: null, failed, trial: false });
    await running.pop()?.stop(0);
    disk = 'ok';
    appendFileSync(join(logs, 'first.log'), 'three\n');
    const again = await startCollector(readConfig(configPath), silent);
    running.push(again);
    await stored(3);
    await again.lookForPolicy();
    expect(again.status().health?.policy).toEqual({ version: null, failed, trial: false });
  });

  it('has failed where the collector ended again and again within it', () => {
    mkdirSync(config.spool);
    const files = keptPolicies(config, silent).files;
    files.pass(signed(1, [file(join(logs, 'a.log'))]));
    files.try({ signed: signed(2, [file(join(logs, 'b.log'))]), starts: 1 });
    for (let start = 2; start <= 3; start++) {
      expect(keptPolicies(config, silent)).toMatchObject({ passed: { version: 1 }, tried: { version: 2 } });
    }
    expect(keptPolicies(config, silent)).toMatchObject({ passed: { version: 1 }, tried: undefined });
    expect(files.failed()).toMatchObject({ version: 2 });
  });
});

describe('another group', () => {
  it('has versions of its own, and its policy is taken over whatever the number was before', async () => {
    const collector = await startCollector(config, silent);
    running.push(collector);
    for (let version = 1; version <= 3; version++) await lab.fleet.setPolicy('default', 'bandwidth: 4 Mbit/s', 'admin');
    await lab.fleet.setPolicy('slow', 'bandwidth: 1 Mbit/s', 'admin');
    await collector.lookForPolicy();
    expect(collector.status().health).toMatchObject({ bandwidthLimit: 500_000, policy: { version: 3 } });
    await changeRecord(lab.records, config.id, (record) => ({ ...record, group: 'slow' }));
    await collector.lookForPolicy();
    expect(collector.status().health).toMatchObject({ bandwidthLimit: 125_000, policy: { version: 1 } });
    await changeRecord(lab.records, config.id, (record) => ({ ...record, group: 'default' }));
    await collector.lookForPolicy();
    expect(collector.status().health).toMatchObject({ bandwidthLimit: 500_000, policy: { version: 3 } });
  });
});

describe('what is kept of policies', () => {
  it('is kept by version, and an old one can come back as the next', async () => {
    for (let version = 1; version <= KEPT_VERSIONS + 3; version++) {
      await lab.fleet.setPolicy('default', `quota: {events_per_second: ${version}}`, 'admin');
    }
    await lab.fleet.setPolicy('default', 'quota: {events_per_second: 20}', 'lead', 20);
    const kept = await readPolicy(lab.records, 'default');
    const versions = kept ? versionsOf(kept) : [];
    expect(versions.map(({ version }) => version)).toEqual(
      Array.from({ length: KEPT_VERSIONS }, (_, at) => KEPT_VERSIONS + 4 - at),
    );
    expect(versions[0]).toMatchObject({ version: KEPT_VERSIONS + 4, restores: 20, by: 'lead' });
    expect(await lab.fleet.quotaOf({})).toEqual({ eventsPerSecond: 20, bytesPerSecond: null, weight: 1 });
  });
});

describe('the quota of a group', () => {
  it('holds a collector back, and every event is stored in the end', async () => {
    const lines = 8_000;
    await lab.fleet.setPolicy('default', 'quota: {events_per_second: 1000}', 'admin');
    writeFileSync(join(logs, 'first.log'), Array.from({ length: lines }, (_, at) => `line ${at}\n`).join(''));
    const collector = await startCollector(config, silent);
    running.push(collector);
    const sentBack = () => lab.ingest.waits().get(config.id)?.sentBack ?? 0;
    // The clock of this server stands still: of the rate five seconds may come at once, and the batch that is begun.
    await until('it is held back', () => sentBack() > 0);
    expect(await lab.events.lastSequence()).toBeLessThanOrEqual(6_000);
    let seen = 0;
    await until('all is acknowledged', async () => {
      if (sentBack() > seen) lab.clock.now += 2_000;
      seen = sentBack();
      return (await lab.events.lastSequence()) >= lines && collector.status().waiting.frames === 0;
    });
    expect(await lab.events.lastSequence()).toBe(lines);
    expect(collector.status().sources).toMatchObject([{ read: lines, spooled: lines }]);
    const counts = await lab.events.recount(0, { full: true });
    expect(counts.map(({ stored, missingTotal }) => [stored, missingTotal])).toEqual([[lines, 0]]);
  });
});

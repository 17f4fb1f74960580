import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readConfig } from '../../../collector/config.ts';
import { enrol } from '../../../collector/enrol/enrol.ts';
import { type RunningCollector, startCollector } from '../../../collector/main.ts';
import { parseKql } from '../../../rules/query/kql.ts';
import { SYSTEM } from '../../../server/identity.ts';
import { saveParser, setParserGroups } from '../../../server/parsers/store.ts';
import { type FleetLab, openFleetLab } from '../fleet/lab.ts';

const yaml = (field: string) => `name: igate-pay
title: Payments
dataset: igate.pay
steps: [{dissect: '%{client} %{result}'}]
fields: {client: source.ip, result: ${field}}
samples:
  - {line: '203.0.113.5 OK', expect: {${field}: OK}}
  - {line: '203.0.113.6 NO', expect: {source.ip: 203.0.113.6}}
`;
let lab: FleetLab;
let collector: RunningCollector | undefined;

beforeAll(async () => {
  lab = await openFleetLab();
}, 120_000);
afterAll(async () => {
  await collector?.stop(0);
  await lab?.close();
}, 120_000);

async function until(what: string, probe: () => Promise<boolean>): Promise<void> {
  for (const end = Date.now() + 60_000; Date.now() < end; ) {
    if (await probe()) return;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error(`waited in vain: ${what}`);
}

async function eventWith(kql: string): Promise<Record<string, unknown>> {
  let found: Record<string, unknown> | undefined;
  await until(kql, async () => {
    const range = { from: '2020-01-01T00:00:00Z', to: '2100-01-01T00:00:00Z' };
    const page = await lab.events.as(SYSTEM).search({ range, condition: parseKql(kql), limit: 1 });
    found = page.events[0]?.event;
    return found !== undefined;
  });
  return found as Record<string, unknown>;
}

const save = (text: string) =>
  saveParser(lab.records, {
    name: 'igate-pay',
    title: 'Payments',
    dataset: 'igate.pay',
    yaml: text,
    expected: undefined,
    by: 'author',
    at: new Date().toISOString(),
  });

it('a parser goes to the collectors of a group with their policy, and one that cannot be used changes nothing', async () => {
  const logs = join(lab.folder, 'logs');
  mkdirSync(logs);
  const log = join(logs, 'pay.log');
  writeFileSync(log, '');
  const options = { server: lab.url, token: await lab.token(), folder: join(lab.folder, 'c'), version: '1' };
  const enrolled = await enrol({ ...options, inputs: [{ type: 'file', paths: [join(logs, 'other.log')] }] });
  appendFileSync(enrolled.config, `allow_folders: [${logs}]\n`);
  collector = await startCollector(readConfig(enrolled.config), pino({ level: 'silent' }));

  await save(yaml('igate.result'));
  await setParserGroups(lab.records, 'igate-pay', ['default']);
  const policy = `inputs: [{type: file, paths: ['${log}'], parser: igate-pay}]`;
  await lab.fleet.setPolicy('default', policy, 'admin');
  await collector.lookForPolicy();
  expect(collector.status().health?.policy).toMatchObject({ version: 1, failed: null });
  appendFileSync(log, '203.0.113.7 OK\n');
  expect(await eventWith('source.ip: 203.0.113.7')).toMatchObject({
    event: { dataset: 'igate.pay' },
    igate: { result: 'OK' },
  });

  // A wording that this program cannot use, as an older collector would see one of a newer server.
  await save(yaml('igate.result').replace('dissect', 'divine'));
  await lab.fleet.setPolicy('default', policy, 'admin');
  await collector.lookForPolicy();
  expect(collector.status().health?.policy).toMatchObject({ failed: { version: 2 } });
  expect(collector.status().health?.policy?.failed?.reason).toContain('policy 2, parser 1:4:');
  appendFileSync(log, '203.0.113.8 NO\n');
  expect(await eventWith('source.ip: 203.0.113.8')).toMatchObject({ igate: { result: 'NO' } });

  await save(yaml('igate.answer'));
  await lab.fleet.setPolicy('default', policy, 'admin');
  await collector.lookForPolicy();
  appendFileSync(log, '203.0.113.9 OK\n');
  expect(await eventWith('source.ip: 203.0.113.9')).toMatchObject({ igate: { answer: 'OK' } });
}, 240_000);

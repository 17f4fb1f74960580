import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseRules } from '../../../rules/sigma/parse.ts';
import { joinRules } from '../../../rules/sigma/rule-set.ts';
import type { LoadedRules } from '../../../server/detection/detection.ts';
import { type Parsed, sshFailure } from '../store/frames.ts';
import { World } from './world.ts';

const RULES = `
title: A failed SSH login
name: ssh_failed
logsource: {product: linux, service: sshd}
detection:
  failed: {event.action: ssh_login, event.outcome: failure}
  condition: failed
---
title: A connection
name: connected
logsource: {product: suricata}
detection:
  flow: {event.dataset: flow}
  condition: flow
---
title: One address tries many accounts
id: spraying
correlation:
  type: value_count
  rules: [ssh_failed]
  group-by: [source.ip]
  timespan: 1m
  condition: {field: user.name, gte: 4}
haidang:
  group_by: [source.ip]
---
title: Much goes out
id: exfiltration
correlation:
  type: value_sum
  rules: [connected]
  group-by: [source.ip]
  timespan: 10m
  condition: {field: source.bytes, gt: 1000000}
haidang:
  group_by: [source.ip]
---
title: Who was attacked connects back
id: back
correlation:
  type: temporal
  rules: [ssh_failed, connected]
  group-by: [attacker]
  timespan: 5m
  aliases:
    attacker:
      ssh_failed: source.ip
      connected: destination.ip
haidang:
  group_by: [attacker]
---
title: The scanner of the province
logsource: {product: linux, service: sshd}
filter:
  rules: [ssh_failed]
  scanner: {source.ip: 192.0.2.1}
  condition: scanner
`;

function rules(): LoadedRules {
  const { rules: parsed, filters, problems } = parseRules(RULES, 'rules.yml');
  const set = joinRules(parsed, filters);
  return { rules: [...set.detections, ...set.correlations], problems: [...problems, ...set.problems] };
}

function flow(second: number, from: string, to: string, bytes: number): Parsed {
  return {
    '@timestamp': new Date(Date.UTC(2026, 10, 20, 8, 0, second)).toISOString(),
    message: `${from} > ${to} ${second} ${bytes}`,
    source: { ip: from, bytes },
    destination: { ip: to },
    event: { kind: 'event', module: 'suricata', dataset: 'flow', category: ['network_connection'] },
  };
}
const tries = (from: number, users: readonly string[], ip = '203.0.113.7'): Parsed[] =>
  users.map((user, at) => sshFailure(from + at, ip, user));

let world: World;
beforeEach(async () => {
  world = await World.create();
  expect(rules().problems).toEqual([]);
  await world.detect(world.records, world.events, rules());
});
afterEach(() => world.close());

async function restart(): Promise<void> {
  await world.stopDetection();
  await world.detect(world.records, world.events, rules());
}
async function rows(rule: string) {
  await world.settled();
  return (await world.alerts())
    .filter((alert) => alert.rule === rule)
    .map(({ group, count, entities }) => ({ group, count, users: entities['user.name']?.total }));
}

describe('correlations of values, from stored frames to alerts', () => {
  it('count different values, also those of before a restart', async () => {
    await world.store(tries(0, ['a', 'b', 'a', 'c']));
    expect(await rows('spraying')).toEqual([]);
    await restart();
    await world.store(tries(10, ['c']));
    expect(await rows('spraying')).toEqual([]);
    await world.store(tries(20, ['d']));
    expect(await rows('spraying')).toEqual([{ group: { 'source.ip': '203.0.113.7' }, count: 6, users: 4 }]);
  });

  it('sum numbers by group, late ones and over a restart', async () => {
    await world.store([flow(300, '10.0.0.1', '203.0.113.9', 600_000), flow(301, '10.0.0.2', '203.0.113.9', 600_000)]);
    await restart();
    await world.store([flow(0, '10.0.0.1', '203.0.113.9', 400_000)]);
    expect(await rows('exfiltration')).toEqual([]);
    await world.store([flow(200, '10.0.0.1', '203.0.113.9', 1)]);
    expect(await rows('exfiltration')).toMatchObject([{ group: { 'source.ip': '10.0.0.1' }, count: 3 }]);
  });

  it('put together what aliases name, on one row, also what came before a restart', async () => {
    await world.store(tries(0, ['a']));
    await restart();
    await world.store([flow(60, '10.0.0.1', '203.0.113.7', 10), flow(61, '203.0.113.7', '10.0.0.1', 10)]);
    expect(await rows('back')).toMatchObject([{ group: { attacker: '203.0.113.7' }, count: 2 }]);
  });

  it('leave out what a filter suppresses', async () => {
    await world.store(tries(0, ['a', 'b', 'c', 'd', 'e'], '192.0.2.1'));
    expect(await rows('spraying')).toEqual([]);
  });
});

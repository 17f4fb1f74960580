import { describe, expect, it } from 'vitest';
import type { EcsEvent } from '../../../ecs/event.ts';
import { readField } from '../../../ecs/event.ts';
import { ecsProblems } from './ecs-problems.ts';
import { CONTEXT, parsed } from './fixtures.ts';
import { CISCO } from './unusual/cisco.ts';
import { CISCO_IOS } from './unusual/cisco-ios.ts';
import { DEVICES } from './unusual/devices.ts';
import { HOSTS } from './unusual/hosts.ts';
import { LINUX } from './unusual/linux.ts';
import type { Row } from './unusual/row.ts';
import { SECOND_TIER, SYSLOG } from './unusual/second-tier.ts';
import { SURICATA } from './unusual/suricata.ts';
import { WINDOWS } from './unusual/windows.ts';
import { WRAPPED } from './unusual/wrapped.ts';

const GROUPS: readonly (readonly [string, readonly Row[]])[] = [
  ['wrapped lines', WRAPPED],
  ['Cisco firewalls', CISCO],
  ['Cisco routers and switches', CISCO_IOS],
  ['network devices', DEVICES],
  ['hosts and their services', HOSTS],
  ['Suricata', SURICATA],
  ['Linux', LINUX],
  ['syslog', SYSLOG],
  ['devices', SECOND_TIER],
  ['Windows', WINDOWS],
];

describe.each(GROUPS)('unusual lines of %s', (_, rows) => {
  it.each(rows.map((row) => [row[0], row[1], row] as const))('%s: %s', (parser, line, [, , gives, lacks = []]) => {
    const event = parsed(line, parser) as EcsEvent;
    const found = Object.fromEntries(Object.keys(gives).map((name) => [name, readField(event, name)]));
    expect(found).toEqual(gives);
    expect(event.event.kind).not.toBe('pipeline_error');
    expect(event.event.original).toBe(line);
    if (parser !== 'json') expect(ecsProblems(event)).toEqual([]);
    for (const name of lacks) expect([name, readField(event, name)]).toEqual([name, undefined]);
    expect(parsed(line, 'auto', CONTEXT)).toEqual(event);
  });
});

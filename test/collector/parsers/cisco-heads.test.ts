import { expect, it } from 'vitest';
import { parsed } from './fixtures.ts';

const MESSAGE = '%FTD-auth-6-113039: Group <G> User <lan> IP <203.0.113.4> AnyConnect parent session started.';

it.each([
  ['<166>fw1 ', 'fw1', undefined],
  ['<166>: 2026 Nov 22 01:01:42 UTC fw1 : ', 'fw1', '2026-11-22T01:01:42.000Z'],
  ['LOCAL4.WARNING: fw1 ', 'fw1', undefined],
  ['<166>', undefined, undefined],
])('the parser of firewalls reads the head "%s"', (head, host, time) => {
  const event = parsed(`${head}${MESSAGE}`, 'cisco-asa');
  expect(event).toMatchObject({ event: { code: '113039' }, user: { name: 'lan' }, source: { ip: '203.0.113.4' } });
  expect((event['host'] as { name?: string } | undefined)?.name).toBe(host);
  if (time !== undefined) expect(event['@timestamp']).toBe(time);
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addEntities, collectEntities, entityFieldsOf, openEntities } from '../../../server/alerts/entities.ts';
import { groupKey, groupValues } from '../../../server/alerts/keys.ts';
import { alertSentence } from '../../../server/alerts/sentence.ts';
import { detectionRule } from './model.ts';

const written = (entities: ReturnType<typeof openEntities>) =>
  Object.fromEntries([...entities].map(([field, { values, total }]) => [field, { values, total }]));

describe('entities of an alert', () => {
  const addresses = Array.from({ length: 300 }, (_, at) => `203.0.113.${at}`);

  it('are the same 50 values in whatever order they come, with an exact total', () => {
    fc.assert(
      fc.property(fc.shuffledSubarray(addresses, { minLength: 300 }), (shuffled) => {
        const [one, two] = [openEntities({}), openEntities({})];
        addEntities(one, { 'source.ip': addresses });
        for (const address of shuffled) addEntities(two, { 'source.ip': [address, shuffled[0] ?? ''] });
        expect(two.get('source.ip')?.values.toSorted()).toEqual(one.get('source.ip')?.values.toSorted());
        expect(two.get('source.ip')?.values).toHaveLength(50);
        expect(two.get('source.ip')?.total).toBe(300);
      }),
      { numRuns: 20 },
    );
  });

  it('keep their values over a restart; the total is then an estimate that never falls', () => {
    const calm = openEntities({});
    addEntities(calm, { 'source.ip': addresses });
    const before = openEntities({});
    addEntities(before, { 'source.ip': addresses.slice(0, 200) });
    const after = openEntities(written(before));
    addEntities(after, { 'source.ip': addresses.slice(100) });
    expect(after.get('source.ip')?.values.toSorted()).toEqual(calm.get('source.ip')?.values.toSorted());
    expect(after.get('source.ip')?.total).toBeGreaterThanOrEqual(200);
    expect(Math.abs((after.get('source.ip')?.total ?? 0) - 300)).toBeLessThan(120);
  });

  it('are cut to a length, and taken from lists, numbers and nothing else', () => {
    const into = new Map<string, Set<string>>();
    const event = {
      source: { ip: ['203.0.113.1', '203.0.113.2'] },
      user: { name: { a: 1 } },
      host: { name: 7 },
      url: { path: 'x'.repeat(9_000) },
    };
    collectEntities(into, event, ['source.ip', 'user.name', 'host.name', 'url.path', 'process.name']);
    expect([...into].map(([field, values]) => [field, [...values].map((value) => value.slice(0, 12))])).toEqual([
      ['source.ip', ['203.0.113.1']],
      ['host.name', ['7']],
      ['url.path', ['xxxxxxxxxxxx']],
    ]);
    expect([...(into.get('url.path') ?? [])][0]).toHaveLength(300);
  });

  it('include the fields that a rule names in its sentences', () => {
    const rule = detectionRule('r', { sentences: { en: '{count} of {rule.category} on {host.name}' } });
    expect(entityFieldsOf(rule)).toContain('rule.category');
    expect(entityFieldsOf(rule)).not.toContain('count');
  });
});

describe('group keys', () => {
  it('tell values apart wherever they end, and a missing one is the empty string', () => {
    const values = groupValues({ host: { name: 'a' } }, ['host.name', 'user.name']);
    expect(values).toEqual({ 'host.name': 'a', 'user.name': '' });
    const keys = [
      groupKey('r', 'a', values),
      groupKey('r', 'b', values),
      groupKey('r2', 'a', values),
      groupKey('r', 'a', { 'host.name': 'auser.name', 'user.name': '' }),
      groupKey('r', 'a', { 'host.name': '', 'user.name': 'a' }),
    ];
    expect(new Set(keys).size).toBe(keys.length);
  });
});

describe('sentences', () => {
  const alert = {
    count: 1_234,
    group: { 'host.name': 'cong-dvc' },
    entities: {
      'host.name': { values: ['other'], total: 1 },
      'user.name': { values: ['root', 'admin'], total: 204 },
      'source.ip': { values: ['203.0.113.7'], total: 1 },
    },
  };
  const rule = (text: string) => detectionRule('r', { sentences: { en: text, vi: text } });

  it('fill in count, group and entities; several values as the first and how many more', () => {
    expect(alertSentence(rule('{count}: {source.ip} as {user.name} on {host.name}'), alert, 'en')).toBe(
      '1,234: 203.0.113.7 as root +203 on cong-dvc',
    );
    expect(alertSentence(rule('{count}'), alert, 'vi')).toBe('1.234');
  });

  it('say ? for what is not known, also for names that every object has', () => {
    expect(alertSentence(rule('{url.path} {constructor} {toString}'), alert, 'en')).toBe('? ? ?');
  });

  it('are left to the caller where the rule has none in a language', () => {
    expect(alertSentence(rule('x'), alert, 'km')).toBeUndefined();
  });

  it('take values as they are: no placeholder of an attacker is filled in', () => {
    const forged = { ...alert, group: { 'host.name': '{source.ip} $& {count}' } };
    expect(alertSentence(rule('on {host.name}'), forged, 'en')).toBe('on {source.ip} $& {count}');
  });
});

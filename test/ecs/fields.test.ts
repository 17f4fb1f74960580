import { describe, expect, it } from 'vitest';
import { ALLOWED_VALUES, FIELD_ROOTS, FIELD_TYPES, fieldType, IP_FIELDS } from '../../ecs/fields.ts';

describe('the ECS catalogue', () => {
  it('knows fields by their full name, through sets that are reused', () => {
    expect(FIELD_TYPES.get('@timestamp')).toBe('date');
    expect(FIELD_TYPES.get('message')).toBe('match_only_text');
    expect(FIELD_TYPES.get('source.ip')).toBe('ip');
    expect(FIELD_TYPES.get('source.port')).toBe('long');
    expect(FIELD_TYPES.get('source.geo.location')).toBe('geo_point');
    expect(FIELD_TYPES.get('process.command_line')).toBe('wildcard');
    expect(FIELD_TYPES.get('process.parent.pid')).toBe('long');
    expect(FIELD_TYPES.get('user.effective.name')).toBe('keyword');
    expect(FIELD_TYPES.get('log.syslog.structured_data')).toBe('flattened');
    expect(FIELD_TYPES.get('http.response.status_code')).toBe('long');
    expect(FIELD_TYPES.get('tls.server.hash.sha1')).toBe('keyword');
  });

  it('has no field for a set of fields, nor for a shorthand of its own table', () => {
    for (const name of ['source', 'source.geo', 'http.request', 'user.effective']) {
      expect(FIELD_TYPES.has(name)).toBe(false);
    }
    expect([...FIELD_TYPES.keys()].filter((name) => !/^@?[A-Za-z0-9_]+(?:\.[A-Za-z0-9_]+)*$/.test(name))).toEqual([]);
    expect(FIELD_TYPES.size).toBe(2_612);
  });

  it('lists the address fields and the roots', () => {
    expect(IP_FIELDS).toContain('source.ip');
    expect(IP_FIELDS).toContain('related.ip');
    expect(IP_FIELDS).toContain('dns.resolved_ip');
    expect(IP_FIELDS.size).toBe(18);
    expect(FIELD_ROOTS).toContain('process');
    expect(FIELD_ROOTS).not.toContain('message');
    expect(FIELD_ROOTS).not.toContain('labels');
  });

  it('gives what lies inside an object field a type, and nothing to unknown names', () => {
    expect(fieldType('labels.environment')).toBe('keyword');
    expect(fieldType('log.syslog.structured_data.x.y')).toBe('keyword');
    expect(fieldType('source.ip')).toBe('ip');
    expect(fieldType('source.nothing')).toBeUndefined();
    expect(fieldType('nothing')).toBeUndefined();
  });

  it('holds the allowed values of the categorization fields', () => {
    expect(ALLOWED_VALUES['event.category']).toContain('authentication');
    expect(ALLOWED_VALUES['event.outcome']).toEqual(['failure', 'success', 'unknown']);
  });
});

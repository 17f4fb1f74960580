import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import type { AlertRecord } from '../../../server/alerts/record.ts';
import type { AgencyId } from '../../../server/identity.ts';
import type { IncidentRecord } from '../../../server/incidents/record.ts';
import { mayLeave, prepareIncident } from '../../../server/sharing/prepare.ts';
import { patternOf } from '../../../server/sharing/stix/objects.ts';
import { RULE } from '../api/rule.ts';
import { pythonWith, runPython } from '../taxii/python.ts';

const at = '2026-11-22T02:00:00.000Z';
const head = (id: string) => ({ id, at, by: 'lan-nguyen' });
const SECRET = 'mật khẩu là bimat2026';

const incident: IncidentRecord = {
  agency: 'so-noi-vu' as AgencyId,
  ownAgencies: ['so-noi-vu' as AgencyId],
  title: 'Dò mật khẩu cổng dịch vụ',
  summary: `Kẻ tấn công từ 203.0.113.7 tới 10.1.2.3; gọi 0912345678; ${SECRET}`,
  status: 'investigating',
  severity: 'high',
  severityRank: 4,
  owner: 'lan-nguyen',
  tlp: 'amber+strict',
  rsit: 'intrusion-attempts/brute-force',
  origin: 'alerts',
  detectedAt: '2026-11-22T01:05:01.000Z',
  createdAt: at,
  createdBy: 'lan-nguyen',
  updatedAt: '2026-11-22T03:00:00.000Z',
  closedAt: null,
  outcome: null,
  revision: 3,
  waiting: 0,
  pending: [],
  alerts: [{ ...head('a1'), title: 'x', agencies: [] }],
  tasks: [{ ...head('t1'), title: 'nhiem-vu-rieng', assignee: null, due: null, doneAt: null, doneBy: null }],
  comments: [{ ...head('c1'), text: 'noi-dung-trao-doi' }],
  evidence: [
    { ...head('e1'), kind: 'file', name: 'tep-chung-cu', bytes: 1, sha256: 'f'.repeat(64), note: '', custody: [] },
  ],
  systems: [{ ...head('s1'), name: 'iGate 10.9.9.9', agency: null, level: 3 }],
  indicators: [
    { ...head('i1'), type: 'ipv4', value: '203.0.113.7', alert: 'a1' },
    { ...head('i2'), type: 'url', value: "http://evil.example/it's?a=%5C", alert: null },
    { ...head('i3'), type: 'sha256', value: 'a'.repeat(64), alert: null },
    { ...head('i4'), type: 'email', value: 'nan-nhan@cantho.gov.vn', alert: null },
    { ...head('i5'), type: 'url', value: 'http://evil.example/?password=bimat2026', alert: null },
    { ...head('i6'), type: 'domain', value: 'evil.example', alert: null },
    { ...head('i7'), type: 'ipv6', value: '2001:db8::7', alert: null },
  ],
  techniques: [{ ...head('k1'), technique: 'T1110.001' }],
  merged: [],
  acts: [{ ...head('x1'), act: 'created' }],
};
const alert = {
  rule: 'rule-1',
  first: '2026-11-22T01:00:00.000Z',
  last: '2026-11-22T01:05:00.000Z',
  count: 10,
} as AlertRecord;
const agency = { name: 'Sở Nội vụ', createdAt: '2026-01-01T00:00:00.000Z' };
const prepare = (change: Partial<IncidentRecord> = {}) =>
  prepareIncident({
    id: 'HD-7K3Q-9XMB',
    incident: { ...incident, ...change },
    reporter: { id: 'soc-can-tho', name: 'SOC Cần Thơ', createdAt: '2026-01-01T00:00:00.000Z' },
    agencies: new Map([['so-noi-vu', agency]]),
    alerts: [{ id: 'a1', document: alert }],
    rules: new Map([['rule-1', RULE]]),
  });

describe('the bundle of an incident', () => {
  it('holds what others need, each object referring to what is in it', () => {
    const { objects } = prepare().bundle;
    const types = new Set(objects.map(({ type }) => type));
    for (const type of [
      'identity',
      'incident',
      'indicator',
      'sighting',
      'observed-data',
      'ipv4-addr',
      'note',
      'report',
      'attack-pattern',
    ])
      expect(types).toContain(type);
    const ids = new Set(objects.map(({ id }) => id));
    expect(ids.size).toBe(objects.length);
    for (const object of objects)
      for (const [name, value] of Object.entries(object))
        if (name.endsWith('_ref') || name.endsWith('_refs'))
          for (const id of [value].flat()) expect(ids, `${object.type} ${name}`).toContain(id);
    const sigma = objects.find((object) => object['pattern_type'] === 'sigma');
    expect(sigma?.['pattern']).toBe(RULE.yaml);
  });

  it('lets no person, secret, comment or raw text out, and says what was cut', () => {
    const { bundle, withheld, texts } = prepare();
    const text = JSON.stringify(bundle);
    for (const word of [
      'lan-nguyen',
      'bimat2026',
      '0912345678',
      '10.1.2.3',
      '10.9.9.9',
      'nan-nhan',
      'noi-dung-trao-doi',
      'nhiem-vu-rieng',
      'tep-chung-cu',
    ])
      expect(text, word).not.toContain(word);
    expect(withheld.map(({ what, detail }) => `${what} ${detail}`)).toEqual([
      'comments 1',
      'tasks 1',
      'evidence 1',
      'timeline 1',
      'events 10',
      'people owner, createdBy',
      'indicator email',
      'indicator url',
      'text summary: internal-address',
      'text summary: phone',
      'text summary: credential',
      'text systems[0].name: internal-address',
    ]);
    expect(texts.map(({ field }) => field)).toEqual(['title', 'summary', 'systems[0].name']);
  });

  it('is the same bytes again, and a later state keeps ids and creation times and raises what changed', () => {
    const first = prepare();
    expect(JSON.stringify(prepare())).toBe(JSON.stringify(first));
    const later = prepare({ status: 'contained', updatedAt: '2026-11-22T05:00:00.000Z' });
    const before = new Map(first.bundle.objects.map((object) => [object.id, object]));
    expect(later.bundle.objects.map(({ id }) => id)).toEqual([...before.keys()]);
    for (const object of later.bundle.objects) {
      const old = before.get(object.id);
      expect(object.created).toBe(old?.created);
      const { modified: _, ...content } = object;
      const { modified: __, ...oldContent } = old ?? object;
      if (JSON.stringify(content) !== JSON.stringify(oldContent))
        expect((object.modified ?? '') > (old?.modified ?? ''), object.type).toBe(true);
    }
    const gone = prepare({ mergedInto: 'HD-0000-0001' }).bundle.objects.find(({ type }) => type === 'incident');
    expect(gone?.['revoked']).toBe(true);
  });

  it('writes patterns so that no value leaves its quotes', () => {
    expect(patternOf({ type: 'url', value: "http://x/' OR [a:b = 'c\\" })).toBe(
      "[url:value = 'http://x/\\' OR [a:b = \\'c\\\\']",
    );
    expect(patternOf({ type: 'sha1', value: 'b'.repeat(40) })).toBe(`[file:hashes.'SHA-1' = '${'b'.repeat(40)}']`);
  });

  it('of a red mark leaves to nobody', () => {
    expect(mayLeave('red')).toBe(false);
    expect(mayLeave('amber+strict')).toBe(true);
  });
});

const archive = fileURLToPath(new URL('../../../../shared/data/stix/cti-stix2-json-schemas.tar.gz', import.meta.url));

describe.runIf(existsSync(archive))('by the schemas of its makers', () => {
  it('every object is valid', () => {
    const folder = mkdtempSync(join(tmpdir(), 'haidang-stix-'));
    try {
      execFileSync('tar', ['xzf', archive, '-C', folder]);
      const ajv = new Ajv2020({ strict: false, unicodeRegExp: false, validateFormats: false, logger: false });
      const byType = new Map<string, string>();
      for (const part of readdirSync(join(folder, 'schemas'))) {
        for (const file of readdirSync(join(folder, 'schemas', part)).filter((name) => name.endsWith('.json'))) {
          const schema = JSON.parse(readFileSync(join(folder, 'schemas', part, file), 'utf8'));
          if (!ajv.getSchema(schema.$id)) ajv.addSchema(schema);
          byType.set(file.replace('.json', ''), schema.$id);
        }
      }
      const { bundle } = prepare();
      // The schema of bundles leaves out kinds that have schemas of their own.
      const left = ['extension-definition', 'incident', 'note'];
      const known = { ...bundle, objects: bundle.objects.filter(({ type }) => !left.includes(type)) };
      for (const object of [known, ...bundle.objects]) {
        const id = byType.get(object.type);
        const validate = id === undefined ? undefined : ajv.getSchema(id);
        expect(validate, object.type).toBeDefined();
        expect(validate?.(object), `${object.type}: ${JSON.stringify(validate?.errors?.slice(0, 3))}`).toBe(true);
      }
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

const VALIDATE = `import sys
from stix2validator import ValidationOptions, validate_file
for file in sys.argv[1:]:
    result = validate_file(file, ValidationOptions(disabled='103'))
    print(result.is_valid, [str(error) for one in result.object_results for error in one.errors])`;

// 103 is about ids of version 5, which are what makes sending twice harmless.
const python = await pythonWith(['stix2-validator==3.2.0']);
describe.runIf(python)('by the validator of its makers', () => {
  it('the bundle is valid, and a broken one is not', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'haidang-stix-'));
    try {
      const { bundle } = prepare();
      const broken = { ...bundle, objects: bundle.objects.map((object) => ({ ...object, id: 'x' })) };
      const files = [bundle, broken].map((one, at) => {
        const file = join(folder, `${at}.json`);
        writeFileSync(file, JSON.stringify(one));
        return file;
      });
      const said = (await runPython(python ?? '', VALIDATE, files)).trim().split('\n');
      expect(said[0]).toBe('True []');
      expect(said[1]).toContain('False');
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }, 400_000);
});

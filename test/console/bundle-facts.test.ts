import { expect, test } from 'vitest';
import { bundleFacts } from '../../console/sharing/bundle-facts.ts';
import type { AgencyId } from '../../server/identity.ts';
import type { IncidentRecord } from '../../server/incidents/record.ts';
import { incidentBundle } from '../../server/sharing/stix/bundle.ts';

const AT = '2026-11-23T01:15:00.000Z';
const head = { id: 'i1', at: AT, by: 'lan' };

test('the bytes that leave are said in words, whole', () => {
  const incident: Parameters<typeof incidentBundle>[0]['incident'] = {
    severity: 'critical',
    status: 'open',
    outcome: null,
    tlp: 'green',
    rsit: 'availability/ddos',
    detectedAt: AT,
    createdAt: AT,
    updatedAt: AT,
    closedAt: null,
    indicators: [{ ...head, type: 'ipv4', value: '203.0.113.66', alert: null }],
    techniques: [{ ...head, technique: 'T1498' }] as IncidentRecord['techniques'],
  };
  const bundle = incidentBundle({
    id: 'HD-0001-0001',
    incident,
    reporter: { id: 'soc', name: 'SOC Cần Thơ', createdAt: AT },
    agencies: [{ id: 'so-y-te' as AgencyId, name: 'Sở Y tế', createdAt: AT }],
    title: 'Trang không vào được',
    summary: 'Từ nhiều nước.',
    systems: [{ name: 'Cổng dịch vụ công', level: 3 }],
    answers: [{ task: 'note--1', text: 'Một máy.', at: AT }],
    alerts: [{ id: 'a1', first: AT, last: AT, count: 3, rule: 'r1' }],
    rules: new Map([['r1', { id: 'r1', title: 'Flood', yaml: 'title: Flood' }]]),
  });
  const facts = bundleFacts(JSON.stringify(bundle));
  expect(facts).toEqual({
    title: 'Trang không vào được',
    mark: 'TLP:GREEN',
    severity: 'critical',
    rsit: 'availability/ddos',
    detectedAt: AT,
    systems: [{ name: 'Cổng dịch vụ công', level: 3 }],
    notes: [
      { id: expect.stringMatching(/^note--/), kind: 'Summary', text: 'Từ nhiều nước.' },
      { id: expect.stringMatching(/^note--/), kind: 'Answer', text: 'Một máy.' },
    ],
    organisations: ['SOC Cần Thơ', 'Sở Y tế'],
    techniques: ['T1498'],
    indicators: ['ipv4 203.0.113.66'],
    rules: ['Flood'],
    revoked: 0,
  });
});

test('what a version takes back is counted, and not shown as if it were said', () => {
  const revoked = { type: 'note', id: 'note--1', abstract: 'Summary', content: 'Cũ.', revoked: true };
  const facts = bundleFacts(JSON.stringify({ objects: [revoked] }));
  expect(facts).toMatchObject({ notes: [], revoked: 1, title: '', mark: undefined });
});

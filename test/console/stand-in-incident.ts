import type { FastifyInstance } from 'fastify';
import type { IncidentClocks } from '../../server/clocks/schema.ts';
import type { IncidentDetail } from '../../server/incidents/schema.ts';
import type { ReportVersions } from '../../server/reports/schema.ts';
import type {
  IncidentSharing,
  SharePreview,
  SharingRow,
  SharingSetup,
  VersionDetail,
} from '../../server/sharing/schema.ts';
import { HOSTILE } from './samples.ts';

const AT = '2026-11-22T01:15:00.000Z';
const LATER = '2026-11-22T05:15:00.000Z';
const MARK = 'cd'.repeat(32);
const HASH = 'ab'.repeat(32);
const hostile = (index: number): string => HOSTILE[index % HOSTILE.length] ?? '';
const item = (id: string) => ({ id, at: AT, by: 'lan' });

const DETAIL: IncidentDetail = {
  incident: {
    ...{ id: 'HD-0000-0001', version: 7, title: `Dò mật khẩu ${hostile(0)}`, status: 'investigating', outcome: null },
    ...{ severity: 'critical', owner: 'lan', tlp: 'amber', rsit: 'intrusion-attempts/brute-force', origin: 'alerts' },
    ...{ agencies: [{ agency: 'so-y-te', name: 'Sở Y tế' }], alerts: 1, openTasks: 2, due: LATER, detectedAt: AT },
    ...{ createdAt: AT, createdBy: 'lan', updatedAt: LATER, closedAt: null },
  },
  summary: `Từ một địa chỉ. ${hostile(1)}`,
  moves: ['contained', 'closed'],
  alerts: [
    {
      ...item('a00000'),
      title: hostile(2),
      alert: { severity: 'high', status: 'new', count: 60, first: AT, last: LATER, agencyName: 'Sở Y tế' },
    },
  ],
  tasks: [
    { ...item('t1'), title: `Chặn ${hostile(4)}`, assignee: 'minh', due: LATER, doneAt: null, doneBy: null },
    {
      ...item('t2'),
      ...{ title: 'Gửi danh sách máy', assignee: null, due: LATER, doneAt: null, doneBy: null },
      request: {
        ...{ source: 'a05', name: 'Trung tâm quốc gia', text: hostile(5), answersTo: 'a05' },
        ...{ withdrawn: null, answer: null },
      },
    },
    {
      ...item('t3'),
      ...{ title: 'Đã cách ly chưa', assignee: null, due: null, doneAt: LATER, doneBy: 'lan' },
      request: {
        ...{ source: 'a05', name: 'Trung tâm quốc gia', text: '', answersTo: 'a05', withdrawn: null },
        answer: { text: hostile(6), at: LATER, by: 'lan' },
      },
    },
  ],
  comments: [{ ...item('c1'), text: HOSTILE.join('\n') }],
  evidence: [
    {
      ...item('e1'),
      ...{ kind: 'events', name: `events ${hostile(0)}`, bytes: 56_001, sha256: HASH, note: hostile(7), events: 60 },
      custody: [{ at: AT, by: 'lan', act: 'handed', note: hostile(3), mark: MARK }],
      custodyHolds: false,
    },
  ],
  systems: [{ ...item('s1'), name: `Cổng ${hostile(1)}`, agency: 'so-y-te', level: 3 }],
  indicators: [{ ...item('i1'), type: 'ipv4', value: '203.0.113.66', defanged: '203[.]0[.]113[.]66', alert: null }],
  techniques: [{ ...item('q1'), technique: 'T1110.001', name: 'Password Guessing' }],
  merged: [{ ...item('HD-0000-0002'), title: hostile(2), detectedAt: AT }],
  timeline: [
    { at: AT, kind: 'event', act: 'first', by: null, to: 'a00000', note: hostile(2) },
    { at: AT, kind: 'act', act: 'created', by: 'lan' },
    { at: LATER, kind: 'act', act: 'rsit', by: 'minh', from: null, to: 'intrusion-attempts/brute-force' },
    { at: LATER, kind: 'act', act: 'task', by: 'inbound:a05', to: 'Gửi danh sách máy' },
    { at: LATER, kind: 'act', act: 'indicator', by: 'lan', to: '203[.]0[.]113[.]66' },
  ],
};

const CLOCKS: IncidentClocks = {
  clocks: (['overdue', 'met'] as const).map((state) => ({
    ...{ id: state, until: 'report', source: 'Nghị định 331/2026/NĐ-CP', hours: 24, from: '2026-11-21T01:15:00.000Z' },
    name: { vi: 'Báo cáo ban đầu', en: 'Initial notice', km: 'ជូនដំណឹងដំបូង' },
    ...{ due: LATER, stages: { half: AT, urgent: AT, overdue: LATER }, state, waived: null },
    met: state === 'met' ? { how: 'hand', at: AT, by: 'minh', reference: '12/BC', note: hostile(3) } : null,
  })),
};

const SHARE: SharingRow = {
  ...{ incident: 'HD-0000-0001', title: hostile(0), severity: 'critical', recipient: 'a05', channel: 'taxii' },
  ...{ recipientName: 'Trung tâm quốc gia', dueAt: null, deadline: LATER, aloneFrom: AT, twoPersons: true },
  updatedAt: LATER,
  versions: [
    {
      ...{ number: 1, state: 'requested', requestedBy: 'lan', requestedAt: AT, note: hostile(1), revision: 7 },
      ...{ tlp: 'amber', minimal: false, objects: 3, bytes: 900, sha256: HASH, decision: null, refusal: null },
      ...{ review: null, attempts: 1, problem: hostile(5), delivered: null, handReceipt: null },
    },
  ],
};

const BODY = JSON.stringify({
  type: 'bundle',
  objects: [
    { type: 'incident', id: 'incident--1', name: hostile(0), extensions: { own: { severity: 'critical' } } },
    { type: 'note', id: 'note--1', abstract: 'Summary', content: hostile(1) },
    { type: 'indicator', id: 'indicator--1', name: 'ipv4 203.0.113.66', pattern_type: 'stix' },
  ],
});

const PREVIEW: SharePreview = {
  ...{ number: 2, version: 7, sha256: HASH, minimal: false, blocked: null, objects: 3, bytes: 900, body: BODY },
  withheld: [
    { what: 'comments', detail: '1', why: 'never-shared' },
    { what: 'people', detail: 'owner, createdBy', why: 'personal' },
    { what: 'text', detail: 'summary: phone', why: 'secret' },
    { what: 'text', detail: 'summary: phone', why: 'secret' },
    { what: 'rule', detail: hostile(4), why: 'internal' },
  ],
  texts: [
    {
      field: 'summary',
      before: `Gọi 0903 123 456 ${hostile(1)}`,
      cuts: [{ kind: 'phone', start: 4, end: 16 }],
      text: `Gọi [phone] ${hostile(1)}`,
    },
    { field: 'answers[0]', before: hostile(5), cuts: [], text: hostile(5) },
  ],
};

const VERSION: VersionDetail = {
  ...{ share: SHARE, body: BODY, signature: null, changedSince: true },
  version: SHARE.versions[0] as VersionDetail['version'],
  receipts: {
    at: LATER,
    references: ['22222222-2222-4222-8222-222222222222'],
    objects: [{ id: 'incident--1', version: AT, outcome: 'refused', message: hostile(6) }],
  },
};

/** One incident with all that its page asks for, and what of it leaves. */
export function addIncidentRoutes(app: FastifyInstance): void {
  const of = '/api/v1/incidents/:id';
  app.get(of, () => DETAIL);
  app.get(`${of}/clocks`, () => CLOCKS);
  app.get(`${of}/reports`, (): ReportVersions => ({ versions: [] }));
  const { recipient: id, recipientName: name } = SHARE;
  const recipients = [{ id, name, tlp: 'amber', channel: 'taxii' }] satisfies IncidentSharing['recipients'];
  app.get(`${of}/sharing`, (): IncidentSharing => ({ recipients, shares: [SHARE] }));
  app.get(`${of}/sharing/:recipient/preview`, () => PREVIEW);
  app.get(`${of}/sharing/:recipient/versions/:number`, () => VERSION);
  app.get(
    '/api/v1/sharing/recipients',
    (): SharingSetup => ({
      reporter: { id: 'soc', name: 'SOC' },
      recipients,
      ...{ clocks: [], preauthorised: { severity: 'critical', classes: [] }, aloneMinutes: 120, twoPersons: true },
      key: { kid: 'k', jwk: { kty: 'EC', crv: 'P-256', x: 'x', y: 'y' }, vouched: 'v', authority: 'a' },
    }),
  );
}

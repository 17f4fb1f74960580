import type { FastifyInstance } from 'fastify';
import { partsOf } from '../../server/reports/form.ts';
import type { ReportDraft, ReportForm } from '../../server/reports/schema.ts';
import type { RequestDetail, RequestList, RequestRow } from '../../server/requests/schema.ts';
import { HOSTILE } from './samples.ts';

const ASKED = '2026-11-22T07:00:00.000Z';
const DUE = '2026-11-22T08:00:00.000Z';

function row(at: number, state: RequestRow['state']): RequestRow {
  const answered = state === 'answered';
  return {
    id: `YC-000${at}-0000`,
    agency: 'so-tttt',
    agencyName: 'Sở Khoa học và Công nghệ',
    incident: 'HD-0000-0001',
    alert: null,
    subject: `Đăng nhập lạ ${HOSTILE[at % HOSTILE.length] ?? ''}`,
    state,
    side: 'asker',
    due: DUE,
    askedAt: ASKED,
    askedBy: 'lan',
    readAt: answered ? ASKED : null,
    answeredAt: answered ? '2026-11-22T08:10:00.000Z' : null,
    late: answered,
    closedAt: null,
    updatedAt: ASKED,
    files: 1,
  };
}

const LIST: RequestList = { requests: [row(0, 'overdue'), row(1, 'asked'), row(2, 'answered')], next: null, total: 3 };

const DETAIL: RequestDetail = {
  request: row(2, 'answered'),
  messages: [
    { id: 'm1', at: ASKED, by: 'lan', side: 'asker', kind: 'question', text: 'Ai đã đăng nhập lúc 01:05?' },
    { id: 'm2', at: ASKED, by: 'can-bo', side: 'agency', kind: 'answer', text: HOSTILE.join('\n') },
  ],
  files: [
    {
      id: 'f1',
      at: ASKED,
      by: 'can-bo',
      name: `nhật ký ${HOSTILE[0]}.log`,
      bytes: 12_345,
      sha256: 'ab'.repeat(32),
      placed: true,
      custody: [{ at: ASKED, by: 'can-bo', act: 'added', note: '', mark: 'cd'.repeat(32) }],
      custodyHolds: true,
    },
  ],
  closeNote: '',
  closedBy: null,
  readBy: 'can-bo',
  officers: 0,
};

const FIELDS = {
  organization: 'Trung tâm Giám sát',
  date: '2026-11-22',
  title: HOSTILE[0],
  timeline: '08:00 ngày 22/11/2026: lập hồ sơ sự cố',
};

/** Requests to agencies and reports of incidents. */
export function addRequestRoutes(app: FastifyInstance): void {
  const api = '/api/v1';
  app.get(`${api}/requests`, () => LIST);
  app.get(`${api}/requests/:id`, () => DETAIL);
  app.get(`${api}/incidents/:id/reports/draft`, (): ReportDraft => {
    const parts = partsOf('closing').map(({ id, fields }) => ({ id, fields: [...fields] }));
    return { kind: 'closing', revision: 1, fields: FIELDS, parts };
  });
  app.get(
    `${api}/reports/form`,
    (): ReportForm => ({ fields: FIELDS, names: ['organization', 'basis', 'signerName'] }),
  );
}

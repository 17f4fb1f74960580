import type { FastifyInstance } from 'fastify';
import type { ClockList, ClockRow } from '../../server/clocks/schema.ts';
import { YEARLY } from '../../server/clocks/terms.ts';
import type { IncidentList, IncidentRow } from '../../server/incidents/schema.ts';
import type { NoticeAddress, NoticeLog, NoticeRow, OwnNotices } from '../../server/notify/schema.ts';
import { HOSTILE } from './samples.ts';

const NOW = Date.parse('2026-11-22T03:00:00.000Z');
const at = (hours: number) => new Date(NOW + hours * 3_600_000).toISOString();
const STATES = ['running', 'half', 'urgent', 'overdue'] as const;

const INCIDENTS: readonly IncidentRow[] = STATES.map((_, number) => ({
  ...{
    id: `HD-0000-000${number}`,
    version: 1,
    title: HOSTILE[number % HOSTILE.length] ?? 'x',
    status: 'open',
    outcome: null,
  },
  ...{ severity: 'high', owner: null, tlp: 'amber', rsit: null, origin: 'hand', agencies: [], alerts: 1, openTasks: 0 },
  ...{ due: null, detectedAt: at(-20), createdAt: at(-20), createdBy: 'lan', updatedAt: at(-1), closedAt: null },
}));

function clock(state: ClockRow['state'], hours: number): ClockRow {
  return {
    ...{ id: 'initial', until: 'report', source: YEARLY.source, hours: 24, from: at(hours - 24), due: at(hours) },
    name: { vi: 'Báo cáo ban đầu', en: 'Initial notice', km: 'ជូនដំណឹងដំបូង' },
    stages: { half: at(hours - 12), urgent: at(hours - 5), overdue: at(hours) },
    ...{ state, met: null, waived: null },
  };
}

const YEAR = { vi: 'Báo cáo năm', en: 'Yearly report', km: 'របាយការណ៍ប្រចាំឆ្នាំ' };
const DUE: ClockList = {
  incidents: INCIDENTS.map((incident, number) => ({
    incident,
    clocks: [clock(STATES[number] ?? 'running', 12 - number * 5)],
  })),
  years: [
    {
      ...{ year: 2026, name: YEAR, source: YEARLY.source, from: at(-300), due: at(800), state: 'running', mark: null },
      stages: { half: at(200), urgent: at(500), overdue: at(800) },
    },
  ],
  next: null,
  total: INCIDENTS.length,
};

const TEXTS: NoticeRow['texts'] = {
  vi: { title: 'Sự cố HD-0000-0001: đã qua 50% thời hạn “Báo cáo ban đầu”', text: 'Hạn cuối: 22/11/2026 22:00' },
  en: { title: 'Incident HD-0000-0001: 50% of the term “Initial notice” is over', text: 'Ends: 22/11/2026 22:00' },
  km: { title: 'ឧប្បត្តិហេតុ HD-0000-0001៖ កន្លងផុត 50% នៃរយៈពេល', text: 'ផុតកំណត់៖ 22/11/2026 22:00' },
};
const OWN: readonly NoticeRow[] = (['critical', 'warning', 'info'] as const).map((level, number) => ({
  ...{ id: `n${number}`, kind: 'clock', level, at: at(-number), path: '/incidents/HD-0000-0001', texts: TEXTS },
  readAt: number === 2 ? at(0) : null,
}));

const HOOK = { channel: 'webhook', to: 'chat', address: 'chat.example.vn', deliveredAt: null, answer: null } as const;
const MAIL = { channel: 'email', to: 'lan', address: 'la…@example.vn' } as const;
const LOG: NoticeLog = {
  notices: OWN.map(({ readAt, ...notice }) => ({
    ...notice,
    people: [{ user: 'lan', readAt }],
    deliveries: [
      { ...MAIL, state: 'delivered', attempts: 1, dueAt: null, problem: null, deliveredAt: at(0), answer: '250 ok' },
      { ...HOOK, state: 'dead', attempts: 9, dueAt: null, problem: HOSTILE[0] ?? 'x' },
    ],
  })),
  next: null,
  waiting: 0,
  dead: 3,
  ways: { mail: 'soc@example.vn', webhooks: [{ id: 'chat', host: 'chat.example.vn' }], onCall: ['lan'] },
};

/** One's own notices, what became of all, and the incidents with their terms. */
export function addNoticeRoutes(app: FastifyInstance): void {
  const api = '/api/v1';
  const address: NoticeAddress = { email: 'lan@example.vn', language: 'vi', mailFrom: 'warning' };
  app.get(`${api}/session/notices`, (): OwnNotices => ({ notices: [...OWN], unread: 2 }));
  app.get(`${api}/session/notices/address`, () => address);
  app.get(`${api}/notices`, () => LOG);
  app.get(`${api}/clocks`, () => DUE);
  app.get(`${api}/incidents`, (): IncidentList => ({ incidents: [...INCIDENTS], next: null, total: INCIDENTS.length }));
}

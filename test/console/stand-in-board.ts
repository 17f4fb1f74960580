import type { FastifyInstance } from 'fastify';
import type { InboundItem, InboundItems, InboundSources, SourceRow } from '../../server/inbound/schema.ts';
import type { Board, BoardDetail, BoardRow, NationalIndicators } from '../../server/national/schema.ts';
import type { Problem } from '../../server/schema.ts';
import { HOSTILE } from './samples.ts';

const NOW = Date.UTC(2026, 10, 22, 8, 30);
const ago = (seconds: number): string => new Date(NOW - seconds * 1_000).toISOString();
const hostile = (index: number): string => HOSTILE[index % HOSTILE.length] ?? '';
const SEVERITIES = ['critical', 'high', 'medium', 'low', 'informational', null] as const;
const STATES = ['new', 'open', 'closed', 'revoked'] as const;
const PROBLEMS = [
  'unreachable',
  'certificate',
  'denied',
  'missing',
  'busy',
  'answer',
  'file',
  'other',
  'address',
] as const;

const row = (index: number): BoardRow => ({
  id: `b00${index}`,
  province: index % 2 === 0 ? 'can-tho' : 'lao-cai',
  provinceName: index % 2 === 0 ? 'Thành phố Cần Thơ' : hostile(index),
  kind: index === 3 ? 'report' : 'incident',
  reference: index === 3 ? null : `HD-0000-000${index}`,
  title: index === 3 ? '' : `Đoán mật khẩu ${hostile(index)}`,
  severity: SEVERITIES[index % SEVERITIES.length] ?? null,
  state: STATES[index % STATES.length] ?? 'open',
  rsit: index % 2 === 0 ? 'intrusion-attempts/brute-force' : null,
  tlp: index === 3 ? null : 'amber',
  detectedAt: index === 3 ? null : ago(9_000),
  closedAt: index === 2 ? ago(600) : null,
  version: ago(700),
  firstAt: ago(8_000),
  lastAt: ago(700),
  updatedAt: ago(600 + index),
  acknowledgement:
    index % 3 === 0
      ? null
      : { by: 'lan', at: ago(500), text: hostile(index + 1), current: index % 3 === 1, sent: index !== 1 },
  openTasks: index % 3,
  // One that is over at any time a test runs, one that is not.
  due: index === 1 ? '2020-01-01T00:00:00.000Z' : index === 2 ? '2100-01-01T00:00:00.000Z' : null,
});
const ROWS = Array.from({ length: 6 }, (_, index) => row(index));

const BOARD: Board = {
  incidents: ROWS,
  next: null,
  total: ROWS.length,
  counts: { all: 6, new: 2, seen: 4, asked: 4 },
  provinces: [
    { account: 'can-tho', name: 'Thành phố Cần Thơ' },
    { account: 'lao-cai', name: hostile(1) },
  ],
};
const SEEN = [
  { province: 'can-tho', provinceName: 'Thành phố Cần Thơ', first: ago(90_000), last: ago(700) },
  { province: 'lao-cai', provinceName: hostile(2), first: ago(8_000), last: ago(800) },
];
const INDICATORS: NationalIndicators = {
  indicators: [
    { type: 'ip', value: '203.0.113.66', tlp: 'amber', firstAt: ago(90_000), lastAt: ago(700), seen: SEEN },
    { type: 'url', value: hostile(3), tlp: null, firstAt: ago(90_000), lastAt: ago(700), seen: SEEN.slice(0, 1) },
  ],
  next: null,
  total: 2,
};
const task = (index: number): BoardDetail['tasks'][number] => ({
  id: `t${index}`,
  by: 'lan',
  at: ago(400),
  title: `Gửi nhật ký ${hostile(index)}`,
  text: index === 0 ? '' : hostile(index + 1),
  due: index === 0 ? '2020-01-01T00:00:00.000Z' : null,
  sent: index !== 0,
  withdrawn: index === 1 ? { by: 'lan', at: ago(300), reason: hostile(4) } : null,
  answer: index === 2 ? { at: ago(200), text: HOSTILE.join('\n') } : null,
});

function detail(incident: BoardRow): BoardDetail {
  return {
    incident,
    summary: hostile(5),
    systems: [{ name: `Cổng dịch vụ công ${hostile(0)}`, level: 3 }],
    tasks: [0, 1, 2].map(task),
    versions: [
      { version: ago(700), at: ago(690), title: hostile(1), severity: 'high', state: 'open' },
      { version: ago(8_100), at: ago(8_000), title: '', severity: null, state: 'new' },
    ],
    objects: HOSTILE.map((name, at) => ({
      id: `note--${at}`,
      type: 'note',
      name,
      tlp: at === 0 ? null : 'amber',
      revoked: at === 1,
    })),
    indicators: INDICATORS.indicators.map(({ type, value, seen }) => ({ type, value, seen })),
  };
}

const source = (index: number, problemKind: SourceRow['problemKind']): SourceRow => ({
  id: `nguon-${index}`,
  name: index === 0 ? 'Trung tâm quốc gia' : `Nguồn ${hostile(index)}`,
  root: 'https://taxii.example.vn/soc/',
  collection: 'answers-can-tho',
  takes: ['indicators', 'advisories', 'tasks'],
  answersTo: 'a05',
  everySeconds: 300,
  askedAt: ago(30),
  answeredAt: index === 1 ? null : ago(30),
  nextAt: ago(-200),
  problem: problemKind === null ? null : `taxii.example.vn said ${hostile(index)}`,
  problemKind,
  failures: problemKind === null ? 0 : index,
  warning: index === 0 ? 'This source gave as many objects as are kept of one; newer ones are left out.' : null,
  warningKind: index === 0 ? 'full' : null,
  lists: index === 0 ? [{ id: 'a05-green', tlp: 'green', count: 1_200 }] : [],
});
const SOURCES: InboundSources = { sources: [source(0, null), ...PROBLEMS.map((kind, at) => source(at + 1, kind))] };

const KINDS = ['task', 'task', 'acknowledgement', 'note', 'advisory', 'task'] as const;
const item = (index: number): InboundItem => ({
  id: `nguon-0:note--${index}`,
  source: 'nguon-0',
  sourceName: hostile(index),
  kind: KINDS[index % KINDS.length] ?? 'note',
  incident: index === 4 ? null : 'HD-0000-0001',
  title: index === 2 ? '' : `Gửi danh sách máy ${hostile(index)}`,
  text: index === 1 ? hostile(0).repeat(40) : hostile(index + 1),
  tlp: 'amber',
  due: index < 2 ? (['2020-01-01T00:00:00.000Z', '2100-01-01T00:00:00.000Z'][index] ?? null) : null,
  link: index === 4 ? 'javascript:window.stolen=1' : null,
  state: index < 2 ? 'open' : index === 5 ? 'withdrawn' : 'listed',
  publishedAt: ago(4_000),
  receivedAt: ago(3_000),
});
const ITEMS: InboundItems = {
  items: KINDS.map((_, index) => item(index)),
  next: null,
  total: KINDS.length,
  counts: { open: 2, advisories: 1 },
};

/** What provinces reported to a center, and what came in from outside. */
export function addBoardRoutes(
  app: FastifyInstance,
  problem: (code: 'HD_RECORD_CONFLICT', detail: string) => Problem,
): void {
  const api = '/api/v1';
  app.get(`${api}/national/board`, (request): Board => {
    const asked = request.query as Readonly<Record<string, string | undefined>>;
    const incidents = ROWS.filter(
      ({ province, severity, state }) =>
        province === (asked['province'] ?? province) &&
        severity === (asked['severity'] ?? severity) &&
        state === (asked['state'] ?? state),
    );
    return { ...BOARD, incidents, total: incidents.length };
  });
  let isLater = false;
  app.get(`${api}/national/board/:id`, (request) => {
    const { id } = request.params as { readonly id: string };
    const incident = ROWS.find((one) => one.id === id) ?? row(0);
    return detail(isLater ? { ...incident, title: 'Phiên bản sau', version: ago(1) } : incident);
  });
  app.post(`${api}/national/board/:id/acknowledge`, (request, reply) => {
    const { version } = request.body as { readonly version: string };
    if (!isLater) {
      // A later version comes in while somebody writes.
      isLater = true;
      return reply.code(409).send(problem('HD_RECORD_CONFLICT', 'A later version came in.'));
    }
    const seen = { by: 'lan', at: ago(0), text: '', current: version === ago(1), sent: true };
    return detail({ ...row(0), version, acknowledgement: seen });
  });
  app.get(`${api}/national/indicators`, () => INDICATORS);
  app.get(`${api}/inbound`, () => SOURCES);
  app.get(`${api}/inbound/items`, () => ITEMS);
}

import { PERMISSION_NAMES } from '../../server/accounts/permissions.ts';
import type { ApiTokens, Emergencies, OpenSessions, Session, Users } from '../../server/accounts/schema.ts';
import type { Agencies } from '../../server/agencies/schema.ts';
import type { AlertDetail, AlertEvents, AlertRow } from '../../server/alerts/schema.ts';
import type { AuditPage } from '../../server/audit/schema.ts';
import type { Backups } from '../../server/backup/schema.ts';
import type { FirstRun } from '../../server/first-run/schema.ts';
import type { SystemHealth } from '../../server/health/schema.ts';
import type { Ledger } from '../../server/ledger/schema.ts';
import type { Deletions, LegalHolds, RetentionDays, RetentionState } from '../../server/retention/schema.ts';
import type { RuleDetail, RuleList } from '../../server/rules/schema.ts';
import type {
  EventSearchPage,
  FieldsAnswer,
  HistogramAnswer,
  SavedSearches,
  ValuesAnswer,
} from '../../server/search/schema.ts';
import type { ShiftLog } from '../../server/shifts/schema.ts';
import type { Overview } from '../../server/system/schema.ts';

/** Log content that tries to become markup, script, or something else than it is. */
export const HOSTILE = [
  '<script>window.stolen=1</script>',
  '<img src=x onerror="window.stolen=1">',
  '"><svg onload=window.stolen=1>',
  "javascript:window.stolen=1//'",
  '{{constructor.constructor("window.stolen=1")()}}',
  '</title></textarea><iframe srcdoc="<script>parent.stolen=1</script>">',
  'admin\u202egnp.exe\u0000\u001b[31m',
  '<b>not bold</b>&lt;i&gt;',
] as const;

const NOW = Date.parse('2026-11-22T08:30:00.000Z');
const at = (secondsAgo: number): string => new Date(NOW - secondsAgo * 1_000).toISOString();
const hostile = (index: number): string => HOSTILE[index % HOSTILE.length] ?? '';

export const SESSION: Session = {
  user: 'lan',
  displayName: 'Nguyễn Thị Lan',
  role: 'administrator',
  agencies: 'all',
  expires: at(-36_000),
  permissions: [...PERMISSION_NAMES],
};

export const USERS: Users = {
  users: [
    { user: 'lan', displayName: 'Nguyễn Thị Lan', role: 'administrator', disabled: false, agencies: 'all' },
    { user: 'minh', displayName: 'Trần Quang Minh', role: 'analyst', disabled: false, agencies: ['so-tttt'] },
    { user: 'sokha', displayName: 'ជា សុខា', role: 'analyst', disabled: true, agencies: 'all' },
  ],
};

export const SESSIONS: OpenSessions = {
  sessions: [true, false].map((current, index) => ({
    id: `000000000000000${index}`,
    user: 'lan',
    address: current ? '10.20.30.40' : '2001:db8::1234:5678:9abc',
    browser: current ? 'Firefox 141 · Windows' : hostile(1),
    since: at(9_000),
    lastSeen: at(30),
    expires: at(-36_000),
    current,
  })),
};

export const TOKENS: ApiTokens = {
  tokens: [null, at(600)].map((lastUsedAt, index) => ({
    id: `000000000000000${index}`,
    name: index === 0 ? 'Màn hình phòng trực' : hostile(2),
    owner: 'lan',
    permissions: ['alerts.read', 'incidents.read', 'ledger.read'],
    agencies: index === 0 ? 'all' : ['so-tttt'],
    createdAt: at(90_000),
    expires: at(index === 0 ? -900_000 : 60),
    expired: index === 1,
    lastUsedAt,
    lastAddress: lastUsedAt && '10.1.2.3',
  })),
};

export const HEALTH: SystemHealth = {
  at: at(0),
  version: '0.1.0',
  startedAt: at(90_000),
  memoryBytes: 300_000_000,
  parts: [
    { name: 'records', state: 'ok' },
    { name: 'detection', state: hostile(3) },
  ],
  workers: [
    { name: 'detection', state: 'waits', deaths: 2, calls: 0 },
    { name: 'event writer', state: 'runs', deaths: 0, calls: 3 },
    { name: 'grouping', state: 'runs', deaths: 0, calls: null },
  ],
  queues: { detection: 120, trouble: hostile(4), collectors: 0, deadLettered: 3, consoles: 4 },
  store: { events: 123_456_789, days: 92, since: '20260822' },
  disk: { totalBytes: 5e11, freeBytes: 1e11, usedPercent: 80, state: 'warning', daysLeft: 12.5 },
  certificates: [
    { what: 'collector', name: hostile(5), notAfter: at(60), state: 'over' },
    { what: 'console', name: '', notAfter: at(-900_000), state: 'soon' },
    { what: 'authority', name: '', notAfter: at(-90_000_000), state: 'ok' },
  ],
  backup: { state: 'failed', to: '/backup', startedAt: at(4_000), error: hostile(6) },
  restoredAt: null,
};

export const BACKUPS: Backups = {
  to: '/mnt/backup/haidang',
  kept: [
    { id: '20261122T013352123Z-9f3a', at: '2026-11-22T01:33:52.123Z' },
    { id: '20261121T013352123Z-0b1c', at: '2026-11-21T01:33:52.123Z' },
  ],
  problem: hostile(2),
  current: null,
  drill: { at: at(900_000), by: 'lan', backup: '20261121T013352123Z-0b1c', note: hostile(1) },
};

export const FIRST_RUN: FirstRun = {
  steps: [
    { step: 'administrator', state: 'open' },
    { step: 'province', state: 'done' },
    { step: 'agencies', state: 'open' },
    { step: 'store', state: 'skipped' },
    { step: 'tls', state: 'open' },
    { step: 'collector', state: 'open' },
  ],
  finished: false,
  province: '',
  facts: { administrators: 1, secondFactor: false, agencies: 150, collectors: 1, store: 'embedded', tls: false },
};

export const EMERGENCIES: Emergencies = {
  emergencies: [
    {
      user: 'sokha',
      displayName: 'ជា សុខា',
      reason: 'Trưởng ca báo: quản trị viên không liên lạc được',
      by: 'lan',
      startedAt: at(600),
      until: at(-3_000),
    },
  ],
};

export const AUDIT: AuditPage = {
  entries: ['session.start', 'events.search', 'user.change'].map((act, index) => ({
    id: `act-${index}`,
    at: at(index * 100),
    actor: index === 1 ? hostile(0) : 'lan',
    act,
    target: 'minh',
    detail: { address: '10.1.2.3', kql: hostile(index) },
    chain: 'alone',
    number: 100 - index,
  })),
  next: null,
};

export const AGENCIES: Agencies = {
  agencies: [
    {
      id: 'so-tttt',
      name: 'Sở Khoa học và Công nghệ',
      contact: {
        person: 'Lê Văn Hùng',
        phone: '0290 3 123 456',
        email: 'hung@example.vn',
        address: '284 Trần Hưng Đạo',
      },
      securityLevel: 3,
    },
    {
      id: 'ubnd-huyen',
      name: 'Ủy ban nhân dân xã Hồ Thị Kỷ',
      contact: { person: '', phone: '', email: '', address: '' },
      securityLevel: 2,
      parent: 'so-tttt',
      networks: ['10.20.30.0/24', '2001:db8:20:30::/64'],
      sources: ['file:/var/log/portal/<script>alert(1)</script>*'],
    },
  ],
};

const TITLES: readonly AlertRow['title'][] = [
  { en: 'SSH password guessing', vi: 'Dò mật khẩu SSH', km: 'ការទាយពាក្យសម្ងាត់ SSH' },
  { en: 'Sign-in after many failures', vi: 'Đăng nhập thành công sau nhiều lần sai', km: 'ចូលបានក្រោយបរាជ័យច្រើនដង' },
  { en: 'SQL injection tried against a web page', vi: 'Thử chèn SQL vào trang web', km: 'ការព្យាយាមចាក់បញ្ចូល SQL' },
  { en: 'Web shell reached', vi: 'Truy cập web shell', km: 'ការចូលប្រើ web shell' },
  { en: 'Scanner at work', vi: 'Công cụ quét đang hoạt động', km: 'ឧបករណ៍ស្កេនកំពុងដំណើរការ' },
  { en: 'Only English <b>here</b>' },
];
const LEVELS: readonly AlertRow['severity'][] = ['critical', 'high', 'medium', 'low', 'informational'];
const STATES: readonly AlertRow['status'][] = ['new', 'new', 'new', 'in_progress', 'in_progress'];

/** The nth sample alert; every field that comes from logs is hostile somewhere. */
export function sampleAlert(index: number, changes: Partial<AlertRow> = {}): AlertRow {
  const agency = AGENCIES.agencies[index % 2];
  return {
    id: `a${String(index).padStart(5, '0')}`,
    version: 1,
    change: 100_000 - index,
    rule: `rule-${index % 6}`,
    title: TITLES[index % TITLES.length] ?? { en: 'none' },
    severity: LEVELS[index % 5] ?? 'low',
    status: STATES[index % 5] ?? 'new',
    verdict: null,
    owner: index % 5 > 2 ? 'minh' : null,
    agency: agency?.id ?? '',
    agencyName: agency?.name ?? '',
    count: index === 0 ? 12_482 : index * 7 + 1,
    countSinceClose: 0,
    first: at(index * 600 + 3_600),
    last: at(index * 600),
    createdAt: at(index * 600 + 3_000),
    updatedAt: at(index * 600),
    group: { 'host.name': 'cong-dvc-01' },
    entities: {
      'source.ip': { values: ['2001:db8:15::7', '192.0.2.77'], total: 41 },
      'user.name': { values: [hostile(index)], total: 1 },
      'host.name': { values: ['cong-dvc-01.camau.example'], total: 1 },
    },
    tags: ['attack.credential-access', 'attack.t1110.001'],
    ...changes,
  };
}

const guidanceIn = (meaning: string, check: string[], act: string, escalate: string, reviewed: boolean) => ({
  meaning,
  check,
  act,
  escalate,
  reviewed,
});

/** Detail of an alert with all parts filled. */
export function sampleDetail(alert: AlertRow): AlertDetail {
  return {
    alert,
    sentence: {
      en: `From 2001:db8:15::7, ${alert.count} sign-ins as ${hostile(0)} failed on cong-dvc-01 within one hour.`,
      vi: `Từ 2001:db8:15::7, có ${alert.count} lần đăng nhập sai bằng tài khoản ${hostile(0)} vào máy cong-dvc-01 trong một giờ.`,
      km: `ពី 2001:db8:15::7 មានការចូលបរាជ័យ ${alert.count} ដង ដោយប្រើគណនី ${hostile(0)} លើម៉ាស៊ីន cong-dvc-01 ក្នុងមួយម៉ោង។`,
    },
    guidance: {
      en: guidanceIn(
        'Somebody is trying many passwords against this machine.',
        ['Did one of the sign-ins succeed?', 'Is the address one of ours?', 'Which accounts were tried?'],
        'Block the address at the firewall; change the password of any account that was entered.',
        'A sign-in succeeded, or the machine holds citizens’ data.',
        true,
      ),
      vi: guidanceIn(
        'Có người đang thử nhiều mật khẩu vào máy này.',
        [
          'Có lần đăng nhập nào thành công không?',
          'Địa chỉ này có thuộc mạng của ta không?',
          'Những tài khoản nào bị thử?',
        ],
        'Chặn địa chỉ ở tường lửa; đổi mật khẩu tài khoản đã bị vào.',
        'Có lần đăng nhập thành công, hoặc máy chứa dữ liệu công dân.',
        false,
      ),
      km: guidanceIn(
        'មាននរណាម្នាក់កំពុងសាកល្បងពាក្យសម្ងាត់ជាច្រើនលើម៉ាស៊ីននេះ។',
        ['តើមានការចូលណាបានជោគជ័យទេ?', 'តើអាសយដ្ឋាននេះជារបស់យើងទេ?', 'តើគណនីណាខ្លះត្រូវបានសាកល្បង?'],
        'ទប់ស្កាត់អាសយដ្ឋាននៅជញ្ជាំងភ្លើង ហើយប្ដូរពាក្យសម្ងាត់គណនីដែលត្រូវបានចូល។',
        'មានការចូលបានជោគជ័យ ឬម៉ាស៊ីនមានទិន្នន័យប្រជាពលរដ្ឋ។',
        false,
      ),
    },
    rule: {
      id: alert.rule,
      description: 'Counts failed sign-ins of one address on one machine.',
      yaml: `title: SSH password guessing\nlevel: high\n# ${hostile(1)}\ndetection:\n  selection:\n    event.action: ssh_login\n  condition: selection\n`,
      falsepositives: ['A script with an old password.'],
      references: ['https://attack.mitre.org/techniques/T1110/', 'javascript:window.stolen=1'],
      versions: ['0123456789ab'],
      techniques: [{ id: 'T1110.001', name: 'Password Guessing' }],
      tactics: ['Credential Access'],
    },
    contact: {
      agency: alert.agency,
      person: 'Lê Văn Hùng',
      phone: '0290 3 123 456',
      email: 'hung@example.vn',
      address: '284 Trần Hưng Đạo, phường Tân Thành, tỉnh Cà Mau',
    },
    timeline: [
      { at: at(3_000), by: 'engine', act: 'created' },
      { at: at(2_400), by: 'minh', act: 'owner', from: null, to: 'minh' },
      { at: at(2_400), by: 'minh', act: 'status', from: 'new', to: 'in_progress' },
      { at: at(1_200), by: 'minh', act: 'note', note: `Đã gọi cho đơn vị. ${hostile(2)}` },
    ],
  };
}

/** A sample event whose text fields are hostile. */
export function sampleEvent(index: number): { id: string; event: Record<string, unknown> } {
  const text = hostile(index);
  const id = `20261122-abcd-00ff00ff-${index}-0011223344556677`;
  return {
    id,
    event: {
      '@timestamp': at(index * 20),
      message: `Failed password for ${text} from 2001:db8:15::7 port 52144 ssh2`,
      event: {
        id,
        original: `<38>Nov 22 15:29:41 cong-dvc-01 sshd[811]: Failed password for ${text} from 2001:db8:15::7 port 52144 ssh2`,
        dataset: 'system.auth',
        action: 'ssh_login',
        outcome: 'failure',
        category: ['authentication'],
      },
      source: { ip: '2001:db8:15::7', port: 52144 },
      user: { name: text },
      host: { name: 'cong-dvc-01' },
      url: { path: `/${text}`, query: text },
      user_agent: { original: text },
      process: { name: 'sshd', pid: 811 },
      [`odd <i>key</i> ${index % 2}`]: text,
    },
  };
}

export const ALERT_EVENTS: AlertEvents = {
  events: Array.from({ length: HOSTILE.length }, (_, index) => ({
    ...sampleEvent(index),
    matched: ['event.action', 'event.outcome', 'user.name'],
  })),
  gone: 2,
  total: 1_000,
};

export const EVENTS: EventSearchPage = {
  events: Array.from({ length: 100 }, (_, index) => sampleEvent(index)),
  next: 'more',
  complete: false,
  stopped: 'documents',
  reached: at(43_200),
};

const STACKED_VALUES = ['success', 'failure', HOSTILE[0] ?? '', 'unknown', 'Đăng nhập', 'ចូល'];

/** The same bars divided by a field. */
export function stackedHistogram(field: string): HistogramAnswer {
  const buckets = HISTOGRAM.buckets.map(({ count }) => {
    const counts = STACKED_VALUES.map((_, at) => Math.floor(count / 2 ** (at + 1)));
    const rest = count - counts.reduce((sum, part) => sum + part, 0);
    return { counts, other: Math.ceil(rest / 2), absent: Math.floor(rest / 2) };
  });
  return { ...HISTOGRAM, stack: { field, values: STACKED_VALUES, buckets } };
}

export const FIELDS: FieldsAnswer = {
  fields: [
    { name: '@timestamp', events: 1_000, type: 'date' },
    { name: 'event.outcome', events: 990, type: 'keyword' },
    { name: 'source.ip', events: 740, type: 'ip' },
    { name: 'user.name', events: 730, type: 'keyword' },
    { name: `labels.${HOSTILE[0]}`, events: 3 },
    ...Array.from({ length: 60 }, (_, index) => ({ name: `process.field_${index}`, events: 500 - index * 5 })),
  ],
  looked: 1_000,
  complete: false,
};

/** Values of a field, the last of them as an attacker would write it. */
export function sampleValues(field: string): ValuesAnswer {
  const texts = ['failure', 'success', 'nguyễn văn a', 'ភាសាខ្មែរ', ...HOSTILE.slice(0, 3)];
  const values = texts.map((value, at) => ({ value, count: Math.floor(9_000 / (at + 1)) }));
  return { field, values, other: 412, absent: 77, looked: 27_184, complete: false };
}

export const SAVED_SEARCHES: SavedSearches = {
  searches: [
    {
      id: 's1',
      version: 1,
      name: 'Đăng nhập SSH sai',
      owner: 'lan',
      own: true,
      canChange: true,
      shared: true,
      kql: 'event.action: ssh_login and event.outcome: failure',
      from: 'now-7d',
      to: 'now',
      by: 'user.name',
      updatedAt: at(86_400),
    },
    {
      id: 's2',
      version: 4,
      name: `${HOSTILE[0]}`,
      owner: 'minh',
      own: false,
      canChange: false,
      shared: true,
      kql: '',
      from: 'now-24h',
      to: 'now',
      by: null,
      updatedAt: at(86_400),
    },
  ],
};

export const HISTOGRAM: HistogramAnswer = {
  from: at(86_400),
  to: at(0),
  intervalSeconds: 1_440,
  buckets: Array.from({ length: 60 }, (_, index) => ({
    start: at(86_400 - index * 1_440),
    count: Math.round(400 + 380 * Math.sin(index / 5)) + (index === 40 ? 3_000 : 0),
  })),
  total: 27_184,
  complete: true,
};

const SOURCE = {
  collector: 'c0ffee01',
  collectorName: 'Máy thu thập phòng máy chủ',
  agency: 'so-tttt',
  read: 120_482,
  spooled: 120_482,
  dropped: 0,
  droppedBy: {},
  unparsed: 14,
  kernelDropped: 0,
  stored: 120_482,
  waiting: 0,
  quarantined: 0,
  deadLettered: 0,
  deleted: 0,
  evaluated: 120_482,
  gap: 0,
  missing: [],
  missingTotal: 0,
  lastReadAt: at(4),
  lastSeenAt: at(2),
  error: null,
} satisfies Omit<Ledger['rows'][number], 'source' | 'state'>;

export const LEDGER: Ledger = {
  at: at(0),
  rows: [
    { ...SOURCE, source: '/var/log/auth.log', state: 'ok' },
    {
      ...SOURCE,
      source: '/var/log/nginx/access.log',
      stored: 120_400,
      waiting: 82,
      evaluated: 120_400,
      state: 'waiting',
    },
    {
      ...SOURCE,
      source: 'syslog-udp:5514',
      read: 120_495,
      dropped: 13,
      droppedBy: { 'line too long': 13 },
      kernelDropped: 210,
      state: 'loss',
    },
    {
      ...SOURCE,
      source: `journald ${hostile(0)}`,
      stored: 120_480,
      evaluated: 120_470,
      gap: 10,
      missing: ['20261122-c0ffee01-00ff00ff-17-aa', '20261122-c0ffee01-00ff00ff-18-bb'],
      missingTotal: 2,
      error: `cannot open ${hostile(1)}: permission denied`,
      state: 'broken',
    },
  ],
  disk: {
    path: '/var/lib/haidang',
    totalBytes: 500_000_000_000,
    freeBytes: 60_000_000_000,
    usedPercent: 88,
    state: 'warning',
    daysLeft: 12.4,
  },
  gaps: [{ from: 481_201, to: 481_210, events: 10 }],
};

const DAY_BYTES = 812_000_000;

export const RETENTION: RetentionState = {
  policy: {
    keepDays: [92, 92, 184, 366, 731],
    sources: [{ source: 'netflow:*', levels: [1, 2, 3], days: 92 }],
  },
  from: 'configuration',
  minimumMonths: [0, 1, 3, 6, 12],
  minimumDays: [10, 31, 92, 184, 366],
  running: false,
  next: at(-36_000),
  last: {
    startedAt: at(50_000),
    endedAt: at(49_990),
    by: 'retention',
    dryRun: false,
    days: [],
    deleted: ['20260520', '20260521'],
    deletedEvents: 19_204_118,
    deletedBytes: 2 * DAY_BYTES,
    failure: null,
  },
};

export const RETENTION_DAYS: RetentionDays = {
  days: [
    {
      day: '20260522',
      state: 'held',
      events: 9_602_059,
      bytes: DAY_BYTES,
      dueAt: '2026-11-22T00:00:00.000Z',
      rules: [{ rule: 'level 3', days: 184 }],
      holds: ['hold-1'],
    },
    {
      day: '20260523',
      state: 'damaged',
      events: 0,
      bytes: 12_288,
      dueAt: '2026-08-24T00:00:00.000Z',
      rules: [],
      holds: [],
    },
    ...Array.from({ length: 14 }, (_, index): RetentionDays['days'][number] => ({
      day: `202606${String(index + 1).padStart(2, '0')}`,
      state: 'kept',
      events: 9_000_000 + index,
      bytes: DAY_BYTES,
      dueAt: `2026-12-${String(index + 3).padStart(2, '0')}T00:00:00.000Z`,
      rules: [{ rule: 'level 3', days: 184 }],
      holds: [],
    })),
  ],
};

const HOLD: LegalHolds['holds'][number] = {
  id: 'hold-1',
  agency: 'so-tttt',
  fromDay: '2026-05-20',
  toDay: null,
  reason: `Vụ án 12/2026 của Công an tỉnh, công văn 88/CAT ${hostile(2)}`,
  placedAt: at(900_000),
  placedBy: 'lan',
  liftedAt: null,
  liftedBy: null,
  liftReason: null,
};

export const LEGAL_HOLDS: LegalHolds = {
  holds: [
    HOLD,
    {
      ...HOLD,
      id: 'hold-2',
      agency: null,
      toDay: '2026-05-21',
      liftedAt: at(300_000),
      liftedBy: 'minh',
      liftReason: 'Đã có bản án',
    },
  ],
};

export const DELETIONS: Deletions = {
  deletions: [
    {
      id: '20260521-1',
      day: '20260521',
      state: 'done',
      begunAt: at(50_000),
      deletedAt: at(49_995),
      by: 'retention',
      bytes: DAY_BYTES,
      events: 9_602_059,
      rules: [{ rule: 'level 3', days: 184 }],
      sources: [
        {
          agency: 'so-tttt',
          collector: 'c0ffee01',
          source: `/var/log/nginx/${hostile(0)}`,
          stored: 9_602_059,
          deadLettered: 3,
          missing: 2,
        },
      ],
    },
  ],
  next: null,
};

export const SHIFTS: ShiftLog = {
  entries: [
    {
      id: 's3',
      at: at(600),
      by: 'minh',
      kind: 'handover',
      text: `Bàn giao hai cảnh báo SSH đang theo dõi. ${hostile(3)}`,
      alerts: ['a00001', 'a00003'],
      to: null,
      acceptedAt: null,
      acceptedBy: null,
    },
    {
      id: 's2',
      at: at(9_000),
      by: 'sokha',
      kind: 'note',
      text: 'Cổng dịch vụ công bảo trì từ 14:00 đến 15:00.\nĐã báo các đơn vị.',
      alerts: [],
      to: null,
      acceptedAt: null,
      acceptedBy: null,
    },
    {
      id: 's1',
      at: at(30_000),
      by: 'sokha',
      kind: 'handover',
      text: 'Ca đêm yên tĩnh.',
      alerts: ['a00002'],
      to: 'minh',
      acceptedAt: at(29_000),
      acceptedBy: 'minh',
    },
  ],
  next: null,
};

const RULE_HEALTH: readonly NonNullable<RuleList['rules'][number]['health']>[] = [
  {
    state: 'ok',
    reasons: [],
    lastMatch: at(5_000),
    matches: 1_234,
    selfTest: { at: at(1_000), passed: true, failed: [], error: null },
    sourceSeen: at(2_000),
    fieldsNeverSeen: [],
    nanosecondsPerEvent: 420,
  },
  {
    state: 'dead',
    reasons: ['self-test-failed', 'source-silent'],
    lastMatch: null,
    matches: 0,
    selfTest: { at: at(1_000), passed: false, failed: [1], error: null },
    sourceSeen: at(200_000),
    fieldsNeverSeen: ['user.target.name'],
    nanosecondsPerEvent: null,
  },
  {
    state: 'waiting',
    reasons: ['source-never'],
    lastMatch: null,
    matches: 0,
    selfTest: null,
    sourceSeen: null,
    fieldsNeverSeen: [],
    nanosecondsPerEvent: null,
  },
];

export const RULES: RuleList = {
  rules: TITLES.map((title, index) => ({
    id: `rule-${index}`,
    title,
    kind: index === 1 ? 'correlation' : 'detection',
    level: LEVELS[index % 5] ?? 'low',
    status: 'stable',
    tags: ['attack.credential-access', 'attack.t1110.001'],
    file: `rules/packs/linux/credential-access_sample_${index}.yml`,
    techniques: [{ id: 'T1110.001', name: 'Password Guessing' }],
    tactics: ['Credential Access'],
    enabled: true,
    stage: 'enabled' as const,
    version: '0123456789ab',
    silent: false,
    exceptions: index % 3,
    missed: index === 2 ? 1_200 : 0,
    health: RULE_HEALTH[index % 3] ?? null,
  })),
  since: at(60_000),
  problems: [
    {
      code: 'HD_RULE_UNKNOWN_MODIFIER',
      file: 'rules/local/own.yml',
      line: 14,
      column: 9,
      rule: null,
      message: `The modifier "${hostile(1)}" is not known; use one of those in the reference.`,
    },
  ],
};

export const OVERVIEW: Overview = {
  version: '0.1.0',
  now: at(0),
  timeZone: 'Asia/Ho_Chi_Minh',
  role: 'national',
  waiting: { tasks: 2, reports: 1_200 },
  openAlerts: { critical: 3, high: 8 },
  eventsStored: 1_204_820,
  rulesEnabled: 27,
  rulesRefused: 1,
  collectors: [
    { id: 'c0ffee01', name: 'Máy thu thập phòng máy chủ', agency: 'so-tttt', lastSeenAt: at(5), sources: 4 },
    { id: 'c0ffee02', name: hostile(0), agency: 'ubnd-huyen', lastSeenAt: null, sources: 0 },
  ],
  disk: { state: 'warning', usedPercent: 88, daysLeft: 12.4 },
};

const [, dead] = RULES.rules;
if (!dead) throw new Error('The list of rules has a second one.');

/** A rule that cannot fire, with all that its page may show. */
export const RULE: RuleDetail = {
  rule: dead,
  description: `Somebody tries ${hostile(2)}.`,
  yaml: `title: ${hostile(1)}\nid: rule-1\nlevel: high\n${'x'.repeat(300)}`,
  inConsole: true,
  behind: [{ id: 'rule-0', title: hostile(3) }],
  decision: {
    enabled: true,
    level: null,
    groupBy: null,
    gapSeconds: null,
    reason: hostile(0),
    updatedAt: at(90_000),
    updatedBy: 'minh',
  },
  exceptions: [
    {
      id: '0123456789ab',
      kql: 'source.ip: 203.0.113.9',
      agency: null,
      reason: hostile(2),
      createdAt: at(90_000),
      createdBy: 'minh',
      expires: at(-900_000),
      endedAt: null,
      endedBy: null,
      active: true,
      hidden: 12_345,
      lastHidden: at(4_000),
    },
  ],
  versions: [{ version: 'ba9876543210', yaml: 'title: before', at: at(99_000), by: 'folder', file: dead.file }],
  gaps: [
    { from: 1, to: 1_200, at: at(80_000), state: 'open', done: null },
    { from: 5_001, to: 9_000, at: at(70_000), state: 'filling', done: 7_000 },
  ],
};

import type { Assets } from '../../server/assets/schema.ts';
import type { IndicatorLists, ListImport } from '../../server/indicators/schema.ts';
import type {
  Backtest,
  BacktestList,
  ExceptionPreview,
  ImportJob,
  ImportReport,
  ImportRow,
  RuleDetail,
  RuleList,
} from '../../server/rules/schema.ts';
import { HOSTILE, RULE, RULES } from './samples.ts';

const AT = '2026-11-22T07:00:00.000Z';
const DAY_BEFORE = '2026-11-21T07:00:00.000Z';
const MIB = 1024 * 1024;
const hostile = (index: number): string => HOSTILE[index % HOSTILE.length] ?? '';

const [first] = RULES.rules;
if (!first) throw new Error('The list of rules has a first one.');

/** Rules of every stage: what is not in force is listed too. */
export const STAGED_RULES: RuleList = {
  ...RULES,
  rules: [
    ...RULES.rules,
    ...(['draft', 'tested', 'disabled'] as const).map((stage) => ({
      ...first,
      id: `rule-${stage}`,
      title: { en: `A ${stage} rule ${hostile(0)}`, vi: `Luật ${stage}`, km: `ច្បាប់ ${stage}` },
      enabled: false,
      stage,
      version: null,
      health: null,
    })),
  ],
};

const WORDINGS = [
  'title: Now\nlevel: high\ndetection:\n  selection: {user.name: an}\n  condition: selection\n',
  `title: Now\nlevel: low\ndetection:\n  selection: {user.name: an}\n  condition: selection\n# ${hostile(0)}\n`,
  'title: Before\nlevel: low\r\ndetection:\n  selection: {user.name: an}\n  condition: selection\n',
] as const;

/** A rule with three wordings, of which the first is in force. */
export const VERSIONED_RULE: RuleDetail = {
  ...RULE,
  rule: { ...RULE.rule, version: '000000000000' },
  yaml: WORDINGS[0],
  versions: WORDINGS.map((yaml, place) => ({
    version: `00000000000${place}`,
    yaml,
    at: place === 0 ? AT : DAY_BEFORE,
    by: place === 2 ? 'folder' : `minh ${hostile(place)}`,
    file: RULE.rule.file,
  })),
};

/** What an exception would have hidden: events of an alert that was a real attack among them. */
export const PREVIEW: ExceptionPreview = {
  alerts: 4,
  alertsHidden: 1,
  events: 1_240,
  eventsHidden: 310,
  truePositives: ['a00002'],
  complete: false,
};

/** A backtest with all that its result may hold. */
export const BACKTEST: Backtest = {
  id: 'test-1',
  rule: 'rule-1',
  version: 'ba9876543210',
  days: 7,
  agency: null,
  by: 'minh',
  at: AT,
  state: 'done',
  progress: { done: 1_000, total: 1_000 },
  result: {
    evaluated: 1_204_820,
    events: 12_482,
    alerts: 21,
    days: [
      { day: '2026-11-20', agency: 'so-tttt', events: 2_482, alerts: 1 },
      { day: '2026-11-21', agency: 'ubnd-huyen', events: 9_000, alerts: 20 },
      { day: '2026-11-21', agency: 'so-tttt', events: 1_000, alerts: 0 },
    ],
    samples: [{ id: '20261122-abcd-00ff00ff-1-00', at: AT, agency: 'so-tttt', text: hostile(0) }],
    hidden: [{ exception: '0123456789ab', kql: `user.name: ${hostile(1)}`, events: 40 }],
    failed: 2,
    approximate: true,
  },
  error: null,
};
export const BACKTESTS: BacktestList = { backtests: [BACKTEST, { ...BACKTEST, id: 'test-0', agency: 'so-tttt' }] };

/** The same while it runs. */
export const RUNNING: Backtest = {
  ...BACKTEST,
  id: 'test-2',
  state: 'running',
  progress: { done: 420, total: 1_000 },
  result: null,
};

export const IMPORT: ImportJob = {
  id: 'import-1',
  from: `sigma ${hostile(0)}.zip`,
  state: 'ready',
  by: 'lan',
  startedAt: AT,
  progress: { files: 3_754, done: 3_754 },
  counts: { runs: 2, 'no-data': 1, present: 0, refused: 1 },
  looked: 1_204_820,
  taken: null,
  error: null,
};

const ROW: ImportRow = {
  id: 'r-1',
  title: `A rule ${hostile(2)}`,
  level: 'high',
  file: `rules/${hostile(1)}.yml`,
  line: 1,
  column: 1,
  state: 'runs',
  reasons: [],
  fields: [],
  code: null,
  message: null,
  replaces: false,
};
const ROWS: readonly ImportRow[] = [
  ROW,
  { ...ROW, id: 'r-2', title: 'Another rule', level: 'low', replaces: true },
  { ...ROW, id: 'r-3', state: 'no-data', reasons: ['source-never', 'field-never'], fields: ['winlog.event_data.Odd'] },
  {
    ...ROW,
    id: null,
    level: null,
    state: 'refused',
    line: 14,
    column: 9,
    code: 'HD_RULE_UNKNOWN_MODIFIER',
    message: `The modifier "${hostile(3)}" is not known; use one of those in the reference.`,
  },
];

/** The rows of an import in one state. */
export function importReport(state: string | undefined): ImportReport {
  const rows = ROWS.filter((row) => state === undefined || row.state === state);
  return { total: rows.length, rows: [...rows] };
}

const LIST: IndicatorLists['lists'][number] = {
  id: 'cert',
  rule: 'indicators:cert',
  name: 'Danh sách của trung tâm quốc gia',
  source: `NCSC ${hostile(0)}`,
  tlp: 'amber+strict',
  severity: 'critical',
  format: 'stix',
  count: 1_000_000,
  refused: 3,
  skipped: 12,
  expires: '2027-02-20T17:00:00.000Z',
  at: AT,
  by: 'lan',
  problem: null,
};

export const INDICATORS: IndicatorLists = {
  lists: [
    LIST,
    { ...LIST, id: 'own', name: hostile(1), severity: 'low', expires: null, problem: 'The file cannot be read.' },
  ],
  indicators: 1_000_000,
  bytes: 64 * MIB,
};

export const LIST_IMPORT: ListImport = {
  id: 'list-import-1',
  list: 'cert',
  from: `feed ${hostile(0)}.csv`,
  state: 'done',
  startedAt: AT,
  done: 1_000_000,
  count: 1_000_000,
  refused: 1,
  skipped: 0,
  problems: [{ at: 14, what: `"${hostile(1)}" is no address` }],
  error: null,
};

export const ASSETS: Assets = {
  assets: [
    {
      id: 'n1',
      kind: 'network',
      value: '10.1.0.0/16',
      level: 5,
      name: `Cổng dịch vụ công ${hostile(0)}`,
      agency: null,
    },
    { id: 'h1', kind: 'host', value: hostile(1), level: 1, name: '', agency: 'so-tttt' },
    { id: 'a1', kind: 'agency', value: 'ubnd-huyen', level: 4, name: '', agency: 'ubnd-huyen' },
  ],
};

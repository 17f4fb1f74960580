import type { FastifyInstance } from 'fastify';
import { checkParser } from '../../collector/custom-parsers/check.ts';
import { tryLine } from '../../collector/custom-parsers/try.ts';
import type {
  NotUnderstood,
  ParserChanged,
  ParserDetail,
  ParserList,
  ParserTrial,
  ParserTrialAnswer,
} from '../../server/parsers/schema.ts';

const YAML = `name: igate-pay
title: Payments
dataset: igate.pay
steps:
  - dissect: '%{client} %{result} %{note}'
fields:
  client: source.ip
  result: {to: event.outcome, map: {OK: success, NO: failure}}
  note: igate.note
samples:
  - {line: '203.0.113.5 OK x', expect: {event.outcome: success}}
  - {line: '203.0.113.6 NO y', expect: {source.ip: 203.0.113.6}}
`;
const HOSTILE = '203.0.113.9 OK <script>window.stolen=1</script><img src=x onerror=alert(1)>';
const ROW = {
  name: 'igate-pay',
  title: 'Thanh toán <b>trực tuyến</b>',
  dataset: 'igate.pay',
  version: 2,
  groups: ['portals'],
  updatedAt: '2026-11-22T08:00:00.000Z',
  updatedBy: 'lan',
};
const LIST: ParserList = { parsers: [ROW], groups: ['default', 'portals'], builtIn: ['nginx'] };
const DETAIL: ParserDetail = {
  ...ROW,
  yaml: YAML,
  versions: [
    { version: 2, yaml: YAML, at: '2026-11-22T08:00:00.000Z', by: 'lan' },
    { version: 1, yaml: YAML.replace('Payments', 'Before'), at: '2026-11-21T08:00:00.000Z', by: 'minh' },
  ],
};
const WAITING: NotUnderstood = {
  sources: [{ source: 'file:/var/log/igate/pay.log', agency: 'so-tai-chinh', count: 41, lines: [HOSTILE, 'x|y|z'] }],
  complete: true,
};

/** What the pages of parsers sent. */
export interface ParserAnswers {
  readonly sent: { readonly path: string; readonly body: unknown }[];
}

/** The routes of parsers: samples, but for trials, which are real. */
export function addParserRoutes(app: FastifyInstance, answers: ParserAnswers): void {
  const api = '/api/v1/parsers';
  app.get(api, () => LIST);
  app.get(`${api}/not-understood`, () => WAITING);
  app.get(`${api}/:name`, () => DETAIL);
  app.post(`${api}/try`, (request): ParserTrialAnswer => {
    const { yaml, lines } = request.body as ParserTrial;
    const checked = checkParser(yaml);
    const context = { now: Date.UTC(2026, 10, 22), timeZone: 'Asia/Ho_Chi_Minh' };
    return {
      name: checked.name,
      problems: [...checked.problems],
      remarks: [...checked.remarks],
      samples: checked.samples,
      lines: lines.flatMap((line) => {
        const tried = tryLine(checked, line, context);
        if (!tried) return [];
        const { event = null, why = null, stopsAt = null, left } = tried;
        return [{ line, event, why, stopsAt, left: [...left] }];
      }),
    };
  });
  const change = (path: string, body: unknown): ParserChanged => {
    answers.sent.push({ path, body });
    return { parser: { ...ROW, version: 3 }, policies: [{ group: 'portals', version: 7 }], waiting: ['new'] };
  };
  app.put(`${api}/:name`, ({ url, body }) => change(url, body));
  app.put(`${api}/:name/groups`, ({ url, body }) => change(url, body));
}

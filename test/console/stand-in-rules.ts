import type { FastifyInstance } from 'fastify';
import type { NewAsset } from '../../server/assets/schema.ts';
import type { Backtest, ExceptionPreview, ImportJob } from '../../server/rules/schema.ts';
import * as samples from './samples-rules.ts';

/** What the rule pages ask for and send, and what they are answered. */
export interface RuleAnswers {
  backtest: Backtest | null;
  importJob: ImportJob | null;
  preview: ExceptionPreview;
  assets: (typeof samples.ASSETS)['assets'];
  empty: boolean;
  /** Method, path below the API and body of all that was sent. */
  readonly sent: { readonly method: string; readonly path: string; readonly body: unknown }[];
}

/** Answers to begin with: a backtest and an import that are done. */
export function ruleAnswers(): RuleAnswers {
  return {
    backtest: samples.BACKTEST,
    importJob: samples.IMPORT,
    preview: samples.PREVIEW,
    assets: samples.ASSETS.assets,
    empty: false,
    sent: [],
  };
}

/** The routes of rules, backtests, imports, indicators and assets. */
export function addRuleRoutes(app: FastifyInstance, answers: RuleAnswers, absent: (path: string) => unknown): void {
  const api = '/api/v1';
  app.addContentTypeParser('application/octet-stream', { parseAs: 'buffer' }, (_, body, done) => done(null, body));
  app.addHook('preHandler', async ({ method, url, body }) => {
    if (method === 'GET' || !/\/(rules|indicators|assets)\b/.test(url)) return;
    answers.sent.push({ method, path: url.slice(api.length), body });
  });
  app.get(`${api}/rules`, () =>
    answers.empty ? { ...samples.STAGED_RULES, rules: [], problems: [] } : samples.STAGED_RULES,
  );
  app.get(`${api}/rules/:id`, (request) => {
    const { id } = request.params as { id: string };
    const row = samples.STAGED_RULES.rules.find((rule) => rule.id === id);
    return {
      ...samples.VERSIONED_RULE,
      ...(row ? { rule: { ...row, version: row.version && samples.VERSIONED_RULE.rule.version } } : {}),
    };
  });
  app.put(`${api}/rules/:id`, () => ({ added: [], changed: [], removed: [], problems: [] }));
  app.post(`${api}/rules/:id/exceptions/preview`, () => answers.preview);
  app.post(`${api}/rules/:id/exceptions`, () => samples.VERSIONED_RULE.exceptions[0]);
  app.get(`${api}/rules/:id/backtests`, () => (answers.empty ? { backtests: [] } : samples.BACKTESTS));
  app.get(
    `${api}/rules/backtests/current`,
    (request, reply) => answers.backtest ?? reply.code(404).send(absent(request.url)),
  );
  app.post(`${api}/rules/backtests`, () => {
    answers.backtest = samples.RUNNING;
    return answers.backtest;
  });
  app.post(`${api}/rules/backtests/current/cancel`, () => {
    answers.backtest = { ...samples.RUNNING, state: 'cancelled' };
    return answers.backtest;
  });
  app.get(
    `${api}/rules/imports/current`,
    (request, reply) => answers.importJob ?? reply.code(404).send(absent(request.url)),
  );
  app.get(`${api}/rules/imports/current/report`, (request) =>
    samples.importReport((request.query as { state?: string }).state),
  );
  app.post(`${api}/rules/imports/file`, () => {
    answers.importJob = samples.IMPORT;
    return answers.importJob;
  });
  app.post(`${api}/rules/imports/current/take`, () => {
    answers.importJob = { ...samples.IMPORT, state: 'taken', taken: { rules: 3, as: 'draft' } };
    return answers.importJob;
  });
  app.get(`${api}/indicators`, () => (answers.empty ? { lists: [], indicators: 0, bytes: 0 } : samples.INDICATORS));
  app.get(`${api}/indicators/imports/current`, () => samples.LIST_IMPORT);
  app.get(`${api}/assets`, () => ({ assets: answers.empty ? [] : answers.assets }));
  app.post(`${api}/assets`, (request) => {
    const made = { ...(request.body as NewAsset), id: `new-${answers.assets.length}` };
    answers.assets = [...answers.assets, made];
    return made;
  });
  app.delete(`${api}/assets/:id`, (request, reply) => {
    answers.assets = answers.assets.filter(({ id }) => id !== (request.params as { id: string }).id);
    return reply.code(204).send();
  });
}

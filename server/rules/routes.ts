import { Type } from 'typebox';
import { titles } from '../alerts/queries.ts';
import { HaidangError } from '../errors.ts';
import { SYSTEM } from '../identity.ts';
import type { App, Services } from '../services.ts';
import { problems } from '../system/answers.ts';
import { backtestRoutes } from './backtest/routes.ts';
import { editRoutes } from './edit-routes.ts';
import { exceptionRoutes } from './exception-routes.ts';
import { importRoutes } from './import/routes.ts';
import { joinedRules } from './joined.ts';
import { provincial } from './provincial.ts';
import { HealthList, ReloadAnswer, RuleDetail, RuleList } from './schema.ts';
import { DRAFT, UNDECIDED, versionsOf } from './settings.ts';
import { gapsOf, healthOf, ruleRows, shownException } from './shown.ts';

/** The `:id` of a rule. */
export const RuleParams = Type.Object({ id: Type.String({ minLength: 1, maxLength: 200 }) });

/** The rules in force and switched off, what was refused with its reason, how each fares, and what people decide about them. */
export function ruleRoutes(app: App, services: Services): void {
  const { rules, records, ruleRuns, accounts } = services;
  const tags = ['rules'];
  const healthList = (): HealthList => ({
    rules: rules.rules.map((rule) => ({
      id: rule.id,
      title: rule.title,
      file: rule.file,
      health: healthOf(services, rule),
    })),
    problems: rules.problems.map((problem) => ({ ...problem })),
  });

  app.get(
    '/api/v1/rules',
    { config: { access: 'rules.read' }, schema: { tags, response: { 200: RuleList, ...problems(401) } } },
    async (request) => ({
      rules: ruleRows(services, request.signedIn().identity.agencies === 'all'),
      problems: rules.problems.map((problem) => ({ ...problem })),
      since: rules.since,
    }),
  );

  app.get(
    '/api/v1/rules/health',
    { config: { access: 'rules.read' }, schema: { tags, response: { 200: HealthList, ...problems(401, 403) } } },
    async (request) => {
      provincial(request.signedIn().identity);
      return healthList();
    },
  );

  app.post(
    '/api/v1/rules/health',
    {
      config: { access: 'rules.try' },
      schema: {
        tags,
        description: 'Tests every rule now, and says how each fares.',
        response: { 200: HealthList, ...problems(401, 403, 429, 503) },
      },
    },
    async (request) => {
      provincial(request.signedIn().identity);
      await services.ruleHealth.look();
      return healthList();
    },
  );

  app.post(
    '/api/v1/rules/reload',
    {
      config: { access: 'rules.change' },
      schema: { tags, response: { 200: ReloadAnswer, ...problems(401, 403, 429, 503) } },
    },
    async (request) => {
      const { added, changed, removed, problems } = await rules.reload(provincial(request.signedIn().identity).name);
      return {
        added: [...added],
        changed: [...changed],
        removed: [...removed],
        problems: problems.map((problem) => ({ ...problem })),
      };
    },
  );

  app.get(
    '/api/v1/rules/:id',
    {
      config: { access: 'rules.read' },
      schema: { tags, params: RuleParams, response: { 200: RuleDetail, ...problems(400, 401, 404, 503) } },
    },
    async (request) => {
      // What concerns every agency stays with those who see all of them.
      const all = request.signedIn().identity.agencies === 'all';
      const { id } = request.params;
      const rule = [...rules.rules, ...rules.disabled].find((one) => one.id === id);
      const row = ruleRows(services, all).find((one) => one.id === id);
      if (!rule || !row) throw new HaidangError('HD_NOT_FOUND', `There is no rule "${id}".`);
      const view = records.as(SYSTEM);
      const [setting, document, versions] = await Promise.all([
        view.get('rule-setting', id),
        view.get('rule', id),
        versionsOf(records, id),
      ]);
      const undecided = rules.drafts.has(id) ? DRAFT : UNDECIDED;
      const { exceptions, groupBy, draft: _draft, ...decision } = (all && setting?.document) || undecided;
      const behind = joinedRules(rules.rules).counted.get(id) ?? [];
      return {
        rule: row,
        description: rule.description,
        yaml: rule.yaml,
        inConsole: document !== undefined,
        behind: behind.map((one) => ({ id: one.id, title: titles(one).en })),
        decision: { ...decision, groupBy: groupBy && [...groupBy] },
        exceptions: exceptions.map((one) => shownException(services, id, one)),
        versions: (all ? versions : []).map(({ rule: _, ...version }) => version),
        gaps: all ? gapsOf(services, id) : [],
      };
    },
  );

  app.post(
    '/api/v1/rules/:id/refill',
    {
      config: { access: 'rules.change' },
      schema: {
        tags,
        params: RuleParams,
        response: { 202: Type.Object({ gaps: Type.Integer() }), ...problems(400, 401, 403, 404, 429, 503) },
      },
    },
    async (request, reply) => {
      const identity = provincial(request.signedIn().identity);
      const { id } = request.params;
      if (!rules.rules.some((rule) => rule.id === id))
        throw new HaidangError('HD_NOT_FOUND', `There is no rule "${id}" that is switched on.`);
      const open = gapsOf(services, id).filter(({ state }) => state === 'open');
      for (const gap of open) await ruleRuns.refill(id, gap);
      const detail = { gaps: open.map(({ from, to }) => ({ from, to })) };
      await accounts.audit.record({ actor: identity.name, act: 'rule.refill', target: id, detail });
      return reply.code(202).send({ gaps: open.length });
    },
  );

  editRoutes(app, services);
  exceptionRoutes(app, services);
  importRoutes(app, services);
  backtestRoutes(app, services);
}

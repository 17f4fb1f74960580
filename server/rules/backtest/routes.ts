import { HaidangError } from '../../errors.ts';
import type { App, Services } from '../../services.ts';
import { problems } from '../../system/answers.ts';
import { provincial } from '../provincial.ts';
import { RuleParams } from '../routes.ts';
import { Backtest, BacktestList, NewBacktest } from './schema.ts';

/** Backtests: what a rule, or a wording that is not saved, would have given of what is stored. */
export function backtestRoutes(app: App, { backtests, accounts, agencies }: Services): void {
  const tags = ['rules'];
  const access = 'rules.try';

  app.post(
    '/api/v1/rules/backtests',
    {
      config: { access },
      schema: { tags, body: NewBacktest, response: { 202: Backtest, ...problems(400, 401, 403, 404, 429, 503) } },
    },
    async (request, reply) => {
      const identity = provincial(request.signedIn().identity);
      const { agency, rule, days } = request.body;
      if (agency !== null && !(await agencies.all()).has(agency))
        throw new HaidangError('HD_BAD_REQUEST', `There is no agency "${agency}".`);
      const made = await backtests.start(request.body, identity.name);
      const detail = { id: made.id, version: made.version, days, agency };
      await accounts.audit.record({ actor: identity.name, act: 'rule.backtest', target: rule, detail });
      return reply.code(202).send(made);
    },
  );

  app.get(
    '/api/v1/rules/backtests/current',
    { config: { access }, schema: { tags, response: { 200: Backtest, ...problems(401, 403, 404, 429) } } },
    async (request) => {
      provincial(request.signedIn().identity);
      const current = backtests.current();
      if (current) return current;
      throw new HaidangError('HD_NOT_FOUND', 'There was no backtest since the server started.');
    },
  );

  app.post(
    '/api/v1/rules/backtests/current/cancel',
    { config: { access }, schema: { tags, response: { 200: Backtest, ...problems(401, 403, 404, 429) } } },
    async (request) => {
      const identity = provincial(request.signedIn().identity);
      const ended = await backtests.cancel();
      if (!ended) throw new HaidangError('HD_NOT_FOUND', 'There is no backtest to cancel.');
      const detail = { id: ended.id };
      await accounts.audit.record({ actor: identity.name, act: 'rule.backtest.cancel', target: ended.rule, detail });
      return ended;
    },
  );

  app.get(
    '/api/v1/rules/:id/backtests',
    {
      config: { access: 'rules.read' },
      schema: { tags, params: RuleParams, response: { 200: BacktestList, ...problems(401, 403, 429, 503) } },
    },
    async (request) => {
      provincial(request.signedIn().identity);
      return { backtests: [...(await backtests.list(request.params.id))] };
    },
  );
}

import { randomBytes } from 'node:crypto';
import { Type } from 'typebox';
import { HaidangError } from '../errors.ts';
import type { AgencyId } from '../identity.ts';
import type { App, Services } from '../services.ts';
import { problems } from '../system/answers.ts';
import { MOST_EXCEPTIONS, previewException, readException } from './exceptions.ts';
import { joinedRules } from './joined.ts';
import { exceptedRules } from './overlay.ts';
import { provincial } from './provincial.ts';
import type { RuleException } from './record.ts';
import { RuleParams } from './routes.ts';
import { Exception, ExceptionPreview, ExceptionQuestion, NewException } from './schema.ts';
import { changeSetting } from './settings.ts';
import { shownException } from './shown.ts';

/** Longest time that an exception may hide something: it must be looked at again. */
const LONGEST_MS = 366 * 86_400_000;

/** What a rule keeps silent about: shown beforehand, with a reason and an end, and counted. */
export function exceptionRoutes(app: App, services: Services): void {
  const { rules, records, accounts, agencies } = services;
  const tags = ['rules'];

  const ruleOf = (id: string) => {
    const rule = rules.rules.find((one) => one.id === id);
    if (!rule) throw new HaidangError('HD_NOT_FOUND', `There is no rule "${id}" that is switched on.`);
    if (exceptedRules(rule, joinedRules(rules.rules)).length === 0)
      throw new HaidangError(
        'HD_BAD_REQUEST',
        'Other rules count the same events, and would fall silent too; except the rules that this one counts.',
      );
    return rule;
  };

  app.post(
    '/api/v1/rules/:id/exceptions/preview',
    {
      config: { access: 'rules.except' },
      schema: {
        tags,
        params: RuleParams,
        body: ExceptionQuestion,
        response: { 200: ExceptionPreview, ...problems(400, 401, 403, 404, 429, 503) },
      },
    },
    async (request) => {
      const identity = provincial(request.signedIn().identity);
      const { agency, kql } = request.body;
      ruleOf(request.params.id);
      const question = { kql, agency: agency as AgencyId | null };
      return previewException(services, identity, request.params.id, question, Date.now());
    },
  );

  app.post(
    '/api/v1/rules/:id/exceptions',
    {
      config: { access: 'rules.except' },
      schema: {
        tags,
        params: RuleParams,
        body: NewException,
        response: { 201: Exception, ...problems(400, 401, 403, 404, 409, 429, 503) },
      },
    },
    async (request, reply) => {
      const identity = provincial(request.signedIn().identity);
      const { id } = ruleOf(request.params.id);
      const { kql, reason, expires, override = false } = request.body;
      const agency = request.body.agency as AgencyId | null;
      const now = Date.now();
      readException({ kql, agency });
      if (agency !== null && !(await agencies.all()).has(agency))
        throw new HaidangError('HD_BAD_REQUEST', `There is no agency "${agency}".`);
      const end = Date.parse(expires);
      if (!(end > now && end - now <= LONGEST_MS))
        throw new HaidangError('HD_BAD_REQUEST', 'An exception ends at a time to come, within a year.');
      const { truePositives } = await previewException(services, identity, id, { kql, agency }, now);
      if (truePositives.length > 0 && !override)
        throw new HaidangError(
          'HD_RULE_TRUE_POSITIVE',
          `It would have hidden events of ${truePositives.length} alerts that were judged true positives, such as "${truePositives[0]}".`,
        );
      const made: RuleException = {
        id: randomBytes(6).toString('hex'),
        kql,
        agency,
        reason,
        createdAt: new Date(now).toISOString(),
        createdBy: identity.name,
        expires: new Date(end).toISOString(),
        endedAt: null,
        endedBy: null,
      };
      await changeSetting(records, id, (before) => {
        const kept = before.exceptions.filter(
          (one) => one.endedAt === null || before.exceptions.length < MOST_EXCEPTIONS,
        );
        if (kept.length >= MOST_EXCEPTIONS)
          throw new HaidangError('HD_TOO_LARGE', `A rule has at most ${MOST_EXCEPTIONS} exceptions; end some.`);
        return { ...before, exceptions: [...kept, made] };
      });
      await accounts.audit.record({
        actor: identity.name,
        act: 'rule.exception',
        target: id,
        detail: { exception: made.id, kql, agency, reason, expires: made.expires, truePositives },
      });
      await rules.reload(identity.name, false);
      return reply.code(201).send(shownException(services, id, made));
    },
  );

  app.post(
    '/api/v1/rules/:id/exceptions/:exception/end',
    {
      config: { access: 'rules.except' },
      schema: {
        tags,
        params: Type.Object({ ...RuleParams.properties, exception: Type.String({ pattern: '^[0-9a-f]{12}$' }) }),
        response: { 200: Exception, ...problems(400, 401, 403, 404, 429, 503) },
      },
    },
    async (request) => {
      const identity = provincial(request.signedIn().identity);
      const { id, exception } = request.params;
      const endedAt = new Date().toISOString();
      const changed = await changeSetting(records, id, (before) => {
        if (!before.exceptions.some((one) => one.id === exception))
          throw new HaidangError('HD_NOT_FOUND', `The rule has no exception "${exception}".`);
        return {
          ...before,
          exceptions: before.exceptions.map((one) =>
            one.id === exception && one.endedAt === null ? { ...one, endedAt, endedBy: identity.name } : one,
          ),
        };
      });
      await accounts.audit.record({
        actor: identity.name,
        act: 'rule.exception.end',
        target: id,
        detail: { exception },
      });
      await rules.reload(identity.name, false);
      const ended = changed.exceptions.find((one) => one.id === exception) as RuleException;
      return shownException(services, id, ended);
    },
  );
}

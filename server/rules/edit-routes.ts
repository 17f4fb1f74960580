import { mustBeAnother } from '../accounts/duties.ts';
import { HaidangError } from '../errors.ts';
import type { Identity } from '../identity.ts';
import type { App, Services } from '../services.ts';
import { problems } from '../system/answers.ts';
import { candidateOfText } from './backtest/candidate.ts';
import { checkText, countLastWeek } from './check-text.ts';
import { requireTested } from './lifecycle.ts';
import { provincial } from './provincial.ts';
import type { RuleSettingRecord } from './record.ts';
import { RuleParams } from './routes.ts';
import { CheckAnswer, Decision, NewDecision, ReloadAnswer, RuleText, RuleWrite } from './schema.ts';
import { changeSetting, DRAFT, UNDECIDED, versionsOf } from './settings.ts';

/** Rules written in the console, and decisions about any rule: each is audited and in force when the answer comes. */
export function editRoutes(app: App, services: Services): void {
  const { rules, records, accounts } = services;
  const tags = ['rules'];
  const access = 'rules.change';

  app.post(
    '/api/v1/rules/check',
    {
      config: { access },
      schema: { tags, body: RuleText, response: { 200: CheckAnswer, ...problems(400, 401, 403, 429) } },
    },
    async (request) => {
      provincial(request.signedIn().identity);
      const { answer, rules: own } = await checkText(rules, request.body.yaml);
      if (answer.problems.length > 0) return answer;
      return { ...answer, lastWeek: await countLastWeek(services.events, own[0], Date.now()) };
    },
  );

  app.put(
    '/api/v1/rules/:id',
    {
      config: { access },
      schema: {
        tags,
        params: RuleParams,
        body: RuleWrite,
        response: { 200: ReloadAnswer, ...problems(400, 401, 403, 404, 409, 429, 503) },
      },
    },
    async (request) => {
      const identity = provincial(request.signedIn().identity);
      const { id } = request.params;
      const { yaml, draft = false, untested } = request.body;
      const { answer } = await checkText(rules, yaml);
      const [problem] = answer.problems;
      if (problem)
        throw new HaidangError('HD_RULE_INVALID', `Line ${problem.line}, column ${problem.column}: ${problem.message}`);
      if (answer.id !== id)
        throw new HaidangError('HD_RULE_INVALID', `The first rule of the text has the id "${answer.id}", not "${id}".`);
      // A wording that was in force comes back in one step, be it one that was imported without samples.
      const isKept = (await versionsOf(records, id)).some((version) => version.yaml === yaml.trim());
      if (answer.samples === 0 && !isKept)
        throw new HaidangError('HD_RULE_INVALID', 'The rule has no sample: nobody would notice if it never matched.');
      const [failed] = answer.failed;
      if (failed)
        throw new HaidangError(
          'HD_RULE_INVALID',
          `Sample ${failed.sample} of ${failed.expected} does not do as it says.`,
        );
      const isOff = rules.disabled.some((rule) => rule.id === id);
      const isDraft = draft || rules.drafts.has(id);
      if (draft && rules.rules.some((rule) => rule.id === id))
        throw new HaidangError(
          'HD_BAD_REQUEST',
          'The rule is in force; switch it off first, or save its text in force.',
        );
      if (!isOff && !draft && accounts.duties.rules)
        throw new HaidangError(
          'HD_ANOTHER_PERSON',
          'The text would be in force at once; switch the rule off or save a draft, for another person to put in force.',
        );
      if (!isOff && !draft && untested === undefined)
        await requireTested(services, await candidateOfText(rules, id, yaml));
      const view = records.as(identity);
      if (isDraft) await changeSetting(records, id, (known) => known, DRAFT);
      const before = await view.get('rule', id);
      const document = { yaml, updatedAt: new Date().toISOString(), updatedBy: identity.name };
      if (before) await view.replace('rule', id, document, before.version);
      else await view.create('rule', id, document);
      await accounts.audit.record({
        actor: identity.name,
        act: 'rule.write',
        target: id,
        detail: { yaml, draft: isDraft, untested },
      });
      return answerOf(await rules.reload(identity.name, false));
    },
  );

  app.delete(
    '/api/v1/rules/:id',
    {
      config: { access },
      schema: { tags, params: RuleParams, response: { 200: ReloadAnswer, ...problems(400, 401, 403, 404, 429, 503) } },
    },
    async (request) => {
      const identity = provincial(request.signedIn().identity);
      const { id } = request.params;
      const view = records.as(identity);
      const before = await view.get('rule', id);
      if (!before)
        throw new HaidangError(
          'HD_NOT_FOUND',
          `The console holds no text of rule "${id}"; switch the rule off instead.`,
        );
      await view.remove('rule', id);
      const detail = { yaml: before.document.yaml };
      await accounts.audit.record({ actor: identity.name, act: 'rule.remove', target: id, detail });
      return answerOf(await rules.reload(identity.name, false));
    },
  );

  app.post(
    '/api/v1/rules/:id/decision',
    {
      config: { access },
      schema: {
        tags,
        params: RuleParams,
        body: NewDecision,
        response: { 200: Decision, ...problems(400, 401, 403, 404, 409, 429, 503) },
      },
    },
    async (request) => {
      const identity = provincial(request.signedIn().identity);
      const { id } = request.params;
      if (![...rules.rules, ...rules.disabled].some((rule) => rule.id === id))
        throw new HaidangError('HD_NOT_FOUND', `There is no rule "${id}".`);
      const { enabled, level, groupBy, gapSeconds, untested = false, reason } = request.body;
      const needed = enabled === false ? dependants(services, id) : [];
      if (needed.length > 0)
        throw new HaidangError(
          'HD_BAD_REQUEST',
          `Rule "${needed[0]}" counts the matches of this one; switch that one off first.`,
        );
      if (enabled === true && accounts.duties.rules) await mustNotBeAuthor(services, identity, id);
      if (enabled === true && !untested && rules.disabled.some((rule) => rule.id === id))
        await requireTested(services, await candidateOfText(rules, id, undefined));
      const change = (before: RuleSettingRecord): RuleSettingRecord => ({
        ...before,
        enabled: enabled ?? before.enabled,
        // Whoever decides about it in either way has seen it.
        draft: before.draft === true && enabled === undefined,
        level: level === undefined ? before.level : level,
        groupBy: groupBy === undefined ? before.groupBy : groupBy,
        gapSeconds: gapSeconds === undefined ? before.gapSeconds : gapSeconds,
        reason,
        updatedAt: new Date().toISOString(),
        updatedBy: identity.name,
      });
      const made = await changeSetting(records, id, change, rules.drafts.has(id) ? DRAFT : UNDECIDED);
      const detail = { enabled, level, groupBy, gapSeconds, untested, reason };
      await accounts.audit.record({ actor: identity.name, act: 'rule.decide', target: id, detail });
      await rules.reload(identity.name, false);
      const { exceptions: _, draft: _draft, ...decision } = made;
      return { ...decision, groupBy: decision.groupBy && [...decision.groupBy] };
    },
  );
}

/** @throws HaidangError `HD_ANOTHER_PERSON` where the text in the console is of whoever would put it in force. */
async function mustNotBeAuthor({ records }: Services, identity: Identity, id: string): Promise<void> {
  const text = await records.as(identity).get('rule', id);
  if (text) mustBeAnother(identity.name, text.document.updatedBy, `The text of rule "${id}"`);
}

/** Correlations in force that live by a rule. */
function dependants({ rules }: Services, id: string): readonly string[] {
  const named = rules.rules.find((rule) => rule.id === id)?.name;
  return rules.rules.flatMap((rule) =>
    rule.kind === 'correlation' && rule.rules.some((one) => one === id || one === named) ? [rule.id] : [],
  );
}

function answerOf({
  added,
  changed,
  removed,
  problems,
}: Awaited<ReturnType<Services['rules']['reload']>>): ReloadAnswer {
  return {
    added: [...added],
    changed: [...changed],
    removed: [...removed],
    problems: problems.map((problem) => ({ ...problem })),
  };
}

import { Type } from 'typebox';
import type { Rule } from '../../rules/rule.ts';
import { HaidangError } from '../errors.ts';
import type { Identity } from '../identity.ts';
import { attackOf } from '../rules/attack.ts';
import type { App, Services } from '../services.ts';
import type { Versioned } from '../store/record-store.ts';
import { problems } from '../system/answers.ts';
import { actVersion, alertFilter, alertRows, ruleBook } from './queries.ts';
import type { AlertRecord } from './record.ts';
import { AlertChanges, AlertChangesAnswer, AlertDetail, AlertEvents, AlertList, AlertListQuery } from './schema.ts';
import { countShown, findShown } from './seen.ts';
import { alertSentence } from './sentence.ts';
import { applyChanges, checkChanges } from './triage.ts';

const LANGUAGES = ['vi', 'en', 'km'] as const;
const AlertParams = Type.Object({ id: Type.String({ minLength: 1, maxLength: 100 }) });

/** The alert queue, one alert, its events, and acts on alerts. */
export function alertRoutes(app: App, services: Services): void {
  const { records, events, accounts, agencies, live } = services;
  const rules = () => ruleBook(services.rules.rules);
  const tags = ['alerts'];

  async function load(identity: Identity, id: string): Promise<Versioned<AlertRecord>> {
    const found = await records.as(identity).get('alert', id);
    if (!found) throw new HaidangError('HD_NOT_FOUND', `There is no alert "${id.slice(0, 100)}" that you may see.`);
    return found;
  }

  /** Applies an act to all alerts or to none. Only people's acts conflict: an alert that grows meanwhile is read again. */
  async function triage(identity: Identity, changes: AlertChanges): Promise<readonly Versioned<AlertRecord>[]> {
    const at = new Date().toISOString();
    for (let attempt = 1; ; attempt += 1) {
      const current = await Promise.all(changes.alerts.map(({ id }) => load(identity, id)));
      checkVersions(current, changes);
      await checkOwner(services, changes.owner, current);
      const next = current.map(({ id, version, document }) => ({
        id,
        document: applyChanges(document, changes, identity.name, at),
        ifVersion: version,
      }));
      try {
        return await records.as(identity).replaceMany('alert', next);
      } catch (error) {
        const conflict = error instanceof HaidangError && error.code === 'HD_RECORD_CONFLICT';
        if (!conflict || attempt === 10) throw error;
      }
    }
  }

  app.get(
    '/api/v1/alerts',
    {
      config: { access: 'alerts.read' },
      schema: { tags, querystring: AlertListQuery, response: { 200: AlertList, ...problems(400, 401) } },
    },
    async (request) => {
      const { identity } = request.signedIn();
      const view = records.as(identity);
      const where = alertFilter(request.query);
      // Taken first: what changes while the list is read comes again over the live feed, and is missed by nobody.
      const change = await records.lastChange();
      const { limit = 200, after } = request.query;
      const [page, total] = await Promise.all([
        findShown(view, identity, {
          where,
          orderBy: { field: 'last', descending: true },
          limit,
          ...(after === undefined ? {} : { after }),
        }),
        countShown(view, identity, where),
      ]);
      return { alerts: await alertRows(page.records, rules(), agencies), next: page.next, total, change };
    },
  );

  app.get(
    '/api/v1/alerts/:id',
    {
      config: { access: 'alerts.read' },
      schema: { tags, params: AlertParams, response: { 200: AlertDetail, ...problems(400, 401, 404) } },
    },
    async (request) => {
      const found = await load(request.signedIn().identity, request.params.id);
      const [row] = await alertRows([found], rules(), agencies);
      if (!row) throw new HaidangError('HD_INTERNAL', 'The alert could not be shown.');
      const { document: alert } = found;
      const rule = rules().get(alert.rule);
      const agency = (await agencies.all()).get(alert.agency);
      return {
        alert: row,
        sentence: rule ? sentences(rule, alert) : { en: alert.ruleTitle },
        guidance: rule ? guidance(rule) : {},
        rule: describe(rule, alert),
        contact: agency ? { agency: agency.name, ...agency.contact } : null,
        timeline: alert.timeline.map((act) => ({ ...act })),
      };
    },
  );

  app.get(
    '/api/v1/alerts/:id/events',
    {
      config: { access: 'events.read' },
      schema: {
        tags,
        params: AlertParams,
        querystring: Type.Object({
          limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 200, default: 50 })),
          offset: Type.Optional(Type.Integer({ minimum: 0, maximum: 1000, default: 0 })),
        }),
        response: { 200: AlertEvents, ...problems(400, 401, 404) },
      },
    },
    async (request) => {
      const { identity } = request.signedIn();
      const { document: alert } = await load(identity, request.params.id);
      const { limit = 50, offset = 0 } = request.query;
      const wanted = [...alert.events].reverse().slice(offset, offset + limit);
      const found = await events.as(identity).getMany(wanted);
      const byId = new Map(found.map((stored) => [stored.id, stored.event]));
      const shown = wanted.flatMap((id) => {
        const event = byId.get(id);
        return event ? [{ id, event, matched: [...services.explain(alert.rule, event)] }] : [];
      });
      return { events: shown, gone: wanted.length - shown.length, total: alert.events.length };
    },
  );

  app.post(
    '/api/v1/alerts/changes',
    {
      config: { access: 'alerts.triage' },
      schema: {
        tags,
        body: AlertChanges,
        response: { 200: AlertChangesAnswer, ...problems(400, 401, 403, 404, 409, 429) },
      },
    },
    async (request) => {
      const { identity } = request.signedIn();
      const changes = request.body;
      checkChanges(changes);
      const changed = await triage(identity, changes);
      live.wake();
      const { status, verdict, owner } = changes;
      await Promise.all(
        changed.map(({ id, version }) =>
          accounts.audit.record({
            id: `alert-${id}-${version}`,
            actor: identity.name,
            act: 'alert.change',
            target: id,
            detail: { status, verdict, owner, noted: changes.note !== undefined },
          }),
        ),
      );
      return { alerts: await alertRows(changed, rules(), agencies) };
    },
  );
}

/** @throws HaidangError `HD_RECORD_CONFLICT` where somebody acted on an alert since the caller saw it. */
function checkVersions(current: readonly Versioned<AlertRecord>[], changes: AlertChanges): void {
  const stale = current.find(({ document }, index) => actVersion(document) !== changes.alerts[index]?.version);
  if (!stale) return;
  const last = stale.document.timeline.at(-1);
  throw new HaidangError(
    'HD_RECORD_CONFLICT',
    `Alert "${stale.id}" was changed by ${last?.by ?? 'somebody'} meanwhile; nothing was changed by this act.`,
  );
}

/** An owner must be an active user who may see every one of the alerts: an alert must not vanish into an account that cannot open it. */
async function checkOwner(
  { accounts }: Services,
  owner: string | null | undefined,
  alerts: readonly Versioned<AlertRecord>[],
): Promise<void> {
  if (owner === undefined || owner === null) return;
  const user = await accounts.users.get(owner);
  if (!user || user.disabled) throw new HaidangError('HD_BAD_REQUEST', `There is no active user "${owner}".`);
  const scope = user.agencies;
  if (scope !== 'all' && alerts.some(({ document }) => !scope.includes(document.agency)))
    throw new HaidangError('HD_BAD_REQUEST', `User "${owner}" may not see all of these alerts.`);
}

function sentences(rule: Rule, alert: AlertRecord): AlertDetail['sentence'] {
  return Object.fromEntries(
    LANGUAGES.flatMap((language) => {
      const text = alertSentence(rule, alert, language) ?? (language === 'en' ? rule.title : undefined);
      return text === undefined ? [] : [[language, text]];
    }),
  );
}

function guidance(rule: Rule): AlertDetail['guidance'] {
  return Object.fromEntries(
    LANGUAGES.flatMap((language) => {
      const text = rule.extension.guidance[language];
      return text ? [[language, { ...text, check: [...text.check] }]] : [];
    }),
  );
}

function describe(rule: Rule | undefined, alert: AlertRecord): AlertDetail['rule'] {
  return {
    id: alert.rule,
    description: rule?.description ?? 'This rule is no longer loaded.',
    yaml: rule?.yaml ?? '',
    falsepositives: [...(rule?.falsepositives ?? [])],
    references: [...(rule?.references ?? [])],
    versions: [...(alert.ruleVersions ?? [])],
    ...attackOf(rule?.tags ?? alert.tags),
  };
}

import { Type } from 'typebox';
import { PARSER_NAMES } from '../../collector/parsers/index.ts';
import { HaidangError } from '../errors.ts';
import { policyGroups, readPolicy } from '../fleet/policies.ts';
import type { Identity } from '../identity.ts';
import type { App, Services } from '../services.ts';
import { problems } from '../system/answers.ts';
import { findNotUnderstood } from './not-understood.ts';
import type { ParserRecord } from './record.ts';
import {
  type ParserChanged as Changed,
  NotUnderstood,
  ParserChanged,
  ParserDetail,
  ParserGroups,
  ParserList,
  ParserParams,
  type ParserRow,
  ParserTrial,
  ParserTrialAnswer,
  ParserWrite,
} from './schema.ts';
import { allParsers, readParserRecord, saveParser, setParserGroups, versionsOfParser } from './store.ts';
import { openParserTrials } from './try-parsers.ts';

/** Parsers written as documents: their list, trying and keeping them, and the groups of collectors that they go to. */
export function parserRoutes(app: App, services: Services): void {
  const { records, accounts, events } = services;
  const tags = ['parsers'];
  const trials = openParserTrials();
  app.addHook('onClose', () => trials.close());

  app.get(
    '/api/v1/parsers',
    { config: { access: 'parsers.read' }, schema: { tags, response: { 200: ParserList, ...problems(401, 403) } } },
    async (request) => {
      provincial(request.signedIn().identity);
      const [all, groups] = await Promise.all([allParsers(records), policyGroups(records)]);
      return {
        parsers: all.map(({ id, document }) => rowOf(id, document)),
        groups: [...groups],
        builtIn: [...PARSER_NAMES],
      };
    },
  );

  app.get(
    '/api/v1/parsers/not-understood',
    {
      config: { access: 'events.read' },
      schema: { tags, response: { 200: NotUnderstood, ...problems(401, 403, 503) } },
    },
    async (request) => findNotUnderstood(events, request.signedIn().identity, Date.now()),
  );

  app.get(
    '/api/v1/parsers/:name',
    {
      config: { access: 'parsers.read' },
      schema: { tags, params: ParserParams, response: { 200: ParserDetail, ...problems(400, 401, 403, 404) } },
    },
    async (request) => {
      provincial(request.signedIn().identity);
      const { name } = request.params;
      const { document } = await readParserRecord(records, name);
      const versions = await versionsOfParser(records, name);
      return {
        ...rowOf(name, document),
        yaml: document.yaml,
        versions: versions.map(({ version, yaml, at, by }) => ({ version, yaml, at, by })),
      };
    },
  );

  app.post(
    '/api/v1/parsers/try',
    {
      config: { access: 'parsers.write' },
      schema: { tags, body: ParserTrial, response: { 200: ParserTrialAnswer, ...problems(400, 401, 403, 429) } },
    },
    async (request) => {
      // The same text is tried over and over while it is written, and nothing comes of it.
      if (request.trace) request.trace.recorded = true;
      const { title: _, dataset: __, ...answer } = await trials.run(request.body);
      return answer;
    },
  );

  app.put(
    '/api/v1/parsers/:name',
    {
      config: { access: 'parsers.write' },
      schema: {
        tags,
        params: ParserParams,
        body: ParserWrite,
        response: { 200: ParserChanged, ...problems(400, 401, 403, 409, 429, 503) },
      },
    },
    async (request) => {
      const identity = provincial(request.signedIn().identity);
      const { name } = request.params;
      const { yaml, expected } = request.body;
      const found = await trials.run({ yaml, lines: [], timeZone: 'UTC' });
      const [problem] = found.problems;
      if (problem)
        throw new HaidangError(
          'HD_PARSER_INVALID',
          `Line ${problem.line}, column ${problem.column}: ${problem.message}`,
        );
      if (found.name !== name)
        throw new HaidangError('HD_PARSER_INVALID', `The parser calls itself "${found.name}", not "${name}".`);
      const { title, dataset } = found;
      const order = { name, title, dataset, yaml, expected, by: identity.name, at: new Date().toISOString() };
      const document = await saveParser(records, order);
      const detail = { version: document.version, yaml };
      await accounts.audit.record({ actor: identity.name, act: 'parser.write', target: name, detail });
      return changed(name, document, await deliver(services, document.groups, identity.name));
    },
  );

  app.put(
    '/api/v1/parsers/:name/groups',
    {
      config: { access: 'collectors.manage' },
      schema: {
        tags,
        params: ParserParams,
        body: ParserGroups,
        response: { 200: ParserChanged, ...problems(400, 401, 403, 404, 409, 429) },
      },
    },
    async (request) => {
      const identity = provincial(request.signedIn().identity);
      const { name } = request.params;
      const { groups } = request.body;
      const { document, touched } = await setParserGroups(records, name, groups);
      await accounts.audit.record({ actor: identity.name, act: 'parser.groups', target: name, detail: { groups } });
      return changed(name, document, await deliver(services, touched, identity.name));
    },
  );

  app.delete(
    '/api/v1/parsers/:name',
    {
      config: { access: 'parsers.write' },
      schema: {
        tags,
        params: ParserParams,
        response: { 204: Type.Null(), ...problems(400, 401, 403, 404, 409, 429) },
      },
    },
    async (request, reply) => {
      const identity = provincial(request.signedIn().identity);
      const { name } = request.params;
      const { document } = await readParserRecord(records, name);
      if (document.groups.length > 0)
        throw new HaidangError('HD_BAD_REQUEST', `Parser "${name}" goes to collectors; take it from its groups first.`);
      await records.as(identity).remove('parser', name);
      const detail = { yaml: document.yaml };
      await accounts.audit.record({ actor: identity.name, act: 'parser.remove', target: name, detail });
      return reply.code(204).send(null);
    },
  );
}

/** Parsers go to collectors of every agency in a group. @throws HaidangError `HD_FORBIDDEN` */
function provincial(identity: Identity): Identity {
  if (identity.agencies === 'all') return identity;
  throw new HaidangError('HD_FORBIDDEN', 'Parsers are of every agency; your account is bound to some.');
}

function rowOf(name: string, { title, dataset, version, groups, updatedAt, updatedBy }: ParserRecord): ParserRow {
  return { name, title, dataset, version, groups: [...groups], updatedAt, updatedBy };
}

interface Delivered {
  readonly policies: Changed['policies'];
  readonly waiting: string[];
}

function changed(name: string, document: ParserRecord, { policies, waiting }: Delivered): Changed {
  return { parser: rowOf(name, document), policies, waiting };
}

/** Signs the policies of groups anew, so that collectors fetch them with the parsers of now. */
async function deliver({ records, fleet }: Services, groups: readonly string[], by: string): Promise<Delivered> {
  const policies: Changed['policies'] = [];
  const waiting: string[] = [];
  for (const group of groups) {
    const kept = fleet && (await readPolicy(records, group));
    if (!fleet || !kept) {
      waiting.push(group);
      continue;
    }
    const { version } = await fleet.setPolicy(group, kept.yaml, by);
    policies.push({ group, version });
  }
  return { policies, waiting };
}

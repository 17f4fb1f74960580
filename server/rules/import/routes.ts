import { rm } from 'node:fs/promises';
import { Type } from 'typebox';
import { HaidangError } from '../../errors.ts';
import type { App, Services } from '../../services.ts';
import { problems } from '../../system/answers.ts';
import { FILE_TYPE, fileRoutes, receiveFile } from '../../system/receive-file.ts';
import { provincial } from '../provincial.ts';
import { ImportJob, ImportPath, ImportQuestion, ImportReport, TakeOver } from './schema.ts';

/** Largest archive that is sent: SigmaHQ's own is 4 MB. */
const MOST_BYTES = 64 * 1024 * 1024;
const FileName = Type.Object(
  { name: Type.String({ minLength: 1, maxLength: 200, pattern: '^[^/\\\\]+$' }) },
  { additionalProperties: false },
);

/** Imports of rules: read and judged, looked at, and taken over by choice; each step is audited. */
export function importRoutes(app: App, { ruleImports, accounts }: Services): void {
  const tags = ['rules'];
  const access = 'rules.change';
  const begun = async (job: ImportJob, actor: string): Promise<ImportJob> => {
    await accounts.audit.record({ actor, act: 'rule.import', target: job.from, detail: { id: job.id } });
    return job;
  };

  app.post(
    '/api/v1/rules/imports',
    {
      config: { access },
      schema: {
        tags,
        description: 'Reads rules from a folder, a checkout of git, an archive or a file on the server’s own disk.',
        body: ImportPath,
        response: { 202: ImportJob, ...problems(400, 401, 403, 429) },
      },
    },
    async (request, reply) => {
      const { identity } = request.signedIn();
      if (identity.kind !== 'local')
        throw new HaidangError(
          'HD_FORBIDDEN',
          'Paths of the server are read by "haidang rules import" alone; send a file.',
        );
      const { path } = request.body;
      const job = ruleImports.start({ path, from: path, by: identity.name, discard: false });
      return reply.code(202).send(await begun(job, identity.name));
    },
  );

  fileRoutes(app, (scope) => {
    scope.post(
      '/api/v1/rules/imports/file',
      {
        config: { access },
        schema: {
          tags,
          description: 'Reads rules from a zip archive, or a YAML file, that is sent.',
          consumes: [FILE_TYPE],
          querystring: FileName,
          response: { 202: ImportJob, ...problems(400, 401, 403, 429) },
        },
      },
      async (request, reply) => {
        const identity = provincial(request.signedIn().identity);
        const { name } = request.query;
        const sent = await receiveFile(request.body, ruleImports.folder, MOST_BYTES);
        try {
          const job = ruleImports.start({ path: sent, from: name, by: identity.name, discard: true });
          return await reply.code(202).send(await begun(job, identity.name));
        } catch (error) {
          await rm(sent, { force: true });
          throw error;
        }
      },
    );
  });

  app.get(
    '/api/v1/rules/imports/current',
    { config: { access }, schema: { tags, response: { 200: ImportJob, ...problems(401, 403, 404, 429) } } },
    async (request) => {
      provincial(request.signedIn().identity);
      const job = ruleImports.current();
      if (job) return job;
      throw new HaidangError('HD_NOT_FOUND', 'No rules were imported since the server started.');
    },
  );

  app.get(
    '/api/v1/rules/imports/current/report',
    {
      config: { access },
      schema: { tags, querystring: ImportQuestion, response: { 200: ImportReport, ...problems(400, 401, 403, 429) } },
    },
    async (request) => {
      provincial(request.signedIn().identity);
      return ruleImports.report(request.query);
    },
  );

  app.post(
    '/api/v1/rules/imports/current/cancel',
    { config: { access }, schema: { tags, response: { 200: ImportJob, ...problems(401, 403, 404, 429) } } },
    async (request) => {
      const identity = provincial(request.signedIn().identity);
      const job = await ruleImports.cancel();
      if (!job) throw new HaidangError('HD_NOT_FOUND', 'There is no import to cancel.');
      await accounts.audit.record({
        actor: identity.name,
        act: 'rule.import.cancel',
        target: job.from,
        detail: { id: job.id },
      });
      return job;
    },
  );

  app.post(
    '/api/v1/rules/imports/current/take',
    {
      config: { access },
      schema: {
        tags,
        description:
          'Takes rules over as drafts, or puts them in force; for the latter, untested as they are, with a reason.',
        body: TakeOver,
        response: { 200: ImportJob, ...problems(400, 401, 403, 429, 503) },
      },
    },
    async (request) => {
      const identity = provincial(request.signedIn().identity);
      const { as, states, ids, reason } = request.body;
      if (as === 'enabled' && reason === undefined)
        throw new HaidangError(
          'HD_BAD_REQUEST',
          'Rules that were not tested here are put in force with a reason alone.',
        );
      const job = await ruleImports.take(request.body, identity.name);
      const detail = { id: job.id, as, states, chosen: ids?.length ?? 'all', rules: job.taken?.rules ?? 0, reason };
      await accounts.audit.record({ actor: identity.name, act: 'rule.import.take', target: job.from, detail });
      return job;
    },
  );
}

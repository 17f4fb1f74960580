import { rm } from 'node:fs/promises';
import { Type } from 'typebox';
import { HaidangError } from '../errors.ts';
import { provincial } from '../rules/provincial.ts';
import type { App, Services } from '../services.ts';
import { problems } from '../system/answers.ts';
import { FILE_TYPE, fileRoutes, receiveFile } from '../system/receive-file.ts';
import { IndicatorLists, ListImport, ListOptions, ListPath } from './schema.ts';

/** Largest file that is sent; longer ones are imported from the server's disk. */
const MOST_BYTES = 256 * 1024 * 1024;

/** Lists of indicators: imported, looked at, and removed; each act is audited. */
export function indicatorRoutes(app: App, { indicators, accounts }: Services): void {
  const tags = ['indicators'];
  const access = 'indicators.change';
  const begun = async (job: ListImport, actor: string, options: ListOptions): Promise<ListImport> => {
    const detail = { import: job.id, from: job.from, ...options };
    await accounts.audit.record({ actor, act: 'indicators.import', target: job.list, detail });
    return job;
  };

  app.get(
    '/api/v1/indicators',
    {
      config: { access: 'indicators.read' },
      schema: { tags, response: { 200: IndicatorLists, ...problems(401, 403, 429) } },
    },
    async (request) => {
      provincial(request.signedIn().identity);
      return indicators.lists();
    },
  );

  app.post(
    '/api/v1/indicators/imports',
    {
      config: { access },
      schema: {
        tags,
        description: 'Imports a list from a file on the server’s own disk: STIX 2.1, a MISP export, or CSV.',
        body: ListPath,
        response: { 202: ListImport, ...problems(400, 401, 403, 429) },
      },
    },
    async (request, reply) => {
      const { identity } = request.signedIn();
      if (identity.kind !== 'local')
        throw new HaidangError(
          'HD_FORBIDDEN',
          'Paths of the server are read by "haidang indicators import" alone; send a file.',
        );
      const { path, ...options } = request.body;
      const job = indicators.start({ options, path, from: path, by: identity.name, discard: false });
      return reply.code(202).send(await begun(job, identity.name, options));
    },
  );

  fileRoutes(app, (scope) => {
    scope.post(
      '/api/v1/indicators/imports/file',
      {
        config: { access },
        schema: {
          tags,
          description: 'Imports a list from a file that is sent: STIX 2.1, a MISP export, or CSV.',
          consumes: [FILE_TYPE],
          querystring: ListOptions,
          response: { 202: ListImport, ...problems(400, 401, 403, 429) },
        },
      },
      async (request, reply) => {
        const identity = provincial(request.signedIn().identity);
        const options = request.query;
        const path = await receiveFile(request.body, indicators.folder, MOST_BYTES);
        try {
          const job = indicators.start({ options, path, from: options.name, by: identity.name, discard: true });
          return await reply.code(202).send(await begun(job, identity.name, options));
        } catch (error) {
          await rm(path, { force: true });
          throw error;
        }
      },
    );
  });

  app.get(
    '/api/v1/indicators/imports/current',
    { config: { access }, schema: { tags, response: { 200: ListImport, ...problems(401, 403, 404, 429) } } },
    async (request) => {
      provincial(request.signedIn().identity);
      const job = indicators.job();
      if (job) return job;
      throw new HaidangError('HD_NOT_FOUND', 'No list was imported since the server started.');
    },
  );

  app.post(
    '/api/v1/indicators/imports/current/cancel',
    { config: { access }, schema: { tags, response: { 200: ListImport, ...problems(401, 403, 404, 429) } } },
    async (request) => {
      const identity = provincial(request.signedIn().identity);
      const job = await indicators.cancel();
      if (!job) throw new HaidangError('HD_NOT_FOUND', 'There is no import to cancel.');
      const detail = { import: job.id };
      await accounts.audit.record({ actor: identity.name, act: 'indicators.import.cancel', target: job.list, detail });
      return job;
    },
  );

  app.delete(
    '/api/v1/indicators/:id',
    {
      config: { access },
      schema: {
        tags,
        params: Type.Object({ id: Type.String({ pattern: '^[a-z0-9][a-z0-9-]{0,47}$' }) }),
        response: { 204: Type.Null(), ...problems(400, 401, 403, 404, 429, 503) },
      },
    },
    async (request, reply) => {
      const identity = provincial(request.signedIn().identity);
      const { id } = request.params;
      const { name, count } = await indicators.remove(id, identity.name);
      await accounts.audit.record({
        actor: identity.name,
        act: 'indicators.remove',
        target: id,
        detail: { name, count },
      });
      return reply.code(204).send(null);
    },
  );
}

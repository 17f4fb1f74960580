import { rm } from 'node:fs/promises';
import { Type } from 'typebox';
import { HaidangError } from '../errors.ts';
import type { Identity } from '../identity.ts';
import type { App, Services } from '../services.ts';
import type { RecordFilter } from '../store/record-store.ts';
import { problems } from '../system/answers.ts';
import { FILE_TYPE, fileRoutes, receiveFile } from '../system/receive-file.ts';
import { MOST_FILE_BYTES } from './record.ts';
import type { StoredRequest } from './requests.ts';
import {
  NewRequest,
  RequestAgain,
  RequestAnswer,
  RequestClosing,
  RequestDetail,
  RequestList,
  RequestListQuery,
} from './schema.ts';
import { requestDetail, requestRows } from './view.ts';

const RequestParams = Type.Object({ id: Type.String({ minLength: 1, maxLength: 100 }) });
const STATES = ['asked', 'read', 'overdue', 'answered', 'closed'];

/** Questions to agencies: the list, one request, asking, answering, files, closing. */
export function requestRoutes(app: App, services: Services): void {
  const { requests, incidents } = services;
  const tags = ['requests'];
  const shown = (identity: Identity, found: StoredRequest) => requestDetail(identity, found, services);

  app.get(
    '/api/v1/requests',
    {
      config: { access: 'requests.read' },
      schema: { tags, querystring: RequestListQuery, response: { 200: RequestList, ...problems(400, 401, 404) } },
    },
    async (request) => {
      const { identity } = request.signedIn();
      const { limit = 100, after } = request.query;
      const where = await requestFilter(identity, request.query);
      const [page, total] = await Promise.all([
        requests.list(identity, { where, limit, ...(after === undefined ? {} : { after }) }),
        requests.count(identity, where),
      ]);
      return { requests: await requestRows(identity, page.records, services), next: page.next, total };
    },
  );

  app.post(
    '/api/v1/requests',
    {
      config: { access: 'requests.ask' },
      schema: { tags, body: NewRequest, response: { 201: RequestDetail, ...problems(400, 401, 403, 404, 429) } },
    },
    async (request, reply) => {
      const { identity } = request.signedIn();
      return reply.code(201).send(await shown(identity, await requests.ask(identity, request.body)));
    },
  );

  app.get(
    '/api/v1/requests/:id',
    {
      config: { access: 'requests.read' },
      schema: { tags, params: RequestParams, response: { 200: RequestDetail, ...problems(400, 401, 404) } },
    },
    async (request) => {
      const { identity } = request.signedIn();
      return shown(identity, await requests.get(identity, request.params.id));
    },
  );

  app.post(
    '/api/v1/requests/:id/read',
    {
      config: { access: 'requests.answer' },
      schema: {
        tags,
        description: 'Says that it was opened; it counts where somebody of the agency does so, the first time.',
        params: RequestParams,
        response: { 200: RequestDetail, ...problems(400, 401, 403, 404, 429) },
      },
    },
    async (request) => {
      const { identity } = request.signedIn();
      return shown(identity, await requests.read(identity, request.params.id));
    },
  );

  app.post(
    '/api/v1/requests/:id/answer',
    {
      config: { access: 'requests.answer' },
      schema: {
        tags,
        params: RequestParams,
        body: RequestAnswer,
        response: { 200: RequestDetail, ...problems(400, 401, 403, 404, 409, 429) },
      },
    },
    async (request) => {
      const { identity } = request.signedIn();
      return shown(identity, await requests.answer(identity, request.params.id, request.body.text));
    },
  );

  for (const [path, body, act] of [
    ['again', RequestAgain, requests.again],
    ['close', RequestClosing, (who: Identity, id: string, { note }: { note: string }) => requests.close(who, id, note)],
  ] as const)
    app.post(
      `/api/v1/requests/:id/${path}`,
      {
        config: { access: 'requests.ask' },
        schema: {
          tags,
          params: RequestParams,
          body,
          response: { 200: RequestDetail, ...problems(400, 401, 403, 404, 409, 429) },
        },
      },
      async (request) => {
        const { identity } = request.signedIn();
        return shown(identity, await act(identity, request.params.id, request.body as never));
      },
    );

  fileRoutes(app, (scope) => {
    scope.post(
      '/api/v1/requests/:id/files',
      {
        config: { access: 'requests.answer' },
        schema: {
          tags,
          description: 'Adds a file to the answer; its name is in the query. It becomes evidence of the incident.',
          consumes: [FILE_TYPE],
          params: RequestParams,
          querystring: Type.Object({ name: Type.String({ minLength: 1, maxLength: 255 }) }),
          response: { 201: RequestDetail, ...problems(400, 401, 403, 404, 409, 429) },
        },
      },
      async (request, reply) => {
        const { identity } = request.signedIn();
        const { id } = request.params;
        const announced = Number(request.headers['content-length'] ?? 0);
        await requests.mayAddFile(identity, id, announced);
        if (announced > MOST_FILE_BYTES)
          throw new HaidangError('HD_TOO_LARGE', `A file of an answer has at most ${MOST_FILE_BYTES} bytes.`);
        const path = await receiveFile(request.body, incidents.files.incoming, MOST_FILE_BYTES);
        try {
          const changed = await requests.addFile(identity, id, { path, name: request.query.name });
          return await reply.code(201).send(await shown(identity, changed));
        } finally {
          await rm(path, { force: true });
        }
      },
    );
  });

  app.get(
    '/api/v1/requests/:id/files/:file',
    {
      config: { access: 'requests.answer' },
      schema: {
        tags,
        description: 'The bytes of a file; reading them is written into its chain of custody.',
        params: Type.Object({ ...RequestParams.properties, file: Type.String({ minLength: 1, maxLength: 100 }) }),
        response: {
          200: { description: 'The bytes', content: { [FILE_TYPE]: { schema: Type.String({ format: 'binary' }) } } },
          ...problems(400, 401, 403, 404, 409, 413, 429),
        },
      },
    },
    async (request, reply) => {
      const { identity } = request.signedIn();
      const { file, bytes } = await requests.readFile(identity, request.params.id, request.params.file);
      // Never shown by the browser: what came may be what attacked.
      reply.header('content-disposition', `attachment; filename*=UTF-8''${encodeURIComponent(file.name)}`);
      reply.header('content-security-policy', 'sandbox');
      return reply
        .type(FILE_TYPE)
        .serializer((whole: unknown) => whole as string)
        .send(bytes as unknown as string);
    },
  );

  /** The record filter of a list query. @throws HaidangError `HD_BAD_REQUEST`, `HD_NOT_FOUND` */
  async function requestFilter(
    identity: Identity,
    query: { state?: string; incident?: string; alert?: string; agency?: string },
  ): Promise<NonNullable<RecordFilter['where']>> {
    const states = query.state ? query.state.split(',').map((one) => one.trim()) : STATES;
    const wrong = states.find((one) => !STATES.includes(one));
    if (wrong !== undefined)
      throw new HaidangError('HD_BAD_REQUEST', `"${wrong.slice(0, 50)}" is no state; there are ${STATES.join(', ')}.`);
    const { alert, agency } = query;
    // What was asked about an incident that was merged into this one is this one's too.
    const incident = query.incident ? await incidents.get(identity, query.incident) : undefined;
    const all = incident && [incident.id, ...incident.document.merged.map(({ id }) => id)];
    return {
      state: states,
      ...(all ? { incident: all } : {}),
      ...(alert ? { alert: [alert] } : {}),
      ...(agency ? { agency: [agency] } : {}),
    };
  }
}

import { Type } from 'typebox';
import { HaidangError } from '../errors.ts';
import type { Identity } from '../identity.ts';
import type { App, Services } from '../services.ts';
import { problems } from '../system/answers.ts';
import { FILE_TYPE } from '../system/receive-file.ts';
import { archiveOf } from './channels/archive.ts';
import * as S from './schema.ts';
import type { StoredSharing, VersionName } from './share-records.ts';
import type { Sharing } from './sharing.ts';
import { recipientRow, sharingRows, sharingSetup, versionDetail } from './view.ts';

const Incident = Type.String({ minLength: 1, maxLength: 100 });
const IncidentParams = Type.Object({ id: Incident });
const RecipientParams = Type.Object({ id: Incident, recipient: Type.String({ minLength: 1, maxLength: 64 }) });
const VersionParams = Type.Object({
  ...RecipientParams.properties,
  number: Type.String({ pattern: '^[1-9]\\d{0,5}$', description: 'Number of the version' }),
});

/** What leaves to others: the preview, who asks and who decides, the outbox, receipts. */
export function sharingRoutes(app: App, services: Services, sharing: Sharing): void {
  const { records, incidents } = services;
  const { shares } = sharing;
  const tags = ['sharing'];
  const errors = problems(400, 401, 403, 404, 409, 429, 503);

  const rowOf = async (identity: Identity, stored: StoredSharing) => {
    const [row] = await sharingRows([stored], sharing, records.as(identity));
    if (row) return row;
    throw new HaidangError('HD_NOT_FOUND', 'The incident is not there any more, or not yours to see.');
  };
  const nameOf = ({ id, recipient, number }: { id: string; recipient: string; number: string }): VersionName => {
    return { incident: id, recipient, number: Number(number) };
  };

  app.get(
    '/api/v1/sharing/recipients',
    { config: { access: 'sharing.read' }, schema: { tags, response: { 200: S.SharingSetup, ...errors } } },
    async (request) => {
      whole(request.signedIn().identity);
      return sharingSetup(sharing);
    },
  );

  app.get(
    '/api/v1/sharing',
    {
      config: { access: 'sharing.read' },
      schema: { tags, querystring: S.SharingQuery, response: { 200: S.SharingList, ...errors } },
    },
    async (request) => {
      const view = records.as(whole(request.signedIn().identity));
      const { show = 'all', limit = 100, after } = request.query;
      const page = await view.find('sharing', {
        ...(show === 'all' ? {} : { where: { [show]: [1] } }),
        orderBy: { field: 'updatedAt', descending: true },
        limit,
        ...(after === undefined ? {} : { after }),
      });
      const count = (flag: string) => view.count('sharing', { where: { [flag]: [1] } });
      const [asked, due, dead, review] = await Promise.all([
        count('asked'),
        count('due'),
        count('dead'),
        count('review'),
      ]);
      const counts = { asked, due, dead, review };
      return { shares: await sharingRows(page.records, sharing, view), next: page.next, counts };
    },
  );

  app.get(
    '/api/v1/incidents/:id/sharing',
    {
      config: { access: 'sharing.read' },
      schema: { tags, params: IncidentParams, response: { 200: S.IncidentSharing, ...errors } },
    },
    async (request) => {
      const identity = whole(request.signedIn().identity);
      const { id } = request.params;
      await incidents.get(identity, id);
      const found = await shares.ofIncident(id);
      return {
        recipients: sharing.settings.recipients.map(recipientRow),
        shares: await sharingRows(found, sharing, records.as(identity)),
      };
    },
  );

  app.get(
    '/api/v1/incidents/:id/sharing/:recipient/preview',
    {
      config: { access: 'sharing.read' },
      schema: {
        tags,
        description: 'What would leave now, byte for byte, and what is cut and why.',
        params: RecipientParams,
        querystring: Type.Object({ minimal: Type.Optional(Type.Boolean({ default: false })) }),
        response: { 200: S.SharePreview, ...errors },
      },
    },
    async (request) => {
      const identity = whole(request.signedIn().identity);
      const { id, recipient } = request.params;
      const made = await shares.preview(identity, id, recipient, request.query.minimal ?? false);
      const { number, revision, sha256, minimal, blocked, body, objects, withheld, texts } = made;
      const bytes = Buffer.byteLength(body);
      return {
        ...{ number, version: revision, sha256, minimal, blocked, body, bytes, objects: objects.length },
        withheld: [...withheld],
        texts: texts.map((one) => ({ ...one, cuts: [...one.cuts] })),
      };
    },
  );

  app.post(
    '/api/v1/incidents/:id/sharing',
    {
      config: { access: 'incidents.work' },
      schema: {
        tags,
        description: 'Freezes what was previewed and asks for a decision by another person.',
        params: IncidentParams,
        body: S.RequestShare,
        response: { 201: S.SharingRow, ...errors },
      },
    },
    async (request, reply) => {
      const identity = whole(request.signedIn().identity);
      const stored = await shares.request(identity, request.params.id, request.body);
      return reply.code(201).send(await rowOf(identity, stored));
    },
  );

  app.get(
    '/api/v1/incidents/:id/sharing/:recipient/versions/:number',
    {
      config: { access: 'sharing.read' },
      schema: { tags, params: VersionParams, response: { 200: S.VersionDetail, ...errors } },
    },
    async (request) => {
      const identity = whole(request.signedIn().identity);
      return versionDetail(nameOf(request.params), { sharing, view: records.as(identity), identity });
    },
  );

  app.get(
    '/api/v1/incidents/:id/sharing/:recipient/versions/:number/archive',
    {
      config: { access: 'sharing.manage' },
      schema: {
        tags,
        description: 'The version as a signed archive, to be carried by hand; only once it was decided.',
        params: VersionParams,
        response: {
          200: { description: 'A ZIP file', content: { [FILE_TYPE]: { schema: Type.String({ format: 'binary' }) } } },
          ...errors,
        },
      },
    },
    async (request, reply) => {
      const identity = whole(request.signedIn().identity);
      const name = nameOf(request.params);
      const { body, signature, version } = await versionDetail(name, {
        sharing,
        view: records.as(identity),
        identity,
      });
      if (signature === null)
        throw new HaidangError('HD_SHARING_BLOCKED', 'Nobody has decided that this version may leave.');
      const bytes = archiveOf({ ...name, body, signature, sha256: version.sha256 }, sharing.key);
      const detail = { recipient: name.recipient, version: name.number };
      await services.accounts.audit.record({
        actor: identity.name,
        act: 'sharing.archive',
        target: name.incident,
        detail,
      });
      const file = `${name.incident}-${name.recipient}-v${name.number}.zip`;
      reply.header('content-disposition', `attachment; filename="${file.replaceAll(/[^\w.-]/g, '_')}"`);
      return reply
        .type(FILE_TYPE)
        .serializer((all: unknown) => all as string)
        .send(bytes as unknown as string);
    },
  );

  const acts = [
    ['approve', 'incidents.approve', S.ApproveShare],
    ['release', 'incidents.approve', S.ReleaseShare],
    ['refuse', 'incidents.approve', S.RefuseShare],
    ['withdraw', 'incidents.work', S.RefuseShare],
    ['review', 'incidents.approve', S.ReviewShare],
    ['resend', 'sharing.manage', Type.Object({}, { additionalProperties: false })],
    ['receipt', 'sharing.manage', S.ReceiveShare],
  ] as const;
  type ActBody = { readonly sha256: string; readonly reason: string; readonly note: string; readonly text: string };
  const perform = (act: (typeof acts)[number][0], identity: Identity, name: VersionName, body: ActBody) => {
    switch (act) {
      case 'approve':
        return shares.approve(identity, name, body.sha256);
      case 'release':
        return shares.releaseAlone(identity, name, body.sha256, body.reason);
      case 'refuse':
        return shares.refuse(identity, name, body.reason);
      case 'withdraw':
        return shares.withdraw(identity, name, body.reason);
      case 'review':
        return shares.review(identity, name, body.note);
      case 'resend':
        return shares.resend(identity, name);
      case 'receipt':
        return shares.receive(identity, name, body.text);
    }
  };
  for (const [act, access, body] of acts)
    app.post(
      `/api/v1/incidents/:id/sharing/:recipient/versions/:number/${act}`,
      {
        config: { access },
        schema: { tags, params: VersionParams, body, response: { 200: S.SharingRow, ...errors } },
      },
      async (request) => {
        const identity = whole(request.signedIn().identity);
        const stored = await perform(act, identity, nameOf(request.params as never), request.body as ActBody);
        return rowOf(identity, stored);
      },
    );
}

/** What leaves the province is the province's: an account of some agencies alone has no part in it. @throws HaidangError `HD_FORBIDDEN` */
function whole(identity: Identity): Identity {
  if (identity.agencies === 'all') return identity;
  throw new HaidangError('HD_FORBIDDEN', 'What leaves the province belongs to accounts that see all agencies.');
}

import { Type } from 'typebox';
import { HaidangError } from '../errors.ts';
import type { Identity } from '../identity.ts';
import type { App, Services } from '../services.ts';
import { problems } from '../system/answers.ts';
import { openAssetBook } from './book.ts';
import { Asset, Assets, NewAsset } from './schema.ts';

/** The list of assets whose level raises or lowers the severity of alerts. */
export function assetRoutes(app: App, { records, agencies, accounts, live }: Services): void {
  const tags = ['assets'];
  const book = openAssetBook(records);

  app.get(
    '/api/v1/assets',
    { config: { access: 'assets.read' }, schema: { tags, response: { 200: Assets, ...problems(401) } } },
    async (request) => {
      const { identity } = request.signedIn();
      return { assets: (await book.all()).filter(({ agency }) => maySee(identity, agency)).map((one) => ({ ...one })) };
    },
  );

  app.post(
    '/api/v1/assets',
    {
      config: { access: 'assets.change' },
      schema: { tags, body: NewAsset, response: { 200: Asset, ...problems(400, 401, 403, 404, 429) } },
    },
    async (request) => {
      const { identity } = request.signedIn();
      const asset = request.body;
      const agency = asset.kind === 'agency' ? asset.value : asset.agency;
      mustSee(identity, agency);
      if (agency !== null && !(await agencies.all()).has(agency))
        throw new HaidangError('HD_NOT_FOUND', `There is no agency "${agency}".`);
      const made = await book.add(asset);
      const { id, level } = made;
      await accounts.audit.record({ actor: identity.name, act: 'asset.set', target: id, detail: { level } });
      if ((await book.reweigh()) > 0) live.wake();
      return made;
    },
  );

  app.delete(
    '/api/v1/assets/:id',
    {
      config: { access: 'assets.change' },
      schema: {
        tags,
        params: Type.Object({ id: Type.String({ minLength: 1, maxLength: 400 }) }),
        response: { 204: Type.Null(), ...problems(400, 401, 403, 404, 429) },
      },
    },
    async (request, reply) => {
      const { identity } = request.signedIn();
      const { id } = request.params;
      const asset = (await book.all()).find((one) => one.id === id);
      if (!asset || !maySee(identity, asset.agency))
        throw new HaidangError('HD_NOT_FOUND', `There is no asset "${id.slice(0, 100)}".`);
      await book.remove(id);
      await accounts.audit.record({ actor: identity.name, act: 'asset.remove', target: id, detail: {} });
      if ((await book.reweigh()) > 0) live.wake();
      return reply.code(204).send(null);
    },
  );
}

/** What counts for every agency is for those to see who see every agency. */
function maySee({ agencies }: Identity, agency: string | null): boolean {
  return agencies === 'all' || (agency !== null && (agencies as readonly string[]).includes(agency));
}

function mustSee(identity: Identity, agency: string | null): void {
  if (!maySee(identity, agency))
    throw new HaidangError('HD_FORBIDDEN', 'Your account is bound to other agencies; name one of yours.');
}

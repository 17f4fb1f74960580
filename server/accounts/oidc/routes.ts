import type { FastifyReply } from 'fastify';
import { Type } from 'typebox';
import { HaidangError } from '../../errors.ts';
import type { App, Services } from '../../services.ts';
import { problems } from '../../system/answers.ts';
import { clientOf } from '../client.ts';
import { readCookie, setCookie } from '../cookie.ts';
import { SignInWays } from '../schema.ts';
import { tokenHash } from '../sessions.ts';
import { FLOW_MS } from './sign-in.ts';

const COOKIE = 'haidang_sign_in';
const PATH = '/api/v1/sign-in';
const LIMIT = { max: 30, timeWindow: 60_000, groupId: 'provider' };
const MOVED = { 302: Type.Null() };

/** Signing in at the provider: out to it, and back with a session. */
export function providerRoutes(app: App, { accounts, settings, log }: Services): void {
  const tags = ['accounts'];
  const { provider } = accounts;
  // The way back is from another site: a strict cookie would stay at home.
  const kept = { path: PATH, httpOnly: true, sameSite: 'lax', secure: settings.secureCookies } as const;

  app.get(
    PATH,
    { config: { access: 'public' }, schema: { tags, response: { 200: SignInWays, ...problems(403, 429) } } },
    async () => ({ provider: provider ? { label: provider.label } : null }),
  );

  app.get(
    `${PATH}/start`,
    {
      config: { access: 'public', rateLimit: LIMIT },
      schema: { tags, response: { ...MOVED, ...problems(403, 404, 429) } },
    },
    async (_request, reply) => {
      if (!provider) throw new HaidangError('HD_NOT_FOUND', 'No provider of sign-ins is configured.');
      try {
        const begun = await provider.begin();
        reply.setCookie(COOKIE, begun.kept, { ...kept, maxAge: FLOW_MS / 1000 });
        return moved(reply, begun.address);
      } catch (error) {
        return moved(reply, back(error));
      }
    },
  );

  app.get(
    `${PATH}/return`,
    {
      config: { access: 'public', rateLimit: LIMIT },
      schema: {
        tags,
        // Providers add parameters of their own; the library reads those it knows.
        querystring: Type.Object(
          {
            code: Type.Optional(Type.String({ maxLength: 8_000 })),
            state: Type.Optional(Type.String({ maxLength: 8_000 })),
            error: Type.Optional(Type.String({ maxLength: 8_000 })),
          },
          { additionalProperties: true },
        ),
        response: { ...MOVED, ...problems(400, 403, 404, 429) },
      },
    },
    async (request, reply) => {
      if (!provider) throw new HaidangError('HD_NOT_FOUND', 'No provider of sign-ins is configured.');
      reply.clearCookie(COOKIE, kept);
      try {
        const query = new URLSearchParams(request.url.split('?')[1] ?? '');
        const flow = request.cookies[COOKIE] ?? '';
        const { token, signedIn } = await provider.finish(query, flow.slice(0, 2_000), clientOf(request));
        const old = readCookie(request, settings.secureCookies);
        if (old !== undefined) await accounts.sessions.end(tokenHash(old));
        setCookie(reply, token, settings.secureCookies, signedIn.expires);
        return moved(reply, '/');
      } catch (error) {
        return moved(reply, back(error));
      }
    },
  );

  /** A person sits before it: the console says what went wrong, and how to go on. */
  function back(error: unknown): string {
    if (!(error instanceof HaidangError)) log.error({ err: error }, 'a sign-in at the provider failed');
    // The code alone: a link must not be able to put words of a stranger on the sign-in page. Why is in the audit log.
    return `/?problem=${error instanceof HaidangError ? error.code : 'HD_INTERNAL'}`;
  }
}

function moved(reply: FastifyReply, address: string): FastifyReply {
  return reply.code(302).header('location', address).send(null);
}

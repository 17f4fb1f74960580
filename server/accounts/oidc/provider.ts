import { readFile } from 'node:fs/promises';
import type { Configuration, ServerMetadata } from 'openid-client';
import { HaidangError } from '../../errors.ts';
import type { Log } from '../../log.ts';
import { namedIn, type OutboundPolicy, outsideFetch } from '../../system/outbound.ts';
import type { OidcSettings } from './settings.ts';

/** Loaded with the first sign-in: most servers have no provider. */
const library = () => import('openid-client');

const TIMEOUT_SECONDS = 10;
/** Metadata, keys and claims are small. */
const MOST_BYTES = 1024 * 1024;

/** What is kept of a sign-in that was begun, until the browser comes back. */
export interface Flow {
  readonly state: string;
  readonly nonce: string;
  readonly verifier: string;
}

/** What the provider says of whoever signed in, checked. */
export interface Person {
  readonly subject: string;
  readonly name: string;
  readonly displayName: string;
  readonly groups: readonly string[];
  /** The provider asked for a second factor. */
  readonly strong: boolean;
  /** When they signed in there, milliseconds; undefined where the provider does not say. */
  readonly signedInAt: number | undefined;
}

/** A provider of OpenID Connect: authorization code with PKCE (RFC 7636), state and nonce. */
export interface Provider {
  /** Where to send the browser. @throws HaidangError `HD_OIDC_DOWN` */
  begin(): Promise<{ readonly address: string; readonly flow: Flow }>;
  /** Takes the code that the browser brought back. @throws HaidangError `HD_OIDC_REFUSED`, `HD_OIDC_DOWN` */
  finish(query: URLSearchParams, flow: Flow): Promise<Person>;
  /** Where a browser signs out at the provider; undefined where the provider knows no such thing, or was not asked yet. */
  signOutAddress(): string | undefined;
}

/** Path to which the provider sends the browser back. */
export const RETURN_PATH = '/api/v1/sign-in/return';

/** A provider; nothing is asked of it before somebody signs in, so that the server starts without it. */
export function openProvider(
  settings: OidcSettings,
  log: Log,
  outbound: OutboundPolicy = { allowPrivate: [] },
): Provider {
  let found: Configuration | undefined;
  // What the provider's own document names (token and key addresses) is asked under the same policy as the provider.
  const ask = outsideFetch(namedIn(outbound, [settings.issuer]), {
    timeoutMs: TIMEOUT_SECONDS * 1000,
    maxBytes: MOST_BYTES,
  });
  const returnAddress = settings.console + RETURN_PATH;

  async function configuration(): Promise<Configuration> {
    if (found) return found;
    const client = await library();
    const { discovery, Configuration, ClientSecretPost, None, allowInsecureRequests } = client;
    const issuer = new URL(settings.issuer);
    const { clientSecretFile, metadataFile, clientId } = settings;
    const secret = clientSecretFile === undefined ? undefined : await firstLine(clientSecretFile);
    const authentication = secret === undefined ? None() : ClientSecretPost(secret);
    // Only this machine's own addresses may be http (`settings.ts`).
    const insecure = issuer.protocol === 'http:' ? [allowInsecureRequests] : [];
    if (metadataFile === undefined) {
      found = await discovery(issuer, clientId, undefined, authentication, {
        execute: insecure,
        timeout: TIMEOUT_SECONDS,
        [client.customFetch]: ask,
      });
    } else {
      const metadata = JSON.parse(await readFile(metadataFile, 'utf8')) as ServerMetadata;
      if (metadata.issuer !== settings.issuer)
        throw new Error(`${metadataFile} is of another issuer than "oidc.issuer".`);
      found = new Configuration(metadata, clientId, undefined, authentication);
      found.timeout = TIMEOUT_SECONDS;
      found[client.customFetch] = ask;
      for (const change of insecure) change(found);
    }
    return found;
  }

  async function reached(): Promise<Configuration> {
    return configuration().catch((err: unknown) => {
      log.warn({ err, issuer: settings.issuer }, 'The provider of sign-ins cannot be used.');
      throw new HaidangError('HD_OIDC_DOWN', 'The provider does not answer as it should; the server log says more.');
    });
  }

  return {
    async begin() {
      const config = await reached();
      const { buildAuthorizationUrl, calculatePKCECodeChallenge, randomNonce, randomPKCECodeVerifier, randomState } =
        await library();
      const flow = { state: randomState(), nonce: randomNonce(), verifier: randomPKCECodeVerifier() };
      const address = buildAuthorizationUrl(config, {
        redirect_uri: returnAddress,
        scope: settings.scopes,
        state: flow.state,
        nonce: flow.nonce,
        code_challenge: await calculatePKCECodeChallenge(flow.verifier),
        code_challenge_method: 'S256',
        ...(settings.maxAgeMs === undefined ? {} : { max_age: String(secondsOf(settings.maxAgeMs)) }),
      });
      return { address: address.href, flow };
    },
    async finish(query, { state, nonce, verifier }) {
      const config = await reached();
      const { authorizationCodeGrant, fetchUserInfo } = await library();
      const current = new URL(`${returnAddress}?${query}`);
      const checks = {
        expectedState: state,
        expectedNonce: nonce,
        pkceCodeVerifier: verifier,
        idTokenExpected: true,
        // With it the library also asks for `auth_time` in the ID token.
        ...(settings.maxAgeMs === undefined ? {} : { maxAge: secondsOf(settings.maxAgeMs) }),
      };
      try {
        const tokens = await authorizationCodeGrant(config, current, checks);
        const claims = tokens.claims();
        if (!claims) throw new Error('no ID token');
        // Some providers put names and groups into the ID token, others tell them when asked.
        const isAsked = claims[settings.userClaim] === undefined || claims[settings.groupsClaim] === undefined;
        const canAsk = config.serverMetadata().userinfo_endpoint !== undefined;
        const more = isAsked && canAsk ? await fetchUserInfo(config, tokens.access_token, claims.sub) : {};
        return personOf({ ...more, ...claims }, claims.sub, settings);
      } catch (err) {
        // Codes, tokens and claims stay out of the log.
        const { name, code } = err as { name?: unknown; code?: unknown };
        log.warn({ issuer: settings.issuer, name, code }, 'A sign-in at the provider did not come to its end.');
        throw new HaidangError(
          'HD_OIDC_REFUSED',
          'The sign-in at the provider was cancelled, is too old, or cannot be trusted.',
        );
      }
    },
    signOutAddress() {
      const endpoint = found?.serverMetadata().end_session_endpoint;
      if (endpoint === undefined) return undefined;
      const address = new URL(endpoint);
      address.searchParams.set('client_id', settings.clientId);
      address.searchParams.set('post_logout_redirect_uri', `${settings.console}/`);
      return address.href;
    },
  };
}

/** What is used of the claims; each is text of bounded length whatever the provider sends. */
function personOf(claims: Readonly<Record<string, unknown>>, subject: string, settings: OidcSettings): Person {
  const name = textOf(claims[settings.userClaim]).toLowerCase();
  const groups = claims[settings.groupsClaim];
  const said = [...(Array.isArray(claims['amr']) ? claims['amr'] : []), claims['acr']].map(textOf);
  return {
    subject,
    name,
    displayName: textOf(claims['name']).slice(0, 100) || name,
    groups: (Array.isArray(groups) ? groups : [groups]).slice(0, 1000).map(textOf).filter(Boolean),
    signedInAt: typeof claims['auth_time'] === 'number' ? claims['auth_time'] * 1000 : undefined,
    strong: said.some((value) => value !== '' && settings.mfa.includes(value)),
  };
}

function secondsOf(milliseconds: number): number {
  return Math.round(milliseconds / 1000);
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value.slice(0, 300) : '';
}

async function firstLine(path: string): Promise<string> {
  const [line = ''] = (await readFile(path, 'utf8')).split(/\r?\n/, 1);
  if (line === '') throw new Error(`${path} has no secret in its first line.`);
  return line;
}

import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import Provider, { type Configuration } from 'oidc-provider';

/** Who somebody is at the provider. */
export interface Person {
  readonly sub: string;
  readonly preferred_username: string;
  readonly name: string;
  readonly groups: readonly string[];
  /** What the provider says of how they signed in. */
  readonly amr?: readonly string[];
}

/**
 * A real provider of OpenID Connect on the loopback. Whoever is in `person` signs in without being asked anything; with pages, its own ask
 * for a name, and who that is stands in `people`.
 */
export interface TestProvider {
  readonly issuer: string;
  person: Person;
  readonly people: Map<string, Person>;
  close(): Promise<void>;
}

export const CLIENT_ID = 'haidang';
export const CLIENT_SECRET = 'a secret of the client alone';

/** Starts it; `console` is where browsers are sent back. `pages`: a person signs in on the provider's own. */
export async function startProvider(console: string, pages = false): Promise<TestProvider> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const state: TestProvider = {
    issuer,
    person: { sub: 'sub-lan', preferred_username: 'lan', name: 'Nguyễn Thị Lan', groups: [] },
    people: new Map(),
    close: () => closed(server),
  };
  const configuration: Configuration = {
    clients: [
      {
        client_id: CLIENT_ID,
        client_secret: CLIENT_SECRET,
        redirect_uris: [`${console}/api/v1/sign-in/return`],
        post_logout_redirect_uris: [`${console}/`],
        token_endpoint_auth_method: 'client_secret_post',
        response_types: ['code'],
        grant_types: ['authorization_code'],
      },
    ],
    pkce: { required: () => true },
    scopes: ['openid', 'profile'],
    claims: { openid: ['sub', 'amr', 'acr'], profile: ['preferred_username', 'name', 'groups'] },
    conformIdTokenClaims: false,
    cookies: { keys: ['a key for cookies'] },
    features: { devInteractions: { enabled: pages }, rpInitiatedLogout: { enabled: true } },
    ...(pages ? {} : { interactions: { url: (_context, interaction) => `/interaction/${interaction.uid}` } }),
    findAccount: (_context, id) => ({
      accountId: id,
      claims: async () => ({ ...(pages ? (state.people.get(id) ?? { sub: id }) : state.person) }),
    }),
    renderError: (context, _out, error) => {
      context.body = String(error);
    },
  };
  const provider = new Provider(issuer, configuration);
  // In place of the page on which a person would sign in and consent.
  server.on('request', (request, response) => {
    if (pages || !request.url?.startsWith('/interaction/')) return void provider.callback()(request, response);
    void (async () => {
      const { params, prompt, session } = await provider.interactionDetails(request, response);
      if (prompt.name === 'login') {
        const { sub, amr } = state.person;
        const login = { accountId: sub, remember: false, ...(amr ? { amr: [...amr] } : {}) };
        return provider.interactionFinished(request, response, { login });
      }
      const grant = new provider.Grant({ accountId: session?.accountId ?? '', clientId: String(params['client_id']) });
      grant.addOIDCScope('openid profile');
      grant.addOIDCClaims(['groups', 'preferred_username', 'name', 'amr', 'acr']);
      return provider.interactionFinished(request, response, { consent: { grantId: await grant.save() } });
    })().catch((error: unknown) => response.writeHead(500).end(String(error)));
  });
  return state;
}

function closed(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((done) => server.close(() => done()));
}

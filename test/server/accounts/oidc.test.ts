import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openAccounts } from '../../../server/accounts/accounts.ts';
import { openProvider } from '../../../server/accounts/oidc/provider.ts';
import { groupRules, type OidcSettings, webAddress, words } from '../../../server/accounts/oidc/settings.ts';
import { loadConfig } from '../../../server/config.ts';
import { SYSTEM } from '../../../server/identity.ts';
import { type Bench, openBench } from '../api/harness.ts';
import { CLIENT_ID, CLIENT_SECRET, startProvider, type TestProvider } from './oidc-provider.ts';

const CONSOLE = 'http://127.0.0.1:8080';
const silent = pino({ level: 'silent' });
let folder = '';
let provider: TestProvider;
let bench: Bench;
let settings: OidcSettings;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'haidang-oidc-'));
  await writeFile(join(folder, 'secret'), `${CLIENT_SECRET}\n`);
  provider = await startProvider(CONSOLE);
  settings = {
    issuer: provider.issuer,
    clientId: CLIENT_ID,
    clientSecretFile: join(folder, 'secret'),
    console: CONSOLE,
    label: 'Tài khoản công vụ',
    scopes: 'openid profile',
    userClaim: 'preferred_username',
    groupsClaim: 'groups',
    groups: groupRules([
      { group: 'soc-chief', role: 'administrator', create: true },
      { group: 'soc-one', role: 'analyst', agencies: ['one'], create: true },
      { group: 'soc-old', role: 'viewer' },
    ]),
    link: true,
    mfa: ['mfa', 'otp'],
    metadataFile: undefined,
  };
  bench = await openBench({
    oidc: { settings, provider: openProvider(settings, silent) },
    secondFactor: { requiredRoles: ['administrator'], graceDays: 0 },
  });
  await bench.addAgency('one');
}, 60_000);
afterAll(async () => {
  await bench?.close();
  await provider?.close();
  await rm(folder, { recursive: true, force: true });
});
beforeEach(() => {
  provider.person = { sub: 'sub-lan', preferred_username: 'lan', name: 'Nguyễn Thị Lan', groups: ['soc-one', 'khác'] };
});

const HEADERS = { host: '127.0.0.1:8080' };
let asked = 0;
/** Each from an address of its own: sign-ins are limited by address, and these are many people. */
function get(url: string, cookie = '') {
  asked += 1;
  const remoteAddress = `10.0.${Math.floor(asked / 250)}.${(asked % 250) + 1}`;
  return bench.app.inject({ url, headers: { ...HEADERS, cookie }, remoteAddress });
}

/** Cookies of one browser, and what it does at the provider: follows every redirect until one leads back here. */
async function throughProvider(address: string): Promise<string> {
  const jar = new Map<string, string>();
  let url = address;
  for (let hops = 0; hops < 10; hops++) {
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ');
    const answer = await fetch(url, { redirect: 'manual', headers: { cookie } });
    for (const set of answer.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(set) ?? [];
      jar.set(name, value);
    }
    const next = answer.headers.get('location');
    if (next === null) throw new Error(`the provider stopped: ${answer.status} ${(await answer.text()).slice(0, 300)}`);
    url = new URL(next, url).href;
    if (url.startsWith(CONSOLE)) return url.slice(CONSOLE.length);
  }
  throw new Error('the provider sends around in circles');
}

interface Begun {
  readonly back: string;
  readonly cookie: string;
}
async function begin(): Promise<Begun> {
  const answer = await get('/api/v1/sign-in/start');
  expect(answer.statusCode).toBe(302);
  const [kept] = answer.cookies;
  expect(kept).toMatchObject({ name: 'haidang_sign_in', httpOnly: true, sameSite: 'Lax', path: '/api/v1/sign-in' });
  const back = await throughProvider(String(answer.headers.location));
  return { back, cookie: `haidang_sign_in=${kept?.value}` };
}
async function signIn(): Promise<{ location: string; cookie: string }> {
  const { back, cookie } = await begin();
  const answer = await get(back, cookie);
  expect(answer.statusCode).toBe(302);
  const session = answer.cookies.find(({ name, value }) => name === 'haidang_session' && value !== '');
  return { location: String(answer.headers.location), cookie: session ? `haidang_session=${session.value}` : '' };
}
async function refusals(): Promise<string[]> {
  const { records } = await bench.records.as(SYSTEM).find('audit', { limit: 1000 });
  return records.flatMap(({ document }) =>
    document.act === 'session.refused' ? [String(document.detail['why'])] : [],
  );
}

describe('signing in at a provider', () => {
  it('is offered where one is configured', async () => {
    expect((await get('/api/v1/sign-in')).json()).toEqual({ provider: { label: 'Tài khoản công vụ' } });
  });

  it('asks by code with PKCE, state and nonce, and makes an account as the map says', async () => {
    const start = new URL(String((await get('/api/v1/sign-in/start')).headers.location));
    expect(start.origin).toBe(provider.issuer);
    expect(Object.fromEntries(start.searchParams)).toMatchObject({
      response_type: 'code',
      code_challenge_method: 'S256',
      code_challenge: expect.stringMatching(/^[\w-]{43}$/),
      state: expect.stringMatching(/^[\w-]{43}$/),
      nonce: expect.stringMatching(/^[\w-]{43}$/),
    });
    const { location, cookie } = await signIn();
    expect(location).toBe('/');
    const session = (await get('/api/v1/session', cookie)).json();
    expect(session).toMatchObject({ user: 'lan', displayName: 'Nguyễn Thị Lan', role: 'analyst', agencies: ['one'] });
    expect(session.signOutAddress).toContain(`${provider.issuer}/session/end?client_id=haidang`);
    expect(await bench.accounts.users.get('lan')).toMatchObject({ provider: { subject: 'sub-lan' } });
  });

  it('follows the groups: other rights at the next sign-in, and open sessions and tokens with them', async () => {
    const before = await signIn();
    const actor = { kind: 'user', name: 'lan', role: 'analyst', agencies: ['one'] } as never;
    const { token } = await bench.accounts.tokens.create(
      'lan',
      { name: 'x', permissions: ['alerts.read'], days: 1 },
      actor,
    );
    provider.person = { ...provider.person, groups: ['soc-old'] };
    const after = await signIn();
    expect((await get('/api/v1/session', after.cookie)).json()).toMatchObject({ role: 'viewer', agencies: 'all' });
    expect((await get('/api/v1/session', before.cookie)).json()).toMatchObject({ role: 'viewer', agencies: 'all' });
    const headers = { ...HEADERS, authorization: `Bearer ${token}` };
    expect((await bench.app.inject({ url: '/api/v1/session', headers })).statusCode).toBe(401);
  });

  it.each([
    ['of no group in the map', { groups: ['khác'] }, /None of the groups/],
    [
      'unknown here, and not to be made',
      { sub: 's2', preferred_username: 'moi', groups: ['soc-old'] },
      /no account of this name/,
    ],
    ['another person of the same name', { sub: 'another' }, /another person at the provider/],
    ['of a name that is none here', { sub: 's3', preferred_username: '../admin' }, /no user name of the form/],
    ['of no name at all', { sub: 's4', preferred_username: '' }, /no user name of the form/],
  ])('opens nothing to somebody %s', async (_who, change, why) => {
    await signIn();
    provider.person = { ...provider.person, ...change };
    const { location, cookie } = await signIn();
    expect(location).toBe('/?problem=HD_OIDC_REFUSED');
    expect(cookie).toBe('');
    expect((await refusals()).some((text) => why.test(text))).toBe(true);
  });

  it('opens nothing to a locked account', async () => {
    await bench.signIn({ user: 'locked', role: 'viewer' });
    const view = bench.records.as(SYSTEM);
    const found = await view.get('user', 'locked');
    if (found) await view.replace('user', 'locked', { ...found.document, disabled: true }, found.version);
    provider.person = { sub: 's5', preferred_username: 'locked', name: 'x', groups: ['soc-old'] };
    expect((await signIn()).location).toBe('/?problem=HD_OIDC_REFUSED');
  });

  it('takes the provider’s word for a second factor where it says so, and else asks for one here', async () => {
    provider.person = {
      sub: 'sub-chief',
      preferred_username: 'chief',
      name: 'Chỉ huy',
      groups: ['soc-chief'],
      amr: ['pwd'],
    };
    const weak = await signIn();
    expect((await get('/api/v1/sessions', weak.cookie)).json()).toMatchObject({ code: 'HD_SECOND_FACTOR' });
    provider.person = { ...provider.person, amr: ['pwd', 'otp'] };
    const strong = await signIn();
    expect((await get('/api/v1/sessions', strong.cookie)).statusCode).toBe(200);
  });
});

describe('where a sign-in at the provider holds for a while alone', () => {
  it('asks the provider for no older one, and ends the session here with it', async () => {
    const maxAgeMs = 3_600_000;
    const strict = { ...settings, maxAgeMs };
    const { provider: way } = openAccounts({
      records: bench.records,
      folder: bench.folder,
      oidc: { settings: strict, provider: openProvider(strict, silent) },
    });
    const begun = await way?.begin();
    expect(new URL(begun?.address ?? '').searchParams.get('max_age')).toBe('3600');
    const back = await throughProvider(begun?.address ?? '');
    const before = Date.now();
    const client = { address: '10.0.0.1', browser: '' };
    const made = await way?.finish(new URLSearchParams(back.split('?')[1]), begun?.kept ?? '', client);
    // `auth_time` is in whole seconds.
    const left = Date.parse(made?.signedIn.expires ?? '') - before;
    expect(left).toBeLessThanOrEqual(maxAgeMs + 1000);
    expect(left).toBeGreaterThan(maxAgeMs - 600_000);
  });
});

describe('the way back', () => {
  it.each([
    ['without what the browser kept', ({ back }: Begun) => [back, '']],
    ['with what another browser kept', ({ back }: Begun, other: Begun) => [back, other.cookie]],
    ['with another state', ({ back, cookie }: Begun) => [back.replace(/state=[\w-]+/, 'state=forged'), cookie]],
    ['with another code', ({ back, cookie }: Begun) => [back.replace(/code=[\w-]+/, 'code=forged'), cookie]],
    ['with an error of the provider', ({ cookie }: Begun) => ['/api/v1/sign-in/return?error=access_denied', cookie]],
    ['with what was kept forged', ({ back }: Begun) => [back, `haidang_sign_in=${'v1.'.repeat(20)}`]],
  ])('opens nothing %s', async (_what, change) => {
    const [url = '', cookie = ''] = change(await begin(), await begin());
    const answer = await get(url, cookie);
    expect(answer.statusCode).toBe(302);
    expect(answer.headers.location).toBe('/?problem=HD_OIDC_REFUSED');
    expect(answer.cookies.filter(({ name }) => name === 'haidang_session')).toEqual([]);
  });

  it('works once, and for ten minutes', async () => {
    const { back, cookie } = await begin();
    expect((await get(back, cookie)).headers.location).toBe('/');
    expect((await get(back, cookie)).headers.location).toBe('/?problem=HD_OIDC_REFUSED');
    const late = await begin();
    bench.clock.now += 600_001;
    expect((await get(late.back, late.cookie)).headers.location).toBe('/?problem=HD_OIDC_REFUSED');
  });
});

describe('a provider', () => {
  it('that is away does not keep the server from anything; it is told, and works once it is back', async () => {
    const absent = openProvider({ ...settings, issuer: 'http://127.0.0.1:1' }, silent);
    await expect(absent.begin()).rejects.toMatchObject({ code: 'HD_OIDC_DOWN' });
    expect(absent.signOutAddress()).toBeUndefined();
  });

  it('is known from a file where it is not to be asked', async () => {
    const metadata = await (await fetch(`${provider.issuer}/.well-known/openid-configuration`)).text();
    const metadataFile = join(folder, 'metadata.json');
    await writeFile(metadataFile, metadata);
    const { address } = await openProvider({ ...settings, metadataFile }, silent).begin();
    expect(address.startsWith(`${provider.issuer}/auth?`)).toBe(true);
    const foreign = openProvider({ ...settings, issuer: 'https://login.example.vn', metadataFile }, silent);
    await expect(foreign.begin()).rejects.toMatchObject({ code: 'HD_OIDC_DOWN' });
  });
});

describe('the configuration of a provider', () => {
  it('is read from a file with sections, and asks for what belongs together', async () => {
    const path = join(folder, 'haidang.yaml');
    const oidc = ['issuer: https://login.example.vn/', 'client_id: haidang', 'groups: [{group: a, role: viewer}]'];
    const file = (lines: string[]) => writeFile(path, `oidc:\n${lines.map((line) => `  ${line}\n`).join('')}`);
    await file(oidc);
    await expect(loadConfig(path, {})).rejects.toThrow(/oidc.console/);
    await file([...oidc, 'console: https://soc.example.vn']);
    expect((await loadConfig(path, {})).oidc).toMatchObject({
      issuer: 'https://login.example.vn',
      groups: [{ group: 'a', role: 'viewer', agencies: 'all', create: false }],
      link: false,
    });
    await writeFile(path, 'accounts:\n  session:\n    idle_minutes: 30\n  mfa.grace_days: 3\n');
    const config = await loadConfig(path, {});
    expect([config.session.idleMs, config.secondFactor.graceDays]).toEqual([1_800_000, 3]);
    expect((await loadConfig(undefined, {})).oidc).toBeUndefined();
  });

  it('refuses what would be unsafe or is no such thing', () => {
    for (const wrong of ['http://login.example.vn', 'ftp://x', 'https://a@b', 'https://a/?x', 7, 'x'])
      expect(() => webAddress(wrong), String(wrong)).toThrow(/https/);
    for (const wrong of [
      7,
      [{ group: 'a' }],
      [{ group: 'a', role: 'god' }],
      [{ group: 'a', role: 'viewer', more: 1 }],
      [null],
    ])
      expect(() => groupRules(wrong)).toThrow(/list of entries/);
    expect(words('mfa, otp,')).toEqual(['mfa', 'otp']);
  });
});

import { readdirSync, readFileSync } from 'node:fs';
import { createServer, request, type Server } from 'node:http';
import type { AddressInfo, LookupFunction } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openProvider } from '../../server/accounts/oidc/provider.ts';
import { openHttp } from '../../server/sharing/channels/https.ts';
import {
  askOutside,
  checkUrl,
  guardedLookup,
  namedIn,
  outsideFetch,
  pinAddress,
  pinHost,
  type Resolve,
} from '../../server/system/outbound.ts';
import { isPublic } from '../../server/system/public-address.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const NOTHING = { allowPrivate: [] };
/** A name server of our own: what each name stands for. */
const NAMES: Readonly<Record<string, readonly string[]>> = {
  'public.example': ['93.184.215.14'],
  'inside.example': ['10.0.0.5'],
  'mixed.example': ['93.184.215.14', '127.0.0.1'],
  'six.example': ['fd00::1'],
  'metadata.example': ['169.254.169.254'],
};
const resolve: Resolve = async (host) =>
  (NAMES[host] ?? []).map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));

describe('addresses', () => {
  it.each([
    '0.0.0.0',
    '10.1.2.3',
    '100.64.0.1',
    '127.0.0.1',
    '127.255.0.1',
    '169.254.169.254',
    '172.16.0.1',
    '172.31.255.255',
    '192.168.1.1',
    '192.0.2.1',
    '198.18.0.1',
    '203.0.113.9',
    '224.0.0.1',
    '255.255.255.255',
    '::',
    '::1',
    '::ffff:127.0.0.1',
    '::ffff:8.8.8.8',
    '64:ff9b::7f00:1',
    '2002:7f00:1::',
    '2001:db8::1',
    'fc00::1',
    'fd12:3456::1',
    'fe80::1',
    'ff02::1',
    'no address',
  ])('%s is not of the public Internet', (address) => {
    expect(isPublic(address)).toBe(false);
  });
  it.each(['1.1.1.1', '93.184.215.14', '172.32.0.1', '100.128.0.1', '2606:4700::1111', '2400:cb00::1'])(
    '%s is',
    (address) => {
      expect(isPublic(address)).toBe(true);
    },
  );
});

describe('an address that somebody named', () => {
  it.each([
    ['https://127.0.0.1/', /127\.0\.0\.1/],
    ['https://localhost/', /not known|public Internet/],
    ['https://0x7f000001/', /127\.0\.0\.1/],
    ['https://2130706433/', /127\.0\.0\.1/],
    ['https://0177.0.0.1/', /127\.0\.0\.1/],
    ['https://127.1/', /127\.0\.0\.1/],
    ['https://[::1]/', /::1/],
    ['https://[::ffff:10.0.0.1]/', /public Internet/],
    ['https://１２７.０.０.１/', /127\.0\.0\.1/],
    ['https://inside.example/', /10\.0\.0\.5/],
    ['https://mixed.example/', /127\.0\.0\.1/],
    ['https://six.example/', /fd00::1/],
    ['https://metadata.example/latest/meta-data', /169\.254\.169\.254/],
    ['https://nobody.example/', /not known/],
    ['https://user:secret@public.example/', /name or a password/],
    ['http://public.example/', /plain http/],
    ['file:///etc/passwd', /not of the form/],
    ['gopher://public.example/', /not of the form/],
    ['javascript:alert(1)', /not of the form/],
    ['', /not of the form/],
  ])('%s is refused', async (address, words) => {
    const refused = await pinAddress(address, NOTHING, resolve).catch((error) => error);
    expect(refused).toMatchObject({ code: 'HD_OUTBOUND' });
    expect(refused.message).toMatch(words);
    expect(refused.message).not.toContain('secret');
  });

  it('is taken where it is of the public Internet, or allowed by name or network', async () => {
    expect((await pinAddress('https://public.example/x', NOTHING, resolve)).address).toBe('93.184.215.14');
    for (const allowPrivate of [['inside.example'], ['10.0.0.0/8'], ['10.0.0.5']])
      expect((await pinAddress('https://inside.example/', { allowPrivate }, resolve)).address).toBe('10.0.0.5');
    expect((await pinAddress('https://six.example/', { allowPrivate: ['fd00::/8'] }, resolve)).family).toBe(6);
    await expect(pinAddress('https://inside.example/', { allowPrivate: ['10.1.0.0/16'] }, resolve)).rejects.toThrow();
  });

  it('is asked for at the address that was checked, whatever the name server says the second time', async () => {
    let asked = 0;
    const changing: Resolve = async () => {
      asked += 1;
      return [{ address: asked === 1 ? '93.184.215.14' : '127.0.0.1', family: 4 }];
    };
    const pinned = await pinAddress('https://rebind.example/', NOTHING, changing);
    const found = await new Promise((done) => pinned.lookup('rebind.example', {}, (_error, address) => done(address)));
    const all = await new Promise((done) =>
      pinned.lookup('rebind.example', { all: true }, (_error, address) => done(address)),
    );
    expect(found).toBe('93.184.215.14');
    expect(all).toEqual([{ address: '93.184.215.14', family: 4 }]);
    expect(asked).toBe(1);
  });
});

describe('an agent that keeps its connections', () => {
  const look = (lookup: LookupFunction, host: string, options: object = { all: true }) =>
    new Promise((done) => lookup(host, options, (error, address, family) => done(error ?? [address, family])));

  it('is given checked addresses alone, each time anew', async () => {
    let turn = 0;
    const changing: Resolve = async () => {
      turn += 1;
      return [{ address: turn === 1 ? '93.184.215.14' : '10.0.0.5', family: 4 }];
    };
    const lookup = guardedLookup(NOTHING, { resolve: changing });
    expect(await look(lookup, 'rebind.example')).toEqual([[{ address: '93.184.215.14', family: 4 }], undefined]);
    expect(await look(lookup, 'rebind.example')).toMatchObject({ code: 'HD_OUTBOUND' });
  });

  it.each(['inside.example', 'mixed.example', 'six.example', 'metadata.example', 'nobody.example'])(
    'is given nothing for %s',
    async (host) => {
      expect(await look(guardedLookup(NOTHING, { resolve }), host)).toMatchObject({ code: 'HD_OUTBOUND' });
    },
  );

  it('is given what is allowed, in the family that it wants', async () => {
    const lookup = guardedLookup({ allowPrivate: ['10.0.0.0/8'] }, { resolve });
    expect(await look(lookup, 'inside.example', {})).toEqual(['10.0.0.5', 4]);
    expect(await look(lookup, 'inside.example', { family: 6 })).toMatchObject({ code: 'HD_OUTBOUND' });
    const plain = guardedLookup({ allowPrivate: ['10.0.0.0/8'] }, { resolve, isPlain: true });
    expect(await look(plain, 'inside.example', {})).toEqual(['10.0.0.5', 4]);
    expect(await look(plain, 'public.example', {})).toMatchObject({ message: expect.stringMatching(/plain http/) });
  });

  it('has hosts in digits looked at before it connects', () => {
    for (const url of ['https://127.0.0.1/', 'https://[::1]/', 'https://2130706433/', 'https://user@public.example/'])
      expect(() => checkUrl(url, NOTHING), url).toThrow();
    expect(checkUrl('https://inside.example/', NOTHING).hostname).toBe('inside.example');
    expect(checkUrl('https://10.0.0.5/', { allowPrivate: ['10.0.0.0/8'] }).hostname).toBe('10.0.0.5');
  });
});

describe('a host that speaks no HTTP', () => {
  it('is checked like others', async () => {
    await expect(pinHost('inside.example', NOTHING, { resolve })).rejects.toMatchObject({ code: 'HD_OUTBOUND' });
    await expect(pinHost('169.254.169.254', NOTHING)).rejects.toMatchObject({ code: 'HD_OUTBOUND' });
    expect(await pinHost('INSIDE.example', { allowPrivate: ['inside.example'] }, { resolve })).toMatchObject({
      address: '10.0.0.5',
      family: 4,
    });
  });
});

describe('an address of the configuration file', () => {
  it('is allowed where it is in digits or this machine’s name, and no name is', async () => {
    expect(
      namedIn(NOTHING, ['http://127.0.0.1:8080/x', 'https://[fd00::5]/', 'https://localhost/']).allowPrivate,
    ).toEqual(['127.0.0.1', 'fd00::5', 'localhost']);
    expect(namedIn(NOTHING, ['https://inside.example/', 'nonsense'])).toEqual(NOTHING);
    await expect(pinAddress('https://10.0.0.6/', namedIn(NOTHING, ['https://10.0.0.5/']))).rejects.toThrow(
      /10\.0\.0\.6/,
    );
  });
});

describe('a request to outside', () => {
  let server: Server;
  let port = 0;
  let seen = 0;
  const policy = { allowPrivate: ['peer.example'] };
  const here: Resolve = async () => [{ address: '127.0.0.1', family: 4 }];
  beforeAll(async () => {
    server = createServer((request, response) => {
      seen += 1;
      if (request.url === '/away') response.writeHead(302, { location: 'http://127.0.0.1:1/secret' }).end();
      else if (request.url === '/big') response.end(Buffer.alloc(100_000));
      else if (request.url === '/never') return;
      else response.end(`${request.method} ${request.headers.host}`);
    });
    await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
    port = (server.address() as AddressInfo).port;
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });
  const at = (path: string) => `http://peer.example:${port}${path}`;

  it('goes to an allowed peer under its own name', async () => {
    const answer = await askOutside(at('/'), policy, { method: 'POST', body: 'x' }, here);
    expect(answer.body.toString()).toBe(`POST peer.example:${port}`);
  });
  it('follows no redirection', async () => {
    expect(await askOutside(at('/away'), policy, {}, here)).toMatchObject({ status: 302 });
  });
  it('ends where the answer is longer than asked for, or never comes', async () => {
    await expect(askOutside(at('/big'), policy, { maxBytes: 50_000 }, here)).rejects.toThrow(/more than 50000 bytes/);
    await expect(askOutside(at('/never'), policy, { timeoutMs: 200 }, here)).rejects.toThrow(/did not answer within/);
  });
  it('sends nothing where the address is refused', async () => {
    const before = seen;
    await expect(askOutside(at('/'), NOTHING, {}, here)).rejects.toMatchObject({ code: 'HD_OUTBOUND' });
    expect(seen).toBe(before);
  });

  it('goes the same way for libraries that take a fetch', async () => {
    const ask = outsideFetch(namedIn(NOTHING, [`http://127.0.0.1:${port}/`]));
    const answer = await ask(`http://127.0.0.1:${port}/`, { method: 'POST', body: new URLSearchParams({ a: 'ế' }) });
    expect([answer.status, await answer.text()]).toEqual([200, `POST 127.0.0.1:${port}`]);
    const away = await ask(new URL(`http://127.0.0.1:${port}/away`));
    expect([away.status, away.headers.get('location')]).toEqual([302, 'http://127.0.0.1:1/secret']);
    await expect(outsideFetch(NOTHING)(`http://127.0.0.1:${port}/`)).rejects.toMatchObject({ code: 'HD_OUTBOUND' });
    await expect(ask(`http://127.0.0.1:${port}/`, { body: new ReadableStream() })).rejects.toThrow(TypeError);
  });

  it('over an agent never reaches a host that is not allowed', async () => {
    const before = seen;
    const refused = await new Promise<Error>((done) => {
      const options = { host: 'peer.example', port, lookup: guardedLookup(NOTHING, { resolve: here }) };
      request(options, () => done(new Error('it was reached')))
        .on('error', done)
        .end();
    });
    expect(refused).toMatchObject({ code: 'HD_OUTBOUND' });
    expect(seen).toBe(before);
  });

  it('to a recipient of incidents is refused where it leads inside, with what to do about it', async () => {
    const before = seen;
    const none = {
      user: undefined,
      passwordFile: undefined,
      caFile: undefined,
      certificateFile: undefined,
      keyFile: undefined,
    };
    for (const [url, policy] of [
      [at('/'), NOTHING],
      [`http://127.0.0.1:${port}/`, NOTHING],
    ] as const) {
      const http = openHttp({ secure: false, ...none }, policy);
      await expect(http.ask('GET', url)).rejects.toThrow(/not known|public Internet/);
      http.close();
    }
    expect(seen).toBe(before);
    const http = openHttp({ secure: false, ...none }, namedIn(NOTHING, [`http://127.0.0.1:${port}/`]));
    expect((await http.ask('GET', `http://127.0.0.1:${port}/`)).status).toBe(200);
    http.close();
  });

  it('to a provider of sign-ins whose document names an address inside is refused', async () => {
    const inside = createServer((asked, response) => {
      // A provider that was taken over, or a name that leads here since: it sends the server on to another one.
      const issuer = `http://${asked.headers.host}`;
      const document = {
        issuer,
        authorization_endpoint: `${issuer}/a`,
        token_endpoint: `${at('/')}`,
        jwks_uri: at('/'),
      };
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ ...document, response_types_supported: ['code'] }));
    });
    await new Promise<void>((ready) => inside.listen(0, '127.0.0.1', ready));
    const issuer = `http://127.0.0.1:${(inside.address() as AddressInfo).port}`;
    const settings = {
      issuer,
      clientId: 'x',
      clientSecretFile: undefined,
      console: 'http://127.0.0.1:8080',
      label: 'x',
      scopes: 'openid',
      userClaim: 'sub',
      groupsClaim: 'groups',
      groups: [],
      link: false,
      mfa: [],
      metadataFile: undefined,
    };
    const before = seen;
    try {
      const provider = openProvider(settings, pino({ level: 'silent' }), NOTHING);
      const { flow } = await provider.begin();
      const back = new URLSearchParams({ code: 'c', state: flow.state, iss: issuer });
      await expect(provider.finish(back, flow)).rejects.toMatchObject({ code: 'HD_OIDC_REFUSED' });
      expect(seen).toBe(before);
      const named = openProvider({ ...settings, issuer: at('').slice(0, -1) }, pino({ level: 'silent' }), NOTHING);
      await expect(named.begin()).rejects.toMatchObject({ code: 'HD_OIDC_DOWN' });
    } finally {
      inside.closeAllConnections();
      inside.close();
    }
  });
});

/** Files that connect to others without the guard, and why they may. */
const UNGUARDED: Readonly<Record<string, string>> = {
  'server/system/outbound.ts': 'it is the guard',
  'server/commands/connection.ts': 'the control socket of this machine',
  'server/backup/s3/client.ts': 'storage in the operator’s own network, named in the configuration alone',
  'server/notify/send-mail.ts': 'the operator’s own mail server, named in the configuration alone',
  'server/store/opensearch/cluster.ts': 'the store in the operator’s own network, named in the environment alone',
};
/** What opens connections, by whatever library. */
const CONNECTS = [
  /import \{[^}]*\b(?:request|get|connect|createConnection|createSocket)\b[^}]*\} from 'node:(?:http|https|http2|tls|net|dgram)'/,
  /import (?:\* as )?\w+ from 'node:(?:http|https|http2|tls|net|dgram)'/,
  /(?:await|return|=>|=|\() ?fetch\(/,
  /globalThis\.fetch/,
  /(?:from|import\() ?'(?:undici|nodemailer|ws|openid-client|@opensearch-project\/opensearch)/,
];

function* sources(folder: string): Generator<string> {
  for (const entry of readdirSync(join(ROOT, folder), { withFileTypes: true })) {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) yield* sources(path);
    else if (entry.name.endsWith('.ts')) yield path;
  }
}

describe('whatever of the server connects to others', () => {
  const text = (path: string) => readFileSync(join(ROOT, path), 'utf8');
  const connecting = [...sources('server')].filter((path) => {
    // Types connect to nothing, and neither do the answers of a WebSocket that came to us.
    const code = text(path).replaceAll(/^import type .*$/gm, '');
    return CONNECTS.some((way) => way.test(code));
  });

  it('goes through the guard, or is one of few with a reason', () => {
    const wrong = connecting.filter((path) => !(path in UNGUARDED) && !/system\/outbound\.ts'/.test(text(path)));
    expect(wrong).toEqual([]);
    expect(connecting).toContain('server/sharing/channels/https.ts');
    expect(connecting).toContain('server/accounts/oidc/provider.ts');
  });

  it('has no exception that is not needed', () => {
    expect(Object.keys(UNGUARDED).filter((path) => !connecting.includes(path))).toEqual([]);
  });
});

import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { askOutside, pinAddress, type Resolve } from '../../server/system/outbound.ts';
import { isPublic } from '../../server/system/public-address.ts';

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
});

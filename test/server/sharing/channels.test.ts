import { execFileSync } from 'node:child_process';
import { createHash, createPublicKey, generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Issuer, makeCertificate, newPrivateKey } from '../../../server/authority/certificates.ts';
import { BASE_MS, CAP_MS, retryAfterMs, waitOf } from '../../../server/sharing/backoff.ts';
import { archiveChannel } from '../../../server/sharing/channels/archive.ts';
import type { Delivery, Shipment, Voyage } from '../../../server/sharing/channels/channel.ts';
import { mispChannel } from '../../../server/sharing/channels/misp.ts';
import { taxiiChannel } from '../../../server/sharing/channels/taxii.ts';
import { partsOf } from '../../../server/sharing/channels/taxii-parts.ts';
import { signDetached, verifyDetached } from '../../../server/sharing/jws.ts';
import { recipients } from '../../../server/sharing/settings.ts';
import type { StixObject } from '../../../server/sharing/stix/objects.ts';
import { needs } from '../../needs.ts';
import { type StandIn, startStandIn } from './stand-in.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'haidang-channels-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const at = '2026-11-22T02:00:00.000Z';
const stix = (type: string, more: object): StixObject => ({
  ...{ type, spec_version: '2.1', id: `${type}--5a9e8a0c-6f0c-5d43-9d7b-0f7d2c1b6a11`, created: at, modified: at },
  ...more,
});
const objects = [
  stix('incident', {
    name: 'Dò mật khẩu',
    extensions: {
      'extension-definition--1': {},
    },
  }),
  stix('note', { content: 'Tóm tắt' }),
  { type: 'ipv4-addr', spec_version: '2.1', id: 'ipv4-addr--1', value: '203.0.113.7' },
  { type: 'file', spec_version: '2.1', id: 'file--1', hashes: { 'SHA-256': 'a'.repeat(64) } },
  stix('indicator', { pattern_type: 'sigma', pattern: 'title: x' }),
  stix('attack-pattern', { name: 'T1110', external_references: [{ external_id: 'T1110' }] }),
] as readonly StixObject[];
const body = JSON.stringify({ type: 'bundle', id: 'bundle--1', objects });
const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const facts = { inc: 'HD-1', rcp: 'a05', ver: 3, iat: 1, kid: 'k' };
const shipment: Shipment = {
  ...{ incident: 'HD-1', recipient: 'a05', number: 3, body, mayBeThere: false, progress: null },
  sha256: createHash('sha256').update(body).digest('hex'),
  signature: signDetached(Buffer.from(body), facts, privateKey),
};
const voyage: Voyage = {
  ...{ check: async () => {}, keep: async () => {}, taken: async () => new Set<string>() },
  signal: new AbortController().signal,
};
const jwk = publicKey.export({ format: 'jwk' }) as { kty: string; crv: string; x: string; y: string };
const key = { kid: 'k', jwk, vouched: 'v', authority: 'a' };

describe('the archive', () => {
  it('opens with any program, and holds what proves what is in it', async () => {
    const place = join(folder, 'archive');
    const delivery = await archiveChannel(place, key).deliver(shipment, voyage);
    expect(delivery).toMatchObject({ outcome: 'delivered', references: ['HD-1-a05-v3.zip'] });
    const [name = ''] = readdirSync(place);
    expect(statSync(join(place, name)).mode & 0o777).toBe(0o600);
    const out = join(folder, 'opened');
    execFileSync('python3', ['-m', 'zipfile', '-e', join(place, name), out]);
    const bytes = readFileSync(join(out, 'bundle.json'));
    expect(bytes.toString()).toBe(body);
    const { jwk: shown } = JSON.parse(readFileSync(join(out, 'key.json'), 'utf8'));
    const jws = readFileSync(join(out, 'bundle.json.jws'), 'utf8').trim();
    expect(verifyDetached(bytes, jws, createPublicKey({ key: shown, format: 'jwk' }))).toMatchObject(facts);
    const manifest = JSON.parse(readFileSync(join(out, 'manifest.json'), 'utf8'));
    expect(manifest).toMatchObject({ incident: 'HD-1', recipient: 'a05', version: 3 });
    for (const file of manifest.files)
      expect(
        createHash('sha256')
          .update(readFileSync(join(out, file.name)))
          .digest('hex'),
      ).toBe(file.sha256);
    expect(readFileSync(join(out, 'DOC-TRUOC.txt'), 'utf8')).toContain(shipment.sha256);
    const first = readFileSync(join(place, name));
    await archiveChannel(place, key).deliver(shipment, voyage);
    expect(readFileSync(join(place, name)).equals(first)).toBe(true);
    expect(readdirSync(place)).toEqual([name]);
  });

  it.runIf(needs('openssl'))('has a signature that another program holds for right', () => {
    const [head = '', , signature = ''] = shipment.signature.split('.');
    // OpenSSL reads the pair of numbers as DER (RFC 3279 §2.2.3), JWS has them side by side.
    const raw = Buffer.from(signature, 'base64url');
    const number = (part: Buffer): Buffer => {
      let value = part;
      while (value.length > 1 && value[0] === 0) value = value.subarray(1);
      if ((value[0] ?? 0) >= 0x80) value = Buffer.concat([Buffer.from([0]), value]);
      return Buffer.concat([Buffer.from([2, value.length]), value]);
    };
    const pair = Buffer.concat([number(raw.subarray(0, 32)), number(raw.subarray(32))]);
    const files = ['der', 'pem', 'input'].map((name) => join(folder, `sig.${name}`)) as [string, string, string];
    writeFileSync(files[0], Buffer.concat([Buffer.from([0x30, pair.length]), pair]));
    writeFileSync(files[1], publicKey.export({ type: 'spki', format: 'pem' }));
    writeFileSync(files[2], Buffer.concat([Buffer.from(`${head}.`), Buffer.from(body)]));
    const said = execFileSync('openssl', ['dgst', '-sha256', '-verify', files[1], '-signature', files[0], files[2]]);
    expect(said.toString()).toContain('Verified OK');
  });
});

describe('the MISP event', () => {
  it('holds what the version holds, under ids that stay', async () => {
    const place = join(folder, 'misp');
    await mispChannel(place).deliver(shipment, voyage);
    const text = readFileSync(join(place, 'HD-1-a05-misp.json'), 'utf8');
    const { Event: event } = JSON.parse(text);
    expect(event).toMatchObject({ info: 'Dò mật khẩu', date: '2026-11-22', published: false });
    expect(event.Attribute.map(({ type, value }: { type: string; value: string }) => `${type} ${value}`)).toEqual([
      'ip-src 203.0.113.7',
      `sha256 ${'a'.repeat(64)}`,
      'sigma title: x',
      'text Tóm tắt',
    ]);
    expect(event.Tag).toEqual([{ name: 'misp-galaxy:mitre-attack-pattern="T1110"' }]);
    await mispChannel(place).deliver(shipment, voyage);
    expect(readFileSync(join(place, 'HD-1-a05-misp.json'), 'utf8')).toBe(text);
  });
});

describe('TAXII over TLS', () => {
  let authority: Issuer;
  let ca = '';
  let standIn: StandIn | undefined;
  const file = (name: string, text: string): string => {
    const path = join(folder, name);
    writeFileSync(path, text, { mode: 0o600 });
    return path;
  };
  const publicOf = (pem: string) => createPublicKey(pem).export({ type: 'spki', format: 'pem' }) as string;
  const certify = (use: 'server' | 'client', hosts: readonly string[], now = Date.now()) => {
    const own = newPrivateKey();
    const request = { commonName: 'test', publicKey: publicOf(own), now, days: 30, use, hosts };
    return makeCertificate(request, authority).then((cert) => ({ cert, key: own }));
  };
  beforeAll(async () => {
    authority = { key: newPrivateKey(), name: 'Test authority' };
    const request = { commonName: 'Test authority', publicKey: publicOf(authority.key), now: Date.now(), days: 100 };
    ca = file('ca.pem', await makeCertificate({ ...request, use: 'authority' }, authority));
  });
  const send = async (settings: object = {}): Promise<Delivery> => {
    const none = { user: undefined, passwordFile: undefined, caFile: undefined };
    const certificates = { certificateFile: undefined, keyFile: undefined };
    const root = standIn?.root ?? '';
    const channel = taxiiChannel({ kind: 'taxii', root, collection: 'inbox', ...none, ...certificates, ...settings });
    try {
      return await channel.deliver(shipment, voyage);
    } finally {
      channel.close();
      await standIn?.close();
      standIn = undefined;
    }
  };

  it('delivers to the right certificate, with one of its own', async () => {
    const [server, own] = [await certify('server', ['127.0.0.1']), await certify('client', [])];
    standIn = await startStandIn({ ...server, ca: readFileSync(ca), requestCert: true, rejectUnauthorized: true });
    const files = { certificateFile: file('own.crt', own.cert), keyFile: file('own.key', own.key) };
    expect(await send({ caFile: ca, ...files })).toMatchObject({ outcome: 'delivered' });
  });

  it('says clearly which certificate is wrong, and tries again later', async () => {
    standIn = await startStandIn(await certify('server', ['127.0.0.1']));
    expect(await send()).toMatchObject({ outcome: 'later', reason: expect.stringContaining('"ca_file"') });
    standIn = await startStandIn(await certify('server', ['other.example']));
    expect(await send({ caFile: ca })).toMatchObject({
      outcome: 'later',
      reason: expect.stringContaining('another name'),
    });
    standIn = await startStandIn(await certify('server', ['127.0.0.1'], Date.now() - 60 * 86_400_000));
    expect(await send({ caFile: ca })).toMatchObject({ outcome: 'later', reason: expect.stringContaining('expired') });
    standIn = await startStandIn(await certify('server', ['127.0.0.1']));
    const gone = await send({ caFile: join(folder, 'nowhere.pem') });
    expect(gone).toMatchObject({ outcome: 'later', reason: expect.stringContaining('ENOENT') });
    // Nobody listens any more.
    standIn = await startStandIn();
    const { root } = standIn;
    await standIn.close();
    standIn = { ...standIn, root, close: async () => {} };
    expect(await send()).toMatchObject({ outcome: 'later', reason: expect.stringContaining('refuses connections') });
  });
});

describe('parts and waits', () => {
  it('envelopes are no longer than the recipient takes, and hold each object once', () => {
    const many = Array.from({ length: 50 }, (_, number) => stix('indicator', { name: 'x'.repeat(number * 7) }));
    const parts = partsOf(many, 2_000);
    expect(parts[0]?.from).toBe(0);
    expect(parts.at(-1)?.to).toBe(50);
    for (const [index, { from, to }] of parts.entries()) {
      if (index > 0) expect(from).toBe(parts[index - 1]?.to);
      if (to - from > 1) expect(JSON.stringify({ objects: many.slice(from, to) }).length).toBeLessThanOrEqual(2_000);
    }
  });

  it('waits grow to a bound, with full jitter, and never less than the recipient asked for', () => {
    expect(waitOf(1, () => 1)).toBe(BASE_MS);
    expect(waitOf(3, () => 1)).toBe(4 * BASE_MS);
    expect(waitOf(60, () => 1)).toBe(CAP_MS);
    expect(waitOf(60, () => 0)).toBe(0);
    expect(waitOf(1, () => 0, 5_000)).toBe(5_000);
    expect(waitOf(1, () => 0, 1e12)).toBe(3_600_000);
    expect(retryAfterMs('7', undefined, 0)).toBe(7_000);
    const there = 'Mon, 23 Nov 2026 00:00:00 GMT';
    expect(retryAfterMs('Mon, 23 Nov 2026 00:00:30 GMT', there, 0)).toBe(30_000);
    expect(retryAfterMs('soon', undefined, 0)).toBe(0);
  });
});

describe('recipients in the configuration', () => {
  const right = {
    id: 'a05',
    name: 'x',
    tlp: 'amber',
    channel: 'taxii',
    root: 'https://x.example/soc/',
    collection: 'c',
  };
  it.each([
    [{ ...right, root: 'http://x.example/soc/' }, 'root'],
    [{ ...right, root: 'https://me:secret@x.example/soc/' }, 'root'],
    [{ ...right, tlp: 'red' }, 'tlp'],
    [{ ...right, user: 'a' }, 'password_file'],
    [{ ...right, colection: 'c' }, 'colection'],
    [{ ...right, channel: 'mail' }, 'channel'],
    [{ ...right, id: 'A 05' }, 'id'],
  ])('are refused by name: %o', (wrong, named) => {
    expect(() => recipients([wrong])).toThrow(named);
  });

  it('are read, and plain HTTP is for this machine alone', () => {
    expect(recipients([right, { ...right, id: 'here', root: 'http://127.0.0.1:9/soc/' }])).toHaveLength(2);
    expect(() => recipients([right, right])).toThrow('twice');
  });
});

import { execFile, execFileSync } from 'node:child_process';
import { createHash, createPublicKey, generateKeyPairSync, sign } from 'node:crypto';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeCertificate, newPrivateKey } from '../../../server/authority/certificates.ts';
import { archiveChannel } from '../../../server/sharing/channels/archive.ts';
import { signDetached } from '../../../server/sharing/jws.ts';
import { needs } from '../../needs.ts';

const SCRIPT = fileURLToPath(new URL('../../../docs/check-archive.sh', import.meta.url));
const openssl = needs('openssl');

describe.skipIf(openssl === undefined)('an archive, checked with bash and OpenSSL alone', () => {
  let folder: string;
  let good: string;
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const { x, y } = publicKey.export({ format: 'jwk' }) as { readonly x: string; readonly y: string };
  // RFC 7638 §3.1: the members in this order.
  const jwk = JSON.stringify({ crv: 'P-256', kty: 'EC', x, y });
  const kid = createHash('sha256').update(jwk).digest('base64url');

  async function authority(name: string): Promise<{ readonly key: string; readonly certificate: string }> {
    const key = newPrivateKey();
    const shown = createPublicKey(key).export({ type: 'spki', format: 'pem' }) as string;
    const request = { commonName: 'Tỉnh', publicKey: shown, now: Date.now(), days: 10, use: 'authority' } as const;
    const certificate = await makeCertificate(request, { key, name: 'Tỉnh' });
    writeFileSync(join(folder, `${name}.crt`), certificate);
    return { key, certificate };
  }
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'haidang-check-'));
    const own = await authority('own');
    await authority('other');
    const body = JSON.stringify({ type: 'bundle', id: 'bundle--1', objects: [{ type: 'note', content: 'Tóm tắt' }] });
    const facts = { inc: 'HD-1', rcp: 'cong-van', ver: 3, iat: 1, kid };
    const key = {
      ...{ kid, jwk: { kty: 'EC', crv: 'P-256', x, y }, authority: own.certificate },
      vouched: sign('sha256', Buffer.from(kid), own.key).toString('base64'),
    };
    const shipment = {
      ...{ incident: 'HD-1', recipient: 'cong-van', number: 3, body, mayBeThere: false, progress: null },
      sha256: createHash('sha256').update(body).digest('hex'),
      signature: signDetached(Buffer.from(body), facts, privateKey),
    };
    const voyage = {
      ...{ check: async () => {}, keep: async () => {}, taken: async () => new Set<string>() },
      signal: new AbortController().signal,
    };
    await archiveChannel(join(folder, 'carry'), key).deliver(shipment, voyage);
    const [name = ''] = readdirSync(join(folder, 'carry'));
    good = join(folder, 'good');
    execFileSync('python3', ['-m', 'zipfile', '-e', join(folder, 'carry', name), good]);
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  /** Exit code and what is said of a copy that was changed; the manifest is made to fit, as whoever changes a file can do that too. */
  async function check(change: (folder: string) => void = () => {}, by = 'own'): Promise<string> {
    const copy = mkdtempSync(join(folder, 'copy-'));
    cpSync(good, copy, { recursive: true });
    change(copy);
    const { code, stdout, stderr } = await promisify(execFile)('bash', [SCRIPT, copy, join(folder, `${by}.crt`)]).then(
      (said) => ({ ...said, code: 0 }),
      (error: { code: number; stdout: string; stderr: string }) => error,
    );
    return `${code} ${stdout}${stderr}`;
  }
  const edit = (name: string, from: string, to: string) => (copy: string) => {
    const before = readFileSync(join(copy, name), 'utf8');
    const after = before.replaceAll(from, to);
    expect(after).not.toBe(before);
    writeFileSync(join(copy, name), after);
    const sum = (text: string) => createHash('sha256').update(text).digest('hex');
    const manifest = readFileSync(join(copy, 'manifest.json'), 'utf8');
    writeFileSync(join(copy, 'manifest.json'), manifest.replace(sum(before), sum(after)));
  };

  it('holds where nothing was changed, and says what was signed', async () => {
    expect(await check()).toMatch(/^0 OK: \{.*"inc":"HD-1","rcp":"cong-van","ver":3,/);
  });

  it.each([
    ['another authority', undefined, 'other', /^1 WRONG: this authority does not vouch/],
    ['another bundle', edit('bundle.json', 'note', 'nota'), 'own', /^1 WRONG: the signature does not hold/],
    ['another key', edit('key.json', x, y), 'own', /^1 WRONG: the key is not the one/],
    [
      'a signature over something else',
      edit('bundle.json.jws', '..', 'A..'),
      'own',
      /^1 WRONG: the signature does not hold/,
    ],
    [
      'a file that is not there',
      (copy: string) => rmSync(join(copy, 'bundle.json')),
      'own',
      /^1 WRONG: bundle.json is missing/,
    ],
    [
      'a file that the manifest does not list so',
      (copy: string) => writeFileSync(join(copy, 'DOC-TRUOC.txt'), 'x'),
      'own',
      /^1 WRONG: DOC-TRUOC.txt is not the file/,
    ],
  ] as const)('does not hold with %s', async (_what, change, by, said) => {
    expect(await check(change, by)).toMatch(said);
  });
});

import { describe, expect, it } from 'vitest';
import { queryText, sha256, sign, type ToSign } from '../../../server/backup/s3/sign.ts';
import { blocks, escapeText, text, texts } from '../../../server/backup/s3/xml.ts';

const CREDENTIALS = { accessKey: 'AKIAIOSFODNN7EXAMPLE', secretKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY' };
const AT = Date.UTC(2013, 4, 24);
const HOST = 'examplebucket.s3.amazonaws.com';

const signature = (request: Partial<ToSign>, credentials = CREDENTIALS as Parameters<typeof sign>[1]) => {
  const whole = { method: 'GET', path: '/', query: {}, headers: { host: HOST }, payloadHash: sha256(''), ...request };
  return sign(whole, credentials, 'us-east-1', AT)['authorization'] ?? '';
};

describe('a signed request', () => {
  it.each([
    [
      'of a part of an object',
      { path: '/test.txt', headers: { host: HOST, range: 'bytes=0-9' } },
      'f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41',
    ],
    [
      'that puts an object whose name has a sign to encode',
      {
        method: 'PUT',
        path: '/test%24file.text',
        headers: { host: HOST, date: 'Fri, 24 May 2013 00:00:00 GMT', 'x-amz-storage-class': 'REDUCED_REDUNDANCY' },
        payloadHash: sha256('Welcome to Amazon S3.'),
      },
      '98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd',
    ],
    [
      'with a name of a query that has no value',
      { query: { lifecycle: '' } },
      'fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543',
    ],
    [
      'with a query of two names',
      { query: { prefix: 'J', 'max-keys': '2' } },
      '34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7',
    ],
  ])('%s has the signature that the protocol publishes for it', (_name, request, expected) => {
    expect(signature(request)).toContain(`Signature=${expected}`);
  });

  it('names the key, the scope and what is signed, and never the secret', () => {
    const text = signature({ headers: { host: HOST, range: 'bytes=0-9' } });
    expect(text).toMatch(
      /^AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE\/20130524\/us-east-1\/s3\/aws4_request, SignedHeaders=host;range;x-amz-content-sha256;x-amz-date, Signature=[0-9a-f]{64}$/,
    );
  });

  it('signs the token of a session with the rest', () => {
    const request = { method: 'GET', path: '/', query: {}, headers: { host: HOST }, payloadHash: sha256('') };
    const headers = sign(request, { ...CREDENTIALS, sessionToken: 'token' }, 'us-east-1', AT);
    expect(headers['x-amz-security-token']).toBe('token');
    expect(headers['authorization']).toContain('x-amz-date;x-amz-security-token,');
  });

  it('changes with each part of the request', () => {
    const all = [
      {},
      { method: 'PUT' },
      { path: '/a' },
      { query: { a: '1' } },
      { headers: { host: 'other' } },
      { payloadHash: sha256('x') },
    ].map((request) => signature(request));
    expect(new Set([...all, signature({}, { ...CREDENTIALS, secretKey: 'other' })]).size).toBe(7);
  });

  it('encodes a query by name and value, sorted', () => {
    expect(queryText({ prefix: "a b/ü'(*)", 'continuation-token': 'x=y' })).toBe(
      'continuation-token=x%3Dy&prefix=a%20b%2F%C3%BC%27%28%2A%29',
    );
  });
});

describe('an answer in XML', () => {
  const list = '<L><C><K>a&amp;b&#x2F;&#100;</K></C><C><K>c</K></C><T>true</T></L>';
  it('gives the texts of an element', () => {
    expect(texts(list, 'K')).toEqual(['a&b/d', 'c']);
    expect(text(list, 'T')).toBe('true');
    expect(text(list, 'N')).toBeUndefined();
    expect(blocks(list, 'C')).toEqual(['<K>a&amp;b&#x2F;&#100;</K>', '<K>c</K>']);
  });
  it('ends at what is cut off, and leaves what is no character as it is', () => {
    expect(texts('<K>a</K><K>b', 'K')).toEqual(['a']);
    expect(texts('<K>&#x110000;&nbsp;</K>', 'K')).toEqual(['&#x110000;&nbsp;']);
  });
  it('is read back as it was written', () => {
    const odd = `<>&"' "1-2"`;
    expect(text(`<E>${escapeText(odd)}</E>`, 'E')).toBe(odd);
  });
});

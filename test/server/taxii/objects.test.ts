import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Answer, COLLECTION, indicator, type National, startNational, TYPE, VERSIONED } from './national.ts';

let national: National;
beforeAll(async () => {
  national = await startNational();
});
afterAll(() => national.stop());

const at = (collection: keyof typeof COLLECTION, rest = '') =>
  `/national/collections/${COLLECTION[collection]}/${rest}`;
const post = (objects: readonly unknown[], collection: keyof typeof COLLECTION = 'empty') =>
  national.ask(at(collection, 'objects/'), { method: 'POST', body: { objects } });
const objects = at('empty', 'objects/');
const one = (object: Record<string, unknown>, query = '') => `${objects}${object['id']}/${query}`;
const versions = async (object: Record<string, unknown>): Promise<string[]> =>
  (await national.ask(`${objects}${object['id']}/versions/`)).body.versions;
const failed = ({ body }: Answer): string[] => (body.failures ?? []).map(({ message }: { message: string }) => message);

describe('adding objects (§5.5)', () => {
  it('answers 202 with a status that can be asked for again', async () => {
    const added = await post([indicator(1), indicator(2)]);
    expect([added.status, added.headers.get('content-type')]).toEqual([202, TYPE]);
    expect(added.body).toMatchObject({
      status: 'complete',
      total_count: 2,
      success_count: 2,
      failure_count: 0,
      pending_count: 0,
    });
    expect(added.body.successes).toEqual(
      [1, 2].map((number) => ({ id: indicator(number)['id'], version: '2026-01-02T03:04:05.678Z' })),
    );
    expect(added.body).not.toHaveProperty('failures');
    expect(added.body.request_timestamp).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);
    expect((await national.ask(`/national/status/${added.body.id}/`)).body).toEqual(added.body);
  });

  it('gives back the bytes that came, and no other form of them', async () => {
    const text = `{ "type":"tool",  "id":"tool--00000000-0000-4000-8000-00000000000a","spec_version":"2.1", "x_number":1.0, "x_big":12345678901234567890,"created":"2026-01-02T03:04:05.678Z","modified":"2026-01-02T03:04:05.678Z","name":"\\u0048\u1ea3i"}`;
    await national.ask(objects, { method: 'POST', body: `{"objects":[${text}]}` });
    const answer = await fetch(`${national.url}${objects}?match[type]=tool`, {
      headers: { accept: TYPE, authorization: `Basic ${btoa('admin:Password0')}` },
    });
    expect(await answer.text()).toContain(text);
  });

  it('calls an exact duplicate a success, and keeps what was there', async () => {
    const first = indicator(10);
    await post([first]);
    const before = (await national.ask(`${at('empty', 'manifest/')}?match[id]=${first['id']}`)).body.objects;
    const again = await post([first, indicator(10, { name: 'Đổi mà không đổi phiên bản' })]);
    expect(again.body).toMatchObject({ success_count: 2, failure_count: 0 });
    expect(again.body.successes[0]).not.toHaveProperty('message');
    expect(again.body.successes[1].message).toMatch(/stays as it was/);
    const after = (await national.ask(`${at('empty', 'manifest/')}?match[id]=${first['id']}`)).body.objects;
    expect(after).toEqual(before);
    expect((await national.ask(one(first))).body.objects).toEqual([first]);
  });

  it('takes later and earlier versions in any order', async () => {
    const times = ['2026-03-01T00:00:00.000Z', '2026-01-02T03:04:05.678Z', '2026-02-01T00:00:00.000Z'];
    for (const modified of times) await post([indicator(11, { modified })]);
    const object = indicator(11);
    expect(await versions(object)).toEqual(times);
    const latest = await national.ask(one(object));
    expect(latest.body.objects[0].modified).toBe(times[0]);
    const first = await national.ask(one(object, '?match[version]=first'));
    expect(first.body.objects[0].modified).toBe(times[1]);
    // To one who reads on after the first of them, what came later is new, and the latest of that is its latest.
    const manifest = (await national.ask(`${at('empty', 'manifest/')}?match[id]=${object['id']}&match[version]=all`))
      .body.objects;
    const later = await national.ask(one(object, `?added_after=${manifest[0].date_added}`));
    expect(later.body.objects[0].modified).toBe(times[2]);
  });

  it('keeps one version of what has none, with the time that it came as its name', async () => {
    const artifact = {
      type: 'artifact',
      spec_version: '2.1',
      id: 'artifact--6f437177-6e48-5cf8-9d9e-872a2bddd641',
      payload_bin: 'AA==',
    };
    const added = await post([artifact]);
    expect((await post([artifact])).body).toMatchObject({ success_count: 1, failure_count: 0 });
    for (const word of ['all', 'first', 'last'])
      expect((await national.ask(one(artifact, `?match[version]=${word}`))).body.objects).toHaveLength(1);
    expect(await versions(artifact)).toEqual([added.body.successes[0].version]);
    const now = new Date().toISOString();
    expect((await national.ask(one(artifact, `?added_after=${now}`))).body).toEqual({});
  });

  it('tells of each object why it was not taken, and takes the others', async () => {
    const at = '2026-01-02T03:04:05.678Z';
    const bad: [unknown, RegExp][] = [
      [17, /no STIX object/],
      [['a'], /no STIX object/],
      [{ type: 'bundle', id: 'bundle--00000000-0000-4000-8000-000000000001', objects: [] }, /bundle/],
      [indicator(20, { id: 'indicator--1' }), /id is not/],
      [indicator(20, { id: 5 }), /id is not/],
      [indicator(20, { type: 'malware' }), /type is not/],
      [indicator(20, { spec_version: '3.0' }), /spec_version/],
      [indicator(20, { modified: 'soon' }), /"modified"/],
      [indicator(20, { created: 7 }), /"created"/],
      [indicator(20, { modified: '2025-01-01T00:00:00Z' }), /before/],
      [indicator(20, { description: 'x'.repeat(2 ** 20) }), /larger/],
    ];
    const national2 = await startNational(null);
    try {
      const connection = await national2.connection();
      await connection.ask('POST', '/api/v1/taxii/accounts', { name: 'tinh', password: 'mật khẩu rất dài' });
      await connection.ask('POST', '/api/v1/taxii/roots', { name: 'vn', title: 'Việt Nam' });
      const { id } = await connection.ask<{ id: string }>('POST', '/api/v1/taxii/collections', {
        root: 'vn',
        title: 'Hộp thư',
      });
      await connection.ask('PUT', `/api/v1/taxii/collections/${id}/grants/tinh`, { canRead: false, canWrite: true });
      await connection.close();
      const added = await national2.ask(`/vn/collections/${id}/objects/`, {
        method: 'POST',
        user: ['tinh', 'mật khẩu rất dài'],
        body: { objects: [...bad.map(([object]) => object), indicator(21, { modified: at })] },
      });
      expect(added.status).toBe(202);
      expect(added.body).toMatchObject({ total_count: bad.length + 1, success_count: 1, failure_count: bad.length });
      for (const [index, [, reason]] of bad.entries()) expect(failed(added)[index]).toMatch(reason);
      expect(added.body.failures[3]).toMatchObject({ id: 'indicator--1', version: at });
    } finally {
      await national2.stop();
    }
  });

  const BODIES: [string, string][] = [
    ['nothing', ''],
    ['no JSON', '{'],
    ['no JSON in an object', '{"objects":[{"id":}]}'],
    ['no JSON beside the list', '{"objects":[{}],"more":tru}'],
    ['a list', '[]'],
    ['an object without a list', JSON.stringify(indicator(1))],
    ['an empty list', '{"objects":[]}'],
    ['a list that is none', '{"objects":{}}'],
    ['two lists', '{"objects":[{}],"\\u006fbjects":[{}]}'],
    ['something after it', '{"objects":[{}]}{}'],
    ['arrays within arrays', `{"objects":[${'['.repeat(70)}${']'.repeat(70)}]}`],
    ['a string that does not end', '{"objects":["a]}'],
    ['a missing comma', '{"objects":[{} {}]}'],
  ];
  it.each(BODIES)('answers 422 to %s', async (_name, body) => {
    const { status, headers, body: error } = await national.ask(objects, { method: 'POST', body });
    expect([status, headers.get('content-type')]).toEqual([422, TYPE]);
    expect(error).toMatchObject({ title: 'ProcessingError', http_status: '422' });
    expect(error.description).toContain('While processing supplied content, an error occurred');
  });

  it('answers 422 to what is not UTF-8', async () => {
    const answer = await fetch(`${national.url}${objects}`, {
      method: 'POST',
      headers: { accept: TYPE, 'content-type': TYPE, authorization: `Basic ${btoa('admin:Password0')}` },
      body: Buffer.from([...Buffer.from('{"objects":["'), 0xff, ...Buffer.from('"]}')]),
    });
    expect(answer.status).toBe(422);
  });

  it('answers 415 to another content type', async () => {
    for (const type of ['application/json', 'application/taxii+json;version=2.0', 'text/plain', null]) {
      const body = { objects: [indicator(30)] };
      const { status, headers } = await national.ask(objects, { method: 'POST', type, body });
      expect([type, status, headers.get('content-type')]).toEqual([type, 415, TYPE]);
    }
    const plain = await national.ask(objects, {
      method: 'POST',
      type: 'application/taxii+json; charset=utf-8',
      body: { objects: [indicator(30)] },
    });
    expect(plain.status).toBe(202);
  });

  it('answers 413 past max_content_length, with a length and without', async () => {
    const body = { objects: [indicator(31, { description: 'x'.repeat(100_000) })] };
    const told = await national.ask(objects, { method: 'POST', body });
    expect([told.status, told.body.http_status]).toEqual([413, '413']);
    const pieces = new ReadableStream({
      start(stream) {
        stream.enqueue(Buffer.from(JSON.stringify(body)));
        stream.close();
      },
    });
    const chunked = await fetch(`${national.url}${objects}`, {
      method: 'POST',
      headers: { accept: TYPE, 'content-type': TYPE, authorization: `Basic ${btoa('admin:Password0')}` },
      body: pieces,
      duplex: 'half',
    } as RequestInit);
    expect(chunked.status).toBe(413);
  });

  it('looks at account, rights and types before it takes a body', async () => {
    const body = { objects: [indicator(32)] };
    expect((await national.ask(objects, { method: 'POST', body, user: null })).status).toBe(401);
    expect((await national.ask(objects, { method: 'POST', body, accept: '*/*' })).status).toBe(406);
    expect((await national.ask('/national/collections/none/objects/', { method: 'POST', body })).status).toBe(404);
    expect((await national.ask(at('read', 'objects/'), { method: 'POST', body })).status).toBe(403);
    expect((await national.ask(one(indicator(32)))).status).toBe(404);
  });

  it('lists a media type on the collection as soon as it holds such an object', async () => {
    const { spec_version: _, ...old } = indicator(33);
    await post([old]);
    expect((await national.ask(at('empty'))).body.media_types).toContain('application/stix+json;version=2.0');
  });
});

describe('deleting objects (§5.7)', () => {
  it('deletes the versions that are named, and finds the others', async () => {
    const object = indicator(40);
    const times = [
      '2026-01-02T03:04:05.678Z',
      '2026-02-01T00:00:00.000Z',
      '2026-03-01T00:00:00.000Z',
      '2026-04-01T00:00:00.000Z',
    ];
    await post(times.map((modified) => ({ ...object, modified })));
    const gone = async (query: string) => {
      const { status, headers } = await national.ask(one(object, query), { method: 'DELETE' });
      expect([status, headers.get('content-type')]).toEqual([200, TYPE]);
    };
    await gone(`?match[version]=${times[2]}`);
    expect(await versions(object)).toEqual([times[0], times[1], times[3]]);
    await gone('?match[version]=first');
    await gone('?match[version]=last');
    expect(await versions(object)).toEqual([times[1]]);
    // The version before is the latest again, also for those who ask for all objects.
    const found = await national.ask(`${objects}?match[type]=indicator&match[id]=${object['id']}`);
    expect(found.body.objects.map(({ modified }: { modified: string }) => modified)).toEqual([times[1]]);
    await gone('?match[version]=all');
    expect((await national.ask(one(object))).status).toBe(404);
    expect((await national.ask(`${one(object)}versions/`)).status).toBe(404);
    expect((await national.ask(one(object), { method: 'DELETE' })).status).toBe(404);
  });

  it('deletes a whole object, and only one specification of it where that is asked', async () => {
    const object = indicator(41);
    await post([object, { ...object, modified: '2026-02-01T00:00:00.000Z' }]);
    await post([{ ...object, modified: '2026-03-01T00:00:00.000Z', spec_version: '2.0' }]);
    await national.ask(one(object, '?match[spec_version]=2.0'), { method: 'DELETE' });
    expect(await versions(object)).toHaveLength(2);
    await national.ask(one(object), { method: 'DELETE' });
    expect((await national.ask(one(object))).status).toBe(404);
  });

  it('takes both rights', async () => {
    const status = async (collection: keyof typeof COLLECTION) =>
      (await national.ask(`${at(collection, 'objects/')}${VERSIONED}/`, { method: 'DELETE' })).status;
    expect([await status('read'), await status('inbox'), await status('closed')]).toEqual([403, 403, 404]);
    expect((await national.ask(one(indicator(1), '?match[version]=newest'), { method: 'DELETE' })).status).toBe(400);
  });
});

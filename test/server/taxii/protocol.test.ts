import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type Answer,
  COLLECTION,
  indicator,
  type National,
  startNational,
  TWICE,
  TYPE,
  VERSIONED,
} from './national.ts';

let national: National;
beforeAll(async () => {
  national = await startNational();
});
afterAll(() => national.stop());

const at = (collection: keyof typeof COLLECTION, rest = '') =>
  `/national/collections/${COLLECTION[collection]}/${rest}`;
const get = (path: string) => national.ask(path);
const post = (collection: keyof typeof COLLECTION, objects: readonly unknown[]) =>
  national.ask(at(collection, 'objects/'), { method: 'POST', body: { objects } });
const ids = ({ body }: Answer): string[] => (body.objects ?? []).map(({ id }: { id: string }) => id);
const modified = ({ body }: Answer): string[] => (body.objects ?? []).map((one: { modified: string }) => one.modified);

describe('server information (§4)', () => {
  it('tells of the server and its roots', async () => {
    const { status, headers, body } = await get('/taxii2/');
    expect(status).toBe(200);
    expect(headers.get('content-type')).toBe(TYPE);
    expect(body.title).toBe('TAXII quốc gia');
    expect(body.api_roots).toContain(body.default);
  });

  it('tells of a root, with a slash at the end or without', async () => {
    for (const path of ['/national/', '/national']) {
      const { status, headers, body } = await get(path);
      expect(status).toBe(200);
      expect(headers.get('content-type')).toBe(TYPE);
      expect(body).toEqual({
        title: 'Quốc gia',
        description: 'Mọi tỉnh',
        versions: [TYPE],
        max_content_length: 100_000,
      });
    }
  });

  it('gives a status that was loaded', async () => {
    const { status, body } = await get('/national/status/6d086da7-4bdc-4f91-900e-d77486753710/');
    expect(status).toBe(200);
    expect(body).toMatchObject({ status: 'pending', total_count: 3, failures: [{ message: 'Không đọc được' }] });
  });
});

describe('collections (§5.1, §5.2)', () => {
  it('lists them in one order, with what the account may do', async () => {
    const { status, body } = await get('/national/collections/');
    expect(status).toBe(200);
    expect(body.collections.map(({ can_read, can_write }: Record<string, boolean>) => [can_read, can_write])).toEqual([
      [false, true],
      [true, true],
      [true, true],
      [true, false],
      [false, false],
    ]);
    expect(body.collections[2].media_types).toContain('application/stix+json;version=2.0');
  });

  it('leaves the list out where there is none', async () => {
    const { status, body } = await get('/empty/collections/');
    expect([status, body]).toEqual([200, {}]);
  });

  it('finds one by id and by alias', async () => {
    expect((await get(at('empty'))).body.alias).toBe('them-vao');
    expect((await get('/national/collections/them-vao/')).body.id).toBe(COLLECTION.empty);
  });
});

describe('objects and manifest (§5.3, §5.4)', () => {
  it('gives the latest versions, oldest first, with the times of the first and the last', async () => {
    for (const form of ['objects', 'manifest']) {
      const answer = await get(at('open', `${form}/`));
      expect(answer.status).toBe(200);
      expect(answer.body.more).toBe(false);
      expect(ids(answer).map((id) => id.slice(-2))).toEqual(['01', '02', '04', '05', '03']);
      expect(answer.headers.get('x-taxii-date-added-first')).toBe('2020-03-01T01:00:00.000000Z');
      expect(answer.headers.get('x-taxii-date-added-last')).toBe('2021-12-31T13:49:53.935000Z');
    }
  });

  it('says of each object in the manifest when it came, its version and media type', async () => {
    const { body } = await get(at('open', `manifest/?match[id]=${TWICE}&match[spec_version]=2.0`));
    expect(body.objects).toEqual([
      {
        id: TWICE,
        date_added: '2021-07-27T13:49:59.997000Z',
        version: '2022-02-23T18:30:00.000Z',
        media_type: 'application/stix+json;version=2.0',
      },
    ]);
  });

  it('gives an empty object where there is nothing, without times', async () => {
    const { status, headers, body } = await get(at('read', 'objects/'));
    expect([status, body]).toEqual([200, {}]);
    expect(headers.get('x-taxii-date-added-first')).toBeNull();
  });

  const FILTERS: readonly [string, string[]][] = [
    ['match[type]=indicator', ['02', '03']],
    ['match[type]=malware,relationship', ['01', '05']],
    ['match[type]=x-unknown', []],
    [`match[id]=${TWICE},${VERSIONED}`, ['05', '03']],
    [`match[id]=${TWICE}&match[type]=indicator`, []],
    ['match[version]=all', ['01', '02', '03', '03', '04', '05', '03']],
    ['match[version]=first', ['01', '02', '03', '04', '05']],
    ['match[version]=last', ['01', '02', '04', '05', '03']],
    ['match[version]=first,last', ['01', '02', '03', '04', '05', '03']],
    ['match[version]=2021-06-25T12:30:59.444Z', ['03']],
    ['match[version]=2021-06-25T12:30:59.444000Z', ['03']],
    ['match[version]=2021-06-25T12:30:59.444Z,first', ['01', '02', '03', '03', '04', '05']],
    ['match[spec_version]=2.0', ['05']],
    ['match[spec_version]=2.1', ['01', '02', '04', '05', '03']],
    ['match[spec_version]=2.0,2.1', ['01', '02', '04', '05', '03']],
    ['match[spec_version]=9.9', []],
    ['match[version]=all&match[spec_version]=2.0,2.1', ['01', '02', '03', '03', '04', '05', '05', '03']],
    ['added_after=2021-07-20T00:00:00.000000Z', ['05', '03']],
    ['added_after=2021-07-19T23:59:59.999999Z', ['04', '05', '03']],
    ['added_after=2021-07-20T00:00:00Z&match[type]=malware', ['05']],
    ['added_after=2021-05-03T12:30:59.001Z&match[version]=first', ['03', '04', '05']],
    ['match[x_unknown]=1', ['01', '02', '04', '05', '03']],
  ];
  it.each(FILTERS)('%s', async (query, expected) => {
    for (const form of ['objects', 'manifest']) {
      const answer = await get(at('open', `${form}/?${query}`));
      expect(answer.status).toBe(200);
      expect(ids(answer).map((id) => id.slice(-2))).toEqual(expected);
    }
  });

  it('takes the later one of two specification versions where both are asked for', async () => {
    expect(modified(await get(at('open', `objects/${TWICE}/?match[spec_version]=2.0,2.1`)))).toEqual([
      '2022-02-23T18:30:00.000Z',
    ]);
    expect(modified(await get(at('open', `objects/${TWICE}/`)))).toEqual(['2021-07-27T13:49:53.997Z']);
  });

  const MALFORMED = [
    'limit=0',
    'limit=-20',
    'limit=many',
    'limit=1.5',
    'added_after=yesterday',
    'added_after=2021-07-20',
    'added_after=2021-13-20T00:00:00Z',
    'added_after=2021-02-30T00:00:00Z',
    'added_after=2021-07-20T00:00:00%2B07:00',
    'added_after=2021-07-20T00:00:00Z&added_after=2021-07-20T00:00:00Z',
    'match[version]=latest',
    'match[version]=all,first',
    'match[version]=first,first',
    'match[type]=indicator,,malware',
    'match[type]=',
    'next=nonsense',
  ];
  it.each(MALFORMED)('answers 400 to ?%s (§3.4)', async (query) => {
    const { status, headers, body } = await get(at('open', `objects/?${query}`));
    expect(status).toBe(400);
    expect(headers.get('content-type')).toBe(TYPE);
    expect(body.http_status).toBe('400');
  });
});

describe('pages (§3.5)', () => {
  it('goes from one to the next without a gap or a repeat', async () => {
    const seen: string[] = [];
    let next = '';
    for (let pages = 0; pages < 10; pages++) {
      const answer = await get(at('open', `manifest/?match[version]=all&limit=3${next}`));
      seen.push(...answer.body.objects.map(({ id, version }: Record<string, string>) => `${id} ${version}`));
      expect(answer.headers.get('x-taxii-date-added-last')).toBe(answer.body.objects.at(-1).date_added);
      if (!answer.body.more) break;
      next = `&next=${answer.body.next}`;
    }
    expect(seen).toHaveLength(7);
    expect(new Set(seen).size).toBe(7);
  });

  it('refuses a next with other parameters, and takes another limit', async () => {
    const { next } = (await get(at('open', 'objects/?limit=2'))).body;
    const refused = await get(at('open', `objects/?limit=2&match[version]=first&next=${next}`));
    expect([refused.status, refused.body.title]).toEqual([400, 'ProcessingError']);
    expect((await get(at('open', `objects/?added_after=2020-01-01T00:00:00Z&next=${next}`))).status).toBe(400);
    expect((await get(at('open', `manifest/?next=${next}`))).status).toBe(400);
    const rest = await get(at('open', `objects/?limit=1000&next=${next}`));
    expect([ids(rest).length, rest.body.more]).toEqual([3, false]);
  });

  it('loses nothing by time instead of next, as each object that is posted has a time of its own', async () => {
    await post(
      'empty',
      Array.from({ length: 7 }, (_, number) => indicator(100 + number)),
    );
    const seen: string[] = [];
    let after = '2026-01-01T00:00:00.000000Z';
    for (let pages = 0; pages < 10; pages++) {
      const answer = await get(at('empty', `objects/?match[type]=indicator&limit=2&added_after=${after}`));
      seen.push(...ids(answer));
      if (!answer.body.more) break;
      after = answer.headers.get('x-taxii-date-added-last') ?? '';
    }
    expect(new Set(seen).size).toBe(seen.length);
    expect(seen).toEqual(Array.from({ length: 7 }, (_, number) => indicator(100 + number)['id']));
  });
});

describe('one object (§5.6, §5.8)', () => {
  it('gives it by id, and 404 for one that is not there', async () => {
    const found = await get(at('open', `objects/${VERSIONED}/`));
    expect(modified(found)).toEqual(['2021-07-27T13:49:53.935Z']);
    expect(found.headers.get('x-taxii-date-added-first')).toBe('2021-12-31T13:49:53.935000Z');
    const missing = await get(at('open', 'objects/malware--00000000-0000-4000-8000-000000000000/'));
    expect([missing.status, missing.headers.get('content-type')]).toEqual([404, TYPE]);
  });

  it('gives an empty envelope where the object is there, and nothing of it fits', async () => {
    const { status, body } = await get(at('open', `objects/${VERSIONED}/?added_after=2022-01-01T00:00:00Z`));
    expect([status, body]).toEqual([200, {}]);
  });

  it('lists versions page by page', async () => {
    const first = await get(at('open', `objects/${VERSIONED}/versions/?limit=2`));
    expect(first.body.versions).toEqual(['2021-05-03T12:30:59.000Z', '2021-06-25T12:30:59.444Z']);
    const rest = await get(at('open', `objects/${VERSIONED}/versions/?limit=2&next=${first.body.next}`));
    expect(rest.body).toEqual({ more: false, versions: ['2021-07-27T13:49:53.935Z'] });
    expect(rest.headers.get('x-taxii-date-added-first')).toBe('2021-12-31T13:49:53.935000Z');
    const nothing = await get(at('open', `objects/${VERSIONED}/versions/?added_after=2022-01-01T00:00:00Z`));
    expect(nothing.body).toEqual({});
    expect((await get(at('open', 'objects/tool--00000000-0000-4000-8000-000000000000/versions/'))).status).toBe(404);
  });

  it('lists versions of the latest specification alone, unless another is asked for', async () => {
    const versions = async (query: string) =>
      (await get(at('open', `objects/${TWICE}/versions/${query}`))).body.versions;
    expect(await versions('')).toEqual(['2021-07-27T13:49:53.997Z']);
    expect(await versions('?match[spec_version]=2.0')).toEqual(['2022-02-23T18:30:00.000Z']);
    expect(await versions('?match[spec_version]=2.0,2.1')).toHaveLength(2);
  });
});

describe('what may be asked for (§3.1)', () => {
  const RIGHT = [TYPE, 'application/taxii+json', 'application/taxii+json; version="2.1"', `text/html, ${TYPE};q=0.5`];
  it.each([...RIGHT, 'application/taxii+json;version=2.0, APPLICATION/TAXII+JSON'])(
    'takes Accept: %s',
    async (accept) => {
      const { status, headers } = await national.ask('/national/', { accept });
      expect([status, headers.get('content-type')]).toEqual([200, TYPE]);
    },
  );
  it.each([null, 'application/taxii+json;version=2.0', 'text/html', '*/*', 'application/json', `${TYPE};q=0`])(
    'answers 406 to Accept: %s',
    async (accept) => {
      for (const path of ['/taxii2/', '/national/', at('open', 'objects/')]) {
        const { status, headers, body } = await national.ask(path, { accept });
        expect([status, headers.get('content-type'), body.http_status]).toEqual([406, TYPE, '406']);
      }
    },
  );

  const EVERYWHERE = ['/taxii2/', '/national/', '/national/collections/', '/national/status/1/', '/national/nothing/'];
  it.each([...EVERYWHERE, at('open'), at('closed', 'objects/'), '/national/collections/none/manifest/'])(
    'answers 401 with a challenge at %s, before all else',
    async (path) => {
      for (const user of [null, ['admin', 'wrong'] as const]) {
        const { status, headers, body } = await national.ask(path, { user, accept: 'text/html' });
        expect([status, headers.get('content-type')]).toEqual([401, TYPE]);
        expect(headers.get('www-authenticate')).toMatch(/^Basic realm="/);
        expect(body.title).toBeTypeOf('string');
        // The right password opens again: failures before it do not lock an account out for good.
        expect((await national.ask('/national/')).status).toBe(200);
      }
    },
  );

  it.each([
    '/nowhere/',
    '/nowhere/collections/',
    '/national/nothing/',
    '/national/status/22101993/',
    '/national/collections/none/',
  ])('answers 404 at %s', async (path) => {
    const { status, headers } = await get(path);
    expect([status, headers.get('content-type')]).toEqual([404, TYPE]);
  });
  it.each([at('read', 'objects/x/y/'), at('read', `manifest/${VERSIONED}/`), '/national/collections/none/objects/'])(
    'answers 404 at %s',
    async (path) => {
      expect((await get(path)).status).toBe(404);
    },
  );

  it('answers 403 where reading or writing is not allowed', async () => {
    for (const form of ['objects/', 'manifest/', `objects/${VERSIONED}/`, `objects/${VERSIONED}/versions/`]) {
      expect((await get(at('inbox', form))).status).toBe(403);
      expect((await get(at('closed', form))).status).toBe(403);
    }
    expect((await post('read', [indicator(1)])).status).toBe(403);
    expect((await post('closed', [indicator(1)])).status).toBe(403);
  });

  it('answers 405 with the methods that there are', async () => {
    const cases: [string, string, string][] = [
      ['/taxii2/', 'POST', 'GET, HEAD'],
      ['/national/', 'DELETE', 'GET, HEAD'],
      [at('open', 'objects/'), 'PUT', 'GET, POST, HEAD'],
      [at('open', `objects/${VERSIONED}/`), 'POST', 'GET, DELETE, HEAD'],
      [at('open', 'manifest'), 'PATCH', 'GET, HEAD'],
    ];
    for (const [path, method, allow] of cases) {
      const { status, headers } = await national.ask(path, { method });
      expect([path, status, headers.get('allow')]).toEqual([path, 405, allow]);
    }
  });

  it('answers HEAD as GET without a body', async () => {
    const { status, headers, body } = await national.ask(at('open', 'objects/'), { method: 'HEAD' });
    expect([status, headers.get('content-type'), body]).toEqual([200, TYPE, '']);
    expect(headers.get('x-taxii-date-added-last')).toBe('2021-12-31T13:49:53.935000Z');
  });

  it('leaves the console its addresses', async () => {
    const page = await fetch(`${national.url}/alerts`, { headers: { accept: 'text/html' } });
    expect(page.headers.get('content-type')).toMatch(/^text\/html/);
    expect((await fetch(`${national.url}/healthz`)).status).toBe(200);
  });
});

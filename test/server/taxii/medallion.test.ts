import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type Answer,
  type Asking,
  ask,
  COLLECTION,
  indicator,
  type National,
  startNational,
  TWICE,
  TYPE,
  VERSIONED,
} from './national.ts';
import { type Medallion, startMedallion, taxiiPython } from './python.ts';

const python = await taxiiPython();

/** The same requests to medallion 3.0.0, the reference of the specification's makers, and to this server. */
describe.skipIf(python === undefined)('beside medallion 3.0.0', () => {
  let national: National;
  let medallion: Medallion;
  beforeAll(async () => {
    [national, medallion] = await Promise.all([startNational(), startMedallion(python ?? '')]);
  });
  afterAll(() => Promise.all([national?.stop(), medallion?.stop()]));

  const at = (collection: keyof typeof COLLECTION, rest = '') =>
    `/national/collections/${COLLECTION[collection]}/${rest}`;

  const FILTERS = [
    '',
    ...['all', 'first', 'last', 'first,last', '2021-06-25T12:30:59.444Z'].map((word) => `match[version]=${word}`),
    ...['2.0', '2.1', '2.0,2.1'].map((word) => `match[spec_version]=${word}`),
    'match[version]=all&match[spec_version]=2.0,2.1',
    'match[type]=indicator',
    'match[type]=indicator,malware&match[version]=all',
    'match[type]=x-unknown',
    `match[id]=${VERSIONED}`,
    `match[id]=${VERSIONED},${TWICE}&match[version]=first`,
    'added_after=2021-07-20T00:00:00.000000Z',
    'added_after=2021-05-03T12:30:59Z&match[version]=all',
    'added_after=2021-06-01T00:00:00Z&match[version]=first',
    'added_after=2030-01-01T00:00:00Z',
    'limit=2',
    'limit=1&match[type]=indicator',
    'limit=100',
  ];
  const READS: readonly string[] = [
    '/taxii2/',
    '/national/',
    '/empty/',
    '/nowhere/',
    '/empty/collections/',
    '/nowhere/collections/',
    '/national/status/6d086da7-4bdc-4f91-900e-d77486753710/',
    '/national/status/22101993/',
    '/national/collections/none/',
    '/national/collections/none/objects/',
    ...(['open', 'read', 'inbox', 'closed', 'empty'] as const).flatMap((key) => [
      ...(key === 'open' ? [] : [at(key)]),
      at(key, 'manifest/'),
      at(key, 'objects/'),
    ]),
    ...FILTERS.flatMap((query) => [at('open', `objects/?${query}`), at('open', `manifest/?${query}`)]),
    ...[VERSIONED, TWICE].flatMap((id) => [
      ...[
        '',
        '?match[version]=all',
        '?match[version]=first',
        '?match[spec_version]=2.0',
        '?added_after=2021-07-20T00:00:00Z',
      ].map((query) => at('open', `objects/${id}/${query}`)),
      at('open', `objects/${id}/versions/?limit=1`),
      at('open', `objects/${id}/versions/?match[spec_version]=2.0`),
    ]),
    at('open', 'objects/tool--00000000-0000-4000-8000-000000000000/'),
    at('open', 'objects/tool--00000000-0000-4000-8000-000000000000/versions/'),
    at('open', 'objects/?limit=-20'),
    at('open', 'objects/?limit=many'),
  ];

  it.each(READS)('answers the same to %s', async (path) => {
    expect(told(await national.ask(path))).toEqual(told(await ask(`${medallion.url}${path}`, {})));
  });

  const ASKED: readonly [string, string, Asking][] = [
    ['no account', '/national/collections/', { user: null }],
    ['a wrong password', '/national/', { user: ['admin', 'wrong'] }],
    ['a version of TAXII that is none of ours', '/national/', { accept: 'application/taxii+json;version=2.0' }],
    ['no TAXII media type', '/national/', { accept: 'text/html' }],
    ['any media type', '/taxii2/', { accept: '*/*' }],
    ['another content type', at('empty', 'objects/'), { method: 'POST', type: 'application/json', body: {} }],
    ['an object for an envelope', at('empty', 'objects/'), { method: 'POST', body: indicator(1) }],
    ['too long a body', at('empty', 'objects/'), { method: 'POST', body: { objects: [{ x: 'x'.repeat(100_001) }] } }],
    ['what may not be written', at('read', 'objects/'), { method: 'POST', body: { objects: [indicator(1)] } }],
    [
      'a collection that is not there',
      '/national/collections/none/objects/',
      { method: 'POST', body: { objects: [indicator(1)] } },
    ],
    ['what may not be deleted', at('read', `objects/${VERSIONED}/`), { method: 'DELETE' }],
    ['what may only be written', at('inbox', `objects/${VERSIONED}/`), { method: 'DELETE' }],
    ['what is closed', at('closed', `objects/${VERSIONED}/`), { method: 'DELETE' }],
    ['what is not there', at('empty', `objects/${VERSIONED}/`), { method: 'DELETE' }],
  ];
  it.each(ASKED)('refuses %s with the same status', async (_name, path, asking) => {
    const [ours, theirs] = await both(path, asking);
    expect(ours.status).toBe(theirs.status);
    expect(ours.status).toBeGreaterThanOrEqual(400);
  });

  it('tells the same of what is added, versioned and deleted', async () => {
    const objects = at('empty', 'objects/');
    const versions = ['2026-01-02T03:04:05.678Z', '2026-02-01T00:00:00.000Z', '2026-03-01T00:00:00.000Z'];
    const body = { objects: [...versions.map((modified) => indicator(1, { modified })), indicator(2)] };
    const steps: readonly [string, Asking][] = [
      [objects, { method: 'POST', body }],
      [objects, {}],
      [`${objects}?match[version]=all`, {}],
      [`${objects}${indicator(1)['id']}/?match[version]=first`, {}],
      [`${objects}${indicator(1)['id']}/?match[version]=${versions[1]}`, { method: 'DELETE' }],
      [`${objects}${indicator(1)['id']}/?match[version]=all`, {}],
      [`${objects}${indicator(1)['id']}/?match[version]=last`, { method: 'DELETE' }],
      [`${objects}${indicator(1)['id']}/`, {}],
      [`${objects}${indicator(2)['id']}/`, { method: 'DELETE' }],
      [`${objects}${indicator(2)['id']}/`, {}],
      [at('empty', 'manifest/'), {}],
    ];
    for (const [path, asking] of steps) {
      const [ours, theirs] = await both(path, asking);
      expect([path, withoutTimes(told(ours))]).toEqual([path, withoutTimes(told(theirs))]);
    }
  });

  /** Where the specification says otherwise than medallion does, and this server follows it. */
  const DECIDED: readonly [section: string, path: string, asking: Asking, theirs: number, ours: number][] = [
    ['§1.6.8.2: without a version the latest is meant', '/national/', { accept: 'application/taxii+json' }, 406, 200],
    [
      '§3.1: one right media type among others is enough',
      '/national/',
      { accept: `application/taxii+json;version=2.0,${TYPE}` },
      406,
      200,
    ],
    ['§3.1: parameters of a media range (RFC 9110 §12.5.1)', '/national/', { accept: `${TYPE};q=0.9` }, 406, 200],
    ['§2: an empty list is none', at('empty', 'objects/'), { method: 'POST', body: { objects: [] } }, 202, 422],
    ['§5.5: a malformed body cannot be processed', at('empty', 'objects/'), { method: 'POST', body: '{' }, 400, 422],
    ['§3.4: added_after that is no timestamp', at('open', 'objects/?added_after=yesterday'), {}, 500, 400],
    ['§3.4.1: "all" with others', at('open', 'objects/?match[version]=all,first'), {}, 200, 400],
  ];
  it.each(DECIDED)('differs by %s', async (_section, path, asking, theirs, ours) => {
    const [own, reference] = await both(path, asking);
    expect([own.status, reference.status]).toEqual([ours, theirs]);
  });

  it('differs by §5.5: an exact duplicate is no failure', async () => {
    const post: Asking = { method: 'POST', body: { objects: [indicator(9)] } };
    await both(at('empty', 'objects/'), post);
    const [ours, theirs] = await both(at('empty', 'objects/'), post);
    expect([ours.body.failure_count, theirs.body.failure_count]).toEqual([0, 1]);
  });

  it('differs by §5.3.1: a media type in the manifest is on the collection too', async () => {
    const [ours, theirs] = await both(at('open'), {});
    const added = { media_types: [...theirs.body.media_types, 'application/stix+json;version=2.0'] };
    expect(ours.body).toEqual({ ...theirs.body, ...added });
    const [list, other] = await both('/national/collections/', {});
    const ids = (answer: Answer) => answer.body.collections.map(({ id }: { id: string }) => id);
    expect(ids(list)).toEqual(ids(other));
  });

  it('differs by §5.7: what is deleted without a word about versions is gone', async () => {
    const path = `${at('empty', 'objects/')}${indicator(10)['id']}/`;
    const objects = [indicator(10), indicator(10, { modified: '2026-05-01T00:00:00.000Z' })];
    await both(at('empty', 'objects/'), { method: 'POST', body: { objects } });
    await both(path, { method: 'DELETE' });
    const [ours, theirs] = await both(path, {});
    expect([ours.status, theirs.status]).toEqual([404, 200]);
  });

  it('differs in the order of versions of a page: by when they came, as the pages go (§3.5)', async () => {
    const [ours, theirs] = await both(at('open', `objects/${VERSIONED}/versions/`), {});
    expect(ours.body.versions).toEqual([...theirs.body.versions].reverse());
  });

  async function both(path: string, asking: Asking): Promise<readonly [Answer, Answer]> {
    return [await national.ask(path, asking), await ask(`${medallion.url}${path}`, asking)];
  }
});

/** What a client can tell from an answer; where to go on, and the texts of errors, are each server's own. */
function told({ status, headers, body }: Answer): unknown {
  const { next, ...rest } = typeof body === 'object' ? body : { text: body };
  const of = (name: string) => headers.get(name);
  const times = [of('x-taxii-date-added-first'), of('x-taxii-date-added-last')];
  if (status >= 400) return { status };
  return { status, type: of('content-type'), times, hasNext: next !== undefined, body: rest };
}

/** Without what depends on when it was asked. */
function withoutTimes(told: unknown): unknown {
  const text = JSON.stringify(told).replaceAll(/"times":\[[^\]]*\]/g, '"times":[]');
  return JSON.parse(
    text.replaceAll(/"(date_added|request_timestamp|id)":"(\d{4}-\d\d-\d\dT[^"]*|[0-9a-f-]{36})"/g, '"$1":""'),
  );
}

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { COLLECTION, indicator, type National, startNational, VERSIONED } from './national.ts';
import { runPython, taxiiPython } from './python.ts';

const python = await taxiiPython();

/** What a user of the client writes: find the server's collections, read page by page, add, wait, read back, delete. */
const PROGRAM = `
import json, sys
from taxii2client.v21 import Server, Collection, as_pages
from requests.exceptions import HTTPError
url, opened, empty, inbox, versioned, objects = sys.argv[1:7]
who = dict(user='admin', password='Password0')
out = {}
server = Server(url + '/taxii2/', **who)
out['title'] = server.title
out['roots'] = [root.url for root in server.api_roots]
root = f'{url}/national/collections/'
read = Collection(root + opened + '/', **who)
out['collection'] = [read.title, read.can_read, read.can_write]
out['pages'] = [len(page['objects']) for page in as_pages(read.get_objects, per_request=2)]
out['all'] = [o['id'] for page in as_pages(read.get_objects, per_request=3, version='all') for o in page['objects']]
out['manifest'] = [len(page['objects']) for page in as_pages(read.get_manifest, per_request=4)]
out['types'] = [o['type'] for o in read.get_objects(type=['malware', 'relationship'])['objects']]
out['first'] = read.get_object(versioned, version='first')['objects'][0]['modified']
out['versions'] = read.object_versions(versioned)['versions']
out['after'] = len(read.get_objects(added_after='2021-07-20T00:00:00.000000Z')['objects'])
write = Collection(root + empty + '/', **who)
status = write.add_objects({'objects': json.loads(objects)})
out['status'] = [status.status, status.success_count, status.failure_count, [f['id'] for f in status.failures]]
status.refresh()
out['refreshed'] = status.success_count
made = json.loads(objects)[0]['id']
out['back'] = write.get_object(made)['objects'][0]
write.delete_object(made)
def code(act):
    try:
        act()
    except HTTPError as error:
        return error.response.status_code
out['gone'] = code(lambda: write.get_object(made))
out['wrong'] = code(lambda: Server(url + '/taxii2/', user='admin', password='x').title)
blind = Collection(root + inbox + '/', **who)
out['blind'] = [blind.can_read, blind.add_objects({'objects': json.loads(objects)}).success_count]
print(json.dumps(out))
`;

describe.skipIf(python === undefined)('taxii2-client 2.3.0', () => {
  let national: National;
  beforeAll(async () => {
    national = await startNational();
  });
  afterAll(() => national?.stop());

  it('reads, adds, follows a status, and deletes', async () => {
    const objects = JSON.stringify([indicator(1), indicator(2), { ...indicator(3), id: 'wrong' }]);
    const { open, empty, inbox } = COLLECTION;
    const text = await runPython(python ?? '', PROGRAM, [national.url, open, empty, inbox, VERSIONED, objects]);
    expect(JSON.parse(text)).toEqual({
      title: 'TAXII quốc gia',
      roots: ['http://localhost:5000/empty/', 'http://localhost:5000/national/'],
      collection: ['Chỉ dấu chung', true, true],
      pages: [2, 2, 1],
      all: expect.objectContaining({ length: 7 }),
      manifest: [4, 1],
      types: ['relationship', 'malware'],
      first: '2021-05-03T12:30:59.000Z',
      versions: ['2021-05-03T12:30:59.000Z', '2021-06-25T12:30:59.444Z', '2021-07-27T13:49:53.935Z'],
      after: 2,
      status: ['complete', 2, 1, ['wrong']],
      refreshed: 2,
      back: indicator(1),
      gone: 404,
      wrong: 401,
      blind: [false, 2],
    });
  });
});

import { type PageRequest, writeNext } from './filter.ts';
import type { ObjectPage } from './select-objects.ts';
import { stixMediaType } from './stix-object.ts';
import type { PageAnswer, PageForm } from './thread-calls.ts';
import { writeTimestamp } from './timestamp.ts';

/** A page as TAXII writes it: an envelope, a manifest or versions; an empty one is an empty object (TAXII 2.1 §3.7, §5.3.1, §5.8.1). */
export function writePage({ objects, more }: ObjectPage, request: PageRequest, form: PageForm): PageAnswer {
  const [first, last] = [objects[0], objects.at(-1)];
  if (!first || !last) return { body: Buffer.from('{}'), first: undefined, last: undefined };
  const items = objects.map((object) => {
    if (form === 'objects') return object.text ?? '{}';
    if (form === 'versions') return JSON.stringify(object.version);
    const { id, added, version, spec } = object;
    return JSON.stringify({ id, date_added: writeTimestamp(added), version, media_type: stixMediaType(spec) });
  });
  const list = form === 'versions' ? 'versions' : 'objects';
  const next = more ? `"next":${JSON.stringify(writeNext(request, last))},` : '';
  const body = `{"more":${more},${next}"${list}":[${(form === 'versions' ? [...new Set(items)] : items).join(',')}]}`;
  return { body: Buffer.from(body), first: writeTimestamp(first.added), last: writeTimestamp(last.added) };
}

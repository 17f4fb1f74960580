import type { IndicatorType } from '../../../rules/indicators/indicator.ts';
import { type ListSink, readTlp } from './read-list.ts';

/** Attribute types (MISP core format §2.4) and what their parts, between `|`, are; `null`: not an indicator. */
const TYPES: Readonly<Record<string, readonly (IndicatorType | null)[]>> = {
  'ip-src': ['network'],
  'ip-dst': ['network'],
  'ip-src|port': ['network', null],
  'ip-dst|port': ['network', null],
  domain: ['domain'],
  hostname: ['domain'],
  'hostname|port': ['domain', null],
  'domain|ip': ['domain', 'network'],
  url: ['url'],
  md5: ['hash'],
  sha1: ['hash'],
  sha256: ['hash'],
  sha384: ['hash'],
  sha512: ['hash'],
  'filename|md5': [null, 'hash'],
  'filename|sha1': [null, 'hash'],
  'filename|sha256': [null, 'hash'],
  'filename|sha512': [null, 'hash'],
  'malware-sample': [null, 'hash'],
  email: ['email'],
  'email-src': ['email'],
  'email-dst': ['email'],
  'email-reply-to': ['email'],
};

interface Attribute {
  readonly type?: unknown;
  readonly value?: unknown;
  readonly to_ids?: unknown;
  readonly deleted?: unknown;
  readonly Tag?: unknown;
}
interface MispEvent {
  readonly Attribute?: unknown;
  readonly Object?: unknown;
  readonly Tag?: unknown;
}

/** Reads the attributes of a MISP export: one event, several, or the answer of its REST search. @throws Error where it is none */
export function readMisp(document: unknown, sink: ListSink): void {
  const events = eventsOf(document);
  if (events.length === 0) throw new Error('The file is no MISP export: it has no "Event".');
  let at = 0;
  for (const event of events) {
    mark(event.Tag, sink);
    const objects = listOf<{ Attribute?: unknown }>(event.Object);
    for (const attribute of [event, ...objects].flatMap((one) => listOf<Attribute>(one.Attribute))) {
      at++;
      mark(attribute.Tag, sink);
      readAttribute(at, attribute, sink);
    }
  }
}

function readAttribute(at: number, { type, value, to_ids: isMeant, deleted }: Attribute, sink: ListSink): void {
  // What is there for context alone would alert on every visit of a search engine.
  if (isMeant === false || isMeant === '0' || deleted === true) {
    sink.skip();
    return;
  }
  const parts = typeof type === 'string' && Object.hasOwn(TYPES, type) ? TYPES[type] : undefined;
  if (!parts || typeof value !== 'string') {
    sink.refuse(at, `Attributes of the type "${String(type)}" are not read.`);
    return;
  }
  const values = value.split('|');
  for (const [index, part] of parts.entries()) if (part !== null) sink.add(at, part, values[index] ?? '', {});
}

function mark(tags: unknown, sink: ListSink): void {
  for (const { name } of listOf<{ name?: unknown }>(tags)) {
    const tlp = typeof name === 'string' && name.startsWith('tlp:') ? readTlp(name) : undefined;
    if (tlp) sink.mark(tlp);
  }
}

function eventsOf(document: unknown): MispEvent[] {
  const { response, Event } = (document ?? {}) as { response?: unknown; Event?: unknown };
  if (Event !== undefined) return [Event as MispEvent];
  const several = Array.isArray(document) ? document : response;
  return listOf<{ Event?: unknown }>(several).flatMap(({ Event: one }) => (one ? [one as MispEvent] : []));
}

function listOf<T extends object>(value: unknown): T[] {
  return Array.isArray(value) ? value.filter((one): one is T => typeof one === 'object' && one !== null) : [];
}

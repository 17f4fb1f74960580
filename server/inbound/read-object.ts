import type { Indicator } from '../../rules/indicators/indicator.ts';
import { canonicalValue } from '../../rules/indicators/indicator.ts';
import type { Tlp } from '../incidents/record.ts';
import { readSecond } from '../indicators/read/read-list.ts';
import { marksOf } from '../indicators/read/stix.ts';
import { PatternError, patternValues } from '../indicators/read/stix-pattern.ts';
import { readMessage, readTime } from '../national/message.ts';
import { TLP_ORDER } from '../sharing/settings.ts';
import { readTimestamp } from '../taxii/timestamp.ts';
import type { InboundKind } from './record.ts';
import type { InboundSource } from './settings.ts';

/** An indicator of a source in one version; `values` is empty where its pattern is more than an OR of values. */
export interface ReadIndicator {
  readonly kind: 'indicator';
  readonly values: readonly Pick<Indicator, 'type' | 'value'>[];
  /** Unix second; 0 for never. */
  readonly expires: number;
  readonly confidence: number;
}

/** A message or an advisory in one version. */
export interface ReadMessage {
  readonly kind: InboundKind;
  readonly title: string;
  readonly text: string;
  readonly due: string | null;
  readonly link: string | null;
  readonly publishedAt: string;
  /** Ids of incidents and reports that it is about. */
  readonly about: readonly string[];
}

/** What is kept of an object: bounded, whatever its maker wrote. */
export interface ReadObject {
  readonly id: string;
  /** Microseconds, and as it was written. */
  readonly version: number;
  readonly versionText: string;
  readonly tlp: Tlp;
  readonly isRevoked: boolean;
  readonly body: ReadIndicator | ReadMessage;
}

type Fields = Readonly<Record<string, unknown>>;

const ID = /^[a-z0-9-]{2,50}--[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const MOST_ABOUT = 20;
const MOST_REFS = 5_000;
const MOST_VALUES = 200;

/** Reads an object of an envelope; undefined where nothing of it is taken from this source. */
export function readObject(value: unknown, source: Pick<InboundSource, 'takes' | 'tlp'>): ReadObject | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const object = value as Fields;
  const { id, type, modified, created } = object;
  const versionText = modified ?? created;
  if (typeof id !== 'string' || !ID.test(id) || typeof versionText !== 'string' || versionText.length > 40)
    return undefined;
  const version = readTimestamp(versionText);
  const body = version === undefined || id.split('--', 1)[0] !== type ? undefined : bodyOf(object, source);
  if (!body || version === undefined) return undefined;
  const marks = marksOf(object);
  const tlp = TLP_ORDER.findLast((one) => marks.includes(one)) ?? source.tlp;
  return { id, version, versionText, tlp, isRevoked: object['revoked'] === true, body };
}

function bodyOf(object: Fields, { takes }: Pick<InboundSource, 'takes'>): ReadObject['body'] | undefined {
  switch (object['type']) {
    case 'indicator':
      return takes.includes('indicators') ? indicatorOf(object) : undefined;
    case 'report':
    case 'grouping':
      return takes.includes('advisories') ? advisoryOf(object) : undefined;
    case 'note':
    case 'opinion':
      return takes.includes('tasks') ? messageOf(object) : undefined;
    default:
      return undefined;
  }
}

function indicatorOf(object: Fields): ReadIndicator | undefined {
  const { pattern, pattern_type: type = 'stix', confidence, valid_until: until } = object;
  if (typeof pattern !== 'string' || type !== 'stix') return undefined;
  const head = {
    kind: 'indicator' as const,
    expires: readSecond(until) ?? 0,
    confidence: typeof confidence === 'number' ? Math.round(Math.max(0, Math.min(100, confidence))) : 50,
  };
  try {
    const values = patternValues(pattern).flatMap(({ type: own, value }) => {
      const spelled = canonicalValue(own, value);
      // A network of nearly every address would alert on everything.
      return spelled === undefined || /^(0\.0\.0\.0|::)\/[0-7]$/.test(spelled) ? [] : [{ type: own, value: spelled }];
    });
    return { ...head, values: values.slice(0, MOST_VALUES) };
  } catch (error) {
    // An earlier version of it may have been one that is looked for.
    if (error instanceof PatternError) return { ...head, values: [] };
    throw error;
  }
}

function advisoryOf(object: Fields): ReadMessage {
  const links = listOf(object['external_references']).flatMap((one) => {
    const { url } = (one ?? {}) as Fields;
    return typeof url === 'string' && url.length <= 1_000 && /^https?:\/\/[^\s]+$/.test(url) ? [url] : [];
  });
  return {
    kind: 'advisory',
    title: text(object['name'], 300),
    text: text(object['description'], 10_000),
    due: null,
    link: links[0] ?? null,
    publishedAt: readTime(object['published']) ?? readTime(object['created']) ?? EPOCH,
    about: [],
  };
}

function messageOf(object: Fields): ReadMessage {
  const message = object['type'] === 'note' ? readMessage(object) : undefined;
  const kind = message?.kind === 'task' || message?.kind === 'acknowledgement' ? message.kind : 'note';
  const about = listOf(object['object_refs'])
    .slice(0, MOST_REFS)
    .filter((ref) => typeof ref === 'string' && ref.length <= 60 && /^(incident|report)--/.test(ref));
  const opinion = text(object['opinion'], 50);
  const content = text(object['content'] ?? object['explanation'], 4_000);
  return {
    kind,
    title: text(object['abstract'], 300) || text(content.split('\n', 1)[0], 300),
    text: opinion === '' ? content : `${opinion}${content === '' ? '' : `: ${content}`}`,
    due: message?.kind === 'task' ? message.due : null,
    link: null,
    publishedAt: readTime(object['created']) ?? EPOCH,
    about: [...new Set(about as string[])].slice(0, MOST_ABOUT),
  };
}

const EPOCH = '1970-01-01T00:00:00.000Z';

function text(value: unknown, most: number): string {
  return typeof value === 'string' ? value.slice(0, most).trim() : '';
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

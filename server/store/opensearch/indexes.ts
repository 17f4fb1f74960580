import { RECORD_INDEXES } from '../record-kinds.ts';
import type { Cluster } from './cluster.ts';
import { eventMapping, INDEXED_FIELDS, type Json, LATER_FIELDS } from './mapping.ts';

/** Names of the store's indexes; all begin with its prefix. */
export interface IndexNames {
  /** Alias of every day's events. */
  readonly events: string;
  readonly batches: string;
  readonly deadLetters: string;
  readonly records: string;
  readonly signals: string;
  /** Matches between evaluation and grouping (`store/match-log.ts`). */
  readonly matches: string;
  readonly counters: string;
  readonly template: string;
}

/** Names under a prefix (lower case, no `*`). */
export function indexNames(prefix: string): IndexNames {
  return {
    events: `${prefix}-events`,
    batches: `${prefix}-batches`,
    deadLetters: `${prefix}-dead-letters`,
    records: `${prefix}-records`,
    signals: `${prefix}-signals`,
    matches: `${prefix}-matches`,
    counters: `${prefix}-counters`,
    template: `${prefix}-events`,
  };
}

/** The index of one event-id day, `YYYYMMDD`. */
export function dayIndex(names: IndexNames, day: string): string {
  return `${names.events}-${day}`;
}

/** How each index is laid out. */
export interface IndexShape {
  readonly shards: number;
  readonly replicas: number;
  /** More settings, by their whole names. */
  readonly settings?: Readonly<Record<string, string>>;
}

const KEYWORD = { type: 'keyword' } as const;
const KEPT = { type: 'keyword', index: false, doc_values: false } as const;
const NUMBER = { type: 'long' } as const;
/** A refresh each second makes a fifth of the cluster's work; who searches asks for one (`fresh.ts`). */
const RARE_REFRESH = '10s';
/** Frames come with events, and like them are refreshed by who searches. They are packed already: to pack them better costs 2 µs an event. */
const FRAMES = { refresh_interval: RARE_REFRESH, codec: 'default' } as const;

function settings(shape: IndexShape): Json {
  return {
    number_of_shards: shape.shards,
    number_of_replicas: shape.replicas,
    ...shape.settings,
    codec: 'best_compression',
    // A receipt goes out only for what is on disk.
    translog: { durability: 'request' },
  };
}

const OTHERS: Readonly<Record<Exclude<keyof IndexNames, 'events' | 'template'>, Json>> = {
  batches: {
    node: KEYWORD,
    group: NUMBER,
    first: NUMBER,
    last: NUMBER,
    collector: KEYWORD,
    agency: KEYWORD,
    receivedAt: KEPT,
    day: KEYWORD,
    bytes: NUMBER,
    sources: { type: 'nested', properties: { name: KEYWORD, stored: NUMBER } },
    lines: { type: 'binary' },
    body: { type: 'binary' },
  },
  deadLetters: {
    agency: KEYWORD,
    collector: KEYWORD,
    at: KEYWORD,
    source: KEYWORD,
    position: NUMBER,
    reason: KEPT,
    line: KEPT,
  },
  records: {
    kind: KEYWORD,
    id: KEYWORD,
    version: NUMBER,
    change: NUMBER,
    columns: {
      dynamic: 'strict',
      properties: Object.fromEntries(
        [...new Set(Object.values(RECORD_INDEXES).flat())].map((field) => [field, KEYWORD]),
      ),
    },
    document: KEPT,
  },
  signals: {
    rule: KEYWORD,
    group: KEYWORD,
    node: KEYWORD,
    second: NUMBER,
    batch: NUMBER,
    count: NUMBER,
    step: NUMBER,
    detail: KEPT,
  },
  matches: {
    kind: KEYWORD,
    node: KEYWORD,
    number: NUMBER,
    lastSequence: NUMBER,
    state: KEPT,
    body: { type: 'binary' },
  },
  counters: { value: NUMBER },
};

/** Makes what is not there yet: the template of the days and the other indexes. */
export async function makeIndexes(
  cluster: Cluster,
  names: IndexNames,
  shapes: { readonly events: IndexShape; readonly others: IndexShape },
): Promise<void> {
  await cluster.request({
    method: 'PUT',
    path: `/_index_template/${names.template}`,
    body: {
      index_patterns: [`${names.events}-*`],
      priority: 500,
      template: {
        settings: {
          'mapping.total_fields.limit': INDEXED_FIELDS.size * 2,
          refresh_interval: RARE_REFRESH,
          ...settings(shapes.events),
        },
        mappings: eventMapping(),
        aliases: { [names.events]: {} },
      },
    },
  });
  // Days that an earlier version made lack what came later.
  await cluster.request({
    method: 'PUT',
    path: `/${names.events}/_mapping`,
    body: { properties: LATER_FIELDS },
    accept: [404],
  });
  const make = async ([key, properties]: [string, Json]) => {
    const name = names[key as keyof typeof OTHERS];
    const mappings = { dynamic: 'strict', properties };
    const own = key === 'batches' ? FRAMES : {};
    const made = await makeIndex(cluster, name, { settings: { ...settings(shapes.others), ...own }, mappings });
    // One that an earlier version made may lack fields.
    if (!made) await cluster.request({ method: 'PUT', path: `/${name}/_mapping`, body: mappings });
  };
  await Promise.all(Object.entries(OTHERS).map(make));
}

/** Makes an index unless it is there, and says whether it did; a day's gets its form from the template. */
export async function makeIndex(cluster: Cluster, name: string, body: Json = {}): Promise<boolean> {
  const there = await cluster.request({ method: 'HEAD', path: `/${name}`, accept: [404] });
  if (there.status === 200) return false;
  const made = await cluster.request<{ error?: { type?: string } }>({
    method: 'PUT',
    path: `/${name}`,
    body,
    accept: [400],
  });
  if (made.status === 400 && made.body.error?.type !== 'resource_already_exists_exception') {
    throw new Error(`The index ${name} cannot be made: ${JSON.stringify(made.body.error)}`);
  }
  return made.status !== 400;
}

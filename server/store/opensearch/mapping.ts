import { FIELD_TYPES, type FieldType } from '../../../ecs/fields.ts';

/** A JSON object as the cluster takes and gives it. */
export type Json = Readonly<Record<string, unknown>>;

/** How the index holds an ECS field: `text` has no field of its own but words. */
export type IndexedAs = 'keyword' | 'pattern' | 'number' | 'ip' | 'text';

const INDEXED_AS: Readonly<Partial<Record<FieldType, IndexedAs>>> = {
  keyword: 'keyword',
  constant_keyword: 'keyword',
  // Times other than `@timestamp` are compared by the matcher: what they are equal to is their text.
  date: 'keyword',
  boolean: 'keyword',
  wildcard: 'pattern',
  match_only_text: 'text',
  long: 'number',
  integer: 'number',
  float: 'number',
  double: 'number',
  scaled_float: 'number',
  ip: 'ip',
};

/** Deep sets that hardly any source fills: thousands of fields in each day's index would cost more than they give. */
const RARE =
  /(^|\.)(elf|macho|pe|x509|code_signature|entity|risk|session_leader|group_leader|entry_leader|previous|enrichments|indicator|gen_ai|saved_user|saved_group|real_user|real_group|supplemental_groups|changes|target|origin|tty|faas|transaction|volume)(\.|$)/;

function readIndexed(): Map<string, IndexedAs> {
  const indexed = new Map<string, IndexedAs>([
    ['message', 'text'],
    ['event.original', 'text'],
    // Set by the server in every event.
    ['haidang.source', 'keyword'],
  ]);
  for (const [name, type] of FIELD_TYPES) {
    const as = INDEXED_AS[type];
    if (as && name !== '@timestamp' && !indexed.has(name) && !RARE.test(name)) indexed.set(name, as);
  }
  return indexed;
}

/** The ECS fields that have a field of their own in the index; all others share one `flat_object`. */
export const INDEXED_FIELDS: ReadonlyMap<string, IndexedAs> = readIndexed();

/** Longest text kept of a keyword, and of a field searched by pattern, in UTF-16 units; what is longer is marked. */
export const LONGEST_VALUE = { keyword: 1_000, pattern: 8_000 } as const;

const KEYWORD = { type: 'keyword' } as const;
/** Words parted by white space, only to be found by: no column for sorting or counting. One text costs the cluster less than a list of keywords. */
const WORDS = { type: 'text', analyzer: 'whitespace', norms: false, index_options: 'docs' } as const;
/** Only to be found by: no column for sorting or counting. */
const POSTINGS = { type: 'keyword', doc_values: false } as const;

const PROPERTY: Readonly<Record<Exclude<IndexedAs, 'text'>, Json>> = {
  keyword: KEYWORD,
  pattern: { type: 'wildcard' },
  number: { type: 'double' },
  ip: { type: 'keyword', fields: { ip: { type: 'ip', ignore_malformed: true } } },
};

interface Tree {
  [name: string]: Tree | Json;
}

function ecsProperties(): Tree {
  const root: Tree = {};
  for (const [name, as] of INDEXED_FIELDS) {
    if (as === 'text') continue;
    const path = name.split('.');
    const leaf = path.pop() ?? name;
    let at = root;
    for (const part of path) {
      at[part] ??= { properties: {} };
      at = (at[part] as { properties: Tree }).properties;
    }
    at[leaf] = PROPERTY[as];
  }
  return root;
}

/** Fields that a day's index may lack, as an earlier version made it. */
export const LATER_FIELDS = { line: { type: 'object', enabled: false } } as const;

/**
 * The mapping of a day's events, made from the field catalogue of `ecs/`. `line` is the event, or where its line is
 * unusual `document`, as JSON text; all else is there to find it by. Nothing is added by what events bring.
 */
export function eventMapping(): Json {
  return {
    // The source is kept whole: to keep a part of it, the cluster would parse each document once more and store both.
    dynamic: 'strict',
    properties: {
      ...ecsProperties(),
      '@timestamp': { type: 'date', format: 'epoch_millis' },
      // Not looked into.
      ...LATER_FIELDS,
      document: { type: 'keyword', index: false, doc_values: false },
      /** Words of `message` and `event.original`. */
      text: WORDS,
      /** Dotted names of all that is there. */
      names: WORDS,
      /** Names of the fields whose indexed values do not tell all; ` text` for words, ` all` for everything. */
      irregular: POSTINGS,
      unmapped: { type: 'flat_object' },
      store: {
        properties: {
          agency: KEYWORD,
          collector: KEYWORD,
          source: KEYWORD,
          receivedAt: { type: 'keyword', index: false, doc_values: false },
          node: KEYWORD,
          sequence: { type: 'long' },
          batch: { type: 'long' },
        },
      },
    },
  };
}

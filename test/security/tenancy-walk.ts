import { bodiesOf, type Operation, queriesOf, type Subject } from './openapi-requests.ts';

/** Asks the server as somebody. */
export type Ask = (
  method: string,
  path: string,
  body?: string | Buffer,
) => Promise<{ readonly status: number; readonly text: string }>;

/** What may not come back, whatever is asked. */
export interface Forbidden {
  readonly words: readonly string[];
  /** Counts that only somebody else's records give. */
  readonly numbers: readonly number[];
}

/** Ids by the path before the parameter that they are for, `/api/v1/incidents`. */
export type Pools = ReadonlyMap<string, ReadonlySet<string>>;

const IDS_A_PARAMETER = 4;
const AT_ONCE = 6;
/** Properties that name a record in lists. */
const KEYS = ['id', 'user', 'name', 'group'] as const;

/**
 * Reads every list and record that somebody sees, and gives the ids in it by where they are used; of records that say one of the
 * words alone, where some are given. `known` are ids to look at beside those that are found.
 */
export async function harvest(
  operations: readonly Operation[],
  ask: Ask,
  subject: Subject,
  words: readonly string[] = [],
  known: Pools = new Map(),
): Promise<{ readonly pools: Pools; readonly answered: ReadonlySet<string> }> {
  const pools = new Map([...known].map(([place, ids]) => [place, new Set(ids)]));
  const answered = new Set<string>();
  const reads = operations
    .filter(({ method, isWebSocket }) => method === 'GET' && !isWebSocket)
    .sort((one, other) => depth(one.path) - depth(other.path));
  for (const operation of reads) {
    for (const path of pathsOf(operation.path, pools, [])) {
      for (const query of queriesOf(operation, subject)) {
        const { status, text } = await ask('GET', path + query);
        if (status >= 400) continue;
        if (words.length === 0 || words.some((word) => text.includes(word))) answered.add(operation.path);
        gather(parsed(text), operation.path, words, pools);
      }
    }
  }
  return { pools, answered };
}

/** What somebody is not to know of; `ghosts` are ids of nothing, which must be answered like those of others. */
export interface Walk {
  readonly ask: Ask;
  readonly subject: Subject;
  readonly forbidden: Forbidden;
  /** Ids of records that the asker may not see. */
  readonly foreign: Pools;
  /** Ids of what everybody may read, and not all of it. */
  readonly shared: Pools;
  /** Used where a route's parameter is of no known list. */
  readonly fallback: readonly string[];
  /** Whether to ask also after what is not there, and compare. */
  readonly ghosts: boolean;
}

/** Asks each of these routes about what is another's; gives a sentence for each answer that says something of it. */
export async function walk(operations: readonly Operation[], options: Walk): Promise<readonly string[]> {
  const questions = operations
    .filter(({ isWebSocket }) => !isWebSocket)
    .flatMap((operation): readonly Question[] => {
      const { path: pattern, method } = operation;
      const foreign = pathsOf(pattern, options.foreign, options.fallback).map((path) => ({
        path,
        ghosts: options.ghosts,
      }));
      const isOfAll = pattern.includes('{') && method === 'GET';
      const shared = isOfAll ? pathsOf(pattern, options.shared, []).map((path) => ({ path, ghosts: false })) : [];
      return [...foreign, ...shared].flatMap((asked) =>
        queriesOf(operation, options.subject).flatMap((query) =>
          bodiesOf(operation, options.subject).map((body) => ({ operation, ...asked, query, body })),
        ),
      );
    });
  const found: string[] = [];
  const lanes = Array.from({ length: AT_ONCE }, async () => {
    for (let question = questions.pop(); question; question = questions.pop())
      found.push(...(await askAbout(question, options)));
  });
  await Promise.all(lanes);
  return found.sort();
}

interface Question {
  readonly operation: Operation;
  readonly path: string;
  readonly ghosts: boolean;
  readonly query: string;
  readonly body: string | Buffer | undefined;
}

async function askAbout({ operation, path, ghosts, query, body }: Question, options: Walk): Promise<readonly string[]> {
  const { ask, forbidden } = options;
  const name = `${operation.method} ${path}${query}`;
  const answer = await ask(operation.method, path + query, body);
  const found: string[] = [];
  if (answer.status >= 500) found.push(`${name} fails with ${answer.status}: ${answer.text.slice(0, 300)}`);
  // An error may repeat what was asked for: the words of the question are taken out of it.
  const said =
    answer.status < 400 ? answer.text : without(answer.text, [path, query, String(body ?? '')], forbidden.words);
  for (const word of forbidden.words)
    if (said.includes(word)) found.push(`${name} → ${answer.status} tells of ${word}: ${around(said, word)}`);
  const number = answer.status < 400 ? numberIn(parsed(answer.text), new Set(forbidden.numbers)) : undefined;
  if (number !== undefined) found.push(`${name} → ${answer.status} counts what is another's: ${number}`);
  const ghost = ghosts ? ghostOf(operation.path, path) : undefined;
  if (ghost === undefined) return found;
  const other = await ask(operation.method, ghost + query, body);
  const [is, isNot] = [answer, other].map(({ status, text }) => `${status} ${codeIn(text)}`);
  if (is !== isNot && answer.status !== 429 && other.status !== 429)
    found.push(`${name} tells that it is there: ${is}, and of what is not: ${isNot}`);
  return found;
}

function depth(path: string): number {
  return path.split('{').length;
}

/** A path with its parameters filled in: each with some ids of where it is used. */
export function pathsOf(path: string, pools: Pools, fallback: readonly string[]): readonly string[] {
  const at = path.indexOf('{');
  if (at < 0) return [path];
  const known = [...(pools.get(placeOf(path.slice(0, at))) ?? [])].slice(0, IDS_A_PARAMETER);
  const ids = known.length > 0 ? [...known, ...fallback.slice(0, 1)] : fallback;
  const rest = path.slice(path.indexOf('}') + 1);
  return [...new Set(ids)].flatMap((id) =>
    pathsOf(rest, pools, fallback).map((more) => `${path.slice(0, at)}${encodeURIComponent(id)}${more}`),
  );
}

/** `/api/v1/incidents/` → `incidents`: a list is known by the word before its ids, wherever it stands. */
function placeOf(before: string): string {
  return before.split('/').filter(Boolean).at(-1) ?? '';
}

function gather(value: unknown, path: string, words: readonly string[], pools: Map<string, Set<string>>): void {
  const own = placeOf(path.replace(/\{[^/]*$/, ''));
  const look = (one: unknown, place: string): void => {
    if (Array.isArray(one)) {
      for (const item of one) look(item, place);
      return;
    }
    if (typeof one !== 'object' || one === null) return;
    const record = one as Readonly<Record<string, unknown>>;
    const text = words.length === 0 ? '' : JSON.stringify(record);
    if (words.length === 0 || words.some((word) => text.includes(word))) {
      const key = KEYS.find((name) => typeof record[name] === 'string');
      if (key !== undefined) pools.set(place, (pools.get(place) ?? new Set()).add(String(record[key])));
    }
    for (const [name, inner] of Object.entries(record)) if (typeof inner === 'object') look(inner, name);
  };
  // What a list calls its records counts for its own address; what stands below by its own name.
  if (Array.isArray(value)) look(value, own);
  else if (typeof value === 'object' && value !== null)
    for (const [name, inner] of Object.entries(value)) {
      look(inner, name);
      if (Array.isArray(inner)) look(inner, own);
    }
}

/** Ids of one that are not among those of another. */
export function minus(all: Pools, seen: Pools): Pools {
  const known = new Set([...seen.values()].flatMap((ids) => [...ids]));
  return new Map([...all].map(([place, ids]) => [place, new Set([...ids].filter((id) => !known.has(id)))]));
}

/** The same path with ids of nothing; undefined where it has none. */
function ghostOf(pattern: string, path: string): string | undefined {
  const parts = pattern.split('/');
  if (!parts.some((part) => part.startsWith('{'))) return undefined;
  const asked = path.split('/');
  return asked
    .map((part, at) => (parts[at]?.startsWith('{') ? encodeURIComponent(nothingLike(decodeURIComponent(part))) : part))
    .join('/');
}

/** An id of the same form that is nobody's: letters and digits at its end are turned, each within its kind. */
function nothingLike(id: string): string {
  let left = 4;
  return [...id]
    .reverse()
    .map((character) => {
      if (left === 0 || !/[a-z0-9]/.test(character)) return character;
      left -= 1;
      return /\d/.test(character) ? String((Number(character) + 5) % 10) : turned(character);
    })
    .reverse()
    .join('');
}

function turned(letter: string): string {
  const code = letter.charCodeAt(0) - 97;
  // Within a to f, so that hexadecimal ids stay so.
  return code < 6 ? String.fromCharCode(97 + ((code + 3) % 6)) : String.fromCharCode(97 + 6 + ((code - 6 + 9) % 20));
}

function without(text: string, asked: readonly string[], words: readonly string[]): string {
  const quoted = asked.flatMap((one) => {
    const plain = decodeURIComponent(one.replaceAll('+', ' ').replaceAll(/%(?![0-9a-f]{2})/gi, ''));
    return plain.match(/[\p{L}\p{N}@._:*-]+/gu) ?? [];
  });
  const own = quoted.filter((one) => words.some((word) => one.includes(word)));
  return [...new Set(own)]
    .sort((one, other) => other.length - one.length)
    .reduce((left, one) => left.replaceAll(one, ''), text);
}

function around(text: string, word: string): string {
  const at = text.indexOf(word);
  return text.slice(Math.max(0, at - 80), at + 80);
}

function codeIn(text: string): string {
  const document = parsed(text) as { readonly code?: unknown } | undefined;
  return typeof document?.code === 'string' ? document.code : '';
}

function numberIn(value: unknown, numbers: ReadonlySet<number>): number | undefined {
  if (typeof value === 'number') return numbers.has(value) ? value : undefined;
  if (typeof value !== 'object' || value === null) return undefined;
  for (const inner of Object.values(value)) {
    const found = numberIn(inner, numbers);
    if (found !== undefined) return found;
  }
  return undefined;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

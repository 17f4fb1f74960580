import { HaidangError } from '../errors.ts';
import type { ApiRoot, Discovery } from './catalog.ts';
import type { NewCollection } from './catalog-rows.ts';
import { LIMITS } from './limits.ts';
import { readTimestamp } from './timestamp.ts';

/** A data file of the form that medallion reads, taken apart. */
export interface DataFile {
  readonly discovery: Discovery | undefined;
  readonly roots: readonly DataRoot[];
  /** Passwords in the clear, by user: only some files have them. */
  readonly users: Readonly<Record<string, string>>;
}

export interface DataRoot {
  readonly root: ApiRoot;
  readonly statuses: readonly { readonly id: string }[];
  readonly collections: readonly DataCollection[];
}

export interface DataCollection {
  readonly collection: NewCollection;
  readonly objects: readonly unknown[];
  /** When an object came in, in microseconds, and its place among those of that moment; undefined where the file does not say. */
  arrival(id: string, version: number | undefined): Arrival | undefined;
}

export interface Arrival {
  readonly at: number;
  readonly order: number;
}

type Json = Readonly<Record<string, unknown>>;

/** Beside roots, a file may have what belongs to the configuration of the server it was made for. */
const NO_ROOTS = new Set(['/discovery', 'users', 'taxii', 'backend', '__meta']);
const ROOT_NAME = /^[A-Za-z0-9._~-]{1,64}$/;
/** Addresses of this server itself. */
const TAKEN = new Set(['api', 'assets', 'taxii2', 'healthz', 'readyz', 'metrics', 'openapi.json']);

/** Whether an API root may have this name: it is the first part of its address, beside the server's own. */
export function isRootName(name: string): boolean {
  return ROOT_NAME.test(name) && !TAKEN.has(name);
}

/** Reads a data file. @throws HaidangError `HD_BAD_REQUEST` that says what is wrong where. */
export function readDataFile(text: string): DataFile {
  let file: unknown;
  try {
    file = JSON.parse(text);
  } catch (cause) {
    throw bad(`The file is not JSON: ${cause instanceof Error ? cause.message.slice(0, 200) : 'not readable'}.`);
  }
  const top = object(file, 'The file');
  const names = Object.keys(top).filter((name) => !NO_ROOTS.has(name));
  if (names.length === 0) throw bad('The file has no API root.');
  return {
    discovery: top['/discovery'] === undefined ? undefined : discovery(object(top['/discovery'], '"/discovery"')),
    roots: names.map((name) => readRoot(name, object(top[name], `"${name}"`))),
    users: users(top['users']),
  };
}

function discovery(from: Json): Discovery {
  return {
    title: text(from['title'], '"/discovery": "title"'),
    ...optional(from, 'description'),
    ...optional(from, 'contact'),
    ...optional(from, 'default'),
    ...(Array.isArray(from['api_roots']) ? { apiRoots: strings(from['api_roots']) } : {}),
  };
}

function readRoot(name: string, from: Json): DataRoot {
  const bare = name.replace(/^\/|\/$/g, '');
  if (!ROOT_NAME.test(bare))
    throw bad(`The API root "${name.slice(0, 80)}" must be named by 1 to 64 of A-Z a-z 0-9 . _ ~ -.`);
  if (TAKEN.has(bare)) throw bad(`The API root "${bare}" has a name that this server uses itself.`);
  const information = object(from['information'], `"${bare}": "information"`);
  const length = information['max_content_length'];
  const root: ApiRoot = {
    name: bare,
    title: text(information['title'], `"${bare}": "title"`),
    ...optional(information, 'description'),
    maxContentLength: Number.isSafeInteger(length) && Number(length) > 0 ? Number(length) : LIMITS.contentBytes,
    open: true,
  };
  const statuses = list(from['status'], `"${bare}": "status"`).map((one) => object(one, `"${bare}": a status`));
  return {
    root,
    statuses: statuses.map((one) => ({ ...one, id: text(one['id'], `"${bare}": the id of a status`) })),
    collections: list(from['collections'], `"${bare}": "collections"`).map((one) =>
      readCollection(bare, object(one, `"${bare}": a collection`)),
    ),
  };
}

function readCollection(root: string, from: Json): DataCollection {
  const id = text(from['id'], `"${root}": the id of a collection`);
  const where = `Collection "${id}"`;
  const media = strings(list(from['media_types'], `${where}: "media_types"`));
  return {
    collection: {
      root,
      id,
      title: text(from['title'], `${where}: "title"`),
      ...optional(from, 'description'),
      ...optional(from, 'alias'),
      mediaTypes: media,
      everyone: { canRead: from['can_read'] === true, canWrite: from['can_write'] === true },
      grants: {},
    },
    objects: list(from['objects'], `${where}: "objects"`).map((one) => {
      const { __meta, _manifest, ...bare } = object(one, `${where}: an object`);
      return bare;
    }),
    arrival: manifest(from, where),
  };
}

/** Times of objects, from the collection's manifest or from what later files keep beside each object. */
function manifest(from: Json, where: string): DataCollection['arrival'] {
  const times = new Map<string, Arrival>();
  const note = (id: unknown, version: unknown, added: unknown) => {
    const at = typeof added === 'string' ? readTimestamp(added) : undefined;
    if (typeof id !== 'string' || at === undefined) return;
    const versionAt = typeof version === 'string' ? readTimestamp(version) : undefined;
    const arrival = { at, order: times.size };
    times.set(`${id} ${versionAt ?? ''}`, arrival);
    if (!times.has(id)) times.set(id, arrival);
  };
  for (const entry of list(from['manifest'], `${where}: "manifest"`)) {
    const one = object(entry, `${where}: an entry of "manifest"`);
    const versions = Array.isArray(one['versions']) ? one['versions'] : [one['version']];
    for (const version of versions) note(one['id'], version, one['date_added']);
  }
  for (const entry of list(from['objects'], `${where}: "objects"`)) {
    const one = object(entry, `${where}: an object`);
    const meta = one['__meta'] ?? one['_manifest'];
    if (meta === undefined) continue;
    const { version, date_added } = object(meta, `${where}: what is beside an object`);
    note(one['id'], version, date_added);
  }
  return (id, version) => times.get(`${id} ${version ?? ''}`) ?? (version === undefined ? times.get(id) : undefined);
}

function users(from: unknown): Readonly<Record<string, string>> {
  if (from === undefined) return {};
  const entries = Object.entries(object(from, '"users"'));
  return Object.fromEntries(entries.map(([name, password]) => [name, text(password, `"users": "${name}"`)]));
}

function optional<K extends string>(from: Json, key: K): { readonly [P in K]?: string } {
  return typeof from[key] === 'string' ? ({ [key]: from[key] } as { readonly [P in K]?: string }) : {};
}

function object(value: unknown, what: string): Json {
  if (value !== null && typeof value === 'object' && !Array.isArray(value)) return value as Json;
  throw bad(`${what} must be an object.`);
}

function list(value: unknown, what: string): readonly unknown[] {
  if (value === undefined) return [];
  if (Array.isArray(value)) return value;
  throw bad(`${what} must be a list.`);
}

function strings(values: readonly unknown[]): string[] {
  return values.filter((value) => typeof value === 'string');
}

function text(value: unknown, what: string): string {
  if (typeof value === 'string' && value.length > 0 && value.length <= 2000) return value;
  throw bad(`${what} must be a text of 1 to 2000 characters.`);
}

function bad(detail: string): HaidangError {
  return new HaidangError('HD_BAD_REQUEST', detail);
}

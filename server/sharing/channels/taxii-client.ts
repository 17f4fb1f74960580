import { retryAfterMs } from '../backoff.ts';
import type { StixObject } from '../stix/objects.ts';
import type { Answer, Http } from './https.ts';
import { versionOf } from './taxii-parts.ts';

/** Media type of TAXII 2.1 (§1.6.8.1). */
const TYPE = 'application/taxii+json;version=2.1';
/** The shortest envelope that a recipient can be thought to take. */
const LEAST_LENGTH = 1_024;
const DEFAULT_LENGTH = 1024 * 1024;
const PLACE_MS = 600_000;
/** Ids of one question to the manifest: its address stays short. */
const IDS_AT_ONCE = 20;
const MOST_PAGES = 50;

/** Why a request did not work. */
export class Failure extends Error {
  readonly isFinal: boolean;
  /** Of the answer, where there was one. */
  readonly status: number | undefined;
  /** As long as the recipient asked to wait. */
  readonly afterMs: number;

  constructor(
    message: string,
    options: { readonly isFinal?: boolean; readonly afterMs?: number; readonly status?: number } = {},
  ) {
    super(message);
    this.isFinal = options.isFinal ?? false;
    this.afterMs = options.afterMs ?? 0;
    this.status = options.status;
  }
}

/** What the collection allows. */
export interface Place {
  readonly maxLength: number;
  readonly canRead: boolean;
}

/** A status resource (§4.3.1), as far as it matters. */
export interface Status {
  readonly id: string;
  readonly status: 'complete' | 'pending';
  readonly failureCount: number;
  readonly failures: readonly { readonly id: string; readonly message: string }[];
}

interface Address {
  readonly root: string;
  readonly collection: string;
}

/** A TAXII 2.1 client for one collection. */
export class TaxiiClient {
  readonly #http: Http;
  readonly #address: Address;
  readonly #now: () => number;
  #place: { readonly until: number; readonly place: Place } | undefined;

  constructor(http: Http, address: Address, now: () => number) {
    this.#http = http;
    this.#address = address;
    this.#now = now;
  }

  /** Looks up API root and collection, and remembers for ten minutes. */
  async place(): Promise<Place> {
    if (this.#place && this.#now() < this.#place.until) return this.#place.place;
    const root = await this.#read(this.#address.root, 'The API root');
    const collection = await this.#read(this.#collectionUrl(), 'The collection');
    if (collection['can_write'] !== true) throw new Failure('The collection may not be written by this account.');
    const length = Number(root['max_content_length']);
    const maxLength = Number.isFinite(length) && length > 0 ? Math.max(LEAST_LENGTH, length) : DEFAULT_LENGTH;
    const place = { maxLength, canRead: collection['can_read'] === true };
    this.#place = { until: this.#now() + PLACE_MS, place };
    return place;
  }

  /** Adds objects (§5.4). */
  async post(objects: readonly StixObject[], signal: AbortSignal): Promise<Status | 'too-large'> {
    const body = Buffer.from(JSON.stringify({ objects }));
    const url = `${this.#collectionUrl()}objects/`;
    const answer = await this.#ask(() => this.#http.ask('POST', url, { accept: TYPE, type: TYPE, body, signal }));
    if (answer.status === 413) return 'too-large';
    this.#mustBe(answer, [202, 200, 201], 'Adding objects');
    return readStatus(answer);
  }

  /** How a request fared (§4.3); undefined where the recipient no longer knows. */
  async status(id: string, signal: AbortSignal): Promise<Status | undefined> {
    const url = `${this.#address.root}status/${encodeURIComponent(id)}/`;
    const answer = await this.#ask(() => this.#http.ask('GET', url, { accept: TYPE, signal }));
    if (answer.status === 404) return undefined;
    this.#mustBe(answer, [200], 'The status');
    return readStatus(answer);
  }

  /** Which objects the collection does not have in this version (§5.3). Kinds without versions count by their id. */
  async missing(place: Place, objects: readonly StixObject[], signal: AbortSignal): Promise<readonly StixObject[]> {
    if (!place.canRead) return objects;
    const there = new Set<string>();
    for (let at = 0; at < objects.length; at += IDS_AT_ONCE) {
      const ids = objects.slice(at, at + IDS_AT_ONCE).map(({ id }) => id);
      let next: string | undefined;
      for (let page = 0; page < MOST_PAGES; page += 1) {
        const search = new URLSearchParams({ 'match[id]': ids.join(','), 'match[version]': 'all' });
        if (next !== undefined) search.set('next', next);
        const url = `${this.#collectionUrl()}manifest/?${search}`;
        const answer = await this.#ask(() => this.#http.ask('GET', url, { accept: TYPE, signal }));
        this.#mustBe(answer, [200], 'The manifest');
        const read = documentOf(answer);
        for (const entry of listOf(read['objects'])) {
          there.add(String(entry['id']));
          there.add(`${String(entry['id'])} ${instantOf(String(entry['version']))}`);
        }
        next = read['more'] === true && typeof read['next'] === 'string' ? read['next'] : undefined;
        if (next === undefined) break;
      }
    }
    return objects.filter((object) => {
      const version = versionOf(object);
      return !there.has(version === '' ? object.id : `${object.id} ${instantOf(version)}`);
    });
  }

  #collectionUrl(): string {
    const { root, collection } = this.#address;
    return `${root}collections/${encodeURIComponent(collection)}/`;
  }

  async #read(url: string, what: string): Promise<Readonly<Record<string, unknown>>> {
    const answer = await this.#ask(() => this.#http.ask('GET', url, { accept: TYPE }));
    this.#mustBe(answer, [200], what);
    return documentOf(answer);
  }

  async #ask(send: () => Promise<Answer>): Promise<Answer> {
    try {
      return await send();
    } catch (error) {
      // A certificate or a password may have been renewed meanwhile.
      this.#http.forget();
      throw new Failure(error instanceof Error ? error.message : String(error));
    }
  }

  #mustBe(answer: Answer, wanted: readonly number[], what: string): void {
    const { status, headers } = answer;
    if (wanted.includes(status)) return;
    this.#place = undefined;
    const afterMs = retryAfterMs(headers['retry-after'], headers.date, this.#now());
    const said = reasonIn(answer);
    // What is wrong with the envelope stays wrong; rights, addresses and outages are mended by somebody.
    const isFinal = what === 'Adding objects' && [400, 415, 422].includes(status);
    if (status === 401 || status === 403) this.#http.forget();
    throw new Failure(`${what}: the recipient answered ${status}${said === '' ? '' : `: ${said}`}.`, {
      isFinal,
      afterMs,
      status,
    });
  }
}

/** The reason that a TAXII error names (§3.6.1); texts of others are cut short. */
function reasonIn({ body }: Answer): string {
  try {
    const { title, description } = JSON.parse(body.toString('utf8')) as Record<string, unknown>;
    return [title, description]
      .filter((text) => typeof text === 'string')
      .join(': ')
      .slice(0, 300)
      .replace(/\.$/, '');
  } catch {
    return '';
  }
}

function documentOf({ body }: Answer): Readonly<Record<string, unknown>> {
  try {
    const read: unknown = JSON.parse(body.toString('utf8'));
    if (typeof read === 'object' && read !== null && !Array.isArray(read)) return read as Record<string, unknown>;
  } catch {
    // Said below.
  }
  throw new Failure('The answer of the recipient is not whole, or no JSON.');
}

function readStatus(answer: Answer): Status {
  const read = documentOf(answer);
  const { id, status } = read;
  // The specification wants a UUID; what else a recipient calls it is as good for asking.
  if (typeof id !== 'string' || id === '' || id.length > 500 || (status !== 'complete' && status !== 'pending'))
    throw new Failure('The recipient took the objects, and its answer is no status that can be asked for.');
  const failures = listOf(read['failures']).map((one) => {
    return { id: String(one['id']), message: String(one['message'] ?? '').slice(0, 500) };
  });
  return { id, status, failureCount: Number(read['failure_count'] ?? failures.length) || 0, failures };
}

function listOf(value: unknown): readonly Readonly<Record<string, unknown>>[] {
  if (!Array.isArray(value)) return [];
  return value.filter((one) => typeof one === 'object' && one !== null).slice(0, 20_000);
}

/** One spelling of a time: some write microseconds, some none. */
function instantOf(text: string): string {
  const at = Date.parse(text);
  return Number.isFinite(at) ? String(at) : text;
}

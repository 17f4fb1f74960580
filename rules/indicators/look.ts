import { parseIp } from '../query/ip-address.ts';
import { canonicalUrl, canonicalValue, type IndicatorType, lookedUpDomain, MOST_CHARACTERS } from './indicator.ts';
import { IndicatorTable, type SharedTable } from './table.ts';

/** One indicator that an event holds, and where. */
export interface IndicatorHit {
  /** Number in the table. */
  readonly entry: number;
  readonly list: number;
  readonly field: string;
  readonly type: IndicatorType;
  /** The indicator; of a network or domain, the event's own value may be inside it. */
  readonly value: string;
}

type Look = 'address' | 'domain' | 'url' | 'hash' | 'hashes' | 'email';

const HASHES = ['md5', 'sha1', 'sha256', 'sha512'] as const;
const HASHED = ['file', 'process', 'process.parent', 'dll', 'email.attachments.file'] as const;

/** ECS fields that indicators are looked for in, and how. */
const FIELDS: Readonly<Record<string, Look>> = {
  'source.ip': 'address',
  'destination.ip': 'address',
  'client.ip': 'address',
  'server.ip': 'address',
  'source.nat.ip': 'address',
  'destination.nat.ip': 'address',
  'network.forwarded_ip': 'address',
  'dns.resolved_ip': 'address',
  'related.ip': 'address',
  'destination.domain': 'domain',
  'source.domain': 'domain',
  'server.domain': 'domain',
  'url.domain': 'domain',
  'dns.question.name': 'domain',
  'tls.client.server_name': 'domain',
  'related.hosts': 'domain',
  'url.full': 'url',
  'url.original': 'url',
  'http.request.referrer': 'url',
  ...Object.fromEntries(HASHED.flatMap((of) => HASHES.map((hash) => [`${of}.hash.${hash}`, 'hash']))),
  'related.hash': 'hash',
  'winlog.event_data.Hashes': 'hashes',
  'email.from.address': 'email',
  'email.sender.address': 'email',
  'email.reply_to.address': 'email',
  'email.to.address': 'email',
  'email.cc.address': 'email',
  'user.email': 'email',
};

/** Which types of indicators a field can hold. */
const HOLDS: Readonly<Record<Look, readonly IndicatorType[]>> = {
  address: ['network'],
  domain: ['domain'],
  url: ['url', 'domain', 'network'],
  hash: ['hash'],
  hashes: ['hash'],
  email: ['email', 'domain'],
};

/** Values of one field, and hits of one event, that are looked at: content is the attacker's to choose. */
const MOST_VALUES = 50;
const MOST_HITS = 20;
/** Values of a kind that are remembered as harmless, and the longest of them: addresses and names come again and again. */
const REMEMBERED = { values: 8_192, characters: 200 } as const;

/** Looks for the indicators of a table in events. */
export class IndicatorLook {
  /** The fields that it reads: those that can hold what the table has. */
  readonly fields: readonly string[];
  readonly #looks: readonly Look[];
  readonly #table: IndicatorTable;
  readonly #found: number[] = [];
  /** By kind of field, values that are in no list. The table never changes. */
  readonly #harmless = new Map<Look, Set<string>>();

  constructor(shared: SharedTable) {
    this.#table = new IndicatorTable(shared);
    const { types } = this.#table;
    const fields = Object.entries(FIELDS).filter(([, look]) => HOLDS[look].some((type) => types.has(type)));
    this.fields = fields.map(([field]) => field);
    this.#looks = fields.map(([, look]) => look);
  }

  /** The indicators of an event, each once; `read` gives a field by its place in `fields`, `second` is when the event arrived. */
  hits(read: (place: number) => unknown, second: number): readonly IndicatorHit[] {
    let hits: IndicatorHit[] | undefined;
    for (let place = 0; place < this.#looks.length; place++) {
      const value = read(place);
      if (value === undefined || value === null) continue;
      this.#found.length = 0;
      this.#lookAll(this.#looks[place] as Look, value, second);
      for (const entry of this.#found) {
        hits ??= [];
        if (hits.length >= MOST_HITS) return hits;
        if (hits.some((hit) => hit.entry === entry)) continue;
        const table = this.#table;
        const field = this.fields[place] as string;
        hits.push({ entry, list: table.list(entry), field, type: table.type(entry), value: table.text(entry) });
      }
    }
    return hits ?? NONE;
  }

  #lookAll(look: Look, value: unknown, second: number): void {
    if (typeof value === 'string') this.#look(look, value, second);
    if (!Array.isArray(value)) return;
    const most = Math.min(value.length, MOST_VALUES);
    for (let at = 0; at < most; at++) if (typeof value[at] === 'string') this.#look(look, value[at], second);
  }

  #look(look: Look, value: string, second: number): void {
    if (value.length > MOST_CHARACTERS) return;
    // URLs are hardly ever the same.
    if (look === 'url' || look === 'hashes' || value.length > REMEMBERED.characters) {
      this.#search(look, value, second);
      return;
    }
    let harmless = this.#harmless.get(look);
    if (harmless?.has(value)) return;
    const before = this.#found.length;
    this.#table.metEnded = false;
    this.#search(look, value, second);
    if (this.#found.length > before || this.#table.metEnded) return;
    if (!harmless || harmless.size >= REMEMBERED.values) {
      harmless = new Set();
      this.#harmless.set(look, harmless);
    }
    // A text must not hold on to the line that it was cut from.
    harmless.add(Buffer.from(value).toString());
  }

  #search(look: Look, value: string, second: number): void {
    const found = this.#found;
    const table = this.#table;
    if (look === 'address') this.#address(value, second);
    else if (look === 'domain') this.#domain(value, second);
    else if (look === 'email') this.#email(value, second);
    else if (look === 'url') this.#url(value, second);
    else if (look === 'hash') table.findText('hash', value.toLowerCase(), second, found);
    else {
      for (const [, hex = ''] of value.matchAll(/=([0-9a-f]{32,128})\b/gi))
        table.findText('hash', hex.toLowerCase(), second, found);
    }
  }

  #address(value: string, second: number): void {
    if (!this.#table.types.has('network')) return;
    const address = parseIp(value);
    if (address !== undefined) this.#table.findAddress(address, second, this.#found);
  }

  #domain(value: string, second: number): void {
    if (!this.#table.types.has('domain')) return;
    this.#table.findDomain(lookedUpDomain(value), second, this.#found);
  }

  #email(value: string, second: number): void {
    const address = canonicalValue('email', value);
    if (address === undefined) return;
    this.#table.findText('email', address, second, this.#found);
    this.#domain(address.slice(address.lastIndexOf('@') + 1), second);
  }

  #url(value: string, second: number): void {
    // A path alone, as web servers log it, names no host.
    if (value.startsWith('/')) return;
    const url = canonicalUrl(value);
    if (url === undefined) return;
    this.#table.findText('url', url, second, this.#found);
    const host = url.slice(0, url.search(/[/?]|$/)).replace(/:\d+$/, '');
    if (/^\[|^[\d.]+$/.test(host)) this.#address(host.replace(/^\[|\]$/g, ''), second);
    else this.#domain(host, second);
  }
}

const NONE: readonly IndicatorHit[] = [];

import { type IpNetwork, parseIp } from '../../rules/query/ip-address.ts';
import { isPublic, isWithin } from './networks.ts';

/** What the tables say of an address. */
export interface KnownAddress {
  readonly isInternal: boolean;
  readonly geo?: { readonly country_iso_code?: string; readonly country_name?: string };
  readonly as?: { readonly number: number; readonly organization?: { readonly name: string } };
  /** `geo` and `as` as further members of a JSON object, each with a comma before it; empty where there is neither. */
  readonly text: string;
}

/** Looks an address up in a table; undefined where it has nothing. */
export type FindAddress = (address: string) => Readonly<Record<string, unknown>> | undefined;

/** Addresses remembered, the ones used last; about 200 bytes each. */
const MOST_KNOWN = 8_192;
const LONGEST_ADDRESS = 64;
const LONGEST_NAME = 200;

/** What is known of addresses, each looked up once while it is in use. */
export class AddressBook {
  readonly #internal: readonly IpNetwork[];
  readonly #country: FindAddress;
  readonly #network: FindAddress;
  /** Two generations: what is asked for moves to the newer one, and the older one is dropped when that is full. */
  #young = new Map<string, KnownAddress | null>();
  #old = new Map<string, KnownAddress | null>();

  constructor(internal: readonly IpNetwork[], country: FindAddress, network: FindAddress) {
    this.#internal = internal;
    this.#country = country;
    this.#network = network;
  }

  /** What is known of an address; null where the text is none. */
  find(address: string): KnownAddress | null {
    const young = this.#young.get(address);
    if (young !== undefined) return young;
    if (address.length > LONGEST_ADDRESS) return null;
    const known = this.#old.get(address) ?? this.#look(address);
    if (this.#young.size >= MOST_KNOWN / 2) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(address, known);
    return known;
  }

  /** Addresses remembered now. */
  get size(): number {
    return this.#young.size + this.#old.size;
  }

  /** After a table was replaced. */
  forget(): void {
    this.#young = new Map();
    this.#old = new Map();
  }

  #look(text: string): KnownAddress | null {
    const address = parseIp(text);
    if (address === undefined) return null;
    const isInternal = isWithin(this.#internal, address);
    if (isInternal || !isPublic(address)) return { isInternal, text: '' };
    // The number stands for an IPv4 address that was written as an IPv6 one too; a zone is none of the table's business.
    const plain = typeof address === 'number' ? dotted(address) : (text.split('%', 1)[0] as string);
    const geo = countryOf(this.#country(plain));
    const as = networkOf(this.#network(plain));
    const members = [geo && `,"geo":${JSON.stringify(geo)}`, as && `,"as":${JSON.stringify(as)}`];
    return { isInternal, ...(geo ? { geo } : {}), ...(as ? { as } : {}), text: members.filter(Boolean).join('') };
  }
}

function dotted(address: number): string {
  return [24, 16, 8, 0].map((shift) => (address >>> shift) & 255).join('.');
}

/** The country of a record, else the one that its network is registered in; English name, as ECS tools have it. */
function countryOf(record: Readonly<Record<string, unknown>> | undefined): KnownAddress['geo'] {
  for (const key of ['country', 'registered_country'] as const) {
    const country = record?.[key];
    if (country === null || typeof country !== 'object') continue;
    const { iso_code: code, names } = country as { iso_code?: unknown; names?: { en?: unknown } };
    if (typeof code !== 'string' || !/^[A-Z]{2}$/.test(code)) continue;
    const name = names?.en;
    return { country_iso_code: code, ...(isName(name) ? { country_name: name } : {}) };
  }
  // Tables of some other makers are flat.
  const flat = record?.['country_code'];
  if (typeof flat !== 'string' || !/^[A-Z]{2}$/.test(flat)) return undefined;
  const name = record?.['country_name'] ?? record?.['country'];
  return { country_iso_code: flat, ...(isName(name) ? { country_name: name } : {}) };
}

function networkOf(record: Readonly<Record<string, unknown>> | undefined): KnownAddress['as'] {
  const given = record?.['autonomous_system_number'] ?? record?.['asn'];
  const number = Number(typeof given === 'string' ? given.replace(/^AS/, '') : given);
  if (!Number.isInteger(number) || number < 1 || number > 4_294_967_295) return undefined;
  const name = record?.['autonomous_system_organization'] ?? record?.['as_name'] ?? record?.['name'];
  return { number, ...(isName(name) ? { organization: { name } } : {}) };
}

function isName(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && value.length <= LONGEST_NAME;
}

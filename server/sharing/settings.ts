import { isIP } from 'node:net';
import { RSIT_KEYS } from '../../ecs/rsit.ts';
import type { Severity } from '../../rules/rule.ts';
import { type Clock, reportTerms, TERMS } from '../clocks/terms.ts';
import type { Tlp } from '../incidents/record.ts';

/** How a recipient is reached; one form for each channel of `channels/index.ts`. */
export type ChannelSettings =
  | {
      readonly kind: 'taxii';
      /** Address of the API root, with a slash at its end. */
      readonly root: string;
      /** Id or alias of the collection. */
      readonly collection: string;
      readonly user: string | undefined;
      readonly passwordFile: string | undefined;
      readonly caFile: string | undefined;
      readonly certificateFile: string | undefined;
      readonly keyFile: string | undefined;
    }
  | { readonly kind: 'archive' | 'misp'; readonly folder: string | undefined };

/** Somebody outside to whom incidents may go. */
export interface Recipient {
  readonly id: string;
  readonly name: string;
  /** The strictest mark that may go there. */
  readonly tlp: Tlp;
  readonly channel: ChannelSettings;
}

/** What may leave at once, in its minimal form, without a second person. */
export interface Preauthorised {
  readonly severity: Severity;
  readonly classes: readonly string[];
}

/** Everything that the configuration says of sharing. */
export interface SharingSettings {
  readonly reporterId: string;
  readonly reporterName: string;
  readonly recipients: readonly Recipient[];
  readonly clocks: readonly Clock[];
  readonly preauthorised: Preauthorised | undefined;
  /** Minutes before a term ends from which a lead may release alone. */
  readonly aloneMinutes: number;
  /** Hours after which what could not be sent is given up, and a person decides. */
  readonly giveUpHours: number;
}

/** Marks from the most open to the strictest. */
export const TLP_ORDER: readonly Tlp[] = ['clear', 'green', 'amber', 'amber+strict', 'red'];
const SEVERITIES: readonly Severity[] = ['informational', 'low', 'medium', 'high', 'critical'];
const ID = /^[a-z0-9][a-z0-9-]{0,63}$/;

/** Nothing is set up: no recipients. */
export const NO_SHARING: SharingSettings = {
  reporterId: 'soc',
  reporterName: 'SOC',
  recipients: [],
  clocks: reportTerms(TERMS),
  preauthorised: undefined,
  aloneMinutes: 120,
  giveUpHours: 168,
};

type Fields = Readonly<Record<string, unknown>>;

/** Reads `sharing.recipients`. */
export function recipients(value: unknown): readonly Recipient[] {
  if (!Array.isArray(value) || value.length > 50) throw new Error('must be a list of at most 50 recipients.');
  const read = value.map((one, at) => recipient(one, `entry ${at + 1}`));
  const ids = read.map(({ id }) => id);
  const twice = ids.find((id, at) => ids.indexOf(id) !== at);
  if (twice !== undefined) throw new Error(`names the recipient "${twice}" twice.`);
  return read;
}

function recipient(value: unknown, where: string): Recipient {
  const fields = mapOf(value, where);
  const { id, name, tlp, channel, ...more } = fields;
  if (typeof id !== 'string' || !ID.test(id)) throw new Error(`${where}: "id" must be 1 to 64 of a-z, 0-9 and "-".`);
  if (typeof name !== 'string' || name === '' || name.length > 200)
    throw new Error(`${where}: "name" must be a text of 1 to 200 characters.`);
  if (tlp === 'red' || !TLP_ORDER.includes(tlp as Tlp))
    throw new Error(`${where}: "tlp" must be clear, green, amber or "amber+strict": what is red leaves to nobody.`);
  return { id, name, tlp: tlp as Tlp, channel: channelOf(channel, more, where) };
}

function channelOf(kind: unknown, fields: Fields, where: string): ChannelSettings {
  if (kind === 'archive' || kind === 'misp') {
    known(fields, ['folder'], where);
    return { kind, folder: optional(fields, 'folder', where) };
  }
  if (kind !== 'taxii') throw new Error(`${where}: "channel" must be taxii, archive or misp.`);
  known(fields, ['root', 'collection', 'user', 'password_file', 'ca_file', 'certificate_file', 'key_file'], where);
  const { root, collection } = fields;
  if (typeof root !== 'string' || !isRoot(root))
    throw new Error(`${where}: "root" must be an https address of a TAXII API root that ends in "/"; http only here.`);
  if (typeof collection !== 'string' || !/^[\w.-]{1,200}$/.test(collection))
    throw new Error(`${where}: "collection" must be the id or the alias of a collection.`);
  const user = optional(fields, 'user', where);
  const passwordFile = optional(fields, 'password_file', where);
  const certificateFile = optional(fields, 'certificate_file', where);
  const keyFile = optional(fields, 'key_file', where);
  if ((user === undefined) !== (passwordFile === undefined))
    throw new Error(`${where}: "user" and "password_file" belong together.`);
  if ((certificateFile === undefined) !== (keyFile === undefined))
    throw new Error(`${where}: "certificate_file" and "key_file" belong together.`);
  const caFile = optional(fields, 'ca_file', where);
  return { kind, root, collection, user, passwordFile, caFile, certificateFile, keyFile };
}

/** The password goes along: in the clear only within this machine. */
export function isRoot(text: string): boolean {
  if (!URL.canParse(text) || text.length > 1_000) return false;
  const { protocol, hostname, username, search, hash, pathname } = new URL(text);
  const bare = hostname.replace(/^\[|\]$/g, '');
  const isHere = bare === 'localhost' || bare === '::1' || (isIP(bare) === 4 && bare.startsWith('127.'));
  const plain = username === '' && search === '' && hash === '' && pathname.endsWith('/');
  return plain && (protocol === 'https:' || (protocol === 'http:' && isHere));
}

/** Reads `sharing.preauthorised`. */
export function preauthorised(value: unknown): Preauthorised | undefined {
  const { severity, classes, ...more } = mapOf(value, 'it');
  known(more, [], 'it');
  return { severity: severityOf(severity, 'it'), classes: classesOf(classes, 'it') };
}

/** Reads an id of the reporting center. */
export function reporterId(value: unknown): string {
  if (typeof value === 'string' && ID.test(value)) return value;
  throw new Error('must be 1 to 64 of a-z, 0-9 and "-", such as soc-can-tho.');
}

function severityOf(value: unknown, where: string): Severity {
  if (SEVERITIES.includes(value as Severity)) return value as Severity;
  throw new Error(`${where}: "severity" must be one of ${SEVERITIES.join(', ')}.`);
}

function classesOf(value: unknown, where: string): readonly string[] {
  if (value === undefined) return [];
  if (Array.isArray(value) && value.every((one) => RSIT_KEYS.includes(one))) return value as string[];
  throw new Error(`${where}: "classes" must be a list of keys of the incident taxonomy, such as availability/ddos.`);
}

/** A map of a list in the configuration. @throws Error */
export function mapOf(value: unknown, where: string): Fields {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Fields;
  throw new Error(`${where} must hold "key: value" lines.`);
}

/** That a map has no other keys. @throws Error */
export function known(fields: Fields, names: readonly string[], where: string): void {
  const wrong = Object.keys(fields).find((name) => !names.includes(name));
  if (wrong !== undefined) throw new Error(`${where}: there is no "${wrong.slice(0, 50)}" here; see sharing.md.`);
}

/** A text that may be left out. @throws Error */
export function optional(fields: Fields, name: string, where: string): string | undefined {
  const value = fields[name];
  if (value === undefined) return undefined;
  if (typeof value === 'string' && value !== '' && value.length <= 4_000) return value;
  throw new Error(`${where}: "${name}" must be a text.`);
}

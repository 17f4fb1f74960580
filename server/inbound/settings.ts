import type { Severity } from '../../rules/rule.ts';
import type { Tlp } from '../incidents/record.ts';
import { isRoot, known, mapOf, optional, TLP_ORDER } from '../sharing/settings.ts';

/** What is taken of a source; tasks only of who may give some. */
export type Takes = 'indicators' | 'advisories' | 'tasks';

/** A TAXII collection that is polled. */
export interface InboundSource {
  readonly id: string;
  readonly name: string;
  /** Address of the API root, with a slash at its end. */
  readonly root: string;
  /** Id or alias of the collection. */
  readonly collection: string;
  readonly user: string | undefined;
  readonly passwordFile: string | undefined;
  readonly caFile: string | undefined;
  readonly certificateFile: string | undefined;
  readonly keyFile: string | undefined;
  readonly takes: readonly Takes[];
  /** The recipient by which answers go back; undefined where they go by other ways. */
  readonly answersTo: string | undefined;
  /** Seconds between two polls. */
  readonly everySeconds: number;
  /** Of alerts that its indicators raise. */
  readonly severity: Severity;
  /** Of what bears no mark. */
  readonly tlp: Tlp;
}

const TAKES: readonly Takes[] = ['indicators', 'advisories', 'tasks'];
const SEVERITIES: readonly Severity[] = ['informational', 'low', 'medium', 'high', 'critical'];
const NAMES = ['root', 'collection', 'user', 'password_file', 'ca_file', 'certificate_file', 'key_file'];
const MORE = ['takes', 'answers_to', 'every_seconds', 'severity', 'tlp'];

/** Reads `inbound.sources`. */
export function inboundSources(value: unknown): readonly InboundSource[] {
  if (!Array.isArray(value) || value.length > 20) throw new Error('must be a list of at most 20 sources.');
  const read = value.map((one, at) => sourceOf(one, `entry ${at + 1}`));
  const ids = read.map(({ id }) => id);
  const twice = ids.find((id, at) => ids.indexOf(id) !== at);
  if (twice !== undefined) throw new Error(`names the source "${twice}" twice.`);
  return read;
}

function sourceOf(value: unknown, where: string): InboundSource {
  const { id, name, ...fields } = mapOf(value, where);
  known(fields, [...NAMES, ...MORE], where);
  if (typeof id !== 'string' || !/^[a-z0-9][a-z0-9-]{0,31}$/.test(id))
    throw new Error(`${where}: "id" must be 1 to 32 of a-z, 0-9 and "-".`);
  if (typeof name !== 'string' || name === '' || name.length > 90)
    throw new Error(`${where}: "name" must be a text of 1 to 90 characters.`);
  const { root, collection, takes = ['indicators', 'advisories'] } = fields;
  if (typeof root !== 'string' || !isRoot(root))
    throw new Error(`${where}: "root" must be an https address of a TAXII API root that ends in "/"; http only here.`);
  if (typeof collection !== 'string' || !/^[\w.~-]{1,200}$/.test(collection))
    throw new Error(`${where}: "collection" must be the id or the alias of a collection.`);
  if (!Array.isArray(takes) || takes.length === 0 || takes.some((one) => !TAKES.includes(one)))
    throw new Error(`${where}: "takes" must list some of ${TAKES.join(', ')}.`);
  const { severity = 'high', tlp = 'amber', every_seconds: every = 300 } = fields;
  if (!SEVERITIES.includes(severity as Severity))
    throw new Error(`${where}: "severity" must be one of ${SEVERITIES.join(', ')}.`);
  if (!TLP_ORDER.includes(tlp as Tlp)) throw new Error(`${where}: "tlp" must be one of ${TLP_ORDER.join(', ')}.`);
  if (typeof every !== 'number' || !Number.isInteger(every) || every < 5 || every > 86_400)
    throw new Error(`${where}: "every_seconds" must be a whole number from 5 to 86400.`);
  const user = optional(fields, 'user', where);
  const passwordFile = optional(fields, 'password_file', where);
  const certificateFile = optional(fields, 'certificate_file', where);
  const keyFile = optional(fields, 'key_file', where);
  if ((user === undefined) !== (passwordFile === undefined))
    throw new Error(`${where}: "user" and "password_file" belong together.`);
  if ((certificateFile === undefined) !== (keyFile === undefined))
    throw new Error(`${where}: "certificate_file" and "key_file" belong together.`);
  return {
    ...{ id, name, root, collection, user, passwordFile, certificateFile, keyFile },
    caFile: optional(fields, 'ca_file', where),
    takes: takes as Takes[],
    answersTo: optional(fields, 'answers_to', where),
    everySeconds: every,
    severity: severity as Severity,
    tlp: tlp as Tlp,
  };
}

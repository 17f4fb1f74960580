import { plainNetwork } from './networks.ts';
import type { AgencyRecord } from './record.ts';
import type { Agency, AgencyProblem } from './schema.ts';
import { ancestorsOf, MOST_LEVELS } from './tree.ts';

/** Agencies as they are, or will be once what is before is done. */
export type KnownAgencies = ReadonlyMap<string, Pick<AgencyRecord, 'parent' | 'networks'>>;

/** What stands against an agency beside the others; nothing where it can be taken. */
export function judgeAgency(agency: Agency, others: KnownAgencies): AgencyProblem[] {
  const found: AgencyProblem[] = [];
  const add = (problem: AgencyProblem['problem'], value: string) => void found.push({ problem, value });
  const { id, parent, networks = [], sources = [] } = agency;
  if (parent !== undefined) {
    const above = [parent, ...ancestorsOf(parent, others)];
    if (parent === id || above.includes(id)) add('parent_circle', parent);
    else if (!others.has(parent)) add('parent_unknown', parent);
    else if (above.length >= MOST_LEVELS) add('parent_deep', parent);
  }
  const own = new Set<string>();
  for (const network of networks) {
    const plain = plainNetwork(network);
    // A network of every address would take the events of all others.
    if (plain === undefined || /^[46]\/0\//.test(plain)) add('network_wrong', network);
    else own.add(plain);
  }
  for (const [other, { networks: taken = [] }] of own.size === 0 ? [] : others) {
    if (other === id) continue;
    for (const network of taken)
      if (own.has(plainNetwork(network) ?? '')) add('network_taken', `${network} (${other})`);
  }
  for (const source of sources) if (/^\**$/.test(source)) add('source_wrong', source);
  return found;
}

const SENTENCES: Readonly<Record<AgencyProblem['problem'], (value: string) => string>> = {
  columns: (value) => `the file has no column ${value}`,
  columns_unknown: (value) => `the column "${value}" is not known`,
  row_short: (value) => `the line has ${value} fields, not as many as the heading`,
  id_wrong: (value) => `"${value}" is no id: 1 to 64 of a-z, 0-9 and "-", not beginning with "-"`,
  id_twice: (value) => `"${value}" stands in the file twice`,
  name_wrong: () => 'the name is empty or longer than 200 characters',
  level_wrong: (value) => `"${value}" is no level; it is 1 to 5`,
  text_long: (value) => `"${value}" is too long`,
  parent_unknown: (value) => `there is no agency "${value}" to be above it`,
  parent_circle: (value) => `"${value}" cannot be above it, as it would be above itself`,
  parent_deep: (value) => `"${value}" is ${MOST_LEVELS} levels below the province already`,
  network_wrong: (value) => `"${value}" is not a network such as 10.20.0.0/16 or 2001:db8:1::/48`,
  network_taken: (value) => `the network ${value} is another agency's`,
  source_wrong: (value) => `the pattern "${value}" would take every source`,
  list_long: (value) => `there are too many ${value}`,
};

/** A problem as an English sentence without its full stop. */
export function sentenceOf({ problem, value }: AgencyProblem): string {
  return SENTENCES[problem](value.slice(0, 200));
}

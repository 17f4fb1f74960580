import { readFile } from 'node:fs/promises';
import { safeJson } from '../../ecs/safe-json.ts';
import { sentenceOf } from '../agencies/judge.ts';
import { AGENCY_LIMITS, type Agencies, type Agency, type AgencyImportReport } from '../agencies/schema.ts';
import { loadConfig } from '../config.ts';
import { readArguments, readNumber, UsageError } from './arguments.ts';
import { type Connection, connect } from './connection.ts';
import { plain, table } from './terminal.ts';

const HELP = `Usage: haidang agency add ID --name NAME [OPTIONS] [--config FILE]
       haidang agency change ID [--name NAME] [OPTIONS] [--config FILE]
       haidang agency list [--json] [--config FILE]
       haidang agency import FILE.csv [--dry-run] [--json] [--config FILE]

OPTIONS: --person … --phone … --email … --address … --level 1-5 --parent ID --networks CIDR,CIDR… --sources PATTERN,PATTERN…

ID is 1 to 64 of a-z, 0-9 and "-". The level is that of the agency's systems by law, 3 unless set. --parent is the agency above it:
accounts of that one see this one too. --networks and --sources tell which events of a machine that logs for several
agencies are its own. "change" leaves what is not named; an empty text ("") takes it away.

import takes a table whose first line names its columns: id, name, parent, networks, sources, level, person, phone, email,
address. Only id and name must be there. --dry-run says what would change. Where a line is wrong nothing is changed (exit code 1).`;

/** `haidang agency` */
export async function run(args: readonly string[]): Promise<number> {
  const options = { type: 'string' } as const;
  const { values, positionals } = readArguments(args, {
    json: { type: 'boolean' },
    'dry-run': { type: 'boolean' },
    name: options,
    person: options,
    phone: options,
    email: options,
    address: options,
    level: options,
    parent: options,
    networks: options,
    sources: options,
    config: options,
  });
  if (values.help) {
    console.log(HELP);
    return 0;
  }
  const [act, subject, ...more] = positionals;
  const takesOne = (act === 'add' && values.name !== undefined) || act === 'change' || act === 'import';
  if (more.length > 0 || (act !== 'list' && !(takesOne && subject !== undefined)))
    throw new UsageError(
      'say "haidang agency add ID --name NAME", "change ID", "list" or "import FILE.csv"; --help tells more.',
    );
  const csv = act === 'import' ? await readTable(subject ?? '') : '';
  const connection = await connect(await loadConfig(values.config));
  try {
    if (act === 'import') return await importTable(connection, csv, values['dry-run'] !== true, values.json === true);
    if (act === 'list') {
      const { agencies } = await connection.ask<Agencies>('GET', '/api/v1/agencies');
      if (values.json) for (const agency of agencies) console.log(safeJson(agency));
      else console.log(table(HEADING, agencies.map(cells)));
      return 0;
    }
    const id = subject ?? '';
    if (act === 'add') {
      const level = readNumber('level', values.level, 3, 5);
      const empty = { id, name: '', contact: NOBODY, securityLevel: level, networks: [], sources: [] };
      await connection.ask('POST', '/api/v1/agencies', changed(empty, values));
      console.log(`Agency ${id} is there.`);
      return 0;
    }
    const { agencies } = await connection.ask<Agencies>('GET', '/api/v1/agencies');
    const before = agencies.find((agency) => agency.id === id);
    if (!before) throw new UsageError(`there is no agency "${id}"; "haidang agency list" shows all.`);
    const level = readNumber('level', values.level, before.securityLevel, 5);
    const wanted = changed({ ...before, securityLevel: level }, values);
    await connection.ask('PUT', `/api/v1/agencies/${encodeURIComponent(id)}`, wanted);
    console.log(`Agency ${id} is changed.`);
    return 0;
  } finally {
    await connection.close();
  }
}

const NOBODY: Agency['contact'] = { person: '', phone: '', email: '', address: '' };

type Given = Readonly<Partial<Record<keyof Agency['contact'] | 'name' | 'parent' | 'networks' | 'sources', string>>>;

function changed({ parent, ...before }: Agency, given: Given): Agency {
  const { person, phone, email, address } = given;
  const above = given.parent ?? parent;
  const listOf = (text: string | undefined, own: Agency['networks']) => text?.split(/[\s,;]+/).filter(Boolean) ?? own;
  return {
    ...before,
    name: given.name ?? before.name,
    contact: {
      person: person ?? before.contact.person,
      phone: phone ?? before.contact.phone,
      email: email ?? before.contact.email,
      address: address ?? before.contact.address,
    },
    ...(above ? { parent: above } : {}),
    networks: listOf(given.networks, before.networks) ?? [],
    sources: listOf(given.sources, before.sources) ?? [],
  };
}

async function readTable(path: string): Promise<string> {
  let csv: string;
  try {
    csv = await readFile(path, 'utf8');
  } catch (error) {
    throw new UsageError(`cannot read ${path}: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (csv.trim() === '') throw new UsageError(`${path} is empty.`);
  if (csv.length > AGENCY_LIMITS.importBytes) throw new UsageError(`${path} is larger than 1 MiB.`);
  return csv;
}

async function importTable(connection: Connection, csv: string, apply: boolean, json: boolean): Promise<number> {
  const report = await connection.ask<AgencyImportReport>('POST', '/api/v1/agencies/import', { csv, apply });
  if (json) {
    console.log(safeJson(report));
    return report.wrong > 0 ? 1 : 0;
  }
  for (const { line, id, act, problems } of report.rows) {
    for (const problem of problems) console.error(plain(`line ${line}: ${sentenceOf(problem)}.`));
    if (!report.applied && (act === 'add' || act === 'change')) console.log(plain(`line ${line}: ${act} ${id}`));
  }
  const { added, changed: altered, same, wrong, applied } = report;
  const verb = applied ? 'Done' : wrong > 0 ? 'Nothing was changed' : 'Would be done';
  console.log(`${verb}: ${added} added, ${altered} changed, ${same} as they were, ${wrong} wrong.`);
  return wrong > 0 ? 1 : 0;
}

const HEADING = ['id', 'name', 'parent', 'level', 'networks', 'person', 'phone', 'email'];

function cells({ id, name, parent, securityLevel, networks = [], contact }: Agency): string[] {
  const { person, phone, email } = contact;
  return [id, name, parent ?? '', String(securityLevel), networks.join(' '), person, phone, email];
}

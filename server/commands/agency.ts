import { safeJson } from '../../ecs/safe-json.ts';
import type { Agencies, Agency } from '../agencies/schema.ts';
import { loadConfig } from '../config.ts';
import { readArguments, readNumber, UsageError } from './arguments.ts';
import { connect } from './connection.ts';
import { table } from './terminal.ts';

const HELP = `Usage: haidang agency add ID --name NAME [--person … --phone … --email … --address … --level 1-5] [--config FILE]
       haidang agency list [--json] [--config FILE]

ID is 1 to 64 of a-z, 0-9 and "-". The level is that of the agency's systems by law, 3 unless set.`;

/** `haidang agency` */
export async function run(args: readonly string[]): Promise<number> {
  const options = { type: 'string' } as const;
  const { values, positionals } = readArguments(args, {
    json: { type: 'boolean' },
    name: options,
    person: options,
    phone: options,
    email: options,
    address: options,
    level: options,
    config: options,
  });
  if (values.help) {
    console.log(HELP);
    return 0;
  }
  const [act, id, ...more] = positionals;
  const adding = act === 'add' && id !== undefined && values.name !== undefined;
  if (more.length > 0 || (act !== 'list' && !adding))
    throw new UsageError('say "haidang agency add ID --name NAME" or "haidang agency list"; --help tells more.');
  const level = readNumber('level', values.level, 3, 5);
  const connection = await connect(await loadConfig(values.config));
  try {
    if (adding) {
      const { name = '', person = '', phone = '', email = '', address = '' } = values;
      const agency: Agency = { id, name, contact: { person, phone, email, address }, securityLevel: level };
      await connection.ask('POST', '/api/v1/agencies', agency);
      console.log(`Agency ${id} is there.`);
      return 0;
    }
    const { agencies } = await connection.ask<Agencies>('GET', '/api/v1/agencies');
    if (values.json) for (const agency of agencies) console.log(safeJson(agency));
    else console.log(table(HEADING, agencies.map(cells)));
    return 0;
  } finally {
    await connection.close();
  }
}

const HEADING = ['id', 'name', 'level', 'person', 'phone', 'email'];

function cells({ id, name, securityLevel, contact }: Agency): string[] {
  return [id, name, String(securityLevel), contact.person, contact.phone, contact.email];
}

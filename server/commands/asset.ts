import { safeJson } from '../../ecs/safe-json.ts';
import type { Asset, Assets, NewAsset } from '../assets/schema.ts';
import { loadConfig } from '../config.ts';
import { readArguments, readNumber, UsageError } from './arguments.ts';
import { connect } from './connection.ts';
import { table } from './terminal.ts';

const HELP = `Usage: haidang asset add KIND VALUE --level 1-5 [--name NAME] [--agency ID] [--config FILE]
       haidang asset remove ID [--config FILE]
       haidang asset list [--json] [--config FILE]

KIND is network (10.1.0.0/16 or an address), host (its name) or agency (its id). The level is that of the system by law:
5 raises the severity of alerts about it by two steps, 4 by one, 1 lowers it by one. What is not listed has the level of
its agency's systems. With --agency it counts for events of that agency alone.`;

/** `haidang asset` */
export async function run(args: readonly string[]): Promise<number> {
  const options = { type: 'string' } as const;
  const { values, positionals } = readArguments(args, {
    json: { type: 'boolean' },
    level: options,
    name: options,
    agency: options,
    config: options,
  });
  if (values.help) {
    console.log(HELP);
    return 0;
  }
  const [act, kind, value, ...more] = positionals;
  const isKind = kind === 'network' || kind === 'host' || kind === 'agency';
  const adding = act === 'add' && isKind && value !== undefined && values.level !== undefined && more.length === 0;
  const removing = act === 'remove' && kind !== undefined && value === undefined;
  if (!adding && !removing && !(act === 'list' && kind === undefined))
    throw new UsageError('say "haidang asset add network|host|agency VALUE --level 1-5"; --help tells more.');
  const level = readNumber('level', values.level, 3, 5);
  const connection = await connect(await loadConfig(values.config));
  try {
    if (adding) {
      const { name = '', agency = null } = values;
      const asset: NewAsset = { kind, value, level, name, agency };
      const { id } = await connection.ask<Asset>('POST', '/api/v1/assets', asset);
      console.log(`Asset ${id} is of level ${level}.`);
      return 0;
    }
    if (removing) {
      await connection.ask('DELETE', `/api/v1/assets/${encodeURIComponent(kind)}`);
      console.log(`Asset ${kind} is gone from the list.`);
      return 0;
    }
    const { assets } = await connection.ask<Assets>('GET', '/api/v1/assets');
    if (values.json) for (const asset of assets) console.log(safeJson(asset));
    else console.log(table(HEADING, assets.map(cells)));
    return 0;
  } finally {
    await connection.close();
  }
}

const HEADING = ['id', 'level', 'name', 'agency'];

function cells({ id, level, name, agency }: Asset): string[] {
  return [id, String(level), name, agency ?? ''];
}

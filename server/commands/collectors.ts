import { readFile } from 'node:fs/promises';
import { loadConfig, type ServerConfig } from '../config.ts';
import type { FleetCollector, FleetCollectors, NewToken, Token } from '../fleet/schema.ts';
import { readArguments, UsageError } from './arguments.ts';
import { connect } from './connection.ts';
import { table } from './terminal.ts';

const HELP = `Usage: haidang collector token --agency ID [--agencies ID,ID…] [--expires 24h] [--json] [--config FILE]
       haidang collector list [--json] [--config FILE]
       haidang collector revoke ID [--config FILE]
       haidang collector policy show [GROUP] | set GROUP FILE | group ID GROUP [--config FILE]

A token enrols one collector, once. --expires takes minutes to days, such as 30m, 24h or 7d (at most 30d). --agencies lists
the others whose logs the machine keeps.`;

/** `haidang collector token | list | revoke | policy`: what the province does with collectors. */
export async function run(args: readonly string[]): Promise<number> {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean' } as const;
  const options = { json: flag, agency: text, agencies: text, expires: text, config: text };
  const { values, positionals } = readArguments(args, options);
  if (values.help) {
    console.log(HELP);
    return 0;
  }
  const [act, ...rest] = positionals;
  const config = await loadConfig(values.config);
  if (act === 'token' && rest.length === 0 && values.agency !== undefined) {
    const agencies = (values.agencies ?? '').split(',').filter((one) => one !== '');
    const order = { agency: values.agency, agencies, hours: readHours(values.expires ?? '24h') };
    return makeToken(config, order, values.json === true);
  }
  if (act === 'list' && rest.length === 0) return list(config, values.json === true);
  const [first, second, third] = rest;
  if (act === 'revoke' && first !== undefined && second === undefined) return revoke(config, first);
  if (act === 'policy') return policy(config, first, second, third);
  throw new UsageError(
    'say "haidang collector token --agency ID", "list", "revoke ID" or "policy"; --help tells more.',
  );
}

/** Hours of `30m`, `24h`, `7d`; less than an hour counts as one. */
function readHours(text: string): number {
  const [, digits, unit] = /^(\d{1,5})([mhd])$/.exec(text) ?? [];
  const hours = Math.ceil(Number(digits) * (unit === 'm' ? 1 / 60 : unit === 'd' ? 24 : 1));
  if (digits === undefined || hours < 1 || hours > 720) {
    throw new UsageError('--expires takes a time such as 30m, 24h or 7d, of at most 30d.');
  }
  return hours;
}

async function ask<T>(config: ServerConfig, method: 'GET' | 'POST' | 'PUT', path: string, body?: unknown): Promise<T> {
  const connection = await connect(config);
  try {
    return await connection.ask<T>(method, path, body);
  } finally {
    await connection.close();
  }
}

async function makeToken(config: ServerConfig, order: NewToken, isJson: boolean): Promise<number> {
  const token = await ask<Token>(config, 'POST', '/api/v1/collectors/tokens', order);
  if (isJson) {
    console.log(JSON.stringify(token));
    return 0;
  }
  const host = config.ingest.names[0] ?? 'HOST';
  console.log(token.token);
  console.error(`Agency ${token.agencies.join(', ')}; valid until ${token.expires}; for one collector, once.`);
  console.error(
    `On the other machine: haidang collector enrol --server https://${host}:${config.ingest.port} --token TOKEN`,
  );
  return 0;
}

async function list(config: ServerConfig, isJson: boolean): Promise<number> {
  const { collectors } = await ask<FleetCollectors>(config, 'GET', '/api/v1/collectors');
  if (isJson) for (const one of collectors) console.log(JSON.stringify(one));
  else console.log(table(HEADING, collectors.map(cells), [5, 6]));
  return collectors.some(({ state }) => state === 'broken') ? 1 : 0;
}

const HEADING = ['id', 'name', 'agency', 'state', 'findings', 'waiting', 'RSS MiB', 'last seen', 'version'];

function cells({ id, name, agency, state, findings, waitingEvents, ...rest }: FleetCollector): string[] {
  const what = [...new Set(findings.map((one) => one.what))].join(' ') || '-';
  const rss = rest.rssBytes === null ? '-' : String(Math.round(rest.rssBytes / 1024 / 1024));
  return [id, name, agency, state, what, String(waitingEvents), rss, rest.lastSeenAt ?? '-', rest.version ?? '-'];
}

async function revoke(config: ServerConfig, id: string): Promise<number> {
  await ask(config, 'POST', `/api/v1/collectors/${encodeURIComponent(id)}/revoke`, {});
  console.log(`The certificate of ${id} is revoked; its connections are cut.`);
  return 0;
}

async function policy(config: ServerConfig, act = '', first?: string, second?: string): Promise<number> {
  if (act === 'show') {
    const path = `/api/v1/collectors/policies/${encodeURIComponent(first ?? 'default')}`;
    console.log(JSON.stringify(await ask(config, 'GET', path), null, 2));
    return 0;
  }
  if (act === 'set' && first !== undefined && second !== undefined) {
    const yaml = await readFile(second, 'utf8');
    const path = `/api/v1/collectors/policies/${encodeURIComponent(first)}`;
    const made = await ask<{ version: number }>(config, 'PUT', path, { yaml });
    console.log(`Policy ${first} has version ${made.version}; collectors take it within a minute.`);
    return 0;
  }
  if (act === 'group' && first !== undefined && second !== undefined) {
    await ask(config, 'PUT', `/api/v1/collectors/${encodeURIComponent(first)}/group`, { group: second });
    console.log(`Collector ${first} is in group ${second}.`);
    return 0;
  }
  throw new UsageError(
    'say "policy show [GROUP]", "policy set GROUP FILE" or "policy group ID GROUP"; --help tells more.',
  );
}

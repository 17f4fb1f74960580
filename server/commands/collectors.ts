import { safeJson } from '../../ecs/safe-json.ts';
import project from '../../package.json' with { type: 'json' };
import { loadConfig, type ServerConfig } from '../config.ts';
import type { FleetCollector, FleetCollectors, NewToken, Token } from '../fleet/schema.ts';
import { readArguments, UsageError } from './arguments.ts';
import { type Ask, runPolicy, runSilence } from './collector-policies.ts';
import { connect } from './connection.ts';
import { table } from './terminal.ts';

const HELP = `Usage: haidang collector token --agency ID [--agencies ID,ID…] [--expires 24h] [--json] [--config FILE]
       haidang collector list [--json] [--config FILE]
       haidang collector revoke ID [--config FILE]
       haidang collector policy list | show [GROUP] | versions [GROUP] | check FILE | set GROUP FILE
                              | rollback GROUP VERSION | group ID GROUP [--config FILE]
       haidang collector silence list | set SOURCE MINUTES|never [--collector ID] | remove SOURCE [--collector ID]

A token enrols one collector, once. --expires takes minutes to days, such as 30m, 24h or 7d (at most 30d). --agencies lists
the others whose logs the machine keeps. A policy says what a group of collectors reads and how much it may send.
"silence" says for how long a source may say nothing before there is an alert; * stands for any characters.`;

/** `haidang collector token | list | revoke | policy | silence`: what the province does with collectors. */
export async function run(args: readonly string[]): Promise<number> {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean' } as const;
  const options = { json: flag, agency: text, agencies: text, expires: text, collector: text, config: text };
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
  const asked: Ask = (method, path, body) => ask(config, method, path, body);
  if (act === 'policy') return runPolicy(asked, first, second, third);
  if (act === 'silence')
    return runSilence(asked, { act: first, source: second, time: third, collector: values.collector });
  throw new UsageError(
    'say "haidang collector token --agency ID", "list", "revoke ID", "policy" or "silence"; --help tells more.',
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
    console.log(safeJson(token));
    return 0;
  }
  console.log(token.token);
  console.error(`Agency ${token.agencies.join(', ')}; valid until ${token.expires}; for one collector, once.`);
  console.error('On the other machine, as root, with the package there:');
  console.error(`  ${installLine(token)}`);
  const isLoopback = /^(127\.|::1$|localhost$)/.test(config.ingest.host);
  if (isLoopback) {
    console.error('This server hears its own machine alone: set ingest_host to 0.0.0.0 or :: for other machines.');
  }
  return 0;
}

/** Package, enrolment and service in one line, as `docs/install-collector` has it. */
function installLine({ server, token }: Token): string {
  const file = `./haidang-collector_${project.version}_amd64.deb`;
  const enrol = `haidang-collector enrol --server ${server} --token ${token}`;
  return `apt install ${file} && ${enrol} && systemctl enable --now haidang-collector`;
}

async function list(config: ServerConfig, isJson: boolean): Promise<number> {
  const { collectors } = await ask<FleetCollectors>(config, 'GET', '/api/v1/collectors');
  if (isJson) for (const one of collectors) console.log(safeJson(one));
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

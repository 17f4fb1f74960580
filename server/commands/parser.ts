import { readFile } from 'node:fs/promises';
import { type CheckedParser, checkParser } from '../../collector/custom-parsers/check.ts';
import { tryLine } from '../../collector/custom-parsers/try.ts';
import { safeJson } from '../../ecs/safe-json.ts';
import type { ParserChanged, ParserDetail, ParserList, ParserRow } from '../parsers/schema.ts';
import { readArguments, UsageError } from './arguments.ts';
import type { Connection } from './connection.ts';
import { overConnection } from './run-act.ts';
import { plain, table } from './terminal.ts';

const HELP = `Usage: haidang parser check FILE... [--json]
       haidang parser test FILE [--line TEXT]...
       haidang parser list [--json] | show NAME [--config FILE]
       haidang parser save FILE | groups NAME [GROUP...] | remove NAME [--config FILE]

A parser is a YAML file that says how lines of an application become events (docs/writing-parsers.en.md). "check" says what
is wrong with it, samples too; "test" shows what it makes of its samples, or of each --line. "save" keeps it on the server;
"groups" says which groups of collectors get it with their policy (none: no more). Without a server, put the file in the folder
"parsers" beside a collector's configuration.`;

/** `haidang parser`: 0, or 1 where something is wrong with a parser. */
export async function run(args: readonly string[]): Promise<number> {
  const { values, positionals } = readArguments(args, {
    json: { type: 'boolean' },
    line: { type: 'string', multiple: true },
    config: { type: 'string' },
  });
  if (values.help) {
    console.log(HELP);
    return 0;
  }
  const [act, first, ...more] = positionals;
  if (act === 'check' && first !== undefined) return check([first, ...more], values.json === true);
  if (act === 'test' && first !== undefined && more.length === 0) return test(first, values.line);
  const isLonely = more.length === 0;
  const config = values.config;
  if (act === 'list' && first === undefined)
    return overConnection(config, (server) => list(server, values.json === true));
  if (act === 'show' && first !== undefined && isLonely) return overConnection(config, (server) => show(server, first));
  if (act === 'save' && first !== undefined && isLonely) return overConnection(config, (server) => save(server, first));
  if (act === 'groups' && first !== undefined)
    return overConnection(config, (server) => setGroups(server, first, more));
  if (act === 'remove' && first !== undefined && isLonely)
    return overConnection(config, (server) => remove(server, first));
  throw new UsageError('say "haidang parser check|test FILE", "list", "show NAME", "save FILE"; --help tells more.');
}

async function checked(path: string): Promise<CheckedParser> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    throw new UsageError(`cannot read ${path}: ${(error as Error).message}`);
  }
  return checkParser(text);
}

async function check(paths: readonly string[], isJson: boolean): Promise<number> {
  let isWrong = false;
  for (const path of paths) {
    const { name, problems, remarks, samples } = await checked(path);
    isWrong ||= problems.length > 0;
    if (isJson) {
      console.log(safeJson({ file: path, name, samples, problems, remarks }));
      continue;
    }
    for (const { line, column, message } of [...problems, ...remarks])
      console.log(plain(`${path}:${line}:${column}: ${message}`));
    if (problems.length === 0) console.log(`${path}: parser ${name} is right; its samples passed: ${samples}.`);
  }
  return isWrong ? 1 : 0;
}

async function test(path: string, given: readonly string[] | undefined): Promise<number> {
  const found = await checked(path);
  for (const { line, column, message } of found.problems) console.error(plain(`${path}:${line}:${column}: ${message}`));
  if (!found.parser || !found.document) return 1;
  const { timeZone } = Intl.DateTimeFormat().resolvedOptions();
  const context = { now: Date.now(), timeZone };
  for (const line of given ?? found.document.samples.map(({ text }) => text)) {
    const { event, why, stopsAt, left } = tryLine(found, line, context) ?? {};
    const at = stopsAt && { column: stopsAt.column, expected: stopsAt.part };
    console.log(safeJson(event ? { line, event, ...(left?.length ? { left } : {}) } : { line, why, ...at }));
  }
  return found.problems.length > 0 ? 1 : 0;
}

const HEADING = ['name', 'title', 'data set', 'version', 'groups', 'by'];

async function list(server: Connection, isJson: boolean): Promise<number> {
  const { parsers } = await server.ask<ParserList>('GET', '/api/v1/parsers');
  if (isJson) for (const one of parsers) console.log(safeJson(one));
  else console.log(table(HEADING, parsers.map(cells), [3]));
  return 0;
}

function cells({ name, title, dataset, version, groups, updatedBy }: ParserRow): string[] {
  return [name, title, dataset, String(version), groups.join(' ') || '-', updatedBy];
}

async function show(server: Connection, name: string): Promise<number> {
  const { yaml } = await server.ask<ParserDetail>('GET', `/api/v1/parsers/${encodeURIComponent(name)}`);
  process.stdout.write(yaml.endsWith('\n') ? yaml : `${yaml}\n`);
  return 0;
}

async function save(server: Connection, path: string): Promise<number> {
  const { name, problems } = await checked(path);
  for (const { line, column, message } of problems) console.error(plain(`${path}:${line}:${column}: ${message}`));
  if (problems.length > 0) return 1;
  const yaml = await readFile(path, 'utf8');
  const asked = `/api/v1/parsers/${encodeURIComponent(name)}`;
  report(await server.ask<ParserChanged>('PUT', asked, { yaml }), `Parser ${name} is kept`);
  return 0;
}

async function setGroups(server: Connection, name: string, groups: readonly string[]): Promise<number> {
  const asked = `/api/v1/parsers/${encodeURIComponent(name)}/groups`;
  report(
    await server.ask<ParserChanged>('PUT', asked, { groups }),
    `Parser ${name} goes to ${groups.join(', ') || 'no group'}`,
  );
  return 0;
}

function report({ parser, policies, waiting }: ParserChanged, what: string): void {
  console.log(`${what} (version ${parser.version}).`);
  for (const { group, version } of policies)
    console.log(`Policy ${group} has version ${version}; collectors take it within a minute.`);
  for (const group of waiting) console.log(`Group ${group} has no policy: the parser goes there with its first one.`);
}

async function remove(server: Connection, name: string): Promise<number> {
  await server.ask('DELETE', `/api/v1/parsers/${encodeURIComponent(name)}`);
  console.log(`Parser ${name} is gone; events that it made stay as they are.`);
  return 0;
}

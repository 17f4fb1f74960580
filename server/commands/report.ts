import { readFile, writeFile } from 'node:fs/promises';
import { safeJson } from '../../ecs/safe-json.ts';
import type { ReportDraft, ReportFields, ReportForm, ReportVersion, ReportVersions } from '../reports/schema.ts';
import { readArguments, UsageError, type ValuesOf } from './arguments.ts';
import type { Connection } from './connection.ts';
import { overConnection } from './run-act.ts';
import { plain, table } from './terminal.ts';

const HELP = `Usage: haidang report list INCIDENT [--json] [--config FILE]
       haidang report draft INCIDENT [--kind initial|follow-up|closing]
       haidang report write INCIDENT [--kind …] [--fields FILE] [--set NAME=TEXT]... [--to FILE] [--json]
       haidang report get INCIDENT NUMBER --to FILE
       haidang report form [--fields FILE] [--set NAME=TEXT]...

Reports of an incident in the official Vietnamese form. "draft" writes what the incident says of itself as JSON; "write" takes
that, changed by --fields (JSON) and --set, and keeps it as a version with its SHA-256; "get" and --to write a file that ends in
.html (a page to print) or .docx. "form" shows and sets what every report begins and ends with: letterhead, legal basis, signature.`;

const OPTIONS = {
  json: { type: 'boolean' },
  kind: { type: 'string' },
  fields: { type: 'string' },
  set: { type: 'string', multiple: true },
  to: { type: 'string' },
  config: { type: 'string' },
} as const;
type Values = ValuesOf<typeof OPTIONS>;

/** `haidang report` */
export async function run(args: readonly string[]): Promise<number> {
  const { values, positionals } = readArguments(args, OPTIONS);
  if (values.help) {
    console.log(HELP);
    return 0;
  }
  await overConnection(values.config, readAct(positionals, values));
  return 0;
}

function readAct(
  [act, incident, number, ...more]: readonly string[],
  values: Values,
): (connection: Connection) => Promise<void> {
  const form = values.to === undefined ? undefined : formOf(values.to);
  const path = `/api/v1/incidents/${encodeURIComponent(incident ?? '')}/reports`;
  const isOne = incident !== undefined && number === undefined;
  if (act === 'form' && incident === undefined) return (connection) => showForm(connection, values);
  if (act === 'list' && isOne) return (connection) => showList(connection, path, values);
  if (act === 'draft' && isOne)
    return async (connection) => console.log(safeJson((await draftOf(connection, path, values)).fields));
  if (act === 'write' && isOne) return (connection) => write(connection, path, values, form);
  if (act === 'get' && number !== undefined && more.length === 0 && values.to !== undefined && form)
    return (connection) => save(connection, `${path}/${encodeURIComponent(number)}`, values.to ?? '', form);
  throw new UsageError('say "haidang report list", "draft", "write", "get" or "form"; --help tells more.');
}

type Form = 'html' | 'docx';

function formOf(file: string): Form {
  const form = /\.(html|docx)$/i.exec(file)?.[1]?.toLowerCase();
  if (form === 'html' || form === 'docx') return form;
  throw new UsageError('--to takes a file that ends in .html or .docx.');
}

async function draftOf(connection: Connection, path: string, { kind = 'initial' }: Values): Promise<ReportDraft> {
  return connection.ask('GET', `${path}/draft?kind=${encodeURIComponent(kind)}`);
}

/** The fields as --fields and --set change them; an empty text takes one away. */
async function changed(fields: ReportFields, values: Values): Promise<Record<string, string>> {
  const made: Record<string, string> = Object.fromEntries(
    Object.entries(fields).flatMap(([name, text]) => (text === undefined ? [] : [[name, text]])),
  );
  if (values.fields !== undefined) {
    const read: unknown = JSON.parse(await readFile(values.fields, 'utf8'));
    if (typeof read !== 'object' || read === null || Array.isArray(read))
      throw new UsageError(`${values.fields} holds no JSON object of fields.`);
    for (const [name, text] of Object.entries(read)) made[name] = String(text);
  }
  for (const one of values.set ?? []) {
    const at = one.indexOf('=');
    if (at < 1) throw new UsageError('--set takes NAME=TEXT.');
    made[one.slice(0, at)] = one.slice(at + 1);
  }
  return Object.fromEntries(Object.entries(made).filter(([, text]) => text !== ''));
}

async function write(connection: Connection, path: string, values: Values, form: Form | undefined): Promise<void> {
  const { kind, fields } = await draftOf(connection, path, values);
  const made = await connection.ask<ReportVersion>('POST', path, { kind, fields: await changed(fields, values) });
  if (values.to !== undefined && form) await save(connection, `${path}/${made.number}`, values.to, form);
  if (values.json) console.log(safeJson(made));
  else
    console.log(
      `Report ${made.number} (${made.kind}) is kept; page sha256 ${made.html.sha256}, DOCX sha256 ${made.docx.sha256}.`,
    );
}

async function save(connection: Connection, path: string, file: string, form: Form): Promise<void> {
  // What is there stays there: a report is evidence of what was said.
  await writeFile(file, await connection.file(`${path}/${form}`), { flag: 'wx', mode: 0o600 });
  console.error(`Written to ${plain(file)}.`);
}

async function showList(connection: Connection, path: string, { json }: Values): Promise<void> {
  const { versions } = await connection.ask<ReportVersions>('GET', path);
  if (json) for (const version of versions) console.log(safeJson(version));
  else if (versions.length === 0) console.log('No reports.');
  else {
    const rows = versions.map(({ incident, number, kind, at, by, label, docx }) => {
      return [incident, String(number), kind, at, by, label, docx.sha256.slice(0, 12)];
    });
    console.log(table(['incident', 'number', 'kind', 'at', 'by', 'label', 'docx'], rows, [1]));
  }
}

async function showForm(connection: Connection, values: Values): Promise<void> {
  const before = await connection.ask<ReportForm>('GET', '/api/v1/reports/form');
  const isAsked = values.fields === undefined && values.set === undefined;
  const form = isAsked
    ? before
    : await connection.ask<ReportForm>('PUT', '/api/v1/reports/form', { fields: await changed(before.fields, values) });
  console.log(safeJson(form.fields));
}

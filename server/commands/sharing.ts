import { safeJson } from '../../ecs/safe-json.ts';
import type {
  IncidentSharing,
  SharePreview,
  SharingList,
  SharingRow,
  SharingSetup,
  VersionDetail,
} from '../sharing/schema.ts';
import { UsageError, type ValuesOf } from './arguments.ts';
import type { Connection } from './connection.ts';
import { everyRow } from './every-row.ts';
import { type Act, runAct } from './run-act.ts';
import { plain, table } from './terminal.ts';

const HELP = `Usage: haidang sharing recipients [--json] [--config FILE]
       haidang sharing list [--show all|asked|due|dead|review] [--json] [--config FILE]
       haidang sharing preview INCIDENT RECIPIENT [--minimal] [--json]
       haidang sharing request INCIDENT RECIPIENT --sha256 HASH --texts-read [--minimal] [--note TEXT]
       haidang sharing show INCIDENT RECIPIENT VERSION [--json]
       haidang sharing approve INCIDENT RECIPIENT VERSION --sha256 HASH
       haidang sharing release INCIDENT RECIPIENT VERSION --sha256 HASH --reason TEXT
       haidang sharing refuse|withdraw INCIDENT RECIPIENT VERSION --reason TEXT
       haidang sharing review|resend INCIDENT RECIPIENT VERSION [--note TEXT]
       haidang sharing receipt INCIDENT RECIPIENT VERSION --text TEXT

What leaves to others, and who lets it. "preview" shows what would leave, what is cut and why, and the hash of the bytes;
"request" takes that hash, so that nothing leaves that was not looked at. Whoever asks cannot also approve,
unless accounts.two_persons.approval is off.`;

const OPTIONS = {
  json: { type: 'boolean' },
  show: { type: 'string' },
  minimal: { type: 'boolean' },
  sha256: { type: 'string' },
  'texts-read': { type: 'boolean' },
  note: { type: 'string' },
  reason: { type: 'string' },
  text: { type: 'string' },
  config: { type: 'string' },
} as const;
type Values = ValuesOf<typeof OPTIONS>;

/** `haidang sharing` */
export async function run(args: readonly string[]): Promise<number> {
  return runAct(args, { help: HELP, options: OPTIONS, readAct });
}

function readAct([act, incident, recipient, number, ...more]: readonly string[], values: Values): Act {
  const wrong = () =>
    new UsageError('say "haidang sharing recipients", "list", or an act on an incident; --help tells more.');
  if (more.length > 0) throw wrong();
  if (act === 'recipients' && incident === undefined) return (connection) => showRecipients(connection, values);
  if (act === 'list' && incident === undefined) return (connection) => showList(connection, values);
  if (incident === undefined || recipient === undefined) throw wrong();
  const path = `/api/v1/incidents/${encodeURIComponent(incident)}/sharing`;
  const to = `${path}/${encodeURIComponent(recipient)}`;
  if (act === 'preview' && number === undefined) return (connection) => showPreview(connection, to, values);
  if (act === 'request' && number === undefined)
    return (connection) => request(connection, { path, to, recipient }, values);
  if (number === undefined) throw wrong();
  const version = `${to}/versions/${encodeURIComponent(number)}`;
  if (act === 'show') return (connection) => showVersion(connection, version, values);
  const body = bodyOf(act ?? '', values);
  if (!body) throw wrong();
  return async (connection) => {
    const row = await connection.ask<SharingRow>('POST', `${version}/${act}`, body);
    console.log(values.json ? safeJson(row) : lineOf(row, Number(number)));
    return 0;
  };
}

function bodyOf(act: string, { sha256, reason, note, text }: Values): object | undefined {
  const needed = (name: string, value: string | undefined): string => {
    if (value !== undefined && value !== '') return value;
    throw new UsageError(`"haidang sharing ${act}" needs --${name}.`);
  };
  switch (act) {
    case 'approve':
      return { sha256: needed('sha256', sha256) };
    case 'release':
      return { sha256: needed('sha256', sha256), reason: needed('reason', reason) };
    case 'refuse':
    case 'withdraw':
      return { reason: needed('reason', reason) };
    case 'review':
      return { note: note ?? '' };
    case 'resend':
      return {};
    case 'receipt':
      return { text: needed('text', text) };
    default:
      return undefined;
  }
}

async function showRecipients(connection: Connection, { json }: Values): Promise<number> {
  const setup = await connection.ask<SharingSetup>('GET', '/api/v1/sharing/recipients');
  if (json) console.log(safeJson(setup));
  else {
    const rows = setup.recipients.map(({ id, name, channel, tlp }) => [id, name, channel, `TLP:${tlp.toUpperCase()}`]);
    console.log(rows.length === 0 ? 'No recipients are set up.' : table(['id', 'name', 'channel', 'up to'], rows));
    console.log(`Key that signs: ${setup.key.kid}`);
  }
  return 0;
}

async function showList(connection: Connection, { json, show = 'all' }: Values): Promise<number> {
  let count = 0;
  for await (const share of everyRow(connection, '/api/v1/sharing', (page: SharingList) => page.shares, {
    wanted: { show },
  })) {
    console.log(json ? safeJson(share) : lineOf(share));
    count += 1;
  }
  if (count === 0 && !json) console.log('Nothing.');
  return 0;
}

async function showPreview(connection: Connection, to: string, { json, minimal = false }: Values): Promise<number> {
  const seen = await connection.ask<SharePreview>('GET', `${to}/preview?minimal=${minimal}`);
  if (json) console.log(safeJson(seen));
  else {
    for (const { field, before, text } of seen.texts) console.log(`${field}\n  ${plain(before)}\n  → ${plain(text)}`);
    for (const { what, detail, why } of seen.withheld) console.log(`stays here: ${what} ${plain(detail)} (${why})`);
    if (seen.blocked) console.log(`It cannot leave as it is: ${seen.blocked}.`);
    console.log(`${seen.objects} objects, ${seen.bytes} bytes, sha256 ${seen.sha256}`);
  }
  return seen.blocked ? 1 : 0;
}

async function request(
  connection: Connection,
  { path, to, recipient }: { readonly path: string; readonly to: string; readonly recipient: string },
  values: Values,
): Promise<number> {
  const { sha256, minimal = false, note = '' } = values;
  if (sha256 === undefined) throw new UsageError('"haidang sharing request" needs --sha256, as "preview" shows it.');
  const { version } = await connection.ask<SharePreview>('GET', `${to}/preview?minimal=${minimal}`);
  const asked = { recipient, version, sha256, textsRead: values['texts-read'] === true, minimal, note };
  const row = await connection.ask<SharingRow>('POST', path, asked);
  console.log(values.json ? safeJson(row) : lineOf(row));
  return 0;
}

async function showVersion(connection: Connection, path: string, { json }: Values): Promise<number> {
  const detail = await connection.ask<VersionDetail>('GET', path);
  if (json) {
    console.log(safeJson(detail));
    return 0;
  }
  console.log(lineOf(detail.share, detail.version.number));
  console.log(`sha256 ${detail.version.sha256}`);
  for (const { outcome, id, version, message = '' } of detail.receipts?.objects ?? [])
    console.log(plain(`  ${outcome}  ${id}  ${version}  ${message}`));
  return 0;
}

function lineOf({ incident, recipient, title, versions }: IncidentSharing['shares'][number], number?: number): string {
  const version = number === undefined ? versions.at(-1) : versions.find((one) => one.number === number);
  const state = version ? `version ${version.number} ${version.state}` : 'nothing';
  const problem = version?.problem ? `  (${version.problem})` : '';
  return plain(`${incident} → ${recipient}: ${state}  ${title}${problem}`);
}

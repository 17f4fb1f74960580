import { safeJson } from '../../ecs/safe-json.ts';
import type { NoticeAddress, NoticeLog, NoticeLogRow, NoticePeople } from '../notify/schema.ts';
import { readNumber, UsageError, type ValuesOf } from './arguments.ts';
import type { Connection } from './connection.ts';
import { everyRow } from './every-row.ts';
import { type Act, runAct } from './run-act.ts';
import { plain, table } from './terminal.ts';

const HELP = `Usage: haidang notice list [--show all|waiting|dead] [--limit N] [--json] [--config FILE]
       haidang notice resend ID
       haidang notice people [--json]
       haidang notice address USER [--email ADDRESS|none] [--language vi|en|km] [--mail-from info|warning|critical]
       haidang notice test USER

Notices to people: what became of each by mail and web hook, and why ("list"); sending again what was given up ("resend");
to which address they go, in which language, and from which level on ("people", "address"); a test ("test").`;

const text = { type: 'string' } as const;
const OPTIONS = {
  json: { type: 'boolean' },
  show: text,
  limit: text,
  email: text,
  language: text,
  'mail-from': text,
  config: text,
} as const;
type Values = ValuesOf<typeof OPTIONS>;

/** `haidang notice` */
export async function run(args: readonly string[]): Promise<number> {
  return runAct(args, { help: HELP, options: OPTIONS, readAct });
}

function readAct([act, subject, ...more]: readonly string[], values: Values): Act {
  const wrong = () => new UsageError('say "haidang notice list", "people", or an act on one; --help tells more.');
  if (more.length > 0) throw wrong();
  if (act === 'list' && subject === undefined) {
    const limit = readNumber('limit', values.limit, 100, 100_000);
    return (connection) => list(connection, limit, values);
  }
  if (act === 'people' && subject === undefined) return (connection) => people(connection, values);
  if (subject === undefined) throw wrong();
  if (act === 'address') return (connection) => address(connection, subject, values);
  if (act === 'resend')
    return async (connection) => {
      const row = await connection.ask<NoticeLogRow>(
        'POST',
        `/api/v1/notices/${encodeURIComponent(subject)}/resend`,
        {},
      );
      print([row], values);
      return 0;
    };
  if (act === 'test')
    return async (connection) => {
      const path = `/api/v1/notices/people/${encodeURIComponent(subject)}/test`;
      const row = await connection.ask<NoticeLogRow>('POST', path, {});
      print([row], values);
      return 0;
    };
  throw wrong();
}

async function list(connection: Connection, limit: number, values: Values): Promise<number> {
  const wanted = { show: values.show ?? 'all' };
  const rows = await Array.fromAsync(
    everyRow(connection, '/api/v1/notices', (page: NoticeLog) => page.notices, { wanted, limit, pageRows: 200 }),
  );
  print(rows, values);
  return 0;
}

function print(rows: readonly NoticeLogRow[], { json }: Values): void {
  if (json) for (const row of rows) console.log(safeJson(row));
  else if (rows.length === 0) console.log('No notices.');
  else
    for (const { id, at, level, texts, people, deliveries } of rows) {
      console.log(plain(`${at}  ${level}  ${texts.en.title}  [${id}]`));
      const names = people.map(({ user, readAt }) => `${user}${readAt === null ? '' : ' (read)'}`);
      if (names.length > 0) console.log(plain(`  console: ${names.join(', ')}`));
      for (const one of deliveries) {
        const tries =
          one.state === 'delivered' ? (one.answer ?? '') : `${one.attempts} attempts: ${one.problem ?? 'none yet'}`;
        console.log(plain(`  ${one.channel} ${one.to} <${one.address}>: ${one.state}  ${tries}`));
      }
    }
}

async function people(connection: Connection, { json }: Values): Promise<number> {
  const found = await connection.ask<NoticePeople>('GET', '/api/v1/notices/people');
  if (json) for (const one of found.people) console.log(safeJson(one));
  else {
    const cells = found.people.map((one) => [
      ...[one.user, one.email ?? '', one.language, one.mailFrom],
      one.onCall ? 'on call' : '',
    ]);
    console.log(table(['user', 'mail', 'language', 'mail from', ''], cells));
  }
  return 0;
}

async function address(connection: Connection, user: string, values: Values): Promise<number> {
  const path = `/api/v1/notices/people/${encodeURIComponent(user)}`;
  const { people: all } = await connection.ask<NoticePeople>('GET', '/api/v1/notices/people');
  const known = all.find((one) => one.user === user);
  if (!known) throw new Error(`There is no user "${user}"; haidang user list shows them.`);
  const { email, language, 'mail-from': mailFrom } = values;
  const next = {
    email: email === undefined ? known.email : email === 'none' ? null : email,
    language: language ?? known.language,
    mailFrom: mailFrom ?? known.mailFrom,
  };
  const kept = await connection.ask<NoticeAddress>('PUT', path, next);
  if (values.json) console.log(safeJson(kept));
  else console.log(plain(`${user}: ${kept.email ?? 'no mail'}, ${kept.language}, mail from "${kept.mailFrom}" on.`));
  return 0;
}

import { safeJson } from '../../ecs/safe-json.ts';
import type { ClockList, ClockRow, IncidentClocks, YearRow } from '../clocks/schema.ts';
import { loadConfig } from '../config.ts';
import { readArguments, readNumber, UsageError } from './arguments.ts';
import { type Connection, connect } from './connection.ts';
import { plain, table } from './terminal.ts';

const HELP = `Usage: haidang clock list [--limit N] [--json] [--config FILE]
       haidang clock show INCIDENT [--json]
       haidang clock met INCIDENT|YEAR TERM [--at TIME] --reference TEXT [--note TEXT]
       haidang clock waive INCIDENT|YEAR TERM --note TEXT
       haidang clock reopen INCIDENT|YEAR TERM --note TEXT

The terms of the law for reporting incidents. "list" shows what is due next; "met" writes down that a report went another way
than through this program, "waive" that a term is not owed, "reopen" takes either back. Of a year's report TERM is "yearly".
--json writes one term a line.`;

const text = { type: 'string' } as const;
const OPTIONS = {
  json: { type: 'boolean' },
  limit: text,
  at: text,
  reference: text,
  note: text,
  config: text,
} as const;
const ACTS = { met: 'met', waive: 'waived', reopen: 'open' } as const;

/** `haidang clock` */
export async function run(args: readonly string[]): Promise<number> {
  const { values, positionals } = readArguments(args, OPTIONS);
  if (values.help) {
    console.log(HELP);
    return 0;
  }
  const [act = '', subject, term, ...more] = positionals;
  const marking = Object.hasOwn(ACTS, act) ? ACTS[act as keyof typeof ACTS] : undefined;
  const isList = act === 'list' && subject === undefined;
  const isShow = act === 'show' && subject !== undefined && term === undefined;
  const isMark = marking !== undefined && subject !== undefined && term !== undefined;
  if (more.length > 0 || !(isList || isShow || isMark))
    throw new UsageError('say "haidang clock list", "show INCIDENT", or an act on a term; --help tells more.');
  const limit = readNumber('limit', values.limit, 1_000, 100_000);
  const connection = await connect(await loadConfig(values.config));
  try {
    if (isList) return await list(connection, limit, values.json ?? false);
    if (isShow) {
      const path = `/api/v1/incidents/${encodeURIComponent(subject)}/clocks`;
      const { clocks } = await connection.ask<IncidentClocks>('GET', path);
      print(
        clocks.map((clock) => ({ ...clock, incident: subject })),
        values.json ?? false,
      );
      return 0;
    }
    if (!isMark) return 2;
    const { at, reference, note } = values;
    const body = {
      act: marking,
      ...(at === undefined ? {} : { at: readTime(at) }),
      ...(reference === undefined ? {} : { reference }),
      ...(note === undefined ? {} : { note }),
    };
    return await mark(connection, { subject, term, body }, values.json ?? false);
  } finally {
    await connection.close();
  }
}

interface Marking {
  readonly subject: string;
  readonly term: string;
  readonly body: object;
}

async function mark(connection: Connection, { subject, term, body }: Marking, json: boolean): Promise<number> {
  if (/^\d{4}$/.test(subject)) {
    if (term !== 'yearly') throw new UsageError('Of a year there is the term "yearly" alone.');
    const { years } = await connection.ask<{ years: YearRow[] }>('POST', `/api/v1/clocks/years/${subject}`, body);
    print(years.map(yearLine), json);
    return 0;
  }
  const path = `/api/v1/incidents/${encodeURIComponent(subject)}/clocks/${encodeURIComponent(term)}`;
  const { clocks } = await connection.ask<IncidentClocks>('POST', path, body);
  print(
    clocks.map((clock) => ({ ...clock, incident: subject })),
    json,
  );
  return 0;
}

async function list(connection: Connection, limit: number, json: boolean): Promise<number> {
  const rows: Line[] = [];
  let after: string | null = null;
  let incidents = 0;
  do {
    const search = new URLSearchParams({ limit: String(Math.min(500, limit - incidents)) });
    if (after !== null) search.set('after', after);
    const page: ClockList = await connection.ask('GET', `/api/v1/clocks?${search}`);
    if (after === null) rows.push(...page.years.map(yearLine));
    for (const { incident, clocks } of page.incidents)
      rows.push(...clocks.filter(isOpen).map((clock) => ({ ...clock, incident: incident.id })));
    incidents += page.incidents.length;
    after = page.next;
  } while (after !== null && incidents < limit);
  rows.sort((a, b) => (a.due < b.due ? -1 : a.due > b.due ? 1 : 0));
  print(rows, json);
  return 0;
}

type Line = Pick<ClockRow, 'id' | 'name' | 'state' | 'due' | 'source'> & { readonly incident: string };

function yearLine(year: YearRow): Line {
  return { ...year, id: 'yearly', incident: String(year.year) };
}

const isOpen = ({ state }: Pick<ClockRow, 'state'>) => ['running', 'half', 'urgent', 'overdue'].includes(state);

function print(rows: readonly Line[], json: boolean): void {
  if (json) for (const row of rows) console.log(safeJson(row));
  else if (rows.length === 0) console.log('No term runs.');
  else {
    const now = Date.now();
    const cells = rows.map(({ incident, id, name, state, due }) => [
      incident,
      id,
      state,
      due,
      isOpen({ state }) ? leftOf(Date.parse(due) - now) : '',
      plain(name.en),
    ]);
    console.log(table(['incident', 'term', 'state', 'due', 'left', 'name'], cells));
  }
}

/** Hours and minutes that are left, or by which it is over. */
function leftOf(milliseconds: number): string {
  const minutes = Math.floor(Math.abs(milliseconds) / 60_000);
  const text = `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
  return milliseconds < 0 ? `over by ${text}` : text;
}

function readTime(value: string): string {
  const moment = Date.parse(value);
  if (Number.isNaN(moment)) throw new UsageError('--at takes a time such as 2026-11-23T08:30:00+07:00.');
  return new Date(moment).toISOString();
}

import { safeJson } from '../../ecs/safe-json.ts';
import type {
  Board,
  BoardDetail,
  BoardRow,
  NationalIndicators,
  ProvinceList,
  ProvinceRow,
} from '../national/schema.ts';
import { readNumber, UsageError, type ValuesOf } from './arguments.ts';
import { ApiError, type Connection } from './connection.ts';
import { needed, readDue } from './due.ts';
import { everyRow } from './every-row.ts';
import { type Act, runAct } from './run-act.ts';
import { plain, table } from './terminal.ts';

const HELP = `Usage: haidang national board [--province ACCOUNT] [--severity LEVEL] [--state new|open|closed|revoked]
                              [--show all|new|seen|asked] [--limit N] [--json] [--config FILE]
       haidang national show ID [--json]
       haidang national acknowledge ID --version VERSION [--text TEXT] [--json]
       haidang national task ID --title TEXT [--text TEXT] [--due TIME|--hours N] [--json]
       haidang national withdraw ID TASK --reason TEXT [--json]
       haidang national sightings [--shared] [--limit N] [--json]
       haidang national provinces [--json]
       haidang national name ACCOUNT NAME [--json]

What provinces reported, and what the center says about it; on a server with role national. "board" lists incidents, changed
last first; --show new: nobody looked at them, asked: a task has no answer. "acknowledge" names the version that was looked
at, as "show" prints it, so that a later one is not acknowledged unseen. What is said goes back by the collection that the
province polls. "sightings" lists what provinces met; --shared: several did. "name" gives the province of a TAXII account
the name under which it is shown, and makes its collection. --json writes one record a line.`;

const OPTIONS = {
  json: { type: 'boolean' },
  shared: { type: 'boolean' },
  province: { type: 'string' },
  severity: { type: 'string' },
  state: { type: 'string' },
  show: { type: 'string' },
  limit: { type: 'string' },
  version: { type: 'string' },
  title: { type: 'string' },
  text: { type: 'string' },
  due: { type: 'string' },
  hours: { type: 'string' },
  reason: { type: 'string' },
  config: { type: 'string' },
} as const;
type Values = ValuesOf<typeof OPTIONS>;
type Asking = (connection: Connection) => Promise<void>;

/** `haidang national` */
export async function run(args: readonly string[]): Promise<number> {
  return runAct(args, {
    help: HELP,
    options: OPTIONS,
    readAct: (given, values) => ofNationalRole(readAct(given, values)),
  });
}

function readAct([act, id, more, ...rest]: readonly string[], values: Values): Asking {
  const wrong = () =>
    new UsageError(
      'say "haidang national board", "show", "acknowledge", "task", "withdraw", "sightings", "provinces" or "name"; --help tells more.',
    );
  if (rest.length > 0) throw wrong();
  if (act === 'name' && id !== undefined && more !== undefined) return nameProvince(id, more, values);
  if (act === 'withdraw' && id !== undefined && more !== undefined) {
    const reason = needed('reason', values.reason);
    return change(id, `tasks/${encodeURIComponent(more)}/withdraw`, { reason }, values);
  }
  if (more !== undefined) throw wrong();
  if (id === undefined) {
    const limit = readNumber('limit', values.limit, 1_000, 100_000);
    if (act === 'board') return (connection) => showBoard(connection, limit, values);
    if (act === 'sightings') return (connection) => showSightings(connection, limit, values);
    if (act === 'provinces') return (connection) => showProvinces(connection, values);
    throw wrong();
  }
  switch (act) {
    case 'show':
      return async (connection) => {
        const detail = await connection.ask<BoardDetail>('GET', pathOf(id));
        console.log(values.json ? safeJson(detail) : page(detail));
      };
    case 'acknowledge':
      return change(id, act, { version: needed('version', values.version), text: values.text ?? '' }, values);
    case 'task': {
      const asked = { title: needed('title', values.title), text: values.text ?? '', due: readDue(values) ?? null };
      return change(id, 'tasks', asked, values);
    }
    default:
      throw wrong();
  }
}

function pathOf(id: string): string {
  return `/api/v1/national/board/${encodeURIComponent(id)}`;
}

/** A province's server has no board: it says so, and not that a page is missing. */
function ofNationalRole(act: Asking): Act {
  return async (connection) => {
    try {
      await act(connection);
      return 0;
    } catch (error) {
      if (!(error instanceof ApiError && error.code === 'HD_NOT_FOUND')) throw error;
      const hasBoard = await connection.ask('GET', '/api/v1/national/provinces').then(
        () => true,
        (other: unknown) => !(other instanceof ApiError && other.code === 'HD_NOT_FOUND'),
      );
      if (hasBoard) throw error;
      throw new Error(
        'This server has no board of provinces; it belongs to role national (haidang server --role national).',
      );
    }
  };
}

/** An act on an incident, and how it stands after it. */
function change(id: string, act: string, body: object, { json }: Values): Asking {
  return async (connection) => {
    const detail = await connection.ask<BoardDetail>('POST', `${pathOf(id)}/${act}`, body);
    console.log(json ? safeJson(detail) : page(detail));
  };
}

function nameProvince(account: string, name: string, { json }: Values): Asking {
  return async (connection) => {
    const path = `/api/v1/national/provinces/${encodeURIComponent(account)}`;
    const row = await connection.ask<ProvinceRow>('PUT', path, { name });
    console.log(json ? safeJson(row) : plain(`${row.account} is ${row.name}; it polls ${row.alias} of /${row.root}/`));
  };
}

async function showProvinces(connection: Connection, { json }: Values): Promise<void> {
  const { provinces } = await connection.ask<ProvinceList>('GET', '/api/v1/national/provinces');
  if (json) for (const province of provinces) console.log(safeJson(province));
  else {
    const rows = provinces.map(({ account, name, root, alias }) => [account, name, `/${root}/`, alias]);
    console.log(rows.length === 0 ? 'No provinces.' : table(['account', 'name', 'root', 'collection'], rows));
  }
}

async function showBoard(connection: Connection, limit: number, values: Values): Promise<void> {
  const { province, severity, state, show } = values;
  const wanted = { province, severity, state, show };
  const rows = await Array.fromAsync(
    everyRow(connection, '/api/v1/national/board', (page: Board) => page.incidents, { wanted, limit }),
  );
  if (values.json) for (const row of rows) console.log(safeJson(row));
  else console.log(rows.length === 0 ? 'No incidents.' : table(HEADING, rows.map(cells), [6]));
}

const HEADING = ['id', 'province', 'severity', 'state', 'seen', 'incident', 'open tasks', 'due', 'changed'];

function cells(row: BoardRow): string[] {
  const { id, provinceName, severity, state, acknowledgement: seen, title, openTasks, due, updatedAt } = row;
  const mark = seen === null ? '-' : seen.current ? 'yes' : 'earlier';
  return [id, provinceName, severity ?? '-', state, mark, title, String(openTasks), due ?? '', updatedAt];
}

async function showSightings(connection: Connection, limit: number, { json, shared = false }: Values): Promise<void> {
  const rows = await Array.fromAsync(
    everyRow(connection, '/api/v1/national/indicators', (page: NationalIndicators) => page.indicators, {
      wanted: { shared: String(shared) },
      limit,
    }),
  );
  if (json) for (const row of rows) console.log(safeJson(row));
  else {
    const lines = rows.map(({ type, value, tlp, seen, firstAt, lastAt }) => {
      const provinces = seen.map(({ provinceName }) => provinceName).join(', ');
      return [type, value, tlp === null ? '-' : `TLP:${tlp.toUpperCase()}`, provinces, firstAt, lastAt];
    });
    const heading = ['type', 'value', 'mark', 'met by', 'first', 'last'];
    console.log(lines.length === 0 ? 'Nothing.' : table(heading, lines));
  }
}

/** An incident of a province as a terminal shows it. */
export function page({ incident, summary, systems, tasks, objects, indicators }: BoardDetail): string {
  const { id, title, provinceName, severity, state, tlp, rsit, reference, version, acknowledgement: seen } = incident;
  const mark = tlp === null ? 'no mark' : `TLP:${tlp.toUpperCase()}`;
  const parts = [
    `${id}  ${plain(title)}`,
    plain(
      `${provinceName}, ${severity ?? 'no severity'}, ${state}, ${mark}, ${rsit ?? 'not classified'}, ${reference ?? ''}`,
    ),
    `Version ${version}, detected ${incident.detectedAt ?? 'at an unknown time'}, came ${incident.lastAt}`,
  ];
  if (seen === null) parts.push('Not acknowledged.');
  else {
    const how = `${seen.current ? '' : ', an earlier version'}${seen.sent ? '' : ', not sent yet'}`;
    parts.push(plain(`Acknowledged ${seen.at} by ${seen.by}${how}${seen.text === '' ? '' : `: ${seen.text}`}`));
  }
  if (summary !== '') parts.push('', ...summary.split('\n').map(plain));
  const section = (name: string, lines: readonly string[]) => {
    if (lines.length > 0) parts.push('', name, ...lines.map((line) => `  ${plain(line)}`));
  };
  section(
    'Tasks',
    tasks.flatMap((task) => [
      `${task.id}  ${stateOf(task)}  ${task.title}${task.due === null ? '' : `  (due ${task.due})`}`,
      ...(task.answer === null ? [] : [`  answered ${task.answer.at}: ${task.answer.text}`]),
    ]),
  );
  section(
    'Systems',
    systems.map(({ name, level }) => `${name}  (level ${level})`),
  );
  section(
    'Indicators',
    indicators.map(
      ({ type, value, seen: by }) => `${type}  ${value}  met by ${by.map((one) => one.provinceName).join(', ')}`,
    ),
  );
  section(
    'Objects',
    objects.map((one) => `${one.revoked ? 'revoked  ' : ''}${one.id}  ${one.name}`),
  );
  return parts.join('\n');
}

function stateOf({ withdrawn, answer, sent }: BoardDetail['tasks'][number]): string {
  if (withdrawn !== null) return 'withdrawn';
  if (answer !== null) return 'answered';
  return sent ? 'open' : 'open, not sent yet';
}

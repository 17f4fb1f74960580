import { safeJson } from '../../ecs/safe-json.ts';
import type { IncidentDetail, IncidentList, IncidentRow } from '../incidents/schema.ts';
import { readNumber, UsageError, type ValuesOf } from './arguments.ts';
import { everyRow } from './every-row.ts';
import { ACT_OPTIONS, readIncidentAct } from './incident-acts.ts';
import { readSettingsAct, SETTINGS_OPTIONS } from './incident-settings.ts';
import { type Act, runAct } from './run-act.ts';
import { plain, table } from './terminal.ts';

const HELP = `Usage: haidang incident list [--status open,investigating,…] [--limit N] [--json] [--config FILE]
       haidang incident show ID [--json]
       haidang incident make --title TEXT | --alert ID… [--summary TEXT] [--severity S] [--class C] [--agency ID]…
                        [--owner USER] [--tlp MARK] [--detected TIME]
       haidang incident set ID [--title, --summary, --severity, --class, --owner, --tlp, --detected as above]
                        [--status STATE --note TEXT [--outcome confirmed|false_alarm|duplicate] [--close-alerts]]
       haidang incident comment ID --text TEXT
       haidang incident task ID --title TEXT [--owner USER] [--due TIME]
       haidang incident task ID TASK [--done|--open] [--title TEXT] [--owner USER|none] [--due TIME|none]
       haidang incident add|remove ID [--alert ID] [--indicator VALUE] [--technique T1110] [--system NAME --level N]
       haidang incident evidence ID --file FILE | --event ID… [--note TEXT]
       haidang incident evidence ID PIECE --to FILE | --hand-over --note TEXT
       haidang incident merge|part ID OTHER
       haidang incident settings
       haidang incident by-rule RULE|'*' --severity S | --off
       haidang incident allow NAME|ADDRESS|NETWORK… [--off]

Lists incidents, changed last first, shows one with its alerts, tasks, indicators and timeline, or does what its page does.
States: open, investigating, contained, resolved, closed, merged (only listed when asked for). --class none and --owner none
take away. An act is upon the incident as it is; --if-version N refuses it where somebody was faster. Reading a piece of
evidence is written into its chain of custody. --json writes one incident a line. "by-rule" makes an incident of every alert of
a rule (or of all) from a severity on, "allow" names what is never an indicator, and "settings" shows both.`;

const OPTIONS = {
  ...ACT_OPTIONS,
  ...SETTINGS_OPTIONS,
  json: { type: 'boolean' },
  status: { type: 'string' },
  limit: { type: 'string' },
  config: { type: 'string' },
} as const;
type Values = ValuesOf<typeof OPTIONS>;

/** `haidang incident` */
export async function run(args: readonly string[]): Promise<number> {
  return runAct(args, { help: HELP, options: OPTIONS, readAct });
}

function readAct(positionals: readonly string[], values: Values): Act {
  const [act, id, ...more] = positionals;
  const tell = (detail: IncidentDetail): number => {
    console.log(values.json ? safeJson(detail) : page(detail));
    return 0;
  };
  if (act === 'show' && id !== undefined && more.length === 0)
    return async (connection) => tell(await connection.ask('GET', `/api/v1/incidents/${encodeURIComponent(id)}`));
  if (act === 'list' && id === undefined) {
    const limit = readNumber('limit', values.limit, 100_000, 100_000);
    return async (connection) => {
      const rows = await Array.fromAsync(
        everyRow(connection, '/api/v1/incidents', (page: IncidentList) => page.incidents, {
          wanted: { status: values.status },
          limit,
        }),
      );
      if (values.json) for (const row of rows) console.log(safeJson(row));
      else console.log(rows.length === 0 ? 'No incidents.' : table(HEADING, rows.map(cells), [5]));
      return 0;
    };
  }
  const setting = readSettingsAct(positionals, values);
  if (setting) return setting;
  const doing = readIncidentAct(positionals, values);
  if (!doing)
    throw new UsageError('say "haidang incident list", "show ID", "make" or an act on one; --help tells more.');
  return async (connection) => {
    const detail = await doing(connection);
    return detail ? tell(detail) : 0;
  };
}

const HEADING = ['id', 'severity', 'status', 'agencies', 'incident', 'alerts', 'owner', 'detected'];

function cells(row: IncidentRow): string[] {
  const agencies = row.agencies.map(({ agency }) => agency).join(', ');
  const { id, severity, status, title, alerts, owner, detectedAt } = row;
  return [id, severity, status, agencies, title, String(alerts), owner ?? '', detectedAt];
}

function page({ incident, summary, alerts, tasks, indicators, evidence, merged, timeline }: IncidentDetail): string {
  const { id, title, severity, status, tlp, rsit, owner, detectedAt } = incident;
  const parts = [
    `${id}  ${plain(title)}`,
    `${severity}, ${status}, TLP:${tlp.toUpperCase()}, ${rsit ?? 'not classified'}, owner ${owner ?? 'nobody'}, detected ${detectedAt}`,
    ...(summary === '' ? [] : ['', ...summary.split('\n').map(plain)]),
  ];
  const section = (name: string, lines: readonly string[]) => {
    if (lines.length > 0) parts.push('', name, ...lines.map((line) => `  ${plain(line)}`));
  };
  section(
    'Alerts',
    alerts.map((one) => `${one.id}  ${one.title}${one.alert ? `  (${one.alert.count} events)` : ''}`),
  );
  section(
    'Tasks',
    tasks.map(
      (one) => `[${one.doneAt === null ? ' ' : 'x'}] ${one.id}  ${one.title}  ${one.assignee ?? ''}  ${one.due ?? ''}`,
    ),
  );
  section(
    'Indicators',
    indicators.map((one) => `${one.type}  ${one.defanged}`),
  );
  section(
    'Evidence',
    evidence.map((one) => `${one.id}  ${one.name}  ${one.bytes} bytes  sha256 ${one.sha256}`),
  );
  section(
    'Merged into it',
    merged.map((one) => `${one.id}  ${one.title}`),
  );
  section(
    'Timeline',
    timeline.map((one) =>
      [one.at, one.by ?? '', one.act, one.from ?? '', one.to ?? '', one.note ?? ''].filter(Boolean).join('  '),
    ),
  );
  return parts.join('\n');
}

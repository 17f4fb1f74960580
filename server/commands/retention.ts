import { safeJson } from '../../ecs/safe-json.ts';
import { loadConfig } from '../config.ts';
import type { RetentionDay, RetentionDays, RetentionRun, RetentionState, RunBegun } from '../retention/schema.ts';
import { readArguments, UsageError } from './arguments.ts';
import { type Connection, connect } from './connection.ts';
import { plain, table } from './terminal.ts';

const HELP = `Usage: haidang retention show [--json] [--config FILE]
       haidang retention run [--dry-run] [--json] [--config FILE]

show: how long events are kept by security level and source, and for each day of the store when it is due and what
stands against deleting it. run: deletes the days that are due, as the job does every night; --dry-run only says which.
Days under a legal hold stay. Works while the server runs and while it does not. Exit code 1 where a run failed.`;

const POLL_MS = 250;

/** `haidang retention` */
export async function run(args: readonly string[]): Promise<number> {
  const { values, positionals } = readArguments(args, {
    json: { type: 'boolean' },
    'dry-run': { type: 'boolean' },
    config: { type: 'string' },
  });
  if (values.help) {
    console.log(HELP);
    return 0;
  }
  const [act, ...more] = positionals;
  if (more.length > 0 || (act !== 'show' && act !== 'run'))
    throw new UsageError('say "haidang retention show" or "haidang retention run"; --help tells more.');
  if (act === 'show' && values['dry-run']) throw new UsageError('--dry-run goes with "run".');
  const connection = await connect(await loadConfig(values.config));
  try {
    if (act === 'show') return await show(connection, values.json === true);
    return await runNow(connection, values['dry-run'] === true, values.json === true);
  } finally {
    await connection.close();
  }
}

async function show(connection: Connection, json: boolean): Promise<number> {
  const state = await connection.ask<RetentionState>('GET', '/api/v1/retention');
  const { days } = await connection.ask<RetentionDays>('GET', '/api/v1/retention/days');
  if (json) {
    console.log(safeJson({ ...state, days }));
    return 0;
  }
  const { policy, minimumDays } = state;
  const levels = policy.keepDays.map((kept, at) => [`level ${at + 1}`, String(kept), String(minimumDays[at] ?? '')]);
  const sources = policy.sources.map(({ source, levels: of, days: kept }) => {
    return [`source ${plain(source)}${of ? ` (levels ${of.join(', ')})` : ''}`, String(kept), ''];
  });
  console.log(table(['rule', 'days', 'at least'], [...levels, ...sources], [1, 2]));
  console.log('');
  console.log(days.length === 0 ? 'The store holds no day yet.' : table(DAYS, days.map(cells), [2, 3]));
  return 0;
}

async function runNow(connection: Connection, dryRun: boolean, json: boolean): Promise<number> {
  const before = await connection.ask<RetentionState>('GET', '/api/v1/retention');
  const { begun } = await connection.ask<RunBegun>('POST', '/api/v1/retention/runs', { dryRun });
  if (!begun) throw new Error('A run is under way already; "haidang retention show" tells how the days stand.');
  const done = await untilDone(connection, before.last?.startedAt);
  if (json) console.log(safeJson(done));
  else console.log(describe(done));
  return done.failure === null ? 0 : 1;
}

async function untilDone(connection: Connection, before: string | undefined): Promise<RetentionRun> {
  for (;;) {
    const { running, last } = await connection.ask<RetentionState>('GET', '/api/v1/retention');
    if (!running && last && last.startedAt !== before) return last;
    if (!running) throw new Error('The run left no report; see the server log.');
    await new Promise((done) => setTimeout(done, POLL_MS));
  }
}

const DAYS = ['day', 'state', 'events', 'MiB', 'due', 'by', 'legal holds'];
const STATES: Readonly<Record<RetentionDay['state'], string>> = {
  kept: 'kept',
  due: 'due',
  held: 'due, HELD',
  waiting: 'due, not evaluated yet',
  damaged: 'damaged, left alone',
};

function cells({ day, state, events, bytes, dueAt, rules, holds }: RetentionDay): string[] {
  const size = (bytes / 1_048_576).toFixed(1);
  const earliest = rules.length === 0 ? 'not before ' : '';
  const [longest] = rules;
  const by = longest ? `${plain(longest.rule)}: ${longest.days} days` : '';
  return [day, STATES[state], String(events), size, `${earliest}${dueAt.slice(0, 10)}`, by, holds.join(', ')];
}

function describe({ dryRun, days, deleted, deletedEvents, deletedBytes, failure }: RetentionRun): string {
  const count = deleted.length === 1 ? '1 day' : `${deleted.length} days`;
  const what = `${count} with ${deletedEvents} events (${(deletedBytes / 1_048_576).toFixed(1)} MiB)`;
  const stays = days.filter(({ state }) => state !== 'due' || (!dryRun && failure !== null));
  return [
    dryRun
      ? `Would delete ${what}: ${deleted.join(', ') || 'none'}.`
      : `Deleted ${what}: ${deleted.join(', ') || 'none'}.`,
    ...(stays.length > 0 ? [table(DAYS, stays.map(cells), [2, 3])] : []),
    ...(failure === null ? [] : [`The run ended early: ${plain(failure)}`]),
  ].join('\n');
}

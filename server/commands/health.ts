import { safeJson } from '../../ecs/safe-json.ts';
import { loadConfig } from '../config.ts';
import type { SystemHealth } from '../health/schema.ts';
import { readArguments, UsageError } from './arguments.ts';
import { connect } from './connection.ts';
import { count, plain, table } from './terminal.ts';

const HELP = `Usage: haidang health [--json] [--config FILE]

Shows how the server itself is: its parts and threads, what waits in queues, the store, the disk with its forecast, certificates,
the last backup. Exit code 1 where something needs somebody: each such line begins with "!". For the events themselves: haidang status.`;

/** `haidang health` */
export async function run(args: readonly string[]): Promise<number> {
  const { values, positionals } = readArguments(args, { json: { type: 'boolean' }, config: { type: 'string' } });
  if (values.help) {
    console.log(HELP);
    return 0;
  }
  if (positionals.length > 0) throw new UsageError('say "haidang health"; --help tells more.');
  const connection = await connect(await loadConfig(values.config));
  try {
    const health = await connection.ask<SystemHealth>('GET', '/api/v1/health');
    const lines = healthLines(health);
    console.log(values.json ? safeJson(health) : described(lines));
    return lines.some(({ ok }) => !ok) ? 1 : 0;
  } finally {
    await connection.close();
  }
}

/** One fact of the server's health; `ok` false where somebody should look. */
export interface HealthLine {
  readonly what: string;
  readonly is: string;
  readonly ok: boolean;
}

/** The health of a server, fact by fact. */
export function healthLines(health: SystemHealth): HealthLine[] {
  const { parts, workers, queues, store, disk, certificates, backup } = health;
  const fact = (what: string, is: string | number, ok = true): HealthLine => ({ what, is: String(is), ok });
  const forecast = disk.daysLeft === null ? 'no forecast yet' : `about ${count(Math.floor(disk.daysLeft), 'day')} left`;
  return [
    fact('version', `${health.version}, since ${health.startedAt}`),
    fact('memory', gibibytes(health.memoryBytes)),
    ...parts.map(({ name, state }) => fact(`part ${name}`, state, state === 'ok')),
    ...workers.map(({ name, state, deaths, calls }) => {
      const died = deaths === 0 ? '' : `, died ${count(deaths, 'time')}`;
      const asked = calls === null ? '' : `, ${count(calls, 'call')} under way`;
      return fact(
        `thread ${name}`,
        `${state === 'runs' ? 'runs' : 'is started again'}${asked}${died}`,
        state === 'runs',
      );
    }),
    fact('waiting for rules', count(queues.detection, 'event')),
    ...(queues.trouble === null ? [] : [fact('rules', queues.trouble, false)]),
    fact('waiting at collectors', count(queues.collectors, 'event')),
    fact('not storable', count(queues.deadLettered, 'line')),
    fact('consoles', queues.consoles),
    fact('store', `${count(store.events, 'event')} of ${count(store.days, 'day')}`),
    fact(
      'disk',
      `${disk.usedPercent.toFixed(1)} % used, ${gibibytes(disk.freeBytes)} free, ${forecast}`,
      disk.state === 'ok',
    ),
    ...certificates.map(({ what, name, notAfter, state }) =>
      fact(
        `certificate ${what}${name === '' ? '' : ` ${name}`}`,
        `${state === 'over' ? 'ended' : 'ends'} ${notAfter}`,
        state === 'ok',
      ),
    ),
    backup === null
      ? fact('backup', 'none since the start')
      : fact(
          'backup',
          `${backup.state}, begun ${backup.startedAt}, to ${backup.to}${backup.error === null ? '' : `: ${backup.error}`}`,
          backup.state !== 'failed',
        ),
    ...(health.restoredAt === null ? [] : [fact('restored', health.restoredAt)]),
  ];
}

function described(lines: readonly HealthLine[]): string {
  const wrong = lines.filter(({ ok }) => !ok).length;
  const end = wrong === 0 ? 'All is well.' : `${count(wrong, 'line')} to look at.`;
  return `${table(
    ['', 'what', 'is'],
    lines.map(({ what, is, ok }) => [ok ? '' : '!', plain(what), plain(is)]),
  )}\n\n${end}`;
}

function gibibytes(bytes: number): string {
  return `${(bytes / 1024 ** 3).toFixed(1)} GiB`;
}

import { safeJson } from '../../ecs/safe-json.ts';
import { loadConfig } from '../config.ts';
import { figuresCsv, servicesCsv } from '../feed/csv.ts';
import type { Feed } from '../feed/schema.ts';
import { readArguments, UsageError } from './arguments.ts';
import { connect } from './connection.ts';
import { plain, table } from './terminal.ts';

const HELP = `Usage: haidang feed [--json | --csv figures|services] [--config FILE]

The province in figures, as its operations center gets them: posture, counts of incidents and alerts, the state of services,
which agencies are heard. Nobody is named, and small counts of finer breakdowns are withheld ("-"). Programs read
/api/v1/feed with a token: haidang token create NAME --user USER --permission feed.read`;

/** `haidang feed` */
export async function run(args: readonly string[]): Promise<number> {
  const { values, positionals } = readArguments(args, {
    json: { type: 'boolean' },
    csv: { type: 'string' },
    config: { type: 'string' },
  });
  if (values.help) {
    console.log(HELP);
    return 0;
  }
  const { csv, json } = values;
  const isKnown = csv === undefined || csv === 'figures' || csv === 'services';
  if (positionals.length > 0 || !isKnown || (json && csv !== undefined))
    throw new UsageError('say "haidang feed", with --json or --csv figures|services; --help tells more.');
  const connection = await connect(await loadConfig(values.config));
  try {
    const feed = await connection.ask<Feed>('GET', '/api/v1/feed');
    if (json) console.log(safeJson(feed));
    else if (csv !== undefined) process.stdout.write(csv === 'figures' ? figuresCsv(feed) : servicesCsv(feed));
    else console.log(summaryOf(feed));
    return 0;
  } finally {
    await connection.close();
  }
}

function summaryOf({ at, posture, incidents, alerts, services, coverage }: Feed): string {
  const { collectors, sources } = coverage;
  const shown = (count: number | null) => (count === null ? '-' : String(count));
  const classes = Object.entries(incidents.byClassLast30Days).filter(([, count]) => count !== 0);
  const rows = services.map(({ service, state, availabilityLastDay: share }) => [
    plain(service),
    state,
    share === null ? '-' : `${share} %`,
  ]);
  return [
    `${at}  posture: ${posture.level}${posture.reasons.length > 0 ? ` (${posture.reasons.join(', ')})` : ''}`,
    `Incidents: ${incidents.open} open; ${incidents.reportedLastDay} in a day, ${incidents.reportedLast30Days} in thirty days`,
    ...classes.map(([name, count]) => `  ${name}: ${shown(count)}`),
    `Alerts: ${alerts.open} open, ${alerts.unhandled} of them new`,
    `Agencies heard: ${coverage.covered} of ${coverage.agencies}`,
    `Collectors: ${collectors.well} well, ${collectors.attention} to look at, ${collectors.broken} broken; sources: ${sources.total}, ${sources.silent} silent`,
    ...(rows.length > 0 ? [table(['service', 'state', 'last day'], rows)] : []),
  ].join('\n');
}

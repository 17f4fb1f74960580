import { safeJson } from '../../ecs/safe-json.ts';
import { loadConfig } from '../config.ts';
import type { Ledger, LedgerRow } from '../ledger/schema.ts';
import { readArguments } from './arguments.ts';
import { connect } from './connection.ts';
import { plain, table } from './terminal.ts';

const HELP = `Usage: haidang status [--json] [--config FILE]

Shows the loss ledger by collector and source: what was read, spooled, dropped, stored and evaluated. Every stored row
is counted again. Works while the server runs and while it does not. Exit code 1 where a row is broken.`;

/** `haidang status` */
export async function run(args: readonly string[]): Promise<number> {
  const { values } = readArguments(args, { json: { type: 'boolean' }, config: { type: 'string' } });
  if (values.help) {
    console.log(HELP);
    return 0;
  }
  const connection = await connect(await loadConfig(values.config));
  try {
    const ledger = await connection.ask<Ledger>('GET', '/api/v1/ledger?full=true');
    console.log(values.json ? safeJson(ledger) : describe(ledger, connection.running));
    return ledger.rows.some((row) => row.state === 'broken') ? 1 : 0;
  } finally {
    await connection.close();
  }
}

const WORDS: Readonly<Record<LedgerRow['state'], string>> = {
  ok: 'ok',
  waiting: 'waiting: still on the way',
  loss: 'loss: see dropped, quarantined, dead, lost',
  broken: 'BROKEN: the sums do not hold',
};
const HEADING = [
  'collector',
  'source',
  'read',
  'dropped',
  'spooled',
  'waiting',
  'quarantined',
  'dead',
  'stored',
  'deleted',
  'evaluated',
  'gap',
  'state',
];
const NUMBERS = [2, 3, 4, 5, 6, 7, 8, 9, 10, 11];

function describe({ rows, disk, gaps, losses = [], restored }: Ledger, running: boolean): string {
  const lines = rows.map((row) => [
    row.collectorName === row.collector ? row.collector : `${row.collector} (${row.collectorName})`,
    row.source,
    ...[
      row.read,
      row.dropped,
      row.spooled,
      row.waiting,
      row.quarantined,
      row.deadLettered,
      row.stored,
      row.deleted,
      row.evaluated,
      row.gap,
    ].map(String),
    WORDS[row.state],
  ]);
  const missing = rows
    .filter((row) => row.missingTotal > 0)
    .map((row) => `missing: ${row.missingTotal} of ${row.collector} ${row.source}: ${row.missing.join(', ')}`);
  const errors = rows.flatMap((row) =>
    row.error === null ? [] : [`error: ${row.collector} ${row.source}: ${row.error}`],
  );
  const left = disk.daysLeft === null ? '' : `, about ${Math.floor(disk.daysLeft)} days left`;
  return [
    running ? 'The server is running.' : 'The server is not running; this is what its store holds.',
    rows.length === 0 ? 'No collector has sent anything yet.' : table(HEADING, lines, NUMBERS),
    ...missing.map(plain),
    ...errors.map(plain),
    ...losses.map(({ collector, source, events, from, to }) =>
      plain(`lost to the restore: ${events} of ${collector} ${source}, sent between ${from} and ${to}`),
    ),
    ...(restored
      ? [`restored: ${restored.at}, to the state of ${restored.since}; collectors send again what they kept`]
      : []),
    ...gaps.map((gap) => `gap: ${gap.events} events (${gap.from} to ${gap.to}) are not evaluated yet`),
    `disk: ${disk.usedPercent.toFixed(1)}% used (${disk.state})${left}`,
  ].join('\n');
}

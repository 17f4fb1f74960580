import { safeJson } from '../../ecs/safe-json.ts';
import { loadConfig, type ServerConfig } from '../config.ts';
import { lockFolder } from '../control/lock.ts';
import { createLog } from '../log.ts';
import { type MoveProgress, type MoveReport, moveStore } from '../migrate/migrate.ts';
import { openSource } from '../migrate/source.ts';
import { openTarget, type TargetAddress } from '../migrate/target.ts';
import { readArguments, UsageError } from './arguments.ts';
import { progressLine } from './progress-line.ts';
import { table } from './terminal.ts';

const HELP = `Usage: haidang migrate --to opensearch [--json] [--config FILE]

Moves the store of the data folder (HAIDANG_DATA) to the OpenSearch cluster of OPENSEARCH_URL: events, dead letters,
alerts and all other records. Stop the server first. The folder stays as it is. Broken off at any moment, run it again:
it goes on where it was. At the end every event is compared by id. Then start the server with OPENSEARCH_URL set.
Exit code 1 where something is not in the cluster.`;

/** `haidang migrate` */
export async function run(args: readonly string[]): Promise<number> {
  const text = { type: 'string' } as const;
  const { values, positionals } = readArguments(args, { to: text, config: text, json: { type: 'boolean' } });
  if (values.help) {
    console.log(HELP);
    return 0;
  }
  if (values.to !== 'opensearch' || positionals.length > 0)
    throw new UsageError('say "haidang migrate --to opensearch"; --help tells more.');
  const config = await loadConfig(values.config);
  if (config.openSearchUrl === undefined)
    throw new UsageError('set OPENSEARCH_URL to the address of the cluster, such as https://user:password@host:9200.');
  const unlock = lockFolder(config.data);
  const log = createLog('error');
  const line = progressLine();
  const told = teller();
  try {
    const source = await openSource(config.data, log);
    try {
      const target = await openTarget(targetOf(config.openSearchUrl, config.openSearch), log);
      try {
        const onProgress = (progress: MoveProgress) => {
          line.show(sentence(progress), progress.done, progress.total);
          told(progress);
        };
        const report = await moveStore({ source, target, onProgress });
        line.clear();
        console.log(values.json ? safeJson(report) : describe(report));
        return report.ok ? 0 : 1;
      } finally {
        await target.close();
      }
    } finally {
      await source.close();
    }
  } finally {
    line.clear();
    unlock();
  }
}

/** The cluster as the server itself will open it. */
function targetOf(url: string, { shards, replicas, node, ...connection }: ServerConfig['openSearch']): TargetAddress {
  const store = { node, events: { shards, replicas }, others: { shards: 1, replicas } };
  return { cluster: { url, ...connection }, store };
}

const TELL_MS = 10_000;

/** Where stderr is no terminal, a line now and then, so that a log of hours shows that it goes on. */
function teller(): (progress: MoveProgress) => void {
  let last = performance.now();
  return (progress) => {
    if (process.stderr.isTTY || performance.now() - last < TELL_MS) return;
    last = performance.now();
    console.error(sentence(progress));
  };
}

function sentence({ step, done, total, detail }: MoveProgress): string {
  return `${step}: ${total > 0 ? `${done} of ${total}` : done}${detail === '' ? '' : ` (${detail})`}`;
}

const HEADING = ['day', 'in the folder', 'in the cluster', 'lost', 'refused', 'restored', 'foreign'];

function describe({ events, resumed, unreadable, verification, ok }: MoveReport): string {
  const { days, deadLetters, records, signals } = verification;
  const odd = days.filter(({ lost, refused, restored, foreign }) => lost + refused + restored + foreign > 0);
  const sum = (of: (day: (typeof days)[number]) => number) => days.reduce((total, day) => total + of(day), 0);
  const same = records.reduce((total, one) => total + one.same, 0);
  const expected = records.reduce((total, one) => total + one.expected, 0);
  return [
    `${resumed ? 'Went on with an earlier move. ' : ''}Written now: ${events.stored} events; there already: ${events.duplicates}.`,
    `Compared by id: ${sum((day) => day.events)} events of ${days.length} days in the folder, ${sum((day) => day.moved)} in the cluster.`,
    `Dead letters: ${deadLetters.found} of ${deadLetters.expected}. Records: ${same} of ${expected}. Signals: ${signals.found} of ${signals.expected}.`,
    ...(odd.length > 0 ? [table(HEADING, odd.map(cells), [1, 2, 3, 4, 5, 6])] : []),
    ...days.flatMap(({ lostIds }) => lostIds.map((id) => `lost: ${id}`)),
    ...records
      .filter((one) => one.same !== one.expected || one.more > 0)
      .map(
        (one) => `records of kind ${one.kind}: ${one.same} of ${one.expected} are the same, ${one.more} are too many`,
      ),
    ...unreadable.map((why) => `cannot be read: ${why}`),
    ok
      ? 'Everything is in the cluster, once. Start the server with OPENSEARCH_URL set; keep the folder until you have seen it run.'
      : 'Not everything is in the cluster: do not use it yet. The folder is unchanged; see the lines above.',
  ].join('\n');
}

function cells(day: MoveReport['verification']['days'][number]): string[] {
  const { events, moved, lost, refused, restored, foreign } = day;
  return [day.day, ...[events, moved, lost, refused, restored, foreign].map(String)];
}

import { resolve } from 'node:path';
import { safeJson } from '../../ecs/safe-json.ts';
import { loadConfig, type ServerConfig } from '../config.ts';
import { type VerifyOptions, type VerifyResult, verifyStore } from '../evidence/verify.ts';
import { readArguments, UsageError } from './arguments.ts';
import { progressLine } from './progress-line.ts';
import { count, plain, table } from './terminal.ts';

const HELP = `Usage: haidang verify [--data DIR] [--day YYYYMMDD] [--key FILE] [--audit-head NUMBER:HASH] [--json] [--config FILE]

Proves that nothing in the store changed since it was signed, or names what did: day, batch and event ids. Signed days are
compared with their manifests; days that are not closed yet are checked against the ids of their events. Only reads, so that
it works beside a running server and without one. --key takes a copy of authority/evidence.pub that was kept elsewhere: who
can replace the store can replace the key beside it.
The audit log is checked as well: each act against the one before it, its signature, and its copy among the records.
--audit-head takes where it ended when you last wrote that down: it shows a log that was cut together with all that knew
its end. Exit code 1 where something was changed, removed, added or moved.`;

/** `haidang verify` */
export async function run(args: readonly string[]): Promise<number> {
  const text = { type: 'string' } as const;
  const { values, positionals } = readArguments(args, {
    data: text,
    day: text,
    key: text,
    'audit-head': text,
    config: text,
    json: { type: 'boolean' },
  });
  if (values.help) {
    console.log(HELP);
    return 0;
  }
  const { day } = values;
  if (positionals.length > 0) throw new UsageError('verify takes options only; --help tells more.');
  if (day !== undefined && !/^\d{8}$/.test(day)) throw new UsageError('--day takes a day like 20261120.');
  const config = await loadConfig(values.config);
  if (config.openSearchUrl !== undefined && values.data === undefined) {
    throw new UsageError(
      'events are in OpenSearch, whose days are not signed; unset OPENSEARCH_URL or say --data DIR.',
    );
  }
  const data = values.data === undefined ? config.data : resolve(values.data);
  const result = verify(config, { data, day, key: values.key, auditHead: headOf(values['audit-head']) });
  console.log(values.json ? safeJson(result) : describe(result));
  return result.ok ? 0 : 1;
}

function verify(config: ServerConfig, asked: Pick<VerifyOptions, 'data' | 'day' | 'key' | 'auditHead'>): VerifyResult {
  const line = progressLine();
  try {
    const { closeAfterDays } = config.evidence;
    const onProgress = (at: { day: string; events: number }) => line.show(`day ${at.day}: ${at.events} events`);
    return verifyStore({ ...asked, closeAfterDays, now: Date.now(), onProgress });
  } finally {
    line.clear();
  }
}

/** @throws UsageError */
function headOf(text: string | undefined): VerifyOptions['auditHead'] {
  if (text === undefined) return undefined;
  const [, number = '', hash = ''] = /^(\d{1,15}):([0-9a-f]{64})$/.exec(text) ?? [];
  if (hash === '') throw new UsageError('--audit-head takes what an earlier check printed, NUMBER:HASH.');
  return { number: Number(number), hash };
}

function describe({ ok, days, findings, audit, notes, manifests, key }: VerifyResult): string {
  const rows = days.map((day) => [
    day.day,
    day.state,
    String(day.batches),
    String(day.events),
    String(day.signedEvents),
  ]);
  const events = days.reduce((sum, day) => sum + day.events, 0);
  return [
    days.length === 0
      ? 'The store holds no events.'
      : table(['day', 'state', 'batches', 'events', 'signed'], rows, [2, 3, 4]),
    ...notes.map((note) => plain(`note: ${note}`)),
    ...findings.map(({ kind, message, events: ids, eventsTotal = 0 }) => {
      const more = ids && eventsTotal > ids.length ? ` and ${eventsTotal - ids.length} more` : '';
      return plain(`${kind}: ${message}${ids && ids.length > 0 ? ` Events: ${ids.join(', ')}${more}` : ''}`);
    }),
    ...audit.findings.map(({ kind, message }) => plain(`${kind}: ${message}`)),
    `audit log: ${count(audit.records, 'act')}${audit.head === null ? '' : `, head ${audit.head.number}:${audit.head.hash}`}`,
    ...(key === null ? [] : [`key: ${key}`]),
    ok
      ? `Nothing was changed: ${count(events, 'event')} and ${count(manifests, 'manifest')} are as they were.`
      : `${count(findings.length + audit.findings.length, 'finding')}: the store is not as it was.`,
  ].join('\n');
}

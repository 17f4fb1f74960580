import { monitorEventLoopDelay } from 'node:perf_hooks';
import { Type } from 'typebox';
import { countShown } from '../alerts/seen.ts';
import { SYSTEM } from '../identity.ts';
import type { App, Services } from '../services.ts';
import { problems } from './answers.ts';

/** One measurement family in the Prometheus text format (version 0.0.4). */
export interface Metric {
  readonly name: string;
  readonly type: 'counter' | 'gauge';
  readonly help: string;
  readonly samples: readonly { readonly labels?: Readonly<Record<string, string>>; readonly value: number }[];
}

const STATUSES = ['new', 'in_progress', 'closed'] as const;
/** The text stays readable for who collects it. */
const MOST_COLLECTORS = 2_000;
const SEVERITIES = ['informational', 'low', 'medium', 'high', 'critical'] as const;

/**
 * `GET /metrics`. It tells counts only, no names and no log content, and only to this machine: the Host check lets no
 * other name in and the server listens on loopback.
 */
export function metricsRoutes(app: App, services: Services): void {
  const delay = monitorEventLoopDelay({ resolution: 10 });
  delay.enable();
  app.addHook('onClose', async () => void delay.disable());

  app.get(
    '/metrics',
    {
      config: { access: 'public' },
      schema: {
        tags: ['system'],
        response: {
          200: { description: 'Prometheus text', content: { 'text/plain': { schema: Type.String() } } },
          ...problems(403, 503),
        },
      },
    },
    async (_request, reply) => {
      const text = render([
        ...(await ofTheStore(services)),
        ...ofTheQueue(services),
        ...ofTheProcess(services, delay.percentile(99)),
      ]);
      delay.reset();
      return reply.type('text/plain; version=0.0.4; charset=utf-8').serializer(String).send(text);
    },
  );
}

async function ofTheStore({ records, ledger, disk, detection }: Services): Promise<Metric[]> {
  const view = records.as(SYSTEM);
  const { rows } = await ledger(SYSTEM, false);
  const sum = (pick: (row: (typeof rows)[number]) => number) => rows.reduce((total, row) => total + pick(row), 0);
  const alerts = await Promise.all(
    STATUSES.flatMap((status) =>
      SEVERITIES.map(async (severity) => ({
        labels: { status, severity },
        value: await countShown(view, SYSTEM, { status: [status], severity: [severity] }),
      })),
    ),
  );
  const { totalBytes, freeBytes } = disk();
  return [
    one(
      'haidang_events_read_total',
      'counter',
      'Records read by collectors.',
      sum((row) => row.read),
    ),
    one(
      'haidang_events_stored',
      'gauge',
      'Events in the store, counted there.',
      sum((row) => row.stored),
    ),
    one(
      'haidang_events_waiting',
      'gauge',
      'Events in spools, not yet stored.',
      sum((row) => row.waiting),
    ),
    one(
      'haidang_events_dropped_total',
      'counter',
      'Records dropped before the spool.',
      sum((row) => row.dropped),
    ),
    one(
      'haidang_events_dead_letters',
      'gauge',
      'Events the store could not accept.',
      sum((row) => row.deadLettered),
    ),
    one(
      'haidang_events_missing',
      'gauge',
      'Events acknowledged and no longer there.',
      sum((row) => row.missingTotal),
    ),
    one('haidang_detection_lag_events', 'gauge', 'Events stored and not yet evaluated.', detection().lagEvents),
    one(
      'haidang_detection_stalled',
      'gauge',
      '1 while the store keeps evaluation from going on.',
      detection().trouble ? 1 : 0,
    ),
    { name: 'haidang_alerts', type: 'gauge', help: 'Alert groups by status and severity.', samples: alerts },
    one('haidang_disk_total_bytes', 'gauge', 'Size of the disk that holds the store.', totalBytes),
    one('haidang_disk_free_bytes', 'gauge', 'Free space on it.', freeBytes),
  ];
}

/** How long batches wait for the store, and how many were sent back, by collector: its id alone. */
function ofTheQueue({ ingestWaits }: Services): Metric[] {
  const waits = [...(ingestWaits?.() ?? [])].slice(0, MOST_COLLECTORS);
  const family = (name: string, help: string, pick: (wait: (typeof waits)[number][1]) => number): Metric => ({
    name,
    type: 'counter',
    help,
    samples: waits.map(([collector, wait]) => ({ labels: { collector }, value: pick(wait) })),
  });
  return [
    family('haidang_ingest_queue_seconds_total', 'Time that batches waited for their turn.', (wait) => wait.seconds),
    family('haidang_ingest_queue_batches_total', 'Batches that had their turn.', (wait) => wait.batches),
    family('haidang_ingest_sent_back_total', 'Batches sent back with 429, to come again.', (wait) => wait.sentBack),
  ];
}

function ofTheProcess({ live, stored }: Services, delayNanoseconds: number): Metric[] {
  const { rss, heapUsed } = process.memoryUsage();
  const { user, system } = process.cpuUsage();
  const p99 = Number.isFinite(delayNanoseconds) ? delayNanoseconds / 1e9 : 0;
  const { events, duplicates } = stored();
  return [
    one('haidang_ingest_events_total', 'counter', 'Events stored since the start.', events),
    one('haidang_ingest_duplicates_total', 'counter', 'Events that were stored already, since the start.', duplicates),
    one('haidang_live_clients', 'gauge', 'Consoles connected by WebSocket.', live.clients()),
    one('haidang_event_loop_delay_p99_seconds', 'gauge', 'Main thread, since the last time this was read.', p99),
    one('process_resident_memory_bytes', 'gauge', 'Resident memory.', rss),
    one('process_heap_used_bytes', 'gauge', 'JavaScript heap in use, main thread.', heapUsed),
    one('process_cpu_seconds_total', 'counter', 'User and system CPU time.', (user + system) / 1e6),
    one('process_uptime_seconds', 'gauge', 'Time since the start.', process.uptime()),
  ];
}

function one(name: string, type: Metric['type'], help: string, value: number): Metric {
  return { name, type, help, samples: [{ value }] };
}

/** Writes measurements in the Prometheus text format. */
export function render(metrics: readonly Metric[]): string {
  const lines = metrics.flatMap(({ name, type, help, samples }) => [
    `# HELP ${name} ${help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')}`,
    `# TYPE ${name} ${type}`,
    ...samples.map(({ labels, value }) => `${name}${labels ? `{${labelText(labels)}}` : ''} ${value}`),
  ]);
  return `${lines.join('\n')}\n`;
}

function labelText(labels: Readonly<Record<string, string>>): string {
  return Object.entries(labels)
    .map(([key, value]) => `${key}="${value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`)
    .join(',');
}

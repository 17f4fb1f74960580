/**
 * From a line written to its alert on the WebSocket, at a steady rate with one alert in every few lines. Each alerting
 * line names another host, so that each makes a row of its own. Prints one JSON document.
 * Usage: npm run bench:latency [-- EVENTS_PER_SECOND [ALERTS]]
 */
import { appendFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { LiveMessage } from '../../server/realtime/schema.ts';
import { Installation, until } from '../e2e/harness.ts';
import { accessLog, syslogTime } from '../e2e/logs.ts';

const rate = Number(process.argv[2] ?? 1_000);
const alerts = Number(process.argv[3] ?? 1_200);
const alertsPerSecond = 40;
const tickMilliseconds = 25;

const installation = await Installation.create({
  inputs: (folder) => [{ type: 'file', paths: [join(folder, '*.log')], from: 'start' }],
});
try {
  const quiet = join(installation.folder, 'access.log');
  const loud = join(installation.folder, 'auth.log');
  writeFileSync(quiet, '');
  writeFileSync(loud, '');
  await installation.up();

  const written = new Map<string, number>();
  const latencies: number[] = [];
  const socket = await installation.live((message: LiveMessage) => {
    if (message.type !== 'alert') return;
    const host = message.alert.group['host.name'] ?? '';
    const at = written.get(host);
    if (at === undefined) return;
    written.delete(host);
    latencies.push(performance.now() - at);
  });

  const background = accessLog((alerts / alertsPerSecond) * rate + rate, { endsAt: Date.now() });
  let sent = 0;
  let raised = 0;
  const started = performance.now();
  while (raised < alerts) {
    const elapsed = (performance.now() - started) / 1000;
    const due = Math.floor(elapsed * rate);
    if (due > sent) appendFileSync(quiet, `${background.slice(sent, due).join('\n')}\n`);
    sent = Math.max(sent, due);
    for (; raised < alerts && raised < elapsed * alertsPerSecond; raised += 1) {
      const host = `host-${raised}`;
      const line = `${syslogTime(Date.now())} ${host} sudo:    lan : user NOT in sudoers ; TTY=pts/0 ; PWD=/home/lan ; USER=root ; COMMAND=/bin/bash`;
      written.set(host, performance.now());
      appendFileSync(loud, `${line}\n`);
    }
    await new Promise((resolve) => setTimeout(resolve, tickMilliseconds));
  }
  await until('every alert arrived', () => (latencies.length >= alerts ? true : undefined), 30_000).catch(
    () => undefined,
  );
  socket.close();
  latencies.sort((a, b) => a - b);
  const quantile = (share: number) => Math.round(latencies[Math.floor(share * (latencies.length - 1))] ?? 0);
  console.log(
    JSON.stringify({
      eventsPerSecond: Math.round(sent / ((performance.now() - started) / 1000)),
      alerts: latencies.length,
      lost: alerts - latencies.length,
      milliseconds: { p50: quantile(0.5), p95: quantile(0.95), p99: quantile(0.99), max: quantile(1) },
    }),
  );
} finally {
  await installation.remove();
}

import { writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { AlertList } from '../../server/alerts/schema.ts';
import { settledLedger, storedLines } from './exactly-once.ts';
import { freePort, Installation, until } from './harness.ts';

let installation: Installation;
let http = 0;
let relp = 0;

beforeAll(async () => {
  http = await freePort();
  relp = await freePort();
  installation = await Installation.create({
    inputs: (folder) => {
      writeFileSync(join(folder, 'secrets'), 'apikey beats:a-long-key\nbearer app-token\n');
      return [
        { type: 'http', host: '127.0.0.1', port: http, secrets: join(folder, 'secrets') },
        { type: 'relp', host: '127.0.0.1', port: relp },
      ];
    },
  });
  await installation.up();
  await until('the collector answers', async () =>
    (await fetch(`http://127.0.0.1:${http}/`)).status > 0 ? true : undefined,
  );
});
afterAll(() => installation?.remove());

const failure = (n: number) =>
  `<86>${new Date().toISOString()} mail-01 sshd[4242]: Failed password for root from 203.0.113.66 port ${20_000 + n} ssh2`;

/** Sends messages as a RELP client does, and resolves when the last is acknowledged. */
function sendRelp(messages: readonly string[]): Promise<void> {
  const frames = ['1 open 14 relp_version=0\n'];
  for (const [at, text] of messages.entries()) frames.push(`${at + 2} syslog ${Buffer.byteLength(text)} ${text}\n`);
  return new Promise((resolve, reject) => {
    const socket = connect(relp, '127.0.0.1', () => socket.write(frames.join('')));
    let got = '';
    socket.on('error', reject);
    socket.on('data', (chunk) => {
      got += chunk;
      if (!got.includes(`${messages.length + 1} rsp 6 200 OK\n`)) return;
      socket.destroy();
      resolve();
    });
  });
}

test('what shippers send is stored, counted and raises the alert, from every face at once', async () => {
  const url = `http://127.0.0.1:${http}`;
  const bulk = Array.from({ length: 300 }, (_, n) => [
    '{"create":{"_index":"filebeat-8.17.0"}}',
    JSON.stringify({
      '@timestamp': new Date().toISOString(),
      message: failure(n),
      agent: { type: 'filebeat', version: '8.17.0' },
      ecs: { version: '8.0.0' },
      log: { file: { path: '/var/log/auth.log' }, offset: n },
    }),
  ]).flat();
  const authorization = `ApiKey ${Buffer.from('beats:a-long-key').toString('base64')}`;
  const headers = { authorization, 'content-encoding': 'gzip', 'content-type': 'application/x-ndjson' };
  const body = new Uint8Array(gzipSync(`${bulk.join('\n')}\n`));
  const answer = await fetch(`${url}/_bulk?filter_path=errors`, { method: 'POST', headers, body });
  expect(await answer.json()).toMatchObject({ errors: false });

  const record = {
    timeUnixNano: `${Date.now()}000000`,
    severityText: 'WARN',
    body: { stringValue: 'Thanh toán bị từ chối' },
    attributes: [{ key: 'client.ip', value: { stringValue: '203.0.113.9' } }],
  };
  const resource = { attributes: [{ key: 'service.name', value: { stringValue: 'igate' } }] };
  const otlp = await fetch(`${url}/v1/logs`, {
    method: 'POST',
    headers: { authorization: 'Bearer app-token', 'content-type': 'application/json' },
    body: JSON.stringify({ resourceLogs: [{ resource, scopeLogs: [{ logRecords: [record] }] }] }),
  });
  expect([otlp.status, await otlp.json()]).toEqual([200, {}]);
  await sendRelp(Array.from({ length: 200 }, (_, n) => failure(300 + n)));

  const ledger = await settledLedger(installation, 501);
  for (const [source, count] of [
    [`bulk:127.0.0.1:${http}`, 300],
    [`otlp:127.0.0.1:${http}`, 1],
    [`relp:127.0.0.1:${relp}`, 200],
  ] as const) {
    const row = ledger.rows.find((each) => each.source === source);
    expect(row, source).toMatchObject({ read: count, spooled: count, stored: count, evaluated: count, unparsed: 0 });
  }
  expect(await storedLines(installation, `otlp:127.0.0.1:${http}`)).toEqual(['Thanh toán bị từ chối']);
  const alerts = await until('one row of 500', async () => {
    const list = await installation.api<AlertList>('/api/v1/alerts');
    const found = list.alerts.filter((alert) => alert.entities['source.ip']?.values.includes('203.0.113.66'));
    return found.some((alert) => alert.count === 500) ? found : undefined;
  });
  expect(alerts.map((alert) => [alert.count, alert.group['host.name']])).toEqual([[500, 'mail-01']]);
});

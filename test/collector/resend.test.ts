import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Log } from '../../collector/log.ts';
import { ServerOutput } from '../../collector/outputs/server.ts';
import { type CollectorBench, openBench } from './bench.ts';
import { type Certificates, makeCertificates, Receiver, temporaryFolder, until } from './receiver.ts';

const HOUR_MS = 3_600_000;
let folder: ReturnType<typeof temporaryFolder>;
let certificates: Certificates;
let receiver: Receiver;
let bench: CollectorBench;
let output: ServerOutput;

function connect(): void {
  output = new ServerOutput(
    bench.spool,
    {
      server: new URL(`https://127.0.0.1:${receiver.port}`),
      credentials: () => ({
        ca: readFileSync(certificates.ca, 'utf8'),
        certificate: readFileSync(certificates.certificate, 'utf8'),
        key: readFileSync(certificates.key, 'utf8'),
      }),
      status: () => ({
        collector: 'c0test01',
        epoch: bench.intake.epoch,
        version: 'test',
        startedAt: new Date().toISOString(),
        waiting: bench.spool.waiting,
        quarantined: bench.spool.quarantined,
        sources: [],
      }),
      onClock: () => undefined,
    },
    bench.log as unknown as Log,
  );
  output.start();
}

async function reconnect(): Promise<void> {
  await output.stop();
  connect();
  await until('connected again', () => bench.spool.waiting.frames === 0 && receiver.statuses.length > 0);
}

async function put(...lines: string[]): Promise<void> {
  const source = bench.intake.open('stdin', bench.context.parserFor('auto', { isLocal: true }));
  source.put({ lines, empty: 0, bytes: lines.join('').length });
  await bench.intake.flush();
  await until('all is acknowledged', () => bench.spool.waiting.frames === 0);
}

/** A server that lost all, as one whose backup is older than all of this. */
function forget(id: string, sinceMs = HOUR_MS): void {
  receiver.events.clear();
  receiver.resend = { id, since: new Date(Date.now() + receiver.clockOffset - sinceMs).toISOString() };
}

beforeEach(async () => {
  folder = temporaryFolder();
  certificates = makeCertificates(folder.path);
  receiver = new Receiver();
  await receiver.start(certificates);
  bench = await openBench(folder.path);
  connect();
});
afterEach(async () => {
  await output.stop();
  await receiver.stop();
  await bench.spool.close();
  folder.remove();
});

test('what was acknowledged is sent again to a restored server, once for each restore', async () => {
  await put('a', 'b');
  await put('c');
  forget('00112233445566aa');
  await reconnect();
  await until('all came again', () => receiver.events.size === 3 && bench.spool.waiting.frames === 0);
  expect(receiver.originals).toEqual(['a', 'b', 'c']);
  expect(bench.spool.waiting).toEqual({ frames: 0, events: 0, bytes: 0 });

  const { batches } = receiver;
  await reconnect();
  await put('d');
  expect(receiver.batches).toBe(batches + 1);
  expect(receiver.repeats).toBe(0);

  forget('ffeeddccbbaa9988');
  await reconnect();
  await until('all came again', () => receiver.events.size === 4);
  expect(receiver.originals).toEqual(['a', 'b', 'c', 'd']);
});

test('a clock that is far off does not hide what is to be sent again', async () => {
  receiver.clockOffset = -200 * HOUR_MS;
  await put('a', 'b');
  forget('00112233445566aa');
  await reconnect();
  await until('all came again', () => receiver.events.size === 2);
});

test('an answer that asks for something else is not followed', async () => {
  await put('a');
  receiver.resend = { id: '../../acked', since: 'yesterday' };
  await reconnect();
  await put('b');
  expect(receiver.repeats).toBe(0);
});

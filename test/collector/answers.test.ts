import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Source } from '../../collector/intake.ts';
import type { Log } from '../../collector/log.ts';
import { ServerOutput } from '../../collector/outputs/server.ts';
import { type CollectorBench, openBench } from './bench.ts';
import { makeCertificates, type OtherAnswer, Receiver, temporaryFolder, until } from './receiver.ts';

const LINES = ['a', 'b', 'c'];
let folder: ReturnType<typeof temporaryFolder>;
let receiver: Receiver;
let bench: CollectorBench;
let output: ServerOutput;
let source: Source;
/** When each batch came, by a clock that is never set. */
let askedAt: number[] = [];

beforeEach(async () => {
  folder = temporaryFolder();
  const certificates = makeCertificates(folder.path);
  receiver = new Receiver();
  await receiver.start(certificates);
  bench = await openBench(folder.path);
  source = bench.intake.open('stdin', bench.context.parserFor('auto', { isLocal: true }));
  askedAt = [];
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
      answerWithinMs: 1_000,
    },
    bench.log as unknown as Log,
  );
});
afterEach(async () => {
  await output.stop();
  await receiver.stop();
  await bench.spool.close();
  folder.remove();
});

/** Sends one frame to a server that gives these answers first, and takes the frame after them. */
async function send(...answers: (OtherAnswer | 'silence')[]): Promise<void> {
  receiver.intercept = () => {
    askedAt.push(performance.now());
    return answers[askedAt.length - 1];
  };
  source.put({ lines: LINES, empty: 0, bytes: 6 });
  await bench.intake.flush();
  output.start();
  await until('nothing waits', () => bench.spool.waiting.frames === 0, 25_000);
}

const told = (level: string) => bench.log.told.filter((entry) => entry.level === level).map(({ text }) => text);

test.each([401, 403])(
  '%i: the frame waits until the server accepts the collector, and the log says so once',
  async (status) => {
    const refusal = { status, body: { code: 'HD_COLLECTOR_REVOKED', detail: 'revoked' } };
    await send(refusal, refusal, refusal);
    expect(askedAt).toHaveLength(4);
    expect(receiver.originals).toEqual(LINES);
    expect(bench.spool.quarantined).toMatchObject({ frames: 0, events: 0 });
    expect(told('error')).toEqual([
      'the server does not accept this collector; events wait in the spool until it does',
    ]);
  },
);

test('413: the frame is set aside with its reason, and the next one is sent', async () => {
  await send({ status: 413, body: { code: 'HD_TOO_LARGE', detail: 'too large' } });
  expect(bench.spool.quarantined).toMatchObject({ frames: 1, events: 3, reasons: { HD_TOO_LARGE: 1 } });
  expect(receiver.events.size).toBe(0);
  source.put({ lines: ['d'], empty: 0, bytes: 2 });
  await until('the frame behind it', () => receiver.originals.join() === 'd');
});

test('429 with Retry-After: not asked again before that time, and nothing is lost', async () => {
  await send({ status: 429, headers: { 'retry-after': '1' }, body: { code: 'HD_TOO_MANY' } });
  expect(askedAt).toHaveLength(2);
  // A timer may fire a millisecond early by another clock.
  expect((askedAt[1] ?? 0) - (askedAt[0] ?? 0)).toBeGreaterThan(990);
  expect(receiver.originals).toEqual(LINES);
  expect(told('warn')).toContain('the server asks to wait; events wait in the spool');
});

test('a server that hangs: the connection is given up, and the frame goes over a new one, once', async () => {
  await send('silence', 'silence');
  expect(askedAt.length).toBeGreaterThanOrEqual(3);
  expect(receiver.originals).toEqual(LINES);
  expect(receiver.repeats).toBe(0);
  const reasons = bench.log.told.filter(({ text }) => text.startsWith('no connection')).map(({ fields }) => fields);
  expect(reasons).toContainEqual(expect.objectContaining({ reason: expect.stringContaining('does not answer') }));
});

test('an answer that is no receipt: the frame is sent again until there is one', async () => {
  await send({ status: 200, body: { hello: 'world' } }, { status: 200, body: { stored: -1 } }, { status: 302 });
  expect(askedAt).toHaveLength(4);
  expect(receiver.originals).toEqual(LINES);
});

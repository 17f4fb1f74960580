import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Source } from '../../collector/intake.ts';
import type { Log } from '../../collector/log.ts';
import { ServerOutput } from '../../collector/outputs/server.ts';
import { ServerList } from '../../collector/outputs/server-list.ts';
import { type CollectorBench, openBench } from './bench.ts';
import { type Certificates, makeCertificates, Receiver, temporaryFolder, until } from './receiver.ts';

const LONG_MS = 60_000;

describe('the order of several servers', () => {
  const urls = ['https://a:1', 'https://b:2', 'https://c:3'].map((text) => new URL(text)) as [URL, ...URL[]];
  const clock = { now: 0 };
  const list = () => new ServerList(urls, { random: () => 1, now: () => clock.now });

  it('calls one after the other, with a pause whose bound doubles when all were tried', () => {
    const servers = list();
    const waits: number[] = [];
    const called: string[] = [];
    for (let at = 0; at < 9; at++) {
      called.push(servers.current.hostname);
      waits.push(servers.failed());
    }
    expect(called.join('')).toBe('abcabcabc');
    expect(waits).toEqual([100, 100, 100, 200, 200, 200, 400, 400, 400]);
    for (let at = 0; at < 60; at++) servers.failed();
    expect(servers.failed()).toBe(15_000);
    servers.worked();
    expect(servers.failed()).toBe(100);
  });

  it('waits at random from nothing on', () => {
    const servers = new ServerList(urls, { random: () => 0 });
    expect(servers.failed()).toBe(0);
  });

  it('keeps the one that works, and tries the first again after ten minutes', () => {
    clock.now = 1_000;
    const servers = list();
    servers.failed();
    servers.worked();
    expect([servers.current.hostname, servers.toReturnTo]).toEqual(['b', undefined]);
    clock.now += 599_999;
    servers.worked();
    expect(servers.toReturnTo).toBeUndefined();
    clock.now += 1;
    expect(servers.toReturnTo?.hostname).toBe('a');
    servers.stay();
    expect(servers.toReturnTo).toBeUndefined();
    clock.now += 600_000;
    servers.goBack();
    expect([servers.current.hostname, servers.toReturnTo]).toEqual(['a', undefined]);
  });
});

describe('a collector that knows two servers', () => {
  let folder: ReturnType<typeof temporaryFolder>;
  let certificates: Certificates;
  let one: Receiver;
  let two: Receiver;
  let bench: CollectorBench;
  let source: Source;
  let output: ServerOutput;
  let count = 0;
  const clock = { now: 1 };

  beforeEach(async () => {
    folder = temporaryFolder();
    certificates = makeCertificates(folder.path);
    one = new Receiver();
    two = new Receiver();
    await one.start(certificates);
    await two.start(certificates);
    bench = await openBench(folder.path);
    source = bench.intake.open('stdin', bench.context.parserFor('auto', { isLocal: true }));
    count = 0;
    const urls = [one, two].map(({ port }) => new URL(`https://127.0.0.1:${port}`)) as [URL, ...URL[]];
    output = new ServerOutput(
      bench.spool,
      {
        server: urls[0],
        servers: new ServerList(urls, { now: () => clock.now }),
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
        statusEveryMs: 100,
        answerWithinMs: 10_000,
      },
      bench.log as unknown as Log,
    );
  });
  afterEach(async () => {
    await output.stop();
    await one.stop();
    await two.stop();
    await bench.spool.close();
    folder.remove();
  });

  /** Reads a few lines more, each frame on its own. */
  async function read(frames: number): Promise<void> {
    for (let at = 0; at < frames; at++) {
      source.put({ lines: [`line ${++count}`], empty: 0, bytes: 8 });
      await bench.intake.flush();
    }
  }
  const all = () => [...new Set([...one.events.keys(), ...two.events.keys()])];
  const sent = () => until('nothing waits', () => bench.spool.waiting.frames === 0, LONG_MS);

  it('goes to the second when the first is killed in the middle, and every event is there, by its id once', async () => {
    one.intercept = (_, batch) => {
      if (batch < 20) return undefined;
      // Killed: the answers to what is on its way are lost with it.
      void one.stop();
      return 'silence';
    };
    output.start();
    await read(60);
    await sent();
    expect(one.batches).toBe(20);
    expect(two.batches).toBeGreaterThanOrEqual(40);
    expect(all()).toHaveLength(60);
    expect(output.server.port).toBe(String(two.port));
    // It stays there, although the first one is back.
    const { port } = one;
    one.intercept = undefined;
    await one.start(certificates, port);
    await read(5);
    await sent();
    expect([one.batches, all().length]).toEqual([20, 65]);
  });

  it('goes back to the first after a while, and not before it works', async () => {
    const { port } = one;
    await one.stop();
    output.start();
    await read(3);
    await sent();
    expect(two.events.size).toBe(3);
    clock.now += 600_000;
    await until(
      'it looks after the first in vain',
      () => bench.log.told.some(({ text }) => text.includes('does not work yet')),
      LONG_MS,
    );
    await read(3);
    await sent();
    expect(two.events.size).toBe(6);
    await one.start(certificates, port);
    clock.now += 600_000;
    await until('the first is in use', () => output.server.port === String(port), LONG_MS);
    await read(3);
    await sent();
    expect([one.events.size, all().length]).toEqual([3, 9]);
  });
});

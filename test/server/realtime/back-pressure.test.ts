import { pino } from 'pino';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openAgencyBook } from '../../../server/agencies/names.ts';
import { SYSTEM } from '../../../server/identity.ts';
import { openLiveFeed } from '../../../server/realtime/live-feed.ts';
import type { LiveMessage } from '../../../server/realtime/schema.ts';
import { type Bench, openBench } from '../api/harness.ts';

let bench: Bench;
beforeAll(async () => {
  bench = await openBench();
});
afterAll(() => bench.close());

it('lets a client that does not read wait without filling memory, and starts it anew once it reads again', async () => {
  const { records } = bench;
  const agencies = openAgencyBook(records);
  const feed = openLiveFeed({ records, rules: new Map(), agencies, log: pino({ level: 'silent' }), tickMs: 20 });
  const messages: LiveMessage[] = [];
  let buffered = 0;
  let told = () => {};
  const next = () => new Promise<void>((done) => (told = done));
  feed.join(
    {
      identity: SYSTEM,
      buffered: () => buffered,
      send(message) {
        messages.push(message);
        told();
      },
    },
    await records.lastChange(),
  );
  try {
    await next();
    buffered = 2 * 1024 * 1024;
    const before = messages.length;
    for (let n = 0; n < 50; n += 1) await bench.addAlert(`stuck-${n}`);
    feed.wake();
    await new Promise((done) => setTimeout(done, 200));
    expect(messages.length).toBe(before);

    buffered = 0;
    await next();
    expect(messages[before]).toEqual({ type: 'restart', change: await records.lastChange() });
    expect(messages.some((message) => message.type === 'alert')).toBe(false);

    await bench.addAlert('after');
    feed.wake();
    while (!messages.some((message) => message.type === 'alert' && message.alert.id === 'after')) await next();
  } finally {
    feed.stop();
  }
});

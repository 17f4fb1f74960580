import type { ClientHttp2Session } from 'node:http2';
import { afterEach, describe, expect, it } from 'vitest';
import type { AgencyId } from '../../../server/identity.ts';
import type { EventStore } from '../../../server/store/event-store.ts';
import { packLines, sshFailure, toLines } from '../store/frames.ts';
import { type EnrolledCollector, type Lab, openLab, send } from './lab.ts';

const FLOOD = 'so-tai-chinh' as AgencyId;
const CALM = 'so-y-te' as AgencyId;
const AT_STORE = 4;

/** A store that begins nothing until it is let, and notes whose batches came in which order. */
function gate() {
  const order: string[] = [];
  const held: (() => void)[] = [];
  let isOpen = false;
  return {
    order,
    store: (events: EventStore): EventStore => ({
      append(batch) {
        order.push(batch.collector);
        const let_ = isOpen ? Promise.resolve() : new Promise<void>((resolve) => held.push(resolve));
        return let_.then(() => events.append(batch));
      },
      as: (identity) => events.as(identity),
      readFrom: (...more) => events.readFrom(...more),
      lastSequence: () => events.lastSequence(),
      recount: (...more) => events.recount(...more),
      days: () => events.days(),
      dayContents: (...more) => events.dayContents(...more),
      compactDay: (...more) => events.compactDay(...more),
      deleteDay: (...more) => events.deleteDay(...more),
      close: () => events.close(),
    }),
    open() {
      isOpen = true;
      for (const go of held.splice(0)) go();
    },
  };
}

let lab: Lab | undefined;
afterEach(async () => {
  await lab?.close();
  lab = undefined;
});

const frames = new Map<string, number>();
/** The next frame of a collector. */
function frame(collector: string, count: number): Uint8Array {
  const first = frames.get(collector) ?? 1;
  frames.set(collector, first + count);
  const options = { first, collector };
  return packLines(
    toLines(
      Array.from({ length: count }, (_, at) => sshFailure(at % 60)),
      options,
    ),
    options,
  );
}

async function until(what: string, probe: () => boolean | Promise<boolean>): Promise<void> {
  for (const end = Date.now() + 60_000; Date.now() < end; ) {
    if (await probe()) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error(`waited in vain: ${what}`);
}

const post = (session: ClientHttp2Session, body: Uint8Array) => send(session, 'POST', '/v1/batches', body);

describe('a flood of one agency', () => {
  it('lets one login of another agency past within a few batches, and all of both is stored in the end', async () => {
    const gated = gate();
    lab = await openLab({ store: gated.store, queue: { batchesAtStore: AT_STORE } });
    const loud = [await lab.enrol('c1aaaaaa', FLOOD), await lab.enrol('c2aaaaaa', FLOOD)];
    const calm = await lab.enrol('c3bbbbbb', CALM);
    // Ten connections, ten batches on each: of every one, one waits for the store and the rest behind it.
    const answers = Array.from({ length: 10 }, (_, at) => {
      const collector = loud[at % 2] as EnrolledCollector;
      const session = (lab as Lab).dial(collector);
      return Array.from({ length: 10 }, () => post(session, frame(collector.id, 100)));
    }).flat();
    const { ingest } = lab;
    const before = 100 - AT_STORE;
    await until('the flood waits', () => ingest.state().waiting === before);
    const alone = post(lab.dial(calm), frame(calm.id, 1));
    await until('so does the login', () => ingest.state().waiting === before + 1);
    const ahead = gated.order.length;
    gated.open();
    expect((await alone).json).toMatchObject({ stored: 1 });
    const place = gated.order.indexOf(calm.id);
    expect(place - ahead).toBeLessThanOrEqual(40);
    // By arrival it would have been the last of 101.
    expect(place).toBeLessThan(60);
    const flood = await Promise.all(answers);
    expect(flood.map(({ status }) => status)).toEqual(flood.map(() => 200));
    expect(await lab.events.lastSequence()).toBe(10 * 10 * 100 + 1);
    const waits = ingest.waits();
    expect(waits.get(calm.id)).toMatchObject({ agency: CALM, batches: 1, sentBack: 0 });
    expect((waits.get('c1aaaaaa')?.batches ?? 0) + (waits.get('c2aaaaaa')?.batches ?? 0)).toBe(100);
  }, 240_000);
});

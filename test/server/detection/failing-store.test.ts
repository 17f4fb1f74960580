import { afterEach, beforeEach, expect, it } from 'vitest';
import { openPatience, type Trouble } from '../../../server/detection/patience.ts';
import type { EventStore } from '../../../server/store/event-store.ts';
import { silentLog } from '../rules/silent-log.ts';
import { BRUTE_FORCE, failures, testRules, World } from './world.ts';

let world: World;
beforeEach(async () => {
  world = await World.create();
});
afterEach(() => world.close());

const PAUSES = { first: 1, longest: 4 };

/** The events, but reading on from a place fails so many times; `during` sees each failure. */
function failing(events: EventStore, times: number, during: (left: number) => void = () => undefined): EventStore {
  let left = times;
  return new Proxy(events, {
    get(target, name) {
      if (name === 'readFrom' && left > 0) {
        return async () => {
          during(--left);
          throw new Error('The disk does not answer.');
        };
      }
      const value = Reflect.get(target, name, target) as unknown;
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

const counts = async () => (await world.alerts()).map(({ rule, count }) => [rule, count]);

it('goes on where it was when a store that could not be read is back', async () => {
  await world.store(failures(9));
  await world.store(failures(6, 9));
  const seen: (Trouble | undefined)[] = [];
  const started = world.detect(
    world.records,
    failing(world.events, 7, () => started.then((one) => seen.push(one.state().trouble))),
    undefined,
    { pauses: PAUSES },
  );
  const detection = await started;
  await world.settled();
  expect(await counts()).toEqual([[BRUTE_FORCE, 15]]);
  expect(seen).toHaveLength(7);
  expect(seen.at(-1)?.what).toBe('Stored events could not be read');
  expect(detection.state().trouble).toBeUndefined();
  await world.store(failures(3, 20));
  await world.settled();
  expect(await counts()).toEqual([[BRUTE_FORCE, 18]]);
});

it('stops in order while the store cannot be read, and the next start reads on', async () => {
  await world.store(failures(12));
  const failed = Promise.withResolvers<void>();
  const away = failing(world.events, Number.POSITIVE_INFINITY, () => failed.resolve());
  const detection = await world.detect(world.records, away, undefined, { pauses: { first: 60_000, longest: 60_000 } });
  await failed.promise;
  expect(detection.state()).toMatchObject({ cursor: 0, lagEvents: 12 });
  await world.stopDetection();
  await world.detect();
  await world.settled();
  expect(await counts()).toEqual([[BRUTE_FORCE, 12]]);
});

it('goes on with a refill whose reads failed', async () => {
  await world.store(failures(12));
  const { rules, problems } = testRules();
  await world.detect(world.records, world.events, { rules: rules.filter(({ id }) => id !== BRUTE_FORCE), problems });
  await world.settled();
  await world.stopDetection();
  const detection = await world.detect(world.records, failing(world.events, 4), undefined, { pauses: PAUSES });
  await detection.refill(BRUTE_FORCE, { from: 1, to: 12 });
  while (detection.refills().length > 0) await new Promise((resolve) => setTimeout(resolve, 5));
  expect(await counts()).toContainEqual([BRUTE_FORCE, 12]);
});

it('logs a stretch of failures once, with growing pauses up to the longest', async () => {
  const said: string[] = [];
  const log = { ...silentLog, error: (...words: unknown[]) => said.push(String(words[1])), info: () => undefined };
  let clock = 1_000;
  const patience = openPatience(log as never, { first: 1, longest: 3 }, () => clock);
  let tries = 0;
  const twice = async () => {
    const act = async () => {
      clock += 1_000;
      if (++tries % 5 !== 0) throw new Error('no');
      return tries;
    };
    return patience.insist('It could not be read', act);
  };
  expect(await twice()).toBe(5);
  expect(said).toEqual(['It could not be read; it is tried until it works.']);
  expect(await twice()).toBe(10);
  expect(said).toHaveLength(2);
  expect(patience.trouble()).toBeUndefined();
  const never = patience.insist('It could not be read', () => Promise.reject(new Error('gone')));
  expect(patience.trouble()).toBeUndefined();
  await new Promise(setImmediate);
  expect(patience.trouble()).toEqual({ since: new Date(clock).toISOString(), what: 'It could not be read' });
  patience.stop();
  await expect(never).rejects.toThrow('gone');
});

import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, it } from 'vitest';
import { FRAME, MISSED, STORED, story } from './refill-story.ts';
import { BRUTE_FORCE, LOGIN_AFTER_FAILURES, testRules, World } from './world.ts';

const worlds: World[] = [];
const children: ChildProcess[] = [];
afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  for (const world of worlds.splice(0)) await world.close();
});

const open = async () => {
  const world = await World.create();
  worlds.push(world);
  return world;
};
const lines = story();
const store = async (world: World, from: number, to: number) => {
  for (let at = from; at < to; at += FRAME) await world.store(lines.slice(at, at + FRAME));
};
/** What makes alerts the same. */
const facts = async (world: World) =>
  (await world.alerts())
    .filter(({ rule }) => rule === BRUTE_FORCE || rule === LOGIN_AFTER_FAILURES)
    .map(({ rule, group, count, first, last, entities, events }) => {
      const addresses = [...(entities['source.ip']?.values ?? [])].sort();
      return { rule, group, count, first, last, events: [...events].sort(), addresses };
    });

/** Lets a process fill the gaps, kills it as soon as `enough` says so, and gives what it said last. */
async function fillUntil(folder: string, enough: (said: Said) => boolean): Promise<Said> {
  const program = fileURLToPath(new URL('./refill-and-die.ts', import.meta.url));
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', program, folder], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  const gone = new Promise((done) => child.once('exit', done));
  let said: Said = { fills: [], stored: 0, cursor: 0 };
  for await (const line of createInterface({ input: child.stdout })) {
    said = JSON.parse(line) as Said;
    if (!enough(said)) continue;
    child.kill('SIGKILL');
    break;
  }
  await gone;
  expect(child.signalCode).toBe('SIGKILL');
  return said;
}

interface Said {
  /** How far each gap that is being filled is. */
  readonly fills: readonly number[];
  readonly stored: number;
  readonly cursor: number;
}

it('goes on filling after each kill -9 in the midst, and gives the alerts of an undisturbed run', async () => {
  const calm = await open();
  await calm.detect();
  await store(calm, 0, STORED);
  await calm.settled();
  const expected = await facts(calm);
  expect(expected.length).toBeGreaterThan(1);

  const world = await open();
  const { rules, problems } = testRules();
  const few = rules.filter(({ id }) => id !== BRUTE_FORCE && id !== LOGIN_AFTER_FAILURES);
  await world.detect(world.records, world.events, { rules: few, problems });
  await store(world, 0, MISSED);
  await world.settled();
  await world.stopDetection();
  await world.events.close();
  await world.records.close();

  // Killed at the first sign of it, in the midst of the first gap, of the second one, and of what is stored meanwhile.
  const places: Said[] = [];
  for (const enough of [
    ({ fills }: Said) => fills.length > 0,
    ({ fills: [done = 0] }: Said) => done > 100,
    ({ fills: [done = 0] }: Said) => done > 300,
    ({ fills }: Said) => fills.length === 1,
    ({ fills: [done = 0], stored }: Said) => done > 200 && stored > MISSED,
  ]) {
    places.push(await fillUntil(world.folder, enough));
  }
  expect(places[1]?.fills[0]).toBeLessThan(MISSED);
  expect(places.at(-1)?.fills).toHaveLength(1);
  expect(places.at(-1)?.fills[0]).toBeLessThan(MISSED);

  await world.openStore();
  const detection = await world.detect();
  const last = await world.events.lastSequence();
  world.continueAt(last + 1);
  await store(world, last, STORED);
  while (detection.refills().length > 0) await new Promise((resolve) => setTimeout(resolve, 5));
  await world.settled();
  expect(await facts(world)).toEqual(expected);
  const states = [BRUTE_FORCE, LOGIN_AFTER_FAILURES].map((rule) =>
    detection
      .spans()
      .get(rule)
      ?.gaps.map(({ state }) => state),
  );
  expect(states).toEqual([['filled'], ['filled']]);
}, 240_000);

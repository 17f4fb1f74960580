import { seeded, tortureSharing } from '../server/sharing/torture.ts';

/** `npm run torture:sharing -- [INCIDENTS] [UPDATES] [KILLS] [SEED]`: one JSON line; exit code 1 where anything is wrong. */
const [incidents = 1_000, updates = 5, kills = 40, seed = Date.now() % 1_000_000] = process.argv.slice(2).map(Number);
console.error(`${incidents} incidents, ${updates} updates each, ${kills} kills, seed ${seed}`);
const outcome = await tortureSharing({
  ...{ incidents, updates, kills, faults: 0.15, mostMs: 6 * 3_600_000 },
  random: seeded(seed),
  tell: (line) => console.error(line),
});
const { wrong, conflicts, disorder, ...figures } = outcome;
console.log(
  JSON.stringify({ ...figures, seed, wrong: wrong.length, conflicts: conflicts.length, disorder: disorder.length }),
);
for (const line of [...wrong, ...conflicts, ...disorder].slice(0, 20)) console.error(line);
const isRight = wrong.length + conflicts.length + disorder.length === 0 && outcome.versions === outcome.wanted;
process.exitCode = isRight ? 0 : 1;

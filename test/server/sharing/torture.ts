import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { SYSTEM } from '../../../server/identity.ts';
import { openEmbeddedStore } from '../../../server/store/embedded/open.ts';
import { type Fault, type StandIn, startStandIn } from './stand-in.ts';
import { makeWardrobe } from './wrong-certificates.ts';

/** How much of it. */
export interface Torture {
  readonly incidents: number;
  readonly updates: number;
  readonly kills: number;
  /** Share of requests with which something goes wrong. */
  readonly faults: number;
  /** The longest that it may take, milliseconds. */
  readonly mostMs: number;
  readonly random: () => number;
  readonly tell?: (line: string) => void;
}

/** What came of it. */
export interface Outcome {
  readonly kills: number;
  readonly faults: number;
  /** Times that the recipient showed a certificate that must not be believed. */
  readonly wrongCertificates: number;
  readonly posts: number;
  readonly seconds: number;
  /** Versions of incidents that the recipient has, and how many there should be. */
  readonly versions: number;
  readonly wanted: number;
  /** Each must be empty. */
  readonly conflicts: readonly string[];
  readonly disorder: readonly string[];
  /** Where what the recipient has last is not what was approved last, and what was not delivered. */
  readonly wrong: readonly string[];
}

const CHILD = fileURLToPath(new URL('./torture-child.ts', import.meta.url));
/** Objects that one version brings anew, roughly: kills come all over the run. */
const OBJECTS_EACH = 5;
/** Requests between two wrong certificates, at most, and how long one is shown. */
const MOST_BETWEEN = 400;
const WORN_MS = 30;
/** How wrong the recipient's clock is, and the province's own from one life to the next. */
const SKEW_MS = 86_400_000;
const OWN_SKEW_MS = 2_000;
const FAULTS: readonly Fault[] = [
  'drop-before',
  'drop-after',
  'half-answer',
  'no-json',
  'busy',
  'busy-by-date',
  'broken',
  'pending',
  'pending-lost',
  'pending-forever',
  'too-large',
  'unauthorized',
];

/** A province that is killed again and again while it reports to a recipient that errs. */
export async function tortureSharing(torture: Torture): Promise<Outcome> {
  const { incidents, updates, random, tell = () => undefined } = torture;
  const folder = await mkdtemp(join(tmpdir(), 'haidang-torture-'));
  const wardrobe = await makeWardrobe();
  const caFile = join(folder, 'ca.pem');
  await writeFile(caFile, wardrobe.ca);
  const standIn = await startStandIn(wardrobe.right);
  standIn.refusesAgain = true;
  const began = Date.now();
  let faults = 0;
  let wrongCertificates = 0;
  let asked = 0;
  let changeAt = 10;
  let back: NodeJS.Timeout | undefined;
  /** Now and then the recipient shows a certificate of somebody else's, for a moment. */
  const dress = () => {
    asked += 1;
    if (asked < changeAt || back !== undefined) return;
    changeAt = asked + 20 + Math.floor(random() * MOST_BETWEEN);
    const worn = wardrobe.wrong[Math.floor(random() * wardrobe.wrong.length)];
    if (!worn) return;
    wrongCertificates += 1;
    standIn.wear(worn);
    back = setTimeout(() => {
      back = undefined;
      standIn.wear(wardrobe.right);
    }, WORN_MS);
  };
  standIn.fault = ({ method }) => {
    dress();
    standIn.skewMs = Math.round((random() - 0.5) * 2 * SKEW_MS);
    if (random() >= torture.faults) return undefined;
    const fault = FAULTS[Math.floor(random() * FAULTS.length)];
    // Only what is added can be taken on and forgotten.
    if (method !== 'POST' && (fault?.startsWith('pending') || fault === 'too-large')) return undefined;
    faults += 1;
    return fault;
  };
  let kills = 0;
  try {
    for (;;) {
      // One life may read what it wrote and the next may not; and its clock may have been set back.
      standIn.canRead = random() < 0.5;
      const skewMs = Math.round((random() - 0.5) * 2 * OWN_SKEW_MS);
      const run = startRun([folder, standIn.root, String(incidents), String(updates), caFile, String(skewMs)]);
      const before = standIn.taken.length;
      const wanted =
        kills < torture.kills
          ? Math.floor((random() * incidents * updates * OBJECTS_EACH * 2) / torture.kills) + 1
          : Number.POSITIVE_INFINITY;
      while (!run.isDone() && standIn.taken.length - before < wanted) {
        if (run.ended() !== undefined) throw new Error(`The province ended by itself: ${run.ended()} ${run.said()}`);
        if (Date.now() - began > torture.mostMs) throw new Error(`Not done after ${torture.mostMs} ms: ${run.said()}`);
        await sleep(5);
      }
      const isDone = run.isDone();
      await run.kill();
      if (isDone) break;
      kills += 1;
      tell(`kill ${kills}: ${standIn.taken.length} objects taken`);
    }
    return {
      kills,
      faults,
      wrongCertificates,
      seconds: (Date.now() - began) / 1000,
      ...(await compare(folder, standIn, torture)),
    };
  } finally {
    clearTimeout(back);
    await standIn.close();
    await rm(folder, { recursive: true, force: true });
  }
}

/** Holds what the recipient has against what was approved. */
async function compare(folder: string, standIn: StandIn, { incidents, updates }: Torture) {
  const { events, records } = await openEmbeddedStore({
    folder: join(folder, 'store'),
    log: { info: () => {}, warn: () => {}, error: () => {} },
    reserveBytes: 0,
    keepFreeBytes: 0,
  });
  const wrong: string[] = [];
  try {
    const latest = new Map(standIn.taken.map(({ id, text }) => [id, text]));
    const view = records.as(SYSTEM);
    let after: string | undefined;
    let count = 0;
    do {
      const page = await view.find('sharing', { limit: 200, ...(after === undefined ? {} : { after }) });
      for (const { id, document } of page.records) {
        count += 1;
        const states = document.versions.map(({ state }) => state);
        if (states.length !== updates || states.some((state) => state !== 'delivered'))
          wrong.push(`${id}: ${states.join(', ')}`);
        const body = await view.get('sharing-body', `${id}:${document.versions.at(-1)?.sha256}`);
        const bundle = JSON.parse(body?.document.body ?? '{"objects":[]}') as {
          objects: { id: string; modified?: string }[];
        };
        // What has no versions stays as it came first.
        for (const object of bundle.objects)
          if (object.modified !== undefined && latest.get(object.id) !== JSON.stringify(object))
            wrong.push(`${id}: ${object.id} is not as it was approved last`);
      }
      after = page.next ?? undefined;
    } while (after !== undefined);
    if (count !== incidents) wrong.push(`${count} incidents of ${incidents}`);
  } finally {
    await events.close();
    await records.close();
  }
  const versions = standIn.taken.filter(({ id }) => id.startsWith('incident--')).length;
  const { conflicts, disorder } = standIn;
  return { posts: standIn.posts(), versions, wanted: incidents * updates, conflicts, disorder, wrong };
}

function startRun(args: readonly string[]) {
  const child: ChildProcess = spawn(process.execPath, [CHILD, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let out = '';
  let err = '';
  let ended: string | undefined;
  child.stdout?.on('data', (piece: Buffer) => {
    out += piece.toString();
  });
  child.stderr?.on('data', (piece: Buffer) => {
    err = (err + piece.toString()).slice(-4_000);
  });
  const exited = new Promise<void>((done) => {
    child.once('exit', (code, signal) => {
      ended = `${code ?? signal}`;
      done();
    });
  });
  return {
    isDone: () => out.includes('all delivered'),
    ended: () => ended,
    said: () => err,
    async kill() {
      child.kill('SIGKILL');
      await exited;
    },
  };
}

/** Numbers from 0 to 1 that are the same for the same seed (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

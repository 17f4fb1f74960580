import { hash } from 'node:crypto';
import { join } from 'node:path';
import { listDays } from '../store/embedded/day-files.ts';
import { DayContents, listed } from './day-contents.ts';
import type { EvidenceKey } from './keys.ts';
import { formatList, type ListedBatch, type ListedDeadLetter, parseList } from './list.ts';
import {
  type DayManifest,
  evidenceFolder,
  listManifests,
  manifestHash,
  readList,
  readManifest,
  type SignedManifest,
  writeManifest,
} from './manifest.ts';

export interface SignOptions {
  readonly data: string;
  readonly key: EvidenceKey;
  readonly now: number;
  /** Full days that must have passed since a day's end before it is signed. */
  readonly closeAfterDays: number;
}

/** What a run signed, and where the chain ends now. */
export interface SignResult {
  readonly signed: readonly { readonly day: string; readonly kind: DayManifest['kind']; readonly events: number }[];
  readonly head: { readonly number: number; readonly hash: string } | undefined;
  /** Days that could not be signed. */
  readonly problems: readonly { readonly day: string; readonly reason: string }[];
}

const DAY_MS = 86_400_000;

/** What the manifests say of a day so far. */
interface Covered {
  lastSequence: number;
  readonly deadLetters: Set<string>;
}

/**
 * Signs each closed day that has no manifest yet, oldest first, and what came late to days that have one. Calling it again
 * is harmless.
 *
 * @throws Error where the chain itself is damaged: signing on would hide it.
 */
export function signClosedDays(options: SignOptions): SignResult {
  const { data, now, closeAfterDays } = options;
  const folder = evidenceFolder(data);
  const store = join(data, 'store');
  const { covered, last } = readChain(folder);
  let head = last;
  const signed: SignResult['signed'][number][] = [];
  const problems: SignResult['problems'][number][] = [];
  for (const day of listDays(store)) {
    if (!isClosed(day, now, closeAfterDays)) continue;
    try {
      const made = signDay(options, folder, store, day, covered.get(day), head);
      if (!made) continue;
      head = made;
      signed.push({ day, kind: made.manifest.kind, events: made.manifest.events });
    } catch (error) {
      problems.push({ day, reason: error instanceof Error ? error.message : String(error) });
    }
  }
  return { signed, problems, head: head && { number: head.manifest.number, hash: manifestHash(head.text) } };
}

/** Whether a day ended long enough ago that nothing more is expected for it. */
export function isClosed(day: string, now: number, closeAfterDays: number): boolean {
  const start = Date.parse(`${day.slice(0, 4)}-${day.slice(4, 6)}-${day.slice(6)}T00:00:00.000Z`);
  return start + (1 + closeAfterDays) * DAY_MS <= now;
}

function readChain(folder: string): { covered: Map<string, Covered>; last: SignedManifest | undefined } {
  const covered = new Map<string, Covered>();
  let last: SignedManifest | undefined;
  for (const name of listManifests(folder)) {
    const read = readManifest(folder, name);
    if (typeof read === 'string') {
      throw new Error(
        `The manifest ${name} cannot be read (${read}): run "haidang verify", and restore it from a backup.`,
      );
    }
    const { manifest } = read;
    const text = readList(folder, manifest);
    const list = text === undefined || hash('sha256', text) !== manifest.list ? undefined : parseList(text);
    if (!list) throw new Error(`The list beside ${name} is missing or changed: restore it from a backup.`);
    const entry = covered.get(manifest.day) ?? { lastSequence: 0, deadLetters: new Set<string>() };
    entry.lastSequence = Math.max(entry.lastSequence, manifest.lastSequence);
    for (const { stream, sequence } of list.deadLetters) entry.deadLetters.add(`${stream}-${sequence}`);
    covered.set(manifest.day, entry);
    last = read;
  }
  return { covered, last };
}

function signDay(
  { key, now }: SignOptions,
  folder: string,
  store: string,
  day: string,
  covered: Covered | undefined,
  last: SignedManifest | undefined,
): SignedManifest | undefined {
  const contents = DayContents.open(store, day);
  if (!contents) return undefined;
  try {
    const extent = contents.extent();
    if (covered && extent.lastSequence <= covered.lastSequence && extent.deadLetters <= covered.deadLetters.size) {
      return undefined;
    }
    const batches: ListedBatch[] = [];
    const agencies: Record<string, number> = {};
    let events = 0;
    for (const batch of contents.batches(covered?.lastSequence ?? 0)) {
      batches.push(listed(contents, batch, frameOf(contents, batch)));
      const count = batch.last - batch.first + 1;
      agencies[batch.agency] = (agencies[batch.agency] ?? 0) + count;
      events += count;
    }
    const deadLetters: ListedDeadLetter[] = [];
    for (const letter of contents.deadLetters()) {
      if (!covered?.deadLetters.has(`${letter.stream}-${letter.sequence}`)) deadLetters.push(letter);
    }
    const list = formatList({ batches, deadLetters });
    const manifest: DayManifest = {
      version: 1,
      number: (last?.manifest.number ?? 0) + 1,
      previous: last ? manifestHash(last.text) : null,
      kind: covered ? 'amendment' : 'day',
      day,
      signedAt: new Date(now).toISOString(),
      batches: batches.length,
      events,
      deadLetters: deadLetters.length,
      firstSequence: batches[0]?.first ?? 0,
      lastSequence: batches.at(-1)?.last ?? 0,
      agencies,
      list: hash('sha256', list),
      key: key.fingerprint,
    };
    return writeManifest(folder, key, manifest, list);
  } finally {
    contents.close();
  }
}

function frameOf(contents: DayContents, batch: Parameters<DayContents['frame']>[0]): ReturnType<DayContents['frame']> {
  try {
    return contents.frame(batch);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`batch ${batch.first} cannot be read: ${reason}`, { cause });
  }
}

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type AuditVerified, verifyAudit } from '../audit/verify-audit.ts';
import { readRestored } from '../backup/restored.ts';
import type { DeletionRecord } from '../retention/record.ts';
import { listDamaged, listDays } from '../store/embedded/day-files.ts';
import { dayFile } from '../store/embedded/layout.ts';
import { opsFile, tableOf } from '../store/embedded/ops-schema.ts';
import { DayContents } from './day-contents.ts';
import type { Finding } from './findings.ts';
import { HEAD_SETTING } from './head.ts';
import { publicKeyPath, readVerifier } from './keys.ts';
import { evidenceFolder } from './manifest.ts';
import { isClosed } from './sign-days.ts';
import { type Chain, type ChainHead, verifyChain } from './verify-chain.ts';
import { type CheckedDay, verifyDay } from './verify-day.ts';

export interface VerifyOptions {
  readonly data: string;
  /** This day alone, `YYYYMMDD`; the chain of manifests is checked as a whole all the same. */
  readonly day?: string | undefined;
  /** Path of a public key that was kept elsewhere; the one in the data folder unless given. */
  readonly key?: string | undefined;
  /** Where the audit log ended when somebody wrote it down. */
  readonly auditHead?: { readonly number: number; readonly hash: string } | undefined;
  readonly closeAfterDays: number;
  readonly now: number;
  readonly onProgress?: (progress: { readonly day: string; readonly events: number }) => void;
}

/** One day as `haidang verify` shows it. */
export interface VerifiedDay {
  readonly day: string;
  /** `signed`: a manifest covers it; `open`: not closed yet; `deleted`: by retention, with a record. */
  readonly state: 'signed' | 'open' | 'deleted' | 'broken';
  readonly batches: number;
  readonly events: number;
  readonly signedEvents: number;
}

export interface VerifyResult {
  readonly ok: boolean;
  readonly at: string;
  readonly manifests: number;
  /** Fingerprint of the key that the signatures were checked by; null where there is none yet. */
  readonly key: string | null;
  readonly days: readonly VerifiedDay[];
  readonly findings: readonly Finding[];
  /** The log of who did what, and what is wrong with it. */
  readonly audit: AuditVerified;
  /** What is no fault, and yet worth knowing. */
  readonly notes: readonly string[];
}

/** Nights that may pass between the end of a day's time and its signature. */
const GRACE_DAYS = 2;

/**
 * Proves that nothing in the store changed since it was signed, or names what did. Reads only, so that it may run beside
 * the server.
 */
export function verifyStore(options: VerifyOptions): VerifyResult {
  const { data, day: only, now } = options;
  const store = join(data, 'store');
  if (!existsSync(store)) throw new Error(`There is no store in ${data}; set HAIDANG_DATA or say --data DIR.`);
  const { head, deleted } = readRecords(store);
  const verifier = readVerifier(options.key ?? publicKeyPath(data));
  if (options.key !== undefined && !verifier) throw new Error(`There is no key ${options.key}.`);
  const chain = verifyChain(evidenceFolder(data), verifier, head);
  const findings: Finding[] = [...chain.findings];
  const days: VerifiedDay[] = [];
  const stretches: (readonly [number, number])[] = [];
  const upTo = lastSequence(store);
  const files = new Set(existsSync(join(store, 'events')) ? listDays(store) : []);
  const all = [...new Set([...files, ...chain.days.keys()])].sort().filter((day) => only === undefined || day === only);
  for (const day of all) {
    const before = findings.length;
    const lists = (chain.days.get(day) ?? []).flatMap(({ list }) => list ?? []);
    if (!existsSync(dayFile(store, day))) {
      // Read again: retention may have deleted it since the beginning.
      const onRecord = deleted.has(day) || readRecords(store).deleted.has(day);
      if (!onRecord) findings.push(goneDay(day, store, chain));
      for (const { batches } of lists) stretches.push(...batches.map(({ first, last }) => [first, last] as const));
      days.push({ day, state: onRecord ? 'deleted' : 'broken', batches: 0, events: 0, signedEvents: 0 });
      continue;
    }
    const checked = checkDay(options, store, day, lists);
    findings.push(...checked.findings);
    stretches.push(...checked.stretches);
    const signed = chain.days.has(day);
    if (!signed && isClosed(day, now, options.closeAfterDays + GRACE_DAYS)) findings.push(unsigned(day));
    const { batches, events, signedEvents } = checked;
    const state = findings.length > before ? 'broken' : signed ? 'signed' : 'open';
    days.push({ day, state, batches, events, signedEvents });
  }
  const someDeleted = [...deleted].some((day) => !chain.days.has(day));
  const { holes, notes } =
    only === undefined ? lookForHoles(data, stretches, upTo, someDeleted) : { holes: [], notes: [] };
  findings.push(...holes);
  const audit = verifyAudit({ data, verifier, expected: options.auditHead });
  return {
    ok: findings.length === 0 && audit.findings.length === 0,
    at: new Date(now).toISOString(),
    manifests: chain.manifests,
    key: verifier?.fingerprint ?? null,
    days,
    findings,
    audit,
    notes,
  };
}

function checkDay(
  { onProgress }: VerifyOptions,
  store: string,
  day: string,
  lists: Parameters<typeof verifyDay>[2],
): CheckedDay {
  let events = 0;
  try {
    return verifyDay(store, day, lists, (more) => {
      events += more;
      onProgress?.({ day, events });
    });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const finding: Finding = {
      kind: 'day-unreadable',
      day,
      message: `The file of day ${day} cannot be read: ${reason}.`,
    };
    return { day, batches: 0, events: 0, signedEvents: 0, findings: [finding], stretches: [] };
  }
}

function goneDay(day: string, store: string, chain: Chain): Finding {
  const aside = listDamaged(store).some((file) => file.day === day);
  const events = (chain.days.get(day) ?? []).reduce((sum, { manifest }) => sum + manifest.events, 0);
  const why = aside ? 'its file was damaged and moved aside' : 'its file is gone, and no deletion is on record';
  return {
    kind: 'day-missing',
    day,
    eventsTotal: events,
    message: `Day ${day} was signed with its events (${events}): ${why}.`,
  };
}

function unsigned(day: string): Finding {
  return { kind: 'manifest-missing', day, message: `Day ${day} is closed and has no manifest.` };
}

/**
 * The highest node sequence, before any day is looked into: the writer goes up one by one over all days, so that all
 * below it is in the files by then, whatever comes while they are read.
 */
function lastSequence(store: string): number {
  let last = 0;
  for (const day of existsSync(join(store, 'events')) ? listDays(store) : []) {
    try {
      const contents = DayContents.open(store, day);
      last = Math.max(last, contents?.extent().lastSequence ?? 0);
      contents?.close();
    } catch {
      // Named when its turn comes.
    }
  }
  return last;
}

/** Node sequences are given without holes: one that no batch has shows a batch that is gone. */
function lookForHoles(
  data: string,
  stretches: (readonly [number, number])[],
  upTo: number,
  someDeleted: boolean,
): { holes: Finding[]; notes: string[] } {
  const restored = readRestored(data);
  const sorted = stretches.sort((a, b) => a[0] - b[0]);
  const holes: Finding[] = [];
  const notes: string[] = [];
  let end = 0;
  for (const [first, last] of sorted) {
    if (first > upTo) break;
    if (first > end + 1) {
      const what = `The sequences ${end + 1} to ${first - 1} belong to no batch`;
      if (restored && end < restored.lastSequence) notes.push(`${what}: days of a backup end at different moments.`);
      else if (someDeleted) notes.push(`${what}: retention deleted days that were not signed.`);
      else
        holes.push({
          kind: 'sequence-hole',
          day: null,
          eventsTotal: first - end - 1,
          message: `${what}: their events are gone.`,
        });
    }
    end = Math.max(end, last);
  }
  return { holes, notes };
}

function readRecords(store: string): { head: ChainHead | undefined; deleted: ReadonlySet<string> } {
  const db = new DatabaseSync(opsFile(store), { readOnly: true, timeout: 5_000 });
  try {
    const documents = (kind: 'setting' | 'deletion', where: string) => {
      const known = db.prepare('SELECT 1 FROM sqlite_master WHERE name = ?').get(tableOf(kind).replaceAll('"', ''));
      return known ? db.prepare(`SELECT document FROM ${tableOf(kind)} ${where}`).all() : [];
    };
    const setting = documents('setting', `WHERE id = '${HEAD_SETTING}'`)[0]?.['document'];
    const head = setting === undefined ? undefined : (JSON.parse(String(setting)) as { value: ChainHead }).value;
    const deletions = documents('deletion', '').map((row) => JSON.parse(String(row['document'])) as DeletionRecord);
    // A day that a backup brought back must be there again.
    const over = deletions.filter(({ state }) => state !== 'returned');
    return { head, deleted: new Set(over.map(({ day }) => day)) };
  } finally {
    db.close();
  }
}

import { randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Act, Audit } from '../accounts/audit.ts';
import { HaidangError } from '../errors.ts';
import { openEvidenceKey } from '../evidence/keys.ts';
import { SYSTEM } from '../identity.ts';
import type { Log } from '../log.ts';
import type { RecordStore } from '../store/record-store.ts';
import { openAuditChain } from './chain.ts';
import { auditFolder } from './files.ts';
import { bounded, type SealedLine } from './line.ts';

/** The audit trail as a running server keeps it. */
export interface AuditLog extends Audit {
  /** Waits until the records hold what the chain holds, and closes. */
  close(): Promise<void>;
}

export interface AuditLogOptions {
  readonly data: string;
  readonly records: RecordStore;
  /** Name of this server where several share a store: each has a chain of its own. */
  readonly node?: string | undefined;
  readonly log: Log;
  readonly now?: () => number;
}

/** Id of the setting that tells how far the records follow a chain: what is cut off its end shows by it. */
export function headSetting(node: string): string {
  return `audit-head:${node}`;
}

/** The node of a server that is alone. */
export const ALONE = 'alone';

const RELAY_AT_ONCE = 100;
const RETRY_MS = 1_000;
/** An act is in the chain by then; where the records are slow, they follow. */
const WAIT_FOR_RECORDS_MS = 2_000;

/**
 * Opens the audit log: acts go to a signed chain of files in `<data>/audit` first, and from there into the records, where
 * they are looked at. Each has an id, so that after a crash the relay goes on from where it stood and writes nothing twice.
 */
export async function openAuditLog(options: AuditLogOptions): Promise<AuditLog> {
  const { data, records, node = ALONE, log, now = Date.now } = options;
  const view = records.as(SYSTEM);
  // A data folder whose server never ran has none yet.
  await mkdir(join(data, 'authority'), { recursive: true, mode: 0o700 });
  const key = await openEvidenceKey(join(data, 'authority'));
  const chain = await openAuditChain(auditFolder(data), key);
  const waiting = new Set<{ readonly number: number; done(): void }>();
  const underWay = new Map<string, Promise<void>>();
  let relayed = 0;
  let relaying: Promise<void> | undefined;
  let closing = false;

  async function add({ actor, act, target, detail = {}, id }: Act): Promise<SealedLine> {
    const at = new Date(now()).toISOString();
    const name = id ?? `${at}-${randomBytes(6).toString('hex')}`;
    const line = { id: name.slice(0, 200), at, actor: actor.slice(0, 300), act, target: target.slice(0, 1_000) };
    const sealed = await chain.append({ ...line, detail: bounded(detail) });
    wake();
    return sealed;
  }

  function wake(): void {
    relaying ??= relay().finally(() => {
      relaying = undefined;
      if (!closing && relayed < chain.head().number) wake();
    });
  }

  async function relay(): Promise<void> {
    while (relayed < chain.head().number) {
      try {
        for (const { line, hash } of chain.after(relayed, RELAY_AT_ONCE)) {
          const { number, previous: _, id, ...rest } = line;
          await view.create('audit', id, { ...rest, chain: node, number, hash }).catch(ignoreExisting);
          relayed = number;
        }
        await noteHead();
        for (const one of waiting) if (one.number <= relayed) one.done();
      } catch (err) {
        if (closing) return;
        log.warn({ err }, 'Acts are in the audit log and not yet among the records; it is tried again.');
        await sleep(RETRY_MS);
      }
    }
  }

  async function noteHead(): Promise<void> {
    const [at] = chain.after(relayed - 1, 1);
    if (!at) return;
    const value = { number: at.line.number, hash: at.hash };
    const present = await view.get('setting', headSetting(node));
    if (present) await view.replace('setting', headSetting(node), { value }, present.version);
    else await view.create('setting', headSetting(node), { value });
  }

  async function write(act: Act): Promise<void> {
    const { line } = await add(act);
    await inRecords(line.number);
  }

  async function once(id: string, act: Act): Promise<void> {
    if (!(await view.get('audit', id))) await write(act);
  }

  async function inRecords(number: number): Promise<void> {
    if (relayed >= number) return;
    let entry: { readonly number: number; done(): void } | undefined;
    const done = new Promise<void>((resolve) => {
      entry = { number, done: resolve };
      waiting.add(entry);
    });
    const stop = new AbortController();
    await Promise.race([done, sleep(WAIT_FOR_RECORDS_MS, undefined, { signal: stop.signal }).catch(() => undefined)]);
    stop.abort();
    if (entry) waiting.delete(entry);
  }

  const noted = (await view.get('setting', headSetting(node)))?.document.value as
    | { readonly number: number; readonly hash: string }
    | undefined;
  relayed = Math.min(noted?.number ?? 0, chain.head().number);
  const there = noted && chain.after(noted.number - 1, 1)[0];
  if (noted && there?.hash !== noted.hash) {
    log.error({ noted, found: chain.head() }, 'The audit log is not the one that was written; run "haidang verify".');
    // Sealed into the chain: what comes after it does not cover it up.
    await add({ actor: 'system', act: 'audit.broken', target: node, detail: { expected: noted, found: chain.head() } });
  } else if (chain.head().number === 0) {
    const before = await view.count('audit');
    await add({ actor: 'system', act: 'audit.begin', target: node, detail: { key: key.fingerprint, before } });
  }
  if (chain.cut > 0) await add({ actor: 'system', act: 'audit.cut', target: node, detail: { bytes: chain.cut } });
  wake();

  return {
    async record(act) {
      const { id } = act;
      if (id === undefined) return write(act);
      const other = underWay.get(id);
      if (other) return other;
      const mine = once(id, act).finally(() => underWay.delete(id));
      underWay.set(id, mine);
      await mine;
    },
    async note(act) {
      await add(act);
    },
    async close() {
      await inRecords(chain.head().number);
      closing = true;
      await relaying;
      await chain.close();
    },
  };
}

function ignoreExisting(error: unknown): void {
  if (!(error instanceof HaidangError && error.code === 'HD_RECORD_EXISTS')) throw error;
}

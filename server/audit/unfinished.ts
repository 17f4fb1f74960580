import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Audit } from '../accounts/audit.ts';
import { auditFolder } from './files.ts';

/** A change that somebody asked for. */
export interface Begun {
  readonly actor: string;
  /** Method and path. */
  readonly target: string;
}

/** Changes that are under way, on disk: one that a crash cut off is known after it. */
export interface UnfinishedChanges {
  /** Durable when it returns; the answer says that the change has its end. */
  begin(change: Begun): Promise<() => void>;
  close(): Promise<void>;
}

const CLEAN_AT_BYTES = 64 * 1024;
const FILE = 'under-way';

/**
 * Opens the list, and hands what the last run left unfinished to the audit log: whether such a change took place cannot be
 * said, but that it was asked for, and by whom, is on record. Each has an id, so that handing it over twice records it once.
 */
export async function openUnfinished(data: string, audit: Audit): Promise<UnfinishedChanges> {
  mkdirSync(auditFolder(data), { recursive: true, mode: 0o700 });
  const path = join(auditFolder(data), FILE);
  for (const [id, { at, actor, target }] of await left(path)) {
    await audit.record({ id: `unfinished-${id}`, actor, act: 'request.unfinished', target, detail: { askedAt: at } });
  }
  const file = await open(path, 'a', 0o600);
  await file.truncate(0);
  const underWay = new Set<string>();
  let size = 0;
  let turn: Promise<unknown> = Promise.resolve();

  /** One after the other, so that the file is never cut while somebody's begin is on its way into it. */
  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const next = turn.then(work, work);
    turn = next.catch(() => undefined);
    return next;
  }

  async function add(entry: object): Promise<void> {
    const text = `${JSON.stringify(entry)}\n`;
    await file.appendFile(text);
    size += Buffer.byteLength(text);
  }

  return {
    async begin({ actor, target }) {
      const id = randomBytes(9).toString('hex');
      underWay.add(id);
      await inTurn(async () => {
        await add({ begin: id, at: new Date().toISOString(), actor, target: target.slice(0, 1_000) });
        await file.datasync();
      }).catch((error: unknown) => {
        underWay.delete(id);
        throw error;
      });
      return () => {
        if (!underWay.delete(id)) return;
        void inTurn(async () => {
          if (underWay.size > 0 || size < CLEAN_AT_BYTES) return add({ end: id });
          await file.truncate(0);
          size = 0;
        }).catch(() => undefined);
      };
    },
    async close() {
      await turn;
      await file.close();
    },
  };
}

interface Left {
  readonly at: string;
  readonly actor: string;
  readonly target: string;
}

async function left(path: string): Promise<Map<string, Left>> {
  const begun = new Map<string, Left>();
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '';
    throw error;
  });
  for (const line of text.split('\n')) {
    try {
      const entry = JSON.parse(line) as { begin?: string; end?: string } & Left;
      if (typeof entry.begin === 'string') begun.set(entry.begin, entry);
      else if (typeof entry.end === 'string') begun.delete(entry.end);
    } catch {
      // A line that a crash cut: it was never confirmed, so that its change never began.
    }
  }
  return begun;
}

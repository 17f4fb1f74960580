import { createHash } from 'node:crypto';
import { mkdirSync, rmSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Tlp } from '../incidents/record.ts';
import { TLP_ORDER } from '../sharing/settings.ts';
import { inTransaction } from '../store/embedded/in-transaction.ts';
import { Statements } from '../taxii/statements.ts';
import type { ReadIndicator, ReadMessage, ReadObject } from './read-object.ts';
import { FIRST_SWEEP, resumed, type Sweep } from './sweep.ts';
import type { ListState, WaitingMessage } from './thread-calls.ts';

/** Version of the layout of `inbound.db`. */
const LAYOUT = 1;
/** What one source can have us keep. */
const MOST_INDICATORS = 1_000_000;
const MOST_MESSAGES = 20_000;
const FLUSH = 1 << 18;
/** In place of a digest while a list is brought in. */
const UNSURE = '?';

/** What was read from sources, and how far: one file, so that a page and the place after it are written together. */
export class InboundDb {
  readonly #db: DatabaseSync;
  readonly #statements: Statements;
  readonly #data: string;
  readonly #counts = new Map<string, number>();
  /** Sources whose place was written since the start. */
  readonly #placed = new Set<string>();

  /** Opens, or makes, `store/inbound.db` of a data folder. */
  constructor(data: string) {
    this.#data = data;
    const folder = join(data, 'store');
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    this.#db = new DatabaseSync(join(folder, 'inbound.db'), { timeout: 30_000 });
    this.#db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;');
    const version = Number(this.#db.prepare('PRAGMA user_version').get()?.['user_version'] ?? 0);
    if (version > LAYOUT)
      throw new Error(`inbound.db has layout ${version}, newer than ${LAYOUT}; use a newer program.`);
    this.#db.exec(TABLES);
    this.#db.exec(`PRAGMA user_version = ${LAYOUT}`);
    this.#statements = new Statements(this.#db);
  }

  /** How far a collection was read; another collection of the same source begins anew. */
  sweep(source: string, address: string): Sweep {
    const row = this.#statements.of('SELECT address, sweep FROM source WHERE id = ?').get(source);
    if (!row || row['address'] !== address) return FIRST_SWEEP;
    const sweep: Sweep = { ...FIRST_SWEEP, ...(JSON.parse(String(row['sweep'])) as Partial<Sweep>) };
    // The end may have come between an answer and its writing.
    return this.#placed.has(source) ? sweep : resumed(sweep);
  }

  /** Writes a page and the place after it; gives how many objects were new, and whether some found no room. */
  keep(
    source: string,
    address: string,
    objects: readonly ReadObject[],
    sweep: Sweep,
  ): { fresh: number; isFull: boolean } {
    return inTransaction(this.#db, () => {
      let [fresh, isFull] = [0, false];
      for (const object of objects) {
        const outcome = this.#put(source, object);
        if (outcome === 'new') fresh += 1;
        if (outcome === 'full') isFull = true;
      }
      this.#statements
        .of('INSERT OR REPLACE INTO source (id, address, sweep) VALUES (?, ?, ?)')
        .run(source, address, JSON.stringify(sweep));
      this.#placed.add(source);
      return { fresh, isFull };
    });
  }

  #put(source: string, { id, version, versionText, tlp, isRevoked, body }: ReadObject): 'new' | 'known' | 'full' {
    const known = this.#statements.of('SELECT version FROM object WHERE source = ? AND id = ?').get(source, id);
    if (known && Number(known['version']) >= version) return 'known';
    const kind = body.kind === 'indicator' ? 'indicator' : 'message';
    if (!known && !this.#hasRoom(source, kind)) return 'full';
    const expires = body.kind === 'indicator' ? body.expires : 0;
    this.#statements
      .of(
        `INSERT OR REPLACE INTO object (source, id, version, version_text, kind, tlp, revoked, expires, waiting, document)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      )
      .run(
        ...[source, id, version, versionText, kind, tlp, isRevoked ? 1 : 0, expires, kind === 'message' ? 1 : 0],
        JSON.stringify(body),
      );
    return 'new';
  }

  #hasRoom(source: string, kind: 'indicator' | 'message'): boolean {
    const key = `${source} ${kind}`;
    const count =
      this.#counts.get(key) ??
      Number(
        this.#statements.of('SELECT count(*) AS n FROM object WHERE source = ? AND kind = ?').get(source, kind)?.['n'],
      );
    const room = count < (kind === 'indicator' ? MOST_INDICATORS : MOST_MESSAGES);
    this.#counts.set(key, room ? count + 1 : count);
    return room;
  }

  /** Messages that are not on their incidents yet, oldest first. */
  waiting(source: string, limit: number): readonly WaitingMessage[] {
    return this.#statements
      .of(
        `SELECT id, version, version_text, tlp, revoked, document FROM object INDEXED BY object_waiting
         WHERE source = ? AND waiting = 1 ORDER BY version, id LIMIT ?`,
      )
      .all(source, limit)
      .map((row) => ({
        source,
        object: String(row['id']),
        version: Number(row['version']),
        versionText: String(row['version_text']),
        tlp: String(row['tlp']) as Tlp,
        isRevoked: row['revoked'] === 1,
        message: JSON.parse(String(row['document'])) as ReadMessage,
      }));
  }

  /** Says that a message in this version is where it belongs; a later one that came meanwhile still waits. */
  relayed(source: string, object: string, version: number): void {
    this.#statements
      .of('UPDATE object SET waiting = 0 WHERE source = ? AND id = ? AND version = ?')
      .run(source, object, version);
  }

  /** The lists of a source as they should be now; files are written into the folder of things that come in. */
  async lists(source: string, now: number): Promise<readonly ListState[]> {
    const states: ListState[] = [];
    for (const tlp of TLP_ORDER) {
      const before = this.#statements.of('SELECT digest FROM list WHERE source = ? AND tlp = ?').get(source, tlp);
      const known = String(before?.['digest'] ?? '');
      const path = join(this.#data, 'incoming', `inbound-${source}-${tlp}-${process.pid}.csv`);
      const { digest, count } = await this.#write(source, tlp, now, path);
      const isNew = digest !== known;
      if (!isNew || count === 0) rmSync(path, { force: true });
      // Should the end come before `imported`, nobody knows which of the two is in force: it is put there anew then.
      if (isNew) this.imported(source, tlp, UNSURE);
      if (isNew || count > 0) states.push({ tlp, digest, count, path: isNew && count > 0 ? path : null, isNew });
    }
    return states;
  }

  async #write(source: string, tlp: Tlp, now: number, path: string): Promise<{ digest: string; count: number }> {
    mkdirSync(join(this.#data, 'incoming'), { recursive: true, mode: 0o700 });
    const sum = createHash('sha256');
    const file = await open(path, 'w', 0o600);
    let [text, count] = ['value,type,expires,confidence\n', 0];
    try {
      const rows = this.#db
        .prepare(
          `SELECT document FROM object INDEXED BY object_list WHERE source = ? AND kind = 'indicator' AND tlp = ?
           AND revoked = 0 AND (expires = 0 OR expires > ?) ORDER BY id`,
        )
        .iterate(source, tlp, now);
      for (const row of rows) {
        const { values, expires, confidence } = JSON.parse(String(row['document'])) as ReadIndicator;
        const until = expires === 0 ? '' : new Date(expires * 1_000).toISOString();
        for (const { type, value } of values) {
          const line = `"${value.replaceAll('"', '""')}",${type},${until},${confidence}\n`;
          sum.update(line);
          text += line;
          count += 1;
        }
        if (text.length < FLUSH) continue;
        await file.write(text);
        text = '';
      }
      await file.write(text);
    } finally {
      await file.close();
    }
    return { digest: count === 0 ? '' : sum.digest('hex'), count };
  }

  /** Says that a list is in force as it was written. */
  imported(source: string, tlp: Tlp, digest: string): void {
    this.#statements.of('INSERT OR REPLACE INTO list (source, tlp, digest) VALUES (?, ?, ?)').run(source, tlp, digest);
  }

  close(): void {
    this.#db.close();
  }
}

const TABLES = `
  CREATE TABLE IF NOT EXISTS source (id TEXT PRIMARY KEY, address TEXT NOT NULL, sweep TEXT NOT NULL);
  CREATE TABLE IF NOT EXISTS list (source TEXT NOT NULL, tlp TEXT NOT NULL, digest TEXT NOT NULL, PRIMARY KEY (source, tlp));
  CREATE TABLE IF NOT EXISTS object (
    source TEXT NOT NULL, id TEXT NOT NULL, version INTEGER NOT NULL, version_text TEXT NOT NULL, kind TEXT NOT NULL,
    tlp TEXT NOT NULL, revoked INTEGER NOT NULL, expires INTEGER NOT NULL, waiting INTEGER NOT NULL,
    document TEXT NOT NULL, PRIMARY KEY (source, id));
  CREATE INDEX IF NOT EXISTS object_waiting ON object (source, version, id) WHERE waiting = 1;
  CREATE INDEX IF NOT EXISTS object_list ON object (source, kind, tlp, id);
`;

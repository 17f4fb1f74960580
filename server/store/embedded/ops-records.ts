import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite';
import { HaidangError } from '../../errors.ts';
import { RECORD_INDEXES } from '../record-kinds.ts';
import type { RecordFilter, RecordKind, RecordPage, Versioned } from '../record-store.ts';
import { columnOf, tableOf } from './ops-schema.ts';
import type { Scope } from './read-calls.ts';

/** A record whose document this side does not look into. */
export type AnyRecord = Versioned<Readonly<Record<string, unknown>>>;

/** One replacement, as `RecordView.replaceMany` takes it. */
export interface Replacement {
  readonly id: string;
  readonly document: Readonly<Record<string, unknown>>;
  readonly ifVersion: number;
}

const MOST_RECORDS = 1_000;
const COLUMNS = 'id, version, change, document';

/** Reads and writes records of `ops.db` within a scope. Callers hold the transaction. */
export class OpsRecords {
  readonly #db: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();

  constructor(db: DatabaseSync) {
    this.#db = db;
  }

  /** Prepares a statement once; their number is bounded by kinds, fields and filter sizes. */
  statement(sql: string): StatementSync {
    const known = this.#statements.get(sql);
    if (known) return known;
    if (this.#statements.size > 500) this.#statements.clear();
    const fresh = this.#db.prepare(sql);
    this.#statements.set(sql, fresh);
    return fresh;
  }

  get(kind: RecordKind, id: string, scope: Scope): AnyRecord | undefined {
    const row = this.statement(`SELECT ${COLUMNS} FROM ${tableOf(kind)} WHERE id = ?`).get(id);
    const record = row && readRecord(row);
    return record && sees(kind, record.document, scope) ? record : undefined;
  }

  find(kind: RecordKind, filter: RecordFilter, scope: Scope): RecordPage<Readonly<Record<string, unknown>>> {
    const { conditions, values } = this.#where(kind, filter.where, scope);
    const limit = Math.max(1, Math.min(MOST_RECORDS, Math.floor(filter.limit ?? 100)));
    const descending = filter.orderBy?.descending === true;
    const order = filter.orderBy ? columnOf(indexed(kind, filter.orderBy.field)) : 'id';
    if (filter.after !== undefined) {
      const place = readPlace(filter.after);
      conditions.push(placeCondition(order, descending, place.value === null));
      values.push(...(order === 'id' ? [place.id] : placeValues(place)));
    }
    const direction = descending ? 'DESC' : 'ASC';
    const by = order === 'id' ? `id ${direction}` : `${order} ${direction}, id ${direction}`;
    const where = conditions.length > 0 ? `WHERE ${conditions.map((one) => `(${one})`).join(' AND ')}` : '';
    const sql = `SELECT ${COLUMNS}, ${order} AS place FROM ${tableOf(kind)} ${where} ORDER BY ${by} LIMIT ?`;
    const rows = this.statement(sql).all(...values, limit + 1);
    const last = rows.length > limit ? rows[limit - 1] : undefined;
    const next = last ? JSON.stringify([last['place'], last['id']]) : null;
    return { records: rows.slice(0, limit).map(readRecord), next };
  }

  count(kind: RecordKind, where: RecordFilter['where'], scope: Scope): number {
    const { conditions, values } = this.#where(kind, where, scope);
    const clause = conditions.length > 0 ? `WHERE ${conditions.map((one) => `(${one})`).join(' AND ')}` : '';
    return Number(this.statement(`SELECT count(*) AS n FROM ${tableOf(kind)} ${clause}`).get(...values)?.['n']);
  }

  changesSince(kind: RecordKind, change: number, limit: number, scope: Scope): AnyRecord[] {
    const { conditions, values } = this.#where(kind, undefined, scope);
    const where = ['change > ?', ...conditions].map((one) => `(${one})`).join(' AND ');
    const most = Math.max(1, Math.min(MOST_RECORDS, Math.floor(limit)));
    const sql = `SELECT ${COLUMNS} FROM ${tableOf(kind)} WHERE ${where} ORDER BY change LIMIT ?`;
    return this.statement(sql)
      .all(change, ...values, most)
      .map(readRecord);
  }

  create(kind: RecordKind, id: string, document: AnyRecord['document'], scope: Scope): AnyRecord {
    assertMayWrite(kind, document, scope);
    if (this.statement(`SELECT 1 FROM ${tableOf(kind)} WHERE id = ?`).get(id)) {
      throw new HaidangError('HD_RECORD_EXISTS', `There is a record "${id}" of kind ${kind} already.`);
    }
    return this.write(kind, id, 1, document);
  }

  replace(kind: RecordKind, { id, document, ifVersion }: Replacement, scope: Scope): AnyRecord {
    const present = this.get(kind, id, scope);
    if (!present) throw new HaidangError('HD_RECORD_ABSENT', `There is no record "${id}" of kind ${kind}.`);
    if (present.version !== ifVersion) {
      const detail = `The record "${id}" of kind ${kind} is at version ${present.version}, not ${ifVersion}.`;
      throw new HaidangError('HD_RECORD_CONFLICT', detail);
    }
    assertMayWrite(kind, document, scope);
    return this.write(kind, id, ifVersion + 1, document);
  }

  remove(kind: RecordKind, id: string, scope: Scope): void {
    if (!this.get(kind, id, scope)) return;
    this.statement(`DELETE FROM ${tableOf(kind)} WHERE id = ?`).run(id);
  }

  /** Writes a record whatever is there, with the next change number. */
  write(kind: RecordKind, id: string, version: number, document: AnyRecord['document']): AnyRecord {
    const change = this.#nextChange();
    const fields = RECORD_INDEXES[kind];
    const columns = ['id', 'version', 'change', 'document', ...fields.map(columnOf)].join(', ');
    const marks = new Array(4 + fields.length).fill('?').join(', ');
    const values = fields.map((field) => columnValue(document[field]));
    const sql = `INSERT OR REPLACE INTO ${tableOf(kind)} (${columns}) VALUES (${marks})`;
    this.statement(sql).run(id, version, change, JSON.stringify(document), ...values);
    return { id, version, change, document };
  }

  lastChange(): number {
    return Number(this.statement("SELECT value FROM counter WHERE name = 'change'").get()?.['value']);
  }

  #nextChange(): number {
    const sql = "UPDATE counter SET value = value + 1 WHERE name = 'change' RETURNING value";
    return Number(this.statement(sql).get()?.['value']);
  }

  #where(
    kind: RecordKind,
    where: RecordFilter['where'],
    scope: Scope,
  ): { conditions: string[]; values: SQLInputValue[] } {
    const conditions: string[] = [];
    const values: SQLInputValue[] = [];
    for (const [field, allowed] of Object.entries(where ?? {})) {
      const column = columnOf(indexed(kind, field));
      conditions.push(`${column} IN (SELECT value FROM json_each(?))`);
      values.push(JSON.stringify(allowed));
    }
    if (scope === 'all') return { conditions, values };
    if (!hasAgency(kind)) return { conditions: ['0'], values: [] };
    conditions.push(`${columnOf('agency')} IN (SELECT value FROM json_each(?))`);
    values.push(JSON.stringify(scope));
    return { conditions, values };
  }
}

function hasAgency(kind: RecordKind): boolean {
  return RECORD_INDEXES[kind].includes('agency');
}

function sees(kind: RecordKind, document: AnyRecord['document'], scope: Scope): boolean {
  if (scope === 'all') return true;
  return hasAgency(kind) && scope.includes(document['agency'] as never);
}

function assertMayWrite(kind: RecordKind, document: AnyRecord['document'], scope: Scope): void {
  if (sees(kind, document, scope)) return;
  throw new HaidangError('HD_FORBIDDEN', `This identity may not write records of kind ${kind} of this agency.`);
}

function indexed(kind: RecordKind, field: string): string {
  if (RECORD_INDEXES[kind].includes(field)) return field;
  throw new HaidangError('HD_BAD_REQUEST', `Records of kind ${kind} cannot be filtered or sorted by "${field}".`);
}

function columnValue(value: unknown): SQLInputValue {
  if (value === undefined || value === null) return null;
  if (typeof value === 'string' || typeof value === 'number') return value;
  return typeof value === 'boolean' ? Number(value) : JSON.stringify(value);
}

function readRecord(row: Readonly<Record<string, unknown>>): AnyRecord {
  return {
    id: String(row['id']),
    version: Number(row['version']),
    change: Number(row['change']),
    document: JSON.parse(String(row['document'])) as AnyRecord['document'],
  };
}

interface Place {
  readonly value: string | number | null;
  readonly id: string;
}

function readPlace(text: string): Place {
  try {
    const [value, id] = JSON.parse(text) as [Place['value'], string];
    const valid = value === null || typeof value === 'string' || typeof value === 'number';
    if (valid && typeof id === 'string') return { value, id };
  } catch {
    // Said below.
  }
  throw new HaidangError('HD_BAD_REQUEST', 'The place to go on from is not one that a page gave; start anew.');
}

/** What comes after a place; SQLite sorts NULL before everything. */
function placeCondition(order: string, descending: boolean, atNull: boolean): string {
  const after = descending ? '<' : '>';
  if (order === 'id') return `id ${after} ?`;
  if (atNull) return descending ? `${order} IS NULL AND id < ?` : `${order} IS NOT NULL OR id > ?`;
  const rest = `${order} ${after} ? OR (${order} = ? AND id ${after} ?)`;
  return descending ? `${rest} OR ${order} IS NULL` : rest;
}

function placeValues({ value, id }: Place): SQLInputValue[] {
  return value === null ? [id] : [value, value, id];
}

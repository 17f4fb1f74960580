import { hash } from 'node:crypto';
import { type Static, Type } from 'typebox';
import { Compile } from 'typebox/compile';

/**
 * One act as the chain holds it: a line of JSON, whose SHA-256 the next line names as `previous`, then a tab and, on the
 * last line of what was written at once, the Ed25519 signature of the JSON in base64 (RFC 8032).
 */
export const AuditLine = Type.Object({
  /** Place in the chain, from 1 and without holes. */
  number: Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER }),
  /** Hash of the line before; null in the first. */
  previous: Type.Union([Type.String({ pattern: '^[0-9a-f]{64}$' }), Type.Null()]),
  id: Type.String({ maxLength: 200 }),
  at: Type.String({ maxLength: 40 }),
  actor: Type.String({ maxLength: 300 }),
  act: Type.String({ maxLength: 100 }),
  target: Type.String({ maxLength: 1_000 }),
  detail: Type.Record(Type.String(), Type.Unknown()),
});
export type AuditLine = Static<typeof AuditLine>;

/** A line with what it hashes to. */
export interface SealedLine {
  readonly line: AuditLine;
  readonly hash: string;
  readonly text: string;
  readonly signature: string | undefined;
}

const check = Compile(AuditLine);
const MOST_DETAIL = 8_192;

/** The SHA-256 of a line's JSON, lower-case hexadecimal. */
export function lineHash(text: string): string {
  return hash('sha256', text);
}

/** Reads one line; undefined where it is none of ours. */
export function parseLine(written: string): SealedLine | undefined {
  const [text = '', signature] = written.split('\t');
  try {
    const line: unknown = JSON.parse(text);
    if (!check.Check(line)) return undefined;
    return { line, text, hash: lineHash(text), signature: signature === '' ? undefined : signature };
  } catch {
    return undefined;
  }
}

/** Cuts what a person typed to what a line may hold; what was cut shows as such. */
export function bounded(detail: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const text = JSON.stringify(detail);
  if (text.length <= MOST_DETAIL) return JSON.parse(text) as Record<string, unknown>;
  return { cut: text.slice(0, MOST_DETAIL), sha256: lineHash(text) };
}

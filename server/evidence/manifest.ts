import { hash } from 'node:crypto';
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { type Static, Type } from 'typebox';
import { Compile } from 'typebox/compile';
import type { EvidenceKey } from './keys.ts';

const Count = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });
const Hash = Type.String({ pattern: '^[0-9a-f]{64}$' });

/**
 * What is signed of a closed day: one link of a chain. `list` is the SHA-256 of the file beside it, which has a line with
 * its own hash for each batch and dead letter (`list.ts`). `docs/backup.md` tells what each hash covers.
 */
export const DayManifest = Type.Object({
  version: Type.Literal(1),
  /** Place in the chain, from 1. */
  number: Type.Integer({ minimum: 1, maximum: 99_999_999 }),
  /** SHA-256 of the manifest before; null in the first. */
  previous: Type.Union([Hash, Type.Null()]),
  /** `amendment`: what came to a day after it was signed. */
  kind: Type.Enum(['day', 'amendment']),
  day: Type.String({ pattern: '^\\d{8}$' }),
  signedAt: Type.String({ maxLength: 40 }),
  batches: Count,
  events: Count,
  deadLetters: Count,
  /** Node sequences of the batches in the list; 0 where it has none. */
  firstSequence: Count,
  lastSequence: Count,
  /** Events by agency. */
  agencies: Type.Record(Type.String({ maxLength: 64 }), Count),
  list: Hash,
  /** Fingerprint of the key that signs. */
  key: Hash,
});
export type DayManifest = Static<typeof DayManifest>;

/** A manifest as its file holds it. */
export interface SignedManifest {
  readonly name: string;
  /** The signed text, byte for byte. */
  readonly text: string;
  readonly signature: string;
  readonly manifest: DayManifest;
}

const check = Compile(DayManifest);
const NAME = /^(\d{8})-(\d{8})\.json$/;

/** Folder of the manifests within the data folder. */
export function evidenceFolder(data: string): string {
  return join(data, 'evidence');
}

/** SHA-256 of a manifest's text: what the next one names as `previous`. */
export function manifestHash(text: string): string {
  return hash('sha256', text);
}

/** Name of a manifest's file without its ending; the list beside it has the same. */
export function nameOf({ number, day }: Pick<DayManifest, 'number' | 'day'>): string {
  return `${String(number).padStart(8, '0')}-${day}`;
}

/** Files that look like manifests, in order of the chain. */
export function listManifests(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => NAME.test(name))
    .sort();
}

/** Reads a manifest's file without checking its signature. Gives a sentence where it is not readable. */
export function readManifest(folder: string, name: string): SignedManifest | string {
  try {
    const [text = '', signature = ''] = readFileSync(join(folder, name), 'utf8').split('\n');
    const manifest: unknown = JSON.parse(text);
    if (!check.Check(manifest)) return 'it is no manifest of this version';
    if (`${nameOf(manifest)}.json` !== name) return `it is the manifest ${manifest.number} of day ${manifest.day}`;
    return { name, text, signature, manifest };
  } catch (error) {
    return error instanceof SyntaxError ? 'it is not JSON' : String(error);
  }
}

/** Reads the list of a manifest; undefined where it is missing. */
export function readList(folder: string, manifest: DayManifest): string | undefined {
  const path = join(folder, `${nameOf(manifest)}.list`);
  return existsSync(path) ? readFileSync(path, 'utf8') : undefined;
}

/** Signs a manifest and puts it in place, list first; durable when it returns. */
export function writeManifest(folder: string, key: EvidenceKey, manifest: DayManifest, list: string): SignedManifest {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const text = JSON.stringify(manifest);
  const signature = key.sign(text);
  const name = nameOf(manifest);
  putWhole(folder, `${name}.list`, list);
  putWhole(folder, `${name}.json`, `${text}\n${signature}\n`);
  return { name: `${name}.json`, text, signature, manifest };
}

function putWhole(folder: string, name: string, text: string): void {
  const part = join(folder, `${name}.part`);
  writeFileSync(part, text, { mode: 0o600 });
  sync(part);
  renameSync(part, join(folder, name));
  sync(folder);
}

function sync(path: string): void {
  const handle = openSync(path, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

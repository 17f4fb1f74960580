import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Static, Type } from 'typebox';
import { Compile } from 'typebox/compile';
import { RESTORED_FILE, RESTORING } from './data-files.ts';

/** Where a restored data folder came from, and from which moment on collectors must send again. */
export const Restored = Type.Object({
  version: Type.Literal(1),
  /** Random: collectors remember for which restore they have sent again. */
  id: Type.String({ pattern: '^[0-9a-f]{16}$' }),
  restoredAt: Type.String({ maxLength: 40 }),
  /** All that was durable at this time is in the store. */
  since: Type.String({ maxLength: 40 }),
  /** Highest node sequence that came with the backup. */
  lastSequence: Type.Integer({ minimum: 0 }),
});
export type Restored = Static<typeof Restored>;

const check = Compile(Restored);

/** Tells which restore a data folder came from; undefined where it came from none. @throws Error where the file is damaged. */
export function readRestored(data: string): Restored | undefined {
  const path = join(data, RESTORED_FILE);
  if (!existsSync(path)) return undefined;
  try {
    const parsed: unknown = JSON.parse(readFileSync(path, 'utf8'));
    if (check.Check(parsed)) return parsed;
  } catch {
    // Said below.
  }
  throw new Error(
    `${path} is damaged: restore again, or remove it where all collectors have sent again what they kept.`,
  );
}

/** How long collectors are asked to send again: one that was away for longer has nothing left of that time. */
const ASKED_DAYS = 30;

/** The restore that collectors still have to hear of, if there was one lately. */
export function recentlyRestored(data: string, now: number): Restored | undefined {
  const restored = readRestored(data);
  return restored && now - Date.parse(restored.restoredAt) < ASKED_DAYS * 86_400_000 ? restored : undefined;
}

/** Notes where a data folder came from. */
export function writeRestored(data: string, restored: Restored): void {
  writeFileSync(join(data, RESTORED_FILE), `${JSON.stringify(restored, null, 1)}\n`, { mode: 0o600 });
}

/** A restore that was broken off must not be taken for a store. @throws Error */
export function refuseHalfRestored(data: string): void {
  if (!existsSync(join(data, RESTORING))) return;
  throw new Error(`The data folder ${data} is half restored; run "haidang restore" again with the same backup.`);
}

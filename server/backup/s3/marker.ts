import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { sha256 } from './sign.ts';

/**
 * Tells installations apart that might write to one place: by the certificate of the built-in authority, which comes back
 * with a restore. Undefined where there is none yet.
 */
export function installationOf(data: string): string | undefined {
  const path = join(data, 'authority', 'ca.crt');
  return existsSync(path) ? sha256(readFileSync(path)).slice(0, 32) : undefined;
}

/** Whose backups lie at a place; undefined where the mark does not say. */
export function readMarker(text: string): string | undefined {
  try {
    const { installation } = JSON.parse(text) as { installation?: unknown };
    return typeof installation === 'string' ? installation : undefined;
  } catch {
    return undefined;
  }
}

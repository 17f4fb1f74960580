import { accessSync, constants } from 'node:fs';
import { delimiter } from 'node:path';

/** Finds a program in PATH or the usual system folders. */
function find(program: string): string | undefined {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/usr/bin', '/usr/local/bin'];
  for (const folder of folders) {
    try {
      accessSync(`${folder}/${program}`, constants.X_OK);
      return `${folder}/${program}`;
    } catch {
      // not here: look in the next folder
    }
  }
  return undefined;
}

/**
 * The path of a real program that a test talks to, or undefined where it is not installed: such a test is then listed
 * as skipped. With `CI=true` a missing program is a failure.
 */
export function needs(program: string): string | undefined {
  const found = find(program);
  if (!found && process.env['CI'] === 'true')
    throw new Error(`${program} is not installed, and CI must test against it`);
  return found;
}

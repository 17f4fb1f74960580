import { closeSync, openSync, readFileSync, readlinkSync, rmSync, symlinkSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { CollectorError, reasonOf, systemCode } from '../errors.ts';

/** When a process was started, in clock ticks since boot (proc(5)); '' off Linux or where it is gone. */
function startOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  } catch {
    return '';
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return systemCode(error) === 'EPERM';
  }
}

/**
 * Takes the spool folder for this process alone: two collectors in one folder would mix their frames. A lock that a
 * killed process has left is taken over; its number may meanwhile be another process's, so the start time counts too.
 */
export function lockSpool(folder: string): { release(): void } {
  const path = join(folder, 'lock');
  for (let attempt = 0; attempt < 3; attempt++) {
    try {
      writeLock(path, `${process.pid} ${startOf(process.pid)}`);
      return { release: () => rmSync(path, { force: true }) };
    } catch (error) {
      if (systemCode(error) !== 'EEXIST') {
        throw new CollectorError(
          'HD_SPOOL_FOLDER',
          `Cannot write to the spool folder ${folder}: ${reasonOf(error)}.`,
          error,
        );
      }
    }
    const pid = lockHolder(path);
    if (pid !== undefined) {
      throw new CollectorError('HD_SPOOL_LOCKED', `Process ${pid} uses the spool folder ${folder}.`);
    }
    rmSync(path, { force: true });
  }
  throw new CollectorError('HD_SPOOL_LOCKED', `Another process is taking the spool folder ${folder}.`);
}

/** The living process that holds a lock; undefined where none does. */
export function lockHolder(path: string): number | undefined {
  const [text = '', startedAt = ''] = readLock(path).trim().split(' ');
  const pid = Number(text);
  return /^\d+$/.test(text) && isAlive(pid) && startOf(pid) === startedAt ? pid : undefined;
}

/** Makes the lock, which must not be there yet. */
function writeLock(path: string, holder: string): void {
  const handle = openSync(path, 'wx', 0o600);
  try {
    writeSync(handle, `${holder}\n`);
  } catch (error) {
    if (!['ENOSPC', 'EDQUOT'].includes(systemCode(error) ?? '')) throw error;
    // A link's target has room where no file's content has. Who cannot start on a full disk cannot make room on it either:
    // what the server has acknowledged may go.
    rmSync(path, { force: true });
    symlinkSync(holder, path);
  } finally {
    closeSync(handle);
  }
}

/** Who holds the lock: the process's number and when it was started; '' where nobody does. */
function readLock(path: string): string {
  for (const read of [() => readFileSync(path, 'utf8'), () => readlinkSync(path)]) {
    try {
      return read();
    } catch {
      // Not there, or the other kind.
    }
  }
  return '';
}

import { existsSync, lstatSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { lockHolder, lockSpool } from '../../collector/spool/lock.ts';
import { SmallDisk } from './torture-network.ts';

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'haidang-lock-'));
  path = join(folder, 'lock');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** This process as a lock names it. */
function ownName(): string {
  const lock = lockSpool(folder);
  const name = readFileSync(path, 'utf8').trim();
  lock.release();
  return name;
}

describe('the lock of a spool', () => {
  test('keeps a second collector out until it is released', () => {
    const lock = lockSpool(folder);
    expect(() => lockSpool(folder)).toThrow(`Process ${process.pid} uses the spool folder ${folder}.`);
    lock.release();
    expect(existsSync(path)).toBe(false);
    lockSpool(folder).release();
  });

  test.each(['file', 'link'] as const)('counts as a %s, too, and is taken over where its holder is gone', (kind) => {
    const put = (holder: string) => (kind === 'file' ? writeFileSync(path, `${holder}\n`) : symlinkSync(holder, path));
    put(ownName());
    expect(() => lockSpool(folder)).toThrow('uses the spool folder');
    rmSync(path, { force: true });
    // The number is ours, but of a process that was started at another time.
    put(`${process.pid} 1`);
    const lock = lockSpool(folder);
    expect(lockHolder(path)).toBe(process.pid);
    lock.release();
    expect(lockHolder(path)).toBeUndefined();
  });

  test('is taken on a disk without room, where this user may mount one', () => {
    const disk = new SmallDisk(folder);
    try {
      if (disk.isMounted) disk.fill();
      const lock = lockSpool(folder);
      expect(lstatSync(path).isSymbolicLink()).toBe(disk.isMounted);
      expect(lockHolder(path)).toBe(process.pid);
      expect(() => lockSpool(folder)).toThrow('uses the spool folder');
      lock.release();
    } finally {
      disk.unmount();
    }
  });
});

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { injectProgram } from '../../../collector/package/elf-note.ts';
import {
  ARCHITECTURES,
  type Architecture,
  checkNode,
  lockedNode,
  pinnedNode,
} from '../../../collector/package/pinned-node.ts';
import { programIn } from './read-elf.ts';

const folder = mkdtempSync(join(tmpdir(), 'hd-arm64-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The frame of a Node executable: header, a segment with the table of segments, one to load, and the fuse. */
function smallNode(architecture: Architecture, version = process.version): Buffer {
  const file = Buffer.alloc(4_096);
  file.write('\x7fELF\x02\x01\x01', 'latin1');
  file.writeUInt16LE(3, 16);
  file.writeUInt16LE(ARCHITECTURES[architecture].machine, 18);
  file.writeBigUInt64LE(64n, 32);
  file.writeUInt16LE(56, 54);
  file.writeUInt16LE(2, 56);
  for (const [at, type, size] of [
    [64, 6, 112n],
    [120, 1, 4_096n],
  ] as const) {
    file.writeUInt32LE(type, at);
    file.writeBigUInt64LE(type === 6 ? 64n : 0n, at + 8);
    file.writeBigUInt64LE(type === 6 ? 0x400040n : 0x400000n, at + 16);
    file.writeBigUInt64LE(size, at + 32);
    file.writeBigUInt64LE(size, at + 40);
  }
  file.write('NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2:0', 1_024);
  file.write(`/download/release/${version}/`, 2_048);
  return file;
}

describe('a package for another architecture', () => {
  it.each(['x64', 'arm64'] as const)(
    'has its program where the loader of %s finds it, and is of that machine still',
    (architecture) => {
      const program = Buffer.from('một chương trình'.repeat(1_000));
      const made = injectProgram(smallNode(architecture), program);
      const found = programIn(made);
      expect(found.machine).toBe(ARCHITECTURES[architecture].machine);
      expect(found.program.equals(program)).toBe(true);
      expect(found.fuse).toBe('1');
      // arm64 kernels have pages of 4, 16 or 64 KiB: a segment must lie the same way in all of them.
      expect(found.address % 65_536n).toBe(found.offset % 65_536n);
      expect(found.offset % 65_536n).toBe(0n);
      expect(found.loadedTable).toBe(true);
    },
  );

  it('takes the pinned Node of that architecture alone, in the very version that makes the program', () => {
    const path = join(folder, 'node');
    const version = lockedNode('arm64').version;
    expect(`v${version}`).toBe(process.version);
    writeFileSync(path, smallNode('arm64'));
    expect(pinnedNode('arm64', path).length).toBe(4_096);
    expect(() => pinnedNode('x64', path)).toThrow(/no Linux executable for x64/);
    writeFileSync(path, smallNode('arm64', 'v24.0.0'));
    expect(() => pinnedNode('arm64', path)).toThrow(/another Node than v24/);
    expect(() => checkNode(Buffer.from('#!/bin/sh'), 'x', 'arm64', version)).toThrow(/no Linux executable/);
  });
});

import type { BackupFile, BackupManifest } from './schema.ts';

/** The target of a backup cannot be used: going on with the next file would fail as well. */
export class TargetError extends Error {}

/** Hears of bytes that were read or sent. */
export type OnBytes = (bytes: number) => void;

/**
 * Where backups lie: a folder or a bucket. It holds copies of files, named by what is in them, and one manifest a backup:
 * a backup is there from the moment at which its manifest is, and all of its copies are there before.
 */
export interface BackupTarget {
  /** As people write it. */
  readonly name: string;
  /** Makes it ready for a run, and for this run alone; gives a function that lets it go. @throws Error where it holds something else */
  take(): Promise<() => void>;
  /** Ids of the backups that are there, newest first. */
  generations(): Promise<readonly string[]>;
  /** @throws Error where it is damaged or not there */
  manifest(id: string): Promise<BackupManifest>;
  /** Every copy that lies there, with its size. */
  copies(): Promise<ReadonlyMap<string, number>>;
  /** The disk that copies are made on, and whether all of them stay there. */
  readonly room: { readonly folder: string; readonly keepsAll: boolean };
  /** Where the copy of a file is to be made before it is put. */
  staged(path: string): string;
  /** Puts a staged file in its place, durably. @throws Error */
  put(staged: string, copy: string, size: number, onBytes: OnBytes): Promise<void>;
  /** From here on the backup is there. */
  publish(id: string, manifest: BackupManifest): Promise<void>;
  /** From here on the backup is not there; its copies are. */
  forget(id: string): Promise<void>;
  /** Removes copies that no backup refers to, and what broken-off runs left. */
  removeUnused(used: ReadonlySet<string>): Promise<void>;
  /** Paths of files whose copies are missing or changed, as far as that shows before they are fetched. */
  damaged(files: readonly BackupFile[], onBytes: OnBytes): Promise<readonly string[]>;
  /** Brings a copy to a file of this machine, durably; gives whether it is as the manifest says. */
  fetch(file: BackupFile, to: string, onBytes: OnBytes): Promise<boolean>;
  close(): void;
}

/** Ids sort by time: `20261122T213352123Z-9f3a`. */
export const GENERATION = /^\d{8}T\d{9}Z-[0-9a-f]{4}$/;

/** The id of a backup begun at a time; the second part tells two of the same moment apart. */
export function generationId(startedAt: string, random: string): string {
  return `${startedAt.replace(/[-:.]/g, '')}-${random}`;
}

import { isAbsolute } from 'node:path';
import { openFolderTarget } from './folder-target.ts';
import { isS3Address, readS3Address } from './s3/address.ts';
import { openS3Target } from './s3/s3-target.ts';
import { NO_S3_SETTINGS, type S3Settings } from './s3/settings.ts';
import type { BackupTarget } from './target.ts';

/** How a target is reached. */
export interface TargetOptions {
  /** The data folder that is backed up, or restored to. */
  readonly data: string;
  readonly s3?: S3Settings | undefined;
  /** Of a bucket, for tests: how old unused objects must be, and how large parts are. */
  readonly graceMs?: number | undefined;
  readonly partBytes?: number | undefined;
}

/** Opens a target by its name: a folder, or `s3://bucket/prefix`. @throws Error where it cannot be one */
export function openTarget(
  name: string,
  { data, s3 = NO_S3_SETTINGS, graceMs, partBytes }: TargetOptions,
): BackupTarget {
  if (!isS3Address(name)) return openFolderTarget(name, data);
  return openS3Target({ address: name, data, settings: s3, graceMs, partBytes });
}

/** Why a name cannot be a target; undefined where it can. */
export function targetProblem(name: string): string | undefined {
  if (!isS3Address(name)) return isAbsolute(name) ? undefined : 'The path of the backup folder is not absolute.';
  try {
    readS3Address(name);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

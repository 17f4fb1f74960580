import { type Dirent, existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** A file of the data folder that a backup takes. */
export interface DataFile {
  /** Relative to the data folder, with `/`. */
  readonly path: string;
  readonly kind: 'sqlite' | 'plain';
  readonly bytes: number;
}

/** Where a restore gathers files before they are put in place; a server does not start beside it. */
export const RESTORING = '.restoring';
/** Where copies on their way to a bucket lie. */
export const STAGING = '.backing-up';
/** Tells that a data folder came from a backup: which, and from which time on collectors must send again. */
export const RESTORED_FILE = 'restored.json';

/** What belongs to a running process, is made anew, or is half-written. */
const LEFT_OUT = [
  /^haidang\.(lock|sock)(-journal)?$/,
  /^store\/ops\.reserve$/,
  /^store\/events\/damaged\//,
  /^\.restoring\//,
  /^\.backing-up\//,
  /^incoming\//,
  /^restored\.json$/,
  /-(wal|shm|journal)$/,
  /\.(tmp|new|part)$/,
];

/**
 * The order in which a data folder must be copied, each part listed only when its turn comes. Records come before events: a
 * record never speaks of an event that the copy lacks, nor of a file of an incident. They come before the signed manifests and the audit log, whose end they
 * name, and those before the days that they vouch for. The local collector's spool comes last: what it holds beyond the
 * events is sent again, and nothing falls between the two.
 */
export const PARTS = ['rest', 'records', 'evidence files', 'manifests', 'days', 'collector'] as const;
export type Part = (typeof PARTS)[number];

/** Every file of a data folder, or of one part of it, that is there now. */
export function listDataFiles(data: string, part?: Part): DataFile[] {
  const found: DataFile[] = [];
  walk(data, '', found);
  return found
    .filter(({ path }) => part === undefined || partOf(path) === part)
    .sort((a, b) => (a.path < b.path ? -1 : 1));
}

function partOf(path: string): Part {
  if (path === 'store/ops.db') return 'records';
  if (path.startsWith('incident-files/')) return 'evidence files';
  if (path.startsWith('evidence/') || path.startsWith('audit/')) return 'manifests';
  if (path.startsWith('store/')) return 'days';
  return path.startsWith('collector/') ? 'collector' : 'rest';
}

function walk(data: string, folder: string, found: DataFile[]): void {
  for (const entry of entries(join(data, folder))) {
    const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
    if (LEFT_OUT.some((form) => form.test(entry.isDirectory() ? `${path}/` : path))) continue;
    if (entry.isDirectory()) walk(data, path, found);
    else if (entry.isFile()) {
      const kind = path.startsWith('store/') && path.endsWith('.db') ? 'sqlite' : 'plain';
      found.push({ path, kind, bytes: sizeOf(join(data, path)) + (kind === 'sqlite' ? walSize(join(data, path)) : 0) });
    }
  }
}

function entries(folder: string): Dirent[] {
  return existsSync(folder) ? readdirSync(folder, { withFileTypes: true }) : [];
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

function walSize(path: string): number {
  return sizeOf(`${path}-wal`);
}

/** Size and time of a file and its write-ahead log: the same mark twice means that nothing was written between. */
export function markOf(path: string): string {
  return ['', '-wal']
    .map((suffix) => statSync(path + suffix, { bigint: true, throwIfNoEntry: false }))
    .map((stat) => (stat === undefined || stat.size === 0n ? '-' : `${stat.size}:${stat.mtimeNs}`))
    .join(' ');
}

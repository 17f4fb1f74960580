import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** One package of the lockfile that a running server needs. */
export interface LockedPackage {
  /** Below the project, `node_modules/…`. */
  readonly path: string;
  readonly name: string;
  readonly version: string;
  /** Made for some platforms alone; absent ones are no fault. */
  readonly optional: boolean;
}

interface LockEntry {
  readonly version?: string;
  readonly dev?: boolean;
  readonly devOptional?: boolean;
  readonly optional?: boolean;
  readonly link?: boolean;
}

/** The packages that the lockfile names for production, in order of their paths. */
export function lockedPackages(root: string): readonly LockedPackage[] {
  const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as {
    readonly packages: Readonly<Record<string, LockEntry>>;
  };
  return Object.entries(packages)
    .filter(([path, { dev }]) => path.startsWith('node_modules/') && !dev)
    .map(([path, { version = '', optional = false, devOptional = false }]) => ({
      path,
      name: path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length),
      version,
      optional: optional || devOptional,
    }))
    .sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** Those of them that are installed, each in the version of the lockfile. @throws Error where one is missing or another. */
export function installedPackages(root: string): readonly LockedPackage[] {
  return lockedPackages(root).filter(({ path, name, version, optional }) => {
    const file = join(root, path, 'package.json');
    if (!existsSync(file)) {
      if (optional) return false;
      throw new Error(`${name} ${version} is not installed; run npm ci and try again.`);
    }
    const found = (JSON.parse(readFileSync(file, 'utf8')) as { version?: string }).version;
    if (found !== version)
      throw new Error(`${name} is installed as ${found}, and the lockfile says ${version}; run npm ci and try again.`);
    return true;
  });
}

import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { gzipSync } from 'node:zlib';
import { compileSource } from './compile.ts';
import { installedPackages } from './locked-packages.ts';
import { makeSbom } from './sbom.ts';
import { type ArchiveEntry, tarOf } from './tar.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/** Sources of the program; tests, the console's sources and what builds things stay behind. */
const SOURCES = ['bin', 'ecs', 'rules', 'collector', 'server'];
const LEFT_OUT =
  /^(collector\/package|server\/package|ecs\/kernels\/(build\.ts|source))(\/|$)|^bin\/ensure-install\.mjs$/;
const PAGES = ['README.md', 'CHANGELOG.md', 'LICENSE', 'SECURITY.md', 'docs'];
const LAUNCHER = 'bin/haidang';

/** What a release is made of. */
export interface ReleaseOptions {
  /** Time of every file in the archive, in seconds since 1970: that of the commit. */
  readonly seconds: number;
  /** Whether the pinned Node of this platform goes with it; without it the machine needs Node 24 or newer. */
  readonly withNode: boolean;
}

/** The files of a release below `haidang-<version>/`. @throws Error where the console is not built, or packages are not as locked. */
export function releaseEntries(root: string, { withNode }: Pick<ReleaseOptions, 'withNode'>): ArchiveEntry[] {
  const version = versionOf(root);
  const entries: ArchiveEntry[] = [];
  const add = (path: string, body: Buffer | string, mode = 0o644) =>
    entries.push({ path: `haidang-${version}/${path}`, mode, body: Buffer.from(body) });
  for (const path of SOURCES.flatMap((folder) => [...filesUnder(root, folder)])) {
    if (LEFT_OUT.test(path)) continue;
    if (path.endsWith('.ts')) add(path.replace(/\.ts$/, '.js'), compileSource(root, path));
    else if (path === LAUNCHER) add(path, launcher(root), 0o755);
    else add(path, readFileSync(join(root, path)));
  }
  if (!existsSync(join(root, 'console/dist/index.html')))
    throw new Error('The console is not built; run npm run build:console and try again.');
  for (const path of filesUnder(root, 'console/dist')) add(path, readFileSync(join(root, path)));
  for (const path of PAGES.flatMap((one) => [...filesUnder(root, one)])) add(path, readFileSync(join(root, path)));
  add('package.json', productionPackage(root));
  add('haidang.cdx.json', makeSbom(root));
  for (const { path: folder, name } of installedPackages(root)) {
    if (name.startsWith('node-') && /^node-(linux|win|darwin)-/.test(name) && !withNode) continue;
    for (const path of filesUnder(root, folder)) {
      // Packages inside this one stand in the lockfile with a path of their own.
      if (path.slice(folder.length + 1).startsWith('node_modules/')) continue;
      add(path, readFileSync(join(root, path)), modeOf(root, path));
    }
  }
  const node = `node-${process.platform}-${process.arch}`;
  if (withNode && entries.some(({ path }) => path.endsWith(`/node_modules/${node}/bin/node`)))
    entries.push({
      path: `haidang-${version}/node_modules/.bin/node`,
      mode: 0o777,
      body: Buffer.alloc(0),
      link: `../${node}/bin/node`,
    });
  return entries;
}

/** Writes `haidang-<version>.tar.gz` and its checksum; the same commit and packages give the same bytes. */
export function makeRelease(
  root: string,
  folder: string,
  options: ReleaseOptions,
): { readonly archive: string; readonly sha256: string } {
  const name = `haidang-${versionOf(root)}${options.withNode ? `-${process.platform}-${process.arch}` : ''}.tar.gz`;
  const bytes = gzipSync(tarOf(releaseEntries(root, options), options.seconds), { level: 6 });
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  mkdirSync(folder, { recursive: true });
  const archive = join(folder, name);
  writeFileSync(archive, bytes);
  writeFileSync(`${archive}.sha256`, `${sha256}  ${name}\n`);
  return { archive, sha256 };
}

/** Files below a folder, or the file itself, in order; links are not followed. */
function* filesUnder(root: string, path: string): Generator<string> {
  const { isDirectory, isFile } = kindOf(join(root, path));
  if (isFile) yield path;
  if (!isDirectory) return;
  for (const name of readdirSync(join(root, path)).sort()) yield* filesUnder(root, `${path}/${name}`);
}

function kindOf(path: string): { readonly isDirectory: boolean; readonly isFile: boolean } {
  const found = lstatSync(path);
  return { isDirectory: found.isDirectory(), isFile: found.isFile() };
}

/** Executable or not: nothing else of a mode depends on the file and not on the machine's umask. */
function modeOf(root: string, path: string): number {
  return (lstatSync(join(root, path)).mode & 0o100) === 0 ? 0o644 : 0o755;
}

function launcher(root: string): string {
  return readFileSync(join(root, LAUNCHER), 'utf8').replaceAll('bin/cli.ts', 'bin/cli.js');
}

/** The package without what only developers run. */
function productionPackage(root: string): string {
  const { name, version, description, license, type, bin, engines, dependencies, optionalDependencies } = JSON.parse(
    readFileSync(join(root, 'package.json'), 'utf8'),
  );
  const scripts = { start: 'exec node bin/haidang up' };
  const shown = {
    name,
    version,
    description,
    license,
    private: true,
    type,
    bin,
    engines,
    scripts,
    dependencies,
    optionalDependencies,
  };
  return `${JSON.stringify(shown, null, 2)}\n`;
}

function versionOf(root: string): string {
  return (JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }).version;
}

/** SOURCE_DATE_EPOCH (reproducible-builds.org), else the time of the last commit. */
function secondsOf(root: string): number {
  const given = process.env['SOURCE_DATE_EPOCH'];
  if (given !== undefined && /^\d{1,10}$/.test(given)) return Number(given);
  return Number(execFileSync('git', ['log', '-1', '--format=%ct'], { cwd: root, encoding: 'utf8' }).trim());
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({
    options: { out: { type: 'string', default: 'dist' }, 'without-node': { type: 'boolean', default: false } },
  });
  const options = { seconds: secondsOf(ROOT), withNode: !values['without-node'] };
  const { archive, sha256 } = makeRelease(ROOT, resolve(values.out), options);
  process.stdout.write(`${archive}\nSHA-256 ${sha256}\n`);
}

import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = new URL('../../', import.meta.url).pathname;
const BUILDS = join(ROOT, 'node_modules/.cache/console');
/** What the console is built from: its own folder, and what it takes from the server's side. */
const SOURCES = ['console', 'ecs', 'server', 'rules', 'collector'];
const KEPT_MS = 86_400_000;

function fingerprint(): string {
  const hash = createHash('sha256').update(readFileSync(join(ROOT, 'package-lock.json')));
  for (const folder of SOURCES) {
    const paths = readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
      .filter((path) => /\.(tsx?|json|css|html|wasm|svg)$/.test(path) && !/(^|\/)(dist|node_modules)\//.test(path))
      .sort();
    for (const path of paths)
      hash
        .update(`${folder}/${path}\0`)
        .update(readFileSync(join(ROOT, folder, path)))
        .update('\0');
  }
  return hash.digest('hex').slice(0, 16);
}

/**
 * The folder of the console built from today's sources: once for all tests, and apart from `console/dist`, which somebody
 * else may be building.
 */
export function builtConsole(): string {
  const folder = join(BUILDS, fingerprint());
  if (existsSync(join(folder, 'index.html'))) return folder;
  mkdirSync(BUILDS, { recursive: true });
  for (const name of readdirSync(BUILDS)) {
    const old = join(BUILDS, name);
    if (Date.now() - (statSync(old, { throwIfNoEntry: false })?.mtimeMs ?? Date.now()) > KEPT_MS)
      rmSync(old, { recursive: true, force: true });
  }
  const draft = `${folder}.${process.pid}`;
  const build = ['node_modules/vite/bin/vite.js', 'build', 'console', '--logLevel', 'error', '--outDir', draft];
  execFileSync(process.execPath, build, { cwd: ROOT, stdio: ['ignore', 'ignore', 'inherit'] });
  if (!existsSync(join(draft, 'index.html'))) throw new Error(`The console was built, but ${draft} has no index.html.`);
  try {
    renameSync(draft, folder);
  } catch (error) {
    // Another test file was faster, with the same bytes.
    if (!existsSync(join(folder, 'index.html'))) throw error;
    rmSync(draft, { recursive: true, force: true });
  }
  return folder;
}

// Installs what is missing or stale, and with --console builds the console where its sources changed. Plain JavaScript
// for the machine's own Node (20 or newer); says one line when it does something, and nothing when there is nothing to do.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const stamps = join(root, 'node_modules/.cache/haidang');
const node = join(root, 'node_modules/.bin', process.platform === 'win32' ? 'node.cmd' : 'node');

ensurePackages();
if (process.argv.includes('--console')) ensureConsole();

function ensurePackages() {
  const lock = hash([read('package-lock.json'), read('package.json')]);
  if (stamp('packages') === lock && existsSync(node)) return;
  if (existsSync(node) && installedAsLocked()) return void setStamp('packages', lock);
  console.log('haidang: installing packages (only at the first start and after an update) …');
  // --include=dev: the console is built here, also where NODE_ENV says production.
  const run = spawnSync('npm', ['install', '--no-save', '--include=dev', '--loglevel=error'], {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
    shell: process.platform === 'win32',
  });
  if (run.error) fail(`npm could not be started (${run.error.message}); install npm and try again.`);
  if (run.status !== 0)
    fail(
      'the packages could not be installed; see the lines above, check the network or the npm registry setting, and try again.',
    );
  if (!existsSync(node))
    fail(
      `npm installed no Node 24 for ${process.platform}-${process.arch}; check that the registry has the optional package node-${process.platform}-${process.arch}.`,
    );
  setStamp('packages', lock);
}

// npm leaves a copy of what it installed; where each locked package is there in its version, npm need not run.
function installedAsLocked() {
  const copy = read('node_modules/.package-lock.json');
  if (copy === '') return false;
  const installed = JSON.parse(copy).packages ?? {};
  const wanted = JSON.parse(read('package-lock.json')).packages ?? {};
  return Object.entries(wanted).every(
    ([path, { version, optional }]) => path === '' || optional || installed[path]?.version === version,
  );
}

function ensureConsole() {
  const folder = join(root, 'console');
  if (!existsSync(join(folder, 'vite.config.ts'))) return;
  const built = join(folder, 'dist/index.html');
  const files = filesUnder(folder);
  // Times first, as they cost little; contents only where times moved (a fresh clone, a switched branch).
  const times = hash(files.map((file) => `${file} ${statSync(file).mtimeMs}`));
  if (existsSync(built) && stamp('console-times') === times) return;
  const contents = hash([
    ...files.map((file) => `${file.slice(root.length)} ${read(file)}`),
    read('package-lock.json'),
  ]);
  if (existsSync(built) && stamp('console-contents') === contents) return void setStamp('console-times', times);
  console.log('haidang: building the console …');
  const run = spawnSync(
    node,
    [join(root, 'node_modules/vite/bin/vite.js'), 'build', 'console', '--logLevel', 'error'],
    {
      cwd: root,
      stdio: ['ignore', 'inherit', 'inherit'],
      shell: process.platform === 'win32',
    },
  );
  if (run.status !== 0) fail('the console could not be built; see the lines above.');
  setStamp('console-times', times);
  setStamp('console-contents', contents);
}

function filesUnder(folder) {
  return readdirSync(folder, { withFileTypes: true })
    .filter(({ name }) => name !== 'dist' && name !== 'node_modules' && !name.startsWith('.'))
    .flatMap((entry) => {
      const path = join(folder, entry.name);
      return entry.isDirectory() ? filesUnder(path) : [path];
    })
    .sort();
}

function read(path) {
  try {
    return readFileSync(path.startsWith(root) ? path : join(root, path), 'latin1');
  } catch (error) {
    if (error.code === 'ENOENT') return '';
    throw error;
  }
}

function hash(texts) {
  const all = createHash('sha256');
  for (const text of texts) all.update(text).update('\0');
  return all.digest('hex');
}

function stamp(name) {
  return read(join(stamps, name));
}

function setStamp(name, value) {
  mkdirSync(stamps, { recursive: true });
  writeFileSync(join(stamps, name), value);
}

function fail(sentence) {
  console.error(`haidang: ${sentence}`);
  process.exit(1);
}

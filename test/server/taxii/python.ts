import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { freePort } from '../../e2e/harness.ts';
import { needs } from '../../needs.ts';
import { DATA_FILE } from './national.ts';

const run = promisify(execFile);

/** The server and the client of the specification's own makers, in versions that are known to work. */
const PACKAGES = ['medallion==3.0.0', 'taxii2-client==2.3.0'];
const MOST_SECONDS = 60;

/** Folder of a Python with both; undefined where they cannot be had, and a failure with `CI=true`. */
export function taxiiPython(): Promise<string | undefined> {
  return pythonWith(PACKAGES);
}

/** The same for any packages, each as `name==version`. */
export async function pythonWith(packages: readonly string[]): Promise<string | undefined> {
  const python = needs('python3');
  if (!python) return undefined;
  const folder = join(homedir(), '.cache/haidang', packages.join('-').replaceAll('==', '-'));
  if (existsSync(folder)) return folder;
  try {
    await install(python, folder, packages);
    return folder;
  } catch (error) {
    if (process.env['CI'] === 'true') throw error;
    return undefined;
  }
}

async function install(python: string, folder: string, packages: readonly string[]): Promise<void> {
  await mkdir(join(folder, '..'), { recursive: true });
  // Whole or not at all, also where two test files begin at once; packages alone can be moved, an environment cannot.
  const beside = `${folder}.${process.pid}`;
  const work = await mkdtemp(join(tmpdir(), 'haidang-python-'));
  try {
    await run(python, ['-m', 'venv', join(work, 'venv')], { timeout: 120_000 });
    const options = ['-m', 'pip', 'install', '-q', '--disable-pip-version-check', '--target', beside];
    await run(join(work, 'venv/bin/python'), [...options, ...packages], { timeout: 600_000 });
    await rename(beside, folder).catch(() => rm(beside, { recursive: true, force: true }));
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** Runs a Python program with the packages; its standard output. */
export async function runPython(folder: string, program: string, args: readonly string[]): Promise<string> {
  const env = { ...process.env, PYTHONPATH: folder, PYTHONDONTWRITEBYTECODE: '1' };
  const { stdout } = await run('python3', ['-c', program, ...args], { env, timeout: 300_000 });
  return stdout;
}

/** A medallion that runs over the tests' data file, with the account `admin`. */
export interface Medallion {
  readonly url: string;
  stop(): Promise<void>;
}

/** Starts one on a free port unless another is named; what was added to it ends with it. */
export async function startMedallion(
  folder: string,
  { pageSize = 1000, ...at }: { readonly pageSize?: number; readonly port?: number } = {},
): Promise<Medallion> {
  const work = await mkdtemp(join(tmpdir(), 'haidang-medallion-'));
  const port = at.port ?? (await freePort());
  const config = join(work, 'config.json');
  const backend = { module: 'medallion.backends.memory_backend', module_class: 'MemoryBackend', filename: DATA_FILE };
  const settings = { backend, users: { admin: 'Password0' }, taxii: { max_page_size: pageSize } };
  await writeFile(config, JSON.stringify(settings));
  const program = `import sys; sys.argv = ['medallion', '--host', '127.0.0.1', '--port', '${port}', ${JSON.stringify(config)}]
from medallion.scripts.run import main
main()`;
  const env = { ...process.env, PYTHONPATH: folder, PYTHONDONTWRITEBYTECODE: '1' };
  const child = spawn('python3', ['-c', program], { env, stdio: 'ignore' });
  const stop = async () => {
    await end(child);
    await rm(work, { recursive: true, force: true });
  };
  const url = `http://127.0.0.1:${port}`;
  for (const until = Date.now() + MOST_SECONDS * 1000; Date.now() < until; ) {
    const answers = await fetch(`${url}/taxii2/`).then(
      ({ status }) => status === 401,
      () => false,
    );
    if (answers) return { url, stop };
    if (child.exitCode !== null) break;
    await new Promise((go) => setTimeout(go, 100));
  }
  await stop();
  throw new Error('medallion did not start');
}

function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  const ended = new Promise<void>((done) => child.once('exit', () => done()));
  child.kill('SIGKILL');
  return ended;
}

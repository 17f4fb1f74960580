import { execFile, execFileSync } from 'node:child_process';
import { existsSync, globSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** A real program, installed, or unpacked into a folder of its own. */
export interface RealProgram {
  readonly path: string;
  /** Folder that its package is unpacked in; empty where it is installed. */
  readonly root: string;
  /** What it must be started with to find its libraries. */
  readonly env: Readonly<Record<string, string>>;
}

const LIBRARIES = ['usr/lib/*-linux-gnu', 'lib/*-linux-gnu', 'usr/lib', 'usr/lib/syslog-ng', 'usr/lib/postfix'];

function inRoot(root: string, program: string): RealProgram | undefined {
  const path = ['usr/sbin', 'usr/bin', 'sbin', 'bin'].map((folder) => join(root, folder, program)).find(existsSync);
  if (path === undefined) return undefined;
  if (root === '/') return { path, root: '', env: {} };
  const libraries = LIBRARIES.flatMap((folder) => globSync(join(root, folder)));
  return { path, root, env: { LD_LIBRARY_PATH: libraries.join(':') } };
}

/**
 * A program of a Debian package that is not installed because it would put another one out (syslog-ng and rsyslog) or would
 * start a service of the machine: its packages are fetched once and unpacked beside. Undefined where they cannot be had; a
 * failure with `CI=true`.
 */
export async function unpacked(program: string, packages: readonly string[]): Promise<RealProgram | undefined> {
  const installed = inRoot('/', program);
  if (installed) return installed;
  const folder = join(homedir(), '.cache/haidang', `${program}-debian`);
  try {
    if (!existsSync(folder)) await unpack(folder, packages);
    const found = inRoot(folder, program);
    if (!found) throw new Error(`The packages ${packages.join(', ')} hold no ${program}.`);
    return found;
  } catch (error) {
    if (process.env['CI'] === 'true') throw error;
    return undefined;
  }
}

async function unpack(folder: string, packages: readonly string[]): Promise<void> {
  const work = await mkdtemp(join(tmpdir(), 'haidang-debian-'));
  const beside = `${folder}.${process.pid}`;
  try {
    await download(work, packages);
    await mkdir(beside, { recursive: true });
    for (const file of globSync(join(work, '*.deb'))) await run('dpkg', ['-x', file, beside], { timeout: 120_000 });
    // Whole or not at all, also where two test files begin at once.
    await rename(beside, folder).catch(() => rm(beside, { recursive: true, force: true }));
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

async function download(cwd: string, packages: readonly string[]): Promise<void> {
  // The user that apt fetches as must be able to write here.
  await run('chmod', ['777', cwd]);
  const fetch = () => run('apt-get', ['download', '-q', ...packages], { cwd, timeout: 300_000 });
  try {
    await fetch();
  } catch {
    // A machine whose lists are missing or old.
    const isRoot = process.getuid?.() === 0;
    await run(isRoot ? 'apt-get' : 'sudo', [...(isRoot ? [] : ['apt-get']), 'update', '-qq'], { timeout: 300_000 });
    await fetch();
  }
}

/** Whether a command succeeds. */
export function succeeds(command: string, args: readonly string[]): boolean {
  try {
    execFileSync(command, args, { stdio: 'ignore', timeout: 20_000 });
    return true;
  } catch {
    return false;
  }
}

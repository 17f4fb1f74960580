import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** Architectures that packages are made for, with Debian's name and the machine number of ELF. */
export const ARCHITECTURES = {
  x64: { debian: 'amd64', machine: 62 },
  arm64: { debian: 'arm64', machine: 183 },
} as const;
export type Architecture = keyof typeof ARCHITECTURES;

interface Locked {
  readonly version: string;
  readonly integrity: string;
}

/** The package that carries Node for an architecture, as the lockfile has it. */
export function lockedNode(architecture: Architecture): Locked {
  const lock = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as {
    readonly packages: Readonly<Record<string, Partial<Locked>>>;
  };
  const { version, integrity } = lock.packages[`node_modules/node-linux-${architecture}`] ?? {};
  if (version === undefined || integrity === undefined)
    throw new Error(`The lockfile names no node-linux-${architecture}; put it into optionalDependencies.`);
  return { version, integrity };
}

/**
 * The pinned Node of an architecture, also of another than this machine's: the file named, else the installed package, else
 * the one fetched before, else fetched by npm (a mirror or npm's own cache does) and held against the lockfile's hash.
 * @throws Error where it cannot be had, or is another one
 */
export function pinnedNode(architecture: Architecture, given?: string): Buffer {
  const { version, integrity } = lockedNode(architecture);
  const installed = join(ROOT, 'node_modules', `node-linux-${architecture}`, 'bin', 'node');
  const kept = join(homedir(), '.cache/haidang', `node-linux-${architecture}-${version}`, 'bin', 'node');
  const path =
    given ?? [installed, kept].find((file) => existsSync(file)) ?? fetchNode(architecture, version, integrity, kept);
  const node = readFileSync(path);
  checkNode(node, path, architecture, version);
  return node;
}

/** @throws Error where the file is not Node of that version for that architecture */
export function checkNode(node: Buffer, path: string, architecture: Architecture, version: string): void {
  const isElf = node.length > 64 && node.readUInt32BE(0) === 0x7f454c46;
  if (!isElf || node.readUInt16LE(18) !== ARCHITECTURES[architecture].machine)
    throw new Error(`${path} is no Linux executable for ${architecture}; name the pinned Node with --node.`);
  // A program is laid out for one version: another one would not read it.
  if (!node.includes(`/v${version}/`) || `v${version}` !== process.version)
    throw new Error(
      `${path} is another Node than ${process.version}, which makes the program; name that one with --node.`,
    );
}

function fetchNode(architecture: Architecture, version: string, integrity: string, kept: string): string {
  const name = `node-linux-${architecture}`;
  const work = mkdtempSync(join(tmpdir(), 'haidang-node-'));
  try {
    const args = ['pack', `${name}@${version}`, '--pack-destination', work, '--silent', '--prefer-offline'];
    // npm runs on whatever Node the machine has; where it stands is the machine's business.
    execFileSync('npm', args, { cwd: work, stdio: ['ignore', 'pipe', 'pipe'] });
    const archive = join(work, `${name}-${version}.tgz`);
    const [algorithm = 'sha512', expected] = integrity.split(/-(.*)/s);
    const found = createHash(algorithm).update(readFileSync(archive)).digest('base64');
    if (found !== expected) throw new Error('its hash is not the one in package-lock.json');
    execFileSync('tar', ['-xzf', archive, '-C', work, 'package/bin/node'], { stdio: 'pipe' });
    mkdirSync(dirname(kept), { recursive: true });
    // Beside its place first, and on the same disk: whole or not at all, also where two builds run at once.
    const beside = `${kept}.${process.pid}`;
    execFileSync('cp', [join(work, 'package/bin/node'), beside]);
    renameSync(beside, kept);
    return kept;
  } catch (error) {
    const why = (error as { stderr?: Buffer }).stderr?.toString().trim().split('\n').at(-1) || (error as Error).message;
    throw new Error(
      `The pinned Node for ${architecture} is neither installed nor to be fetched (${why}); give its file with --node.`,
      { cause: error },
    );
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

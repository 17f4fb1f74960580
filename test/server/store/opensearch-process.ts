import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';

/** uid and gid of nobody: OpenSearch refuses to run as root. */
export const NOBODY = 65_534;

/** Where one node lives; several may share one `home`. */
export interface NodePlace {
  /** What Maven's archive unpacks to. */
  readonly home: string;
  /** With `opensearch.yml`. */
  readonly config: string;
  readonly java: string;
  /** Its own, with `tmp`; what it says goes to `console.log`. */
  readonly folder: string;
  /** What is left of the node when this process ended without ending it: taken away then. */
  readonly root: string;
}

/** Starts the program of a node. It ends with this process, however that ends. */
export function launchNode({ home, config, java, folder, root }: NodePlace): ChildProcess {
  const output = openSync(join(folder, 'console.log'), 'w');
  const asRoot = process.getuid?.() === 0;
  const child = spawn(join(home, 'bin/opensearch'), [], {
    cwd: home,
    // A group of its own, so that the start script and the JVM it becomes end together.
    detached: true,
    stdio: ['ignore', output, output],
    env: {
      PATH: process.env['PATH'],
      HOME: folder,
      JAVA_HOME: java,
      OPENSEARCH_JAVA_HOME: java,
      OPENSEARCH_TMPDIR: join(folder, 'tmp'),
      OPENSEARCH_PATH_CONF: config,
    },
    ...(asRoot ? { uid: NOBODY, gid: NOBODY } : {}),
  });
  closeSync(output);
  const kill = () => signalNode(child, 'SIGKILL');
  process.once('exit', kill);
  child.once('exit', () => process.removeListener('exit', kill));
  watchOver(child, root);
  return child;
}

/**
 * A signal that nobody handles ends this process without a word to anyone. So a shell waits at the other end of a pipe, which the
 * kernel closes then, kills the node's group, and takes its folder away.
 */
function watchOver(child: ChildProcess, root: string): void {
  if (child.pid === undefined) return;
  const watch = `while read -r _; do :; done; kill -KILL -${child.pid}; sleep 1; rm -rf -- "$0"`;
  const guard = spawn('/bin/sh', ['-c', watch, root], { detached: true, stdio: ['pipe', 'ignore', 'ignore'] });
  // Neither of them is waited for.
  guard.unref();
  (guard.stdin as (typeof guard.stdin & { unref?: () => void }) | null)?.unref?.();
  guard.on('error', () => {});
  guard.stdin?.on('error', () => {});
  child.once('exit', () => guard.kill('SIGKILL'));
}

/** Sends a signal to a node and all that it started. */
export function signalNode(child: ChildProcess, name: 'SIGTERM' | 'SIGKILL' | 'SIGSTOP' | 'SIGCONT'): void {
  if (child.pid === undefined || hasEnded(child)) return;
  try {
    process.kill(-child.pid, name);
  } catch {
    // It ended between the look and the signal.
  }
}

/** Ends a node as a power cut would. */
export async function killNode(child: ChildProcess): Promise<void> {
  if (hasEnded(child)) return;
  const ended = new Promise<void>((done) => child.once('exit', () => done()));
  signalNode(child, 'SIGKILL');
  await ended;
}

/** Ends a node in order, by force after 15 s. */
export async function endNode(child: ChildProcess): Promise<void> {
  if (hasEnded(child)) return;
  const ended = new Promise<void>((done) => child.once('exit', () => done()));
  signalNode(child, 'SIGTERM');
  const forced = setTimeout(() => signalNode(child, 'SIGKILL'), 15_000);
  await ended;
  clearTimeout(forced);
}

/** Whether a node runs no more. */
export function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

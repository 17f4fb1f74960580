import { loadConfig, type Role, type ServerConfig } from '../config.ts';
import { createLog, type Log } from '../log.ts';
import type { RunningServer } from '../main.ts';
import { loadRulesAside, ruleFolders } from '../rules/load-aside.ts';
import { UsageError } from './arguments.ts';

/** Stopping may take this long in all, in milliseconds; then the process ends as it is: the store is durable at any moment. */
const STOP_MS = 4_900;

/** Starts the server, tells where the console is, runs `beside` next to it, and ends cleanly at SIGINT or SIGTERM. */
export async function serve(
  file: string | undefined,
  beside?: (config: ServerConfig, server: RunningServer, log: Log) => Promise<() => Promise<void>>,
  role?: Role,
): Promise<number> {
  const asked = signalled();
  const loaded = await loadConfig(file);
  const config = role === undefined ? loaded : { ...loaded, role };
  const log = createLog(config.logLevel);
  // The rules are read while the main thread loads the rest of the program.
  const rules = loadRulesAside(ruleFolders(config.data));
  rules.catch(() => {});
  const { startServer } = await import('../main.ts');
  const server = await startServer(config, log, rules).catch((error: Error) => {
    // What a start that failed left open must not keep the process: its message is out by then.
    setTimeout(() => process.exit(), STOP_MS).unref();
    throw explain(error, config);
  });
  let stopBeside = async () => {};
  try {
    console.log(`Hải Đăng console: ${server.address}`);
    if (server.setupLink !== undefined)
      console.log(`Set the administrator's password within an hour, once: ${server.setupLink}`);
    if (beside) stopBeside = await beside(config, server, log);
    await asked;
  } finally {
    // Whatever hangs must not keep a terminal or a service manager waiting.
    setTimeout(() => process.exit(0), STOP_MS).unref();
    await stopBeside();
    await server.stop();
  }
  return 0;
}

function signalled(): Promise<void> {
  return new Promise((done) => {
    // Ctrl-C comes twice, from the terminal and from the launcher: the second must not cut the stopping short.
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => done());
  });
}

/** The usual reasons why a start fails, each in a sentence that says what to do. */
function explain(error: NodeJS.ErrnoException & { port?: number }, config: ServerConfig): Error {
  if (error.code === 'EADDRINUSE') {
    const name = error.port === config.ingest.port ? 'HAIDANG_INGEST_PORT' : 'HAIDANG_PORT';
    return new Error(`Port ${error.port} is in use by another program; stop it, or choose another port by ${name}.`);
  }
  if (error.code === 'EACCES' && error.port !== undefined)
    return new Error(`Port ${error.port} is not allowed to this user; choose one above 1023.`);
  if (error.code === 'EACCES' || error.code === 'EROFS')
    return new Error(
      `The data folder ${config.data} cannot be written; give this user the right, or set HAIDANG_DATA.`,
    );
  return error;
}

/** The role that an option names; undefined where there is none. */
export function readRole(role: string | undefined): Role | undefined {
  if (role === undefined || role === 'province' || role === 'national') return role;
  throw new UsageError('--role must be province or national.');
}

import { enableCompileCache } from 'node:module';
import { fileURLToPath } from 'node:url';

// Compiled code is kept beside the packages: not in /tmp, where another user of the machine could put code for us. The
// variable is for worker threads and the collector process, which take it from there.
const compiled = fileURLToPath(new URL('../node_modules/.cache/compile', import.meta.url));
process.env['NODE_COMPILE_CACHE'] ??= compiled;
enableCompileCache(process.env['NODE_COMPILE_CACHE']);

// A reader that has seen enough (`haidang query … | head`) is no fault.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(0);
});

/** The command line: finds the command and loads nothing but that. */
const COMMANDS: Readonly<Record<string, { readonly does: string; readonly load: () => Promise<Command> }>> = {
  up: {
    does: 'run everything on this machine: server, store, collector, console',
    load: () => import('../server/commands/up.ts'),
  },
  server: { does: 'run the server (--role province|national)', load: () => import('../server/commands/server.ts') },
  collector: {
    does: 'run a collector; enrol | doctor | token | list | revoke | policy | silence',
    // What manages collectors is the server's; it loads nothing of the collector, and the collector nothing of it.
    load: () =>
      ['token', 'list', 'revoke', 'policy', 'silence'].includes(process.argv[3] ?? '')
        ? import('../server/commands/collectors.ts')
        : import('../collector/commands/collector.ts'),
  },
  parse: { does: 'raw lines → ECS NDJSON', load: () => import('../collector/commands/parse.ts') },
  parser: {
    does: 'check | test | list | show | save parsers of your own',
    load: () => import('../server/commands/parser.ts'),
  },
  rules: { does: 'check | run | test | bench | import Sigma rules', load: () => import('../server/commands/rules.ts') },
  indicators: {
    does: 'import | list | remove lists of indicators',
    load: () => import('../server/commands/indicators.ts'),
  },
  query: { does: 'search events with KQL', load: () => import('../server/commands/query.ts') },
  alert: { does: 'list alert groups', load: () => import('../server/commands/alert.ts') },
  incident: { does: 'list and show incidents', load: () => import('../server/commands/incident.ts') },
  clock: { does: 'what must be reported by when', load: () => import('../server/commands/clock.ts') },
  notice: { does: 'who was told of what, and by which way', load: () => import('../server/commands/notice.ts') },
  request: { does: 'ask agencies, and read what they answered', load: () => import('../server/commands/request.ts') },
  report: {
    does: 'write reports of incidents in the official form',
    load: () => import('../server/commands/report.ts'),
  },
  sharing: { does: 'preview, approve and follow what leaves', load: () => import('../server/commands/sharing.ts') },
  inbound: {
    does: 'what comes in from outside: poll, and answer tasks',
    load: () => import('../server/commands/inbound.ts'),
  },
  national: {
    does: 'what provinces reported to the national role: acknowledge it, ask for more',
    load: () => import('../server/commands/national.ts'),
  },
  feed: {
    does: 'the province in figures, for its operations center',
    load: () => import('../server/commands/feed.ts'),
  },
  status: { does: 'show the loss ledger', load: () => import('../server/commands/status.ts') },
  agency: { does: 'add and list agencies', load: () => import('../server/commands/agency.ts') },
  asset: {
    does: 'list systems whose security level raises or lowers alerts',
    load: () => import('../server/commands/asset.ts'),
  },
  'first-run': { does: 'the first steps of a new installation', load: () => import('../server/commands/first-run.ts') },
  health: { does: 'show how the server itself is', load: () => import('../server/commands/health.ts') },
  user: {
    does: 'add, change, lock and list users, change a password',
    load: () => import('../server/commands/user.ts'),
  },
  session: { does: 'show who is signed in, and sign them out', load: () => import('../server/commands/session.ts') },
  token: { does: 'create | list | revoke tokens for programs', load: () => import('../server/commands/token.ts') },
  'break-glass': {
    does: 'open | close | list emergency access',
    load: () => import('../server/commands/break-glass.ts'),
  },
  key: { does: 'change the key of secrets at rest', load: () => import('../server/commands/key.ts') },
  audit: { does: 'show who did what', load: () => import('../server/commands/audit.ts') },
  migrate: { does: 'move the store to OpenSearch', load: () => import('../server/commands/migrate.ts') },
  retention: { does: 'show and run the deleting of old events', load: () => import('../server/commands/retention.ts') },
  taxii: { does: 'load a TAXII data file into the national role', load: () => import('../server/commands/taxii.ts') },
  backup: { does: 'back up the store', load: () => import('../server/commands/backup.ts') },
  restore: { does: 'restore a backup', load: () => import('../server/commands/restore.ts') },
  verify: { does: 'prove that the store did not change', load: () => import('../server/commands/verify.ts') },
};

/** A command: takes its arguments, gives the exit code (0 ok, 1 found problems, 2 bad usage). */
interface Command {
  run(args: readonly string[], name: string): Promise<number>;
}

function usage(): string {
  const width = Math.max(...Object.keys(COMMANDS).map((name) => name.length));
  const lines = Object.entries(COMMANDS).map(([name, { does }]) => `  ${name.padEnd(width)}  ${does}`);
  return `Usage: haidang COMMAND [OPTIONS]\n\n${lines.join('\n')}\n\nhaidang COMMAND --help tells more.`;
}

const [name, ...args] = process.argv.slice(2);
if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
  console.log(usage());
  process.exitCode = name === undefined ? 2 : 0;
} else {
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (!command) {
    const asked = JSON.stringify(name.slice(0, 100)).replace(/[^\x20-\x7e]/g, '·');
    console.error(`haidang: there is no command ${asked}; haidang --help lists them.`);
    process.exitCode = 2;
  } else {
    try {
      process.exitCode = await (await command.load()).run(args, name);
    } catch (error) {
      // A message may quote a log line or a file's name: line breaks stay, nothing else that a terminal would obey.
      const { plain } = await import('../server/commands/terminal.ts');
      const message = error instanceof Error ? error.message : String(error);
      console.error(`haidang ${name}: ${message.split('\n').map(plain).join('\n')}`);
      if (process.env['HAIDANG_DEBUG']) console.error(error);
      const code = (error as { exitCode?: unknown } | null)?.exitCode;
      process.exitCode = typeof code === 'number' ? code : 1;
    }
  }
}

import { type Logger, pino } from 'pino';

export type Log = Logger;

/** Names whose values never reach a log, at any depth up to three. */
const SECRETS = ['password', 'token', 'cookie', 'set-cookie', 'authorization', 'secret', 'kql', 'body'];

/** JSON logs on standard error; passwords, tokens, cookies and log content are cut out even where a caller forgets. */
export function createLog(level = process.env['HAIDANG_LOG_LEVEL'] ?? 'info'): Log {
  const paths = SECRETS.flatMap((name) => [`["${name}"]`, `*["${name}"]`, `*.*["${name}"]`]);
  return pino(
    {
      level: pino.levels.values[level] === undefined && level !== 'silent' ? 'info' : level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths, censor: '[cut]' },
    },
    pino.destination({ dest: 2, sync: true }),
  );
}

import { randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Name of the variable by which the processes of one test run know its folder of logs. */
export const LOGS_VARIABLE = 'HAIDANG_TEST_LOGS';
/** Private keys and passwords of shorter lines would be found in anything. */
const LEAST = 16;

interface Kept {
  readonly from: string;
  readonly log: string;
  readonly secrets: readonly string[];
}

/** Secrets by their form, whoever made them. */
const FORMS: readonly (readonly [what: string, form: RegExp])[] = [
  ['a session', /haidang_session=[\w-]{20,}/],
  ['a private key', /-----BEGIN [A-Z ]*PRIVATE KEY/],
  ['a password hash', /argon2id\$m=/],
  ['a second factor', /otpauth:\/\//],
  ['a set-up link', /setup\?token=[\w-]{20,}/],
  ['an authorization', /"authorization":"(?!\[cut\])|\b[Bb]earer [\w.~+/-]{20,}|\bBasic [A-Za-z0-9+/]{12,}=*/],
];

/** Makes the folder of a test run, unless there is one. */
export function beginKeepingLogs(): void {
  process.env[LOGS_VARIABLE] ??= mkdtempSync(join(tmpdir(), 'haidang-logs-'));
}

/** Keeps what a server of a test logged, and the secrets that it was given or made, until all logs are searched at the end of the run. */
export function keepLog(from: string, log: string, secrets: readonly string[] = []): void {
  const folder = process.env[LOGS_VARIABLE];
  if (folder === undefined) return;
  const kept: Kept = { from, log, secrets: secrets.filter((one) => one.length >= LEAST) };
  writeFileSync(join(folder, `${randomBytes(8).toString('hex')}.json`), JSON.stringify(kept));
}

/** The lines of private keys and of sealing keys below a data folder. */
export function keysBelow(data: string): string[] {
  const found: string[] = [];
  for (const folder of ['authority', 'collector']) {
    for (const name of namesIn(join(data, folder))) {
      if (!name.endsWith('.key')) continue;
      const lines = readFileSync(join(data, folder, name), 'utf8').split(/[\n ]/);
      found.push(...lines.filter((line) => line.length >= LEAST && !line.startsWith('-----')));
    }
  }
  return found;
}

/** Searches every log that was kept in a folder for every secret of every server; each finding in a sentence that does not repeat the secret. */
export function leaksIn(folder: string): {
  readonly logs: number;
  readonly bytes: number;
  readonly leaks: readonly string[];
} {
  const kept = namesIn(folder).map((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')) as Kept);
  const secrets = new Set(kept.flatMap((one) => one.secrets));
  const leaks = new Set<string>();
  for (const { from, log } of kept) {
    for (const [what, form] of FORMS) if (form.test(log)) leaks.add(`A log of ${from} holds ${what}.`);
    for (const secret of secrets) {
      const at = log.indexOf(secret);
      if (at >= 0) leaks.add(`A log of ${from} holds a secret of a test: ${log.slice(Math.max(0, at - 80), at)}…`);
    }
  }
  return { logs: kept.length, bytes: kept.reduce((sum, { log }) => sum + log.length, 0), leaks: [...leaks] };
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

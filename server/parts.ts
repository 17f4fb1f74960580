import { fileURLToPath } from 'node:url';
import project from '../package.json' with { type: 'json' };
import type { Accounts } from './accounts/accounts.ts';
import { type BackupJobs, openBackupJobs } from './backup/jobs.ts';
import type { ServerConfig } from './config.ts';
import type { Log } from './log.ts';
import type { AppSettings } from './services.ts';
import type { Taxii } from './taxii/taxii.ts';

const CONSOLE = fileURLToPath(new URL('../console/dist', import.meta.url));

/** The backups of a data folder. */
export function backupJobsOf({ data, openSearchUrl, s3, backup }: ServerConfig, log: Log): BackupJobs {
  const embedded = openSearchUrl === undefined;
  return openBackupJobs({ data, program: project.version, embedded, s3, keep: backup.keep, log });
}

/** What the routes are told of the configuration. */
export function settingsOf(config: ServerConfig): AppSettings {
  return {
    version: project.version,
    timeZone: config.timeZone,
    allowedHosts: config.allowedHosts,
    secureCookies: false,
    consoleFolder: CONSOLE,
    exportEvents: config.exportEvents,
  };
}

/** The TAXII server of the national role; nothing in the province's. It stops with the rest. */
export async function taxiiOf(
  { role, data }: ServerConfig,
  { audit }: Accounts,
  log: Log,
  stops: (() => unknown)[],
): Promise<{ readonly taxii?: Taxii }> {
  if (role !== 'national') return {};
  const { openTaxii } = await import('./taxii/taxii.ts');
  const taxii = await openTaxii({ data, audit, log });
  stops.push(() => taxii.close());
  return { taxii };
}

/** Everything in reverse order of its start; what fails to stop does not keep the rest from it. */
export async function stopAll(stops: (() => unknown)[], log: Log): Promise<void> {
  for (let stop = stops.pop(); stop; stop = stops.pop()) {
    try {
      await stop();
    } catch (err) {
      log.error({ err }, 'a part did not stop cleanly');
    }
  }
}

import { type ExecFileSyncOptionsWithStringEncoding, execFileSync } from 'node:child_process';
import { accessSync, constants, existsSync } from 'node:fs';
import { reasonOf } from '../errors.ts';
import { readJournalEntry } from '../inputs/journal-entry.ts';
import { journalIsReadable } from '../inputs/journald.ts';

/** Why a file cannot be read. */
export interface Unreadable {
  readonly fault: 'unreadable' | 'hidden';
  readonly detail: string;
}

/** What whoever runs the collector may do on this machine. */
export interface Rights {
  /** The first of these files that cannot be read; undefined where all can. */
  unreadable(files: readonly string[]): Unreadable | undefined;
  /** Whether there is a journal that can be read. */
  readsJournal(): Promise<boolean>;
  /** Whether ports below 1024 may be listened on. */
  readonly lowPorts: boolean;
}

/** Folders that the unit of the package hides (`ProtectHome`, `PrivateTmp`). */
const HIDDEN = /^\/(?:home|root|run\/user|tmp|var\/tmp)(?:\/|$)/;
const UNIT = 'haidang-collector.service';
const UNIT_FILES = ['/lib/systemd/system', '/usr/lib/systemd/system', '/etc/systemd/system'].map(
  (folder) => `${folder}/${UNIT}`,
);
/** Whether the package's service is on this machine. */
export function unitIsInstalled(): boolean {
  return UNIT_FILES.some((path) => existsSync(path));
}

/** A user without rights of its own, as the service's is. */
const NOBODY = '65534';
const QUIETLY: ExecFileSyncOptionsWithStringEncoding = {
  encoding: 'utf8',
  stdio: ['ignore', 'pipe', 'ignore'],
  timeout: 10_000,
};
const LAST_ENTRY = ['--quiet', '--no-pager', '-n', '1', '-o', 'json'];
const FIRST_UNREADABLE = 'for file do [ -r "$file" ] || { printf %s "$file"; exit 1; }; done';

/** The rights of this very process. */
const OWN: Rights = {
  lowPorts: true,
  readsJournal: () => journalIsReadable(),
  unreadable(files) {
    for (const file of files) {
      try {
        accessSync(file, constants.R_OK);
      } catch (error) {
        return { fault: 'unreadable', detail: reasonOf(error) };
      }
    }
    return undefined;
  },
};

/** What the unit says, as it is in force with what was added to it; undefined where nothing can be asked. */
function unitSays(property: string): string | undefined {
  try {
    const said = execFileSync('systemctl', ['show', UNIT, `--property=${property}`, '--value'], QUIETLY).trim();
    return said === '' ? undefined : said;
  } catch {
    return undefined;
  }
}

/** The rights of a user without any but those of these groups, asked of the kernel, so that access lists count too. */
export function rightsOf(groups: readonly string[], lowPorts: boolean): Rights {
  const become = [
    `--reuid=${NOBODY}`,
    `--regid=${NOBODY}`,
    groups.length > 0 ? `--groups=${groups.join(',')}` : '--clear-groups',
  ];
  return {
    lowPorts,
    async readsJournal() {
      try {
        const said = execFileSync('setpriv', [...become, '--', 'journalctl', ...LAST_ENTRY], QUIETLY);
        return readJournalEntry(said.split('\n')[0] ?? '') !== undefined;
      } catch {
        return false;
      }
    },
    unreadable(files) {
      const hidden = files.find((file) => HIDDEN.test(file));
      if (hidden !== undefined) return { fault: 'hidden', detail: hidden };
      try {
        execFileSync('setpriv', [...become, '--', 'sh', '-c', FIRST_UNREADABLE, 'sh', ...files], QUIETLY);
        return undefined;
      } catch (error) {
        const { stdout, status } = error as { stdout?: string; status?: number | null };
        // Another end than the script's own says nothing of the files.
        if (status !== 1 || !stdout) return OWN.unreadable(files);
        return { fault: 'unreadable', detail: stdout };
      }
    },
  };
}

/**
 * Whose rights the doctor asks for: the administrator runs it as root, who may read everything, while the service may not.
 * So where the package's unit is in place and this is root, it is the service's.
 */
export function rightsHere(): Rights {
  if (process.getuid?.() !== 0 || !unitIsInstalled()) return OWN;
  const groups = (unitSays('SupplementaryGroups') ?? 'adm systemd-journal').split(/\s+/).filter(groupExists);
  return rightsOf(groups, (unitSays('AmbientCapabilities') ?? '').includes('cap_net_bind_service'));
}

function groupExists(name: string): boolean {
  try {
    execFileSync('getent', ['group', name], { stdio: 'ignore', timeout: 5_000 });
    return true;
  } catch {
    return false;
  }
}

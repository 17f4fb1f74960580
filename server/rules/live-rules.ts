import { mkdir } from 'node:fs/promises';
import type { Audit } from '../accounts/audit.ts';
import type { Detection } from '../detection/detection.ts';
import type { Log } from '../log.ts';
import type { RecordStore } from '../store/record-store.ts';
import { openRuleHealth, type RuleHealthWatch } from './health.ts';
import type { ReloadReport, RuleRegistry } from './registry.ts';
import { watchFolders } from './watch-folders.ts';

/** How often decisions that another server took are looked for. */
const OTHERS_MS = 15_000;
/** Ids named in the audit trail for one change. */
const MOST_NAMED = 100;

/** Keeps the rules of a running server in step with their folders, with other servers and with time, and watches their health. */
export async function startLiveRules(options: {
  readonly registry: RuleRegistry;
  readonly detection: Detection;
  readonly records: RecordStore;
  readonly folders: readonly string[];
  readonly log: Log;
  /** Set where several servers share the store. */
  readonly node?: string | undefined;
  /** How often decisions that another server took are looked for, milliseconds; a quarter of a minute unless set. */
  readonly lookMs?: number;
}): Promise<{ readonly health: RuleHealthWatch; stop(): Promise<void> }> {
  const { registry, detection, records, folders, log, node } = options;
  registry.attach(detection);
  // What is there can be watched: a rule that comes is in force at once.
  for (const folder of folders) await mkdir(folder, { recursive: true, mode: 0o700 }).catch(() => undefined);
  const name = node === undefined ? {} : { name: `rules.health.${node}` };
  const health = await openRuleHealth({ registry, detection, records, log, ...name });
  const reload = (folder: boolean): void => void registry.reload('folder', folder).catch(() => undefined);
  const watched = watchFolders(folders, () => reload(true), log);
  const others = node === undefined ? undefined : setInterval(() => reload(false), options.lookMs ?? OTHERS_MS);
  others?.unref();
  return {
    health,
    async stop() {
      watched.stop();
      clearInterval(others);
      registry.stop();
      await health.stop();
    },
  };
}

/** Writes what came into force to the log and the audit trail. */
export function auditRules(audit: Audit, log: Log): (report: ReloadReport, by: string) => void {
  return ({ added, changed, removed, problems }, by) => {
    const count = { added: added.length, changed: changed.length, removed: removed.length, refused: problems.length };
    log.info({ by, ...count }, 'Changed rules are in force.');
    const detail = {
      ...count,
      rules: [...added, ...changed, ...removed].slice(0, MOST_NAMED),
    };
    void audit
      .record({ actor: by, act: 'rule.load', target: 'rules', detail })
      .catch((err) => log.warn({ err }, 'A change of rules could not be written to the audit trail.'));
  };
}

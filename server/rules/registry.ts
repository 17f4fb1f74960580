import type { Rule, RuleProblem } from '../../rules/rule.ts';
import type { Detection, LoadedRules } from '../detection/detection.ts';
import type { IndicatorBook } from '../indicators/book.ts';
import type { Log } from '../log.ts';
import type { RecordStore } from '../store/record-store.ts';
import { keptRules } from './kept-rules.ts';
import { loadRulesAside } from './load-aside.ts';
import { type OverlaidRules, overlay } from './overlay.ts';
import { keepVersion, type RuleDecisions, readDecisions } from './settings.ts';
import { ruleVersions } from './version.ts';

/** What changed by reading the rules again. */
export interface ReloadReport {
  readonly added: readonly string[];
  readonly changed: readonly string[];
  readonly removed: readonly string[];
  readonly problems: readonly RuleProblem[];
}

/** The rules in force: of folders and the console, with what people decided. They change while the server runs. */
export interface RuleRegistry extends LoadedRules {
  readonly disabled: readonly Rule[];
  readonly shadows: readonly Rule[];
  /** All of them, in force or not, without exceptions and as they are written. */
  readonly plain: readonly Rule[];
  /** Ids of those that were never switched on. */
  readonly drafts: ReadonlySet<string>;
  /** By rule id. */
  readonly versions: ReadonlyMap<string, string>;
  /** When these came into force, ISO 8601. */
  readonly since: string;
  /** What would be in force with other texts in the console; nothing changes by asking. */
  preview(documents: ReadonlyMap<string, string>): Promise<OverlaidRules>;
  /** Reads folders and decisions again, or decisions alone, and puts what changed in force. Rejects with the old ones in force where that fails. */
  reload(by: string, folders?: boolean): Promise<ReloadReport>;
  /** From now on changes go to this detection. */
  attach(detection: Pick<Detection, 'use'>): void;
  stop(): void;
}

/** Longest time until an exception's end is looked at again, milliseconds (a timer holds no more than 24.8 days). */
const LONGEST_WAIT = 86_400_000;

/** Opens the registry over rules that were read from folders. */
export async function openRuleRegistry(options: {
  readonly folders: readonly string[];
  readonly records: RecordStore;
  readonly loaded: LoadedRules;
  readonly log: Log;
  /** Rules that stand for lists of indicators, asked for anew at each reading. */
  readonly indicators?: Pick<IndicatorBook, 'current'>;
  readonly now?: () => number;
  /** Called after changed rules came into force. */
  readonly onChange?: (report: ReloadReport, by: string) => void;
}): Promise<RuleRegistry> {
  const { folders, records, log } = options;
  const now = options.now ?? Date.now;
  let base = options.loaded;
  let detection: Pick<Detection, 'use'> | undefined;
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  let last: Promise<unknown> = Promise.resolve();

  const withLists = (...decisions: [RuleDecisions['documents'], RuleDecisions['settings']]): OverlaidRules => {
    const lists = options.indicators?.current();
    const all = lists && lists.rules.length > 0 ? { ...base, rules: [...base.rules, ...lists.rules] } : base;
    return { ...overlay(all, ...decisions, now()), indicators: lists?.indicators };
  };
  const read = async (): Promise<OverlaidRules> => {
    const { documents, settings } = await readDecisions(records);
    return withLists(documents, settings);
  };
  let current = await read();
  let versions = ruleVersions(current.rules);
  let since = new Date(now()).toISOString();

  const reload = async (by: string, again: boolean): Promise<ReloadReport> => {
    if (again) base = keptRules(base, await loadRulesAside(folders));
    const next = await read();
    const fresh = ruleVersions(next.rules);
    const report: ReloadReport = {
      added: [...fresh.keys()].filter((id) => !versions.has(id)),
      changed: [...fresh].filter(([id, version]) => versions.has(id) && versions.get(id) !== version).map(([id]) => id),
      removed: [...versions.keys()].filter((id) => !fresh.has(id)),
      problems: next.problems,
    };
    const shadows = (rules: OverlaidRules) => JSON.stringify(rules.shadows.map(({ id }) => id));
    const isSame = report.added.length + report.changed.length + report.removed.length === 0;
    if (!isSame || shadows(next) !== shadows(current)) {
      await detection?.use(next);
      await keepWordings(current, next, report, by);
      since = new Date(now()).toISOString();
    }
    current = next;
    versions = fresh;
    await watchEnd();
    if (!isSame) options.onChange?.(report, by);
    return report;
  };
  /** What was in force and what is now can be told apart, and brought back, only if both are kept. */
  const keepWordings = async (before: OverlaidRules, after: OverlaidRules, report: ReloadReport, by: string) => {
    const ids = new Set([...report.changed, ...report.removed, ...report.added]);
    const at = new Date(now()).toISOString();
    for (const [rules, who, when] of [[before, 'folder', since] as const, [after, by, at] as const]) {
      const wording = ruleVersions(rules.rules);
      for (const rule of rules.rules.filter(({ id }) => ids.has(id)).slice(0, MOST_KEPT)) {
        const version = wording.get(rule.id) ?? '';
        const { yaml, file } = rule;
        await keepVersion(records, { rule: rule.id, version, yaml, at: when, by: who, file });
      }
    }
  };
  const watchEnd = async () => {
    clearTimeout(timer);
    if (current.nextChange === undefined || stopped) return;
    const wait = Math.max(0, Math.min(LONGEST_WAIT, current.nextChange - now()) + 10);
    timer = setTimeout(() => void run('expiry', false).catch(() => undefined), wait);
    timer.unref();
  };
  const run = (by: string, again: boolean): Promise<ReloadReport> => {
    const done = last.then(() => reload(by, again));
    last = done.catch((error) => {
      if (!stopped) log.error({ err: error }, 'Changed rules could not be put in force; the rules before stay.');
    });
    return done;
  };
  await watchEnd();

  return {
    get rules() {
      return current.rules;
    },
    get problems() {
      return current.problems;
    },
    get disabled() {
      return current.disabled;
    },
    get indicators() {
      return current.indicators;
    },
    get plain() {
      return current.plain;
    },
    get drafts() {
      return current.drafts;
    },
    get shadows() {
      return current.shadows;
    },
    get versions() {
      return versions;
    },
    get since() {
      return since;
    },
    async preview(texts) {
      const { documents, settings } = await readDecisions(records);
      const at = new Date(now()).toISOString();
      const changed = new Map(documents);
      for (const [id, yaml] of texts) changed.set(id, { yaml, updatedAt: at, updatedBy: '' });
      return withLists(changed, settings);
    },
    reload: (by, again = true) => run(by, again),
    attach(to) {
      detection = to;
    },
    stop() {
      stopped = true;
      clearTimeout(timer);
    },
  };
}

/** Wordings kept of one change: a new folder of thousands of rules is no edit. */
const MOST_KEPT = 200;

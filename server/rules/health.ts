import type { Rule } from '../../rules/rule.ts';
import type { Detection } from '../detection/detection.ts';
import type { SelfTestResult } from '../detection/self-test.ts';
import { SYSTEM } from '../identity.ts';
import type { Log } from '../log.ts';
import type { RecordStore } from '../store/record-store.ts';
import { type Facts, factsOf, judge, LOOK_MS, LOOKS_A_ROUND, type RuleHealth, type Seen } from './judge-health.ts';
import type { RuleRegistry } from './registry.ts';
import { shadowOf } from './shadow.ts';

/** Watches the health of all rules in force. */
export interface RuleHealthWatch {
  of(rule: Rule): RuleHealth;
  /** What an exception of a rule has hidden since it began. */
  hidden(rule: string, exception: string): { readonly count: number; readonly lastAt: string | null };
  /** Does at once what is done every minute: for all rules. */
  look(): Promise<void>;
  stop(): Promise<void>;
}

/** Rules tested in one message: evaluation waits that long. */
const TESTED_AT_ONCE = 10;

/** Opens the watch with what was seen before; `name` tells servers that share a store apart. */
export async function openRuleHealth(options: {
  readonly registry: Pick<RuleRegistry, 'rules' | 'shadows'>;
  readonly detection: Pick<Detection, 'selfTest' | 'watch'>;
  readonly records: RecordStore;
  readonly log: Log;
  readonly now?: () => number;
  readonly name?: string;
}): Promise<RuleHealthWatch> {
  const { registry, detection, records, log, name = 'rules.health' } = options;
  const now = options.now ?? Date.now;
  const view = records.as(SYSTEM);
  const kept = await view.get('setting', name);
  let version = kept?.version ?? 0;
  const seen: Seen = { matches: {}, sources: {}, fields: {}, ...(kept?.document.value as Partial<Seen> | undefined) };
  const costs = new Map<string, number>();
  const tests = new Map<string, { readonly at: number; readonly result: SelfTestResult; readonly rule: Rule }>();
  const begun = now();
  let facts = factsOf(registry);
  let next = 0;
  let isDirty = false;
  let stopped = false;

  const current = (): Facts => {
    if (facts.rules !== registry.rules) facts = factsOf(registry);
    return facts;
  };
  const test = async (rules: readonly Rule[]): Promise<void> => {
    const byId = new Map(rules.map((rule) => [rule.id, rule]));
    const ids = [...byId.keys()];
    for (let at = 0; at < ids.length && !stopped; at += TESTED_AT_ONCE) {
      for (const result of await detection.selfTest(ids.slice(at, at + TESTED_AT_ONCE))) {
        const rule = byId.get(result.rule);
        if (rule && result.samples > 0) tests.set(result.rule, { at: now(), result, rule });
      }
    }
  };
  const watch = async (): Promise<void> => {
    const report = await detection.watch();
    for (const [rule, { count, at }] of Object.entries(report.matches)) {
      seen.matches[rule] = { count: (seen.matches[rule]?.count ?? 0) + count, at };
      isDirty = true;
    }
    for (const [source, { at }] of Object.entries(report.sources)) {
      seen.sources[source] = at;
      isDirty = true;
    }
    for (const [source, fields] of Object.entries(report.fields)) {
      const known = new Set(seen.fields[source]);
      if (fields.every((field) => known.has(field))) continue;
      seen.fields[source] = [...known, ...fields];
      isDirty = true;
    }
    for (const [rule, cost] of Object.entries(report.costs)) costs.set(rule, cost);
  };
  const write = async (): Promise<void> => {
    if (!isDirty) return;
    isDirty = false;
    const known = current().ids;
    for (const id of Object.keys(seen.matches)) if (!known.has(shadowOf(id)?.rule ?? id)) delete seen.matches[id];
    const document = { value: seen };
    const written =
      version === 0
        ? await view.create('setting', name, document)
        : await view.replace('setting', name, document, version);
    version = written.version;
  };
  const look = async (all: boolean): Promise<void> => {
    try {
      await watch();
      const rules = registry.rules.filter(({ extension }) => extension.samples.match.length > 0);
      // A rule that changed is tested at once, the others in their turn.
      const fresh = rules.filter((rule) => tests.get(rule.id)?.rule !== rule);
      const share = Math.ceil(rules.length / LOOKS_A_ROUND);
      const turn = Array.from({ length: share }, () => rules[next++ % rules.length] as Rule);
      await test(all ? rules : [...new Set([...fresh, ...turn])]);
      await write();
    } catch (error) {
      if (!stopped) log.warn({ err: error }, 'The health of rules could not be looked at; it is tried again.');
    }
  };
  let running: Promise<void> = Promise.resolve();
  const begin = (all: boolean): Promise<void> => {
    running = running.then(() => (stopped ? undefined : look(all)));
    return running;
  };
  const first = setTimeout(() => void begin(true), FIRST_LOOK_MS);
  const timer = setInterval(() => void begin(false), LOOK_MS);
  first.unref();
  timer.unref();

  return {
    of: (rule) => judge(rule, { ...current(), seen, costs, tests, begun, now: now() }),
    hidden(rule, exception) {
      let count = 0;
      let lastAt: string | null = null;
      for (const [id, match] of Object.entries(seen.matches)) {
        const shadow = shadowOf(id);
        if (shadow?.rule !== rule || shadow.exception.split('+')[0] !== exception) continue;
        count += match.count;
        if (lastAt === null || match.at > lastAt) lastAt = match.at;
      }
      return { count, lastAt };
    },
    look: () => begin(true),
    async stop() {
      clearTimeout(first);
      clearInterval(timer);
      await running;
      stopped = true;
      await watch()
        .then(write)
        .catch(() => undefined);
    },
  };
}

const FIRST_LOOK_MS = 2_000;

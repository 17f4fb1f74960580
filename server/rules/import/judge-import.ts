import { type EcsEvent, readField } from '../../../ecs/event.ts';
import { ruleCondition } from '../../../rules/engine/compile.ts';
import { logSourceCondition } from '../../../rules/engine/log-sources.ts';
import { compileMatcher } from '../../../rules/query/matcher.ts';
import type { DetectionRule, Rule, RuleProblem } from '../../../rules/rule.ts';
import type { FilterRule } from '../../../rules/sigma/filter.ts';
import { joinRules } from '../../../rules/sigma/rule-set.ts';
import { fieldsOf, sourceKey } from '../../detection/rule-watch.ts';
import { canHold, isKnownField } from '../judge-health.ts';
import type { ImportRow } from './schema.ts';

/** What events have been like: which log sources they come from, and which fields those have. */
export interface SeenEvents {
  take(events: readonly EcsEvent[]): void;
  /** By log source (`sourceKey`), the fields asked for that its events have; absent where it had no event. */
  fields(): ReadonlyMap<string, ReadonlySet<string>>;
}

/** Looks at events for the log sources and fields that some rules ask for. */
export function openSeenEvents(rules: readonly Rule[]): SeenEvents {
  const watched = new Map<string, { readonly rule: DetectionRule; readonly wanted: Set<string> }>();
  for (const rule of rules) {
    if (rule.kind !== 'detection') continue;
    const key = sourceKey(rule.logsource);
    const source = watched.get(key) ?? { rule, wanted: new Set<string>() };
    for (const field of fieldsOf(rule)) source.wanted.add(field);
    watched.set(key, source);
  }
  const sources = [...watched].map(([key, { rule, wanted }]) => ({
    key,
    wanted,
    applies: compileMatcher(logSourceCondition(rule.logsource, 'ecs')),
  }));
  const seen = new Map<string, Set<string>>();
  return {
    take(events) {
      for (const event of events) {
        for (const { key, wanted, applies } of sources) {
          if (!applies(event)) continue;
          const found = seen.get(key) ?? new Set();
          seen.set(key, found);
          for (const field of wanted) {
            if (readField(event, field) === undefined) continue;
            wanted.delete(field);
            found.add(field);
          }
        }
      }
    },
    fields: () => seen,
  };
}

/** What was read of an import. */
export interface ReadImport {
  readonly rules: readonly Rule[];
  readonly filters: readonly FilterRule[];
  readonly problems: readonly RuleProblem[];
}

/** A rule that could be taken over. */
export interface Takable {
  readonly id: string;
  readonly yaml: string;
}

/**
 * Judges each rule of an import beside the rules that are there (`existing`): what runs, what has no data, what is there
 * already, and what is refused and why. `replaceable`: whether a rule of a file may be replaced by an import.
 */
export function judgeImport(
  read: ReadImport,
  existing: readonly Rule[],
  seen: ReturnType<SeenEvents['fields']>,
  replaceable: (file: string) => boolean,
): { readonly rows: readonly ImportRow[]; readonly taken: readonly Rule[] } {
  const byId = new Map(existing.map((rule) => [rule.id, rule]));
  const rows: ImportRow[] = [];
  const fresh: Rule[] = [];
  for (const rule of read.rules) {
    const other = byId.get(rule.id);
    if (!other) fresh.push(rule);
    else if (other.yaml === rule.yaml) rows.push({ ...rowOf(rule), state: 'present', reasons: ['same'] });
    else if (replaceable(other.file)) fresh.push(rule);
    else rows.push({ ...rowOf(rule), state: 'present', reasons: ['other-wording'] });
  }
  const replaced = new Set(fresh.map(({ id }) => id));
  const set = joinRules([...existing.filter(({ id }) => !replaced.has(id)), ...fresh], read.filters);
  const own = new Map(fresh.map((rule) => [`${rule.id}\0${rule.file}`, rule]));
  const files = new Set([...read.rules, ...read.filters].map(({ file }) => file));
  const problems = [...read.problems, ...set.problems.filter(({ file }) => files.has(file))];
  for (const { file, line, column, code, message, rule } of problems)
    rows.push({ ...NO_ROW, id: rule, file, line, column, code, message, state: 'refused' });
  const taken: Rule[] = [];
  // A rule with a problem of its own is among the refused; a second one of an id is as well.
  const refused = new Set(problems.map(({ file, line }) => `${file}:${line}`));
  for (const rule of [...set.detections, ...set.correlations]) {
    const written = own.get(`${rule.id}\0${rule.file}`);
    if (!written || refused.has(`${rule.file}:${rule.line}`)) continue;
    const behind = rule.kind === 'detection' ? [rule] : (set.counted.get(rule.id) ?? []);
    const missing = behind.map((one) => missingOf(one, seen));
    const stuck = missing.filter(({ reasons }) => reasons.length > 0);
    const isStuck = stuck.length > 0 && stuck.length === missing.length;
    const reasons = isStuck ? [...new Set(stuck.flatMap((one) => one.reasons))] : [];
    const fields = [...new Set(missing.flatMap((one) => one.fields))].slice(0, 20);
    rows.push({
      ...rowOf(rule),
      state: isStuck ? 'no-data' : 'runs',
      reasons,
      fields,
      replaces: byId.has(rule.id),
    });
    taken.push(written);
  }
  return { rows, taken };
}

const NO_ROW: ImportRow = {
  id: null,
  title: '',
  level: null,
  file: '',
  line: 1,
  column: 1,
  state: 'refused',
  reasons: [],
  fields: [],
  code: null,
  message: null,
  replaces: false,
};

function rowOf({ id, title, level, file, line }: Rule): ImportRow {
  return { ...NO_ROW, id, title, level, file, line };
}

/** Why a rule could not match any event so far, and the fields of it that none had. */
function missingOf(rule: DetectionRule, seen: ReturnType<SeenEvents['fields']>) {
  const condition = ruleCondition(rule, 'ecs');
  const known = seen.get(sourceKey(rule.logsource));
  const missing = fieldsOf(rule).filter((field) => !known?.has(field));
  const unknown = missing.filter((field) => !isKnownField(field));
  const reasons: ImportRow['reasons'] = [];
  if (!canHold(condition, (field) => !unknown.includes(field))) reasons.push('field-unknown');
  if (!known) reasons.push('source-never');
  else if (!canHold(condition, (field) => !missing.includes(field))) reasons.push('field-never');
  return { reasons, fields: known ? missing : unknown };
}

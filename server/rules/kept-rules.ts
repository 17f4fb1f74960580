import type { LoadedRules } from '../detection/detection.ts';

/**
 * Rules read again, but those that were in force and can no longer be read stay as they were: a slip in a file must not
 * switch its rules off. The problem says so.
 */
export function keptRules(before: LoadedRules, after: LoadedRules): LoadedRules {
  const broken = new Set(after.problems.map(({ file }) => file));
  const present = new Set(after.rules.map(({ id }) => id));
  const named = new Set(after.problems.flatMap(({ rule }) => (rule === null ? [] : [rule])));
  const files = new Set(after.rules.map(({ file }) => file));
  const kept = before.rules.filter(({ id, file }) => {
    if (present.has(id) || !broken.has(file)) return false;
    // Of a file that still holds rules, a rule that no problem names was taken out on purpose.
    return named.has(id) || !files.has(file);
  });
  if (kept.length === 0) return after;
  const keptFiles = new Set(kept.map(({ file }) => file));
  return {
    ...after,
    rules: [...after.rules, ...kept],
    problems: after.problems.map((problem) =>
      keptFiles.has(problem.file)
        ? { ...problem, message: `${problem.message} Until then the wording before it stays in force.` }
        : problem,
    ),
  };
}

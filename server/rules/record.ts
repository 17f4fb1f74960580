import type { Severity } from '../../rules/rule.ts';
import type { AgencyId } from '../identity.ts';

/** A rule written or changed in the console; its id is the rule's, and it stands in for a rule of that id in a folder. */
export interface RuleRecord {
  readonly yaml: string;
  readonly updatedAt: string;
  readonly updatedBy: string;
}

/** What people decided about a rule, wherever it is written; its id is the rule's. */
export interface RuleSettingRecord {
  readonly enabled: boolean;
  /** Written, and never in force yet: not switched off by anybody. */
  readonly draft?: boolean;
  /** Instead of the rule's own; `null` leaves it. */
  readonly level: Severity | null;
  readonly groupBy: readonly string[] | null;
  readonly gapSeconds: number | null;
  readonly exceptions: readonly RuleException[];
  readonly reason: string;
  readonly updatedAt: string;
  readonly updatedBy: string;
}

/** Events that a rule keeps silent about, for a while. */
export interface RuleException {
  readonly id: string;
  readonly kql: string;
  /** `null`: of every agency. */
  readonly agency: AgencyId | null;
  readonly reason: string;
  readonly createdAt: string;
  readonly createdBy: string;
  /** ISO 8601; it hides nothing from then on. */
  readonly expires: string;
  readonly endedAt: string | null;
  readonly endedBy: string | null;
}

/** One wording of a rule that was in force; its id is `<rule>:<version>`. */
export interface RuleVersionRecord {
  readonly rule: string;
  readonly version: string;
  readonly yaml: string;
  readonly at: string;
  /** A user, or `folder` where its file changed. */
  readonly by: string;
  readonly file: string;
}

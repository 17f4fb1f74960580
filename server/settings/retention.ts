import { policyProblem, type RetentionPolicy } from '../retention/policy.ts';
import {
  KEEP_DAYS,
  MINIMUM_MONTHS,
  perLevel,
  type RetentionSettings,
  sourceRules,
  timeOfDay,
} from '../retention/settings.ts';
import { integer } from '../system/setting-readers.ts';
import { setting, type ValuesOf } from './setting.ts';

/** How long events are kept, and when their days are signed. */
export const RETENTION_SETTINGS = {
  'retention.minimum_months': setting<readonly number[]>({
    fallback: MINIMUM_MONTHS,
    fallbackText: '`[0, 1, 3, 6, 12]`',
    does: 'Fewest months that events must be kept by law, for systems of security level 1 to 5; nothing below is accepted. See retention.md.',
    read: perLevel(1200),
  }),
  'retention.keep_days': setting<readonly number[]>({
    fallback: KEEP_DAYS,
    fallbackText: '`[92, 92, 184, 366, 731]`',
    does: 'Days that events are kept, for systems of security level 1 to 5, until another policy is set by the API.',
    read: perLevel(36_525),
  }),
  'retention.sources': setting<RetentionPolicy['sources']>({
    fallback: [],
    fallbackText: 'none',
    does: 'Other days for sources by name, the first that matches: a list of `{source: "netflow*", levels: [1, 2, 3], days: 92}`.',
    read: sourceRules,
  }),
  'retention.at': setting({
    fallback: '02:30',
    does: 'Time of day at which days that are due are deleted, in `time_zone`.',
    read: timeOfDay,
  }),
  'evidence.close_after_days': setting({
    fallback: 7,
    does: 'Full days after the end of a day until it is closed and signed; the longest that a collector holds events back. See backup.md.',
    read: integer(1, 60),
  }),
  'evidence.at': setting({
    fallback: '03:30',
    does: 'Time of day at which closed days are signed, in `time_zone`.',
    read: timeOfDay,
  }),
} as const;

/** How long events are kept. @throws Error where that is shorter than the law wants */
export function retentionSettings(values: ValuesOf<typeof RETENTION_SETTINGS>): RetentionSettings {
  const minimumMonths = values['retention.minimum_months'];
  const policy = { keepDays: values['retention.keep_days'], sources: values['retention.sources'] };
  const problem = policyProblem(policy, minimumMonths);
  if (problem !== undefined) throw new Error(`"retention": ${problem}`);
  return { minimumMonths, policy, at: values['retention.at'] };
}

import type { Condition } from '../../rules/query/condition.ts';
import { KqlError } from '../../rules/query/kql.ts';
import { compileMatcher } from '../../rules/query/matcher.ts';
import { isShown } from '../alerts/seen.ts';
import { HaidangError } from '../errors.ts';
import type { Identity } from '../identity.ts';
import type { EventStore } from '../store/event-store.ts';
import type { RecordStore } from '../store/record-store.ts';
import { exceptionCondition } from './overlay.ts';
import type { RuleException } from './record.ts';
import type { ExceptionPreview } from './schema.ts';

/** How far a preview looks: back in time, at alerts, at events of each and of all. */
const PREVIEW = { milliseconds: 30 * 86_400_000, alerts: 500, eventsEach: 50, events: 5_000 } as const;
/** Exceptions kept of one rule. */
export const MOST_EXCEPTIONS = 200;

/** Reads what an exception hides. @throws HaidangError `HD_KQL_SYNTAX`, `HD_BAD_REQUEST` where it would hide everything */
export function readException(exception: Pick<RuleException, 'kql' | 'agency'>): Condition {
  try {
    const condition = exceptionCondition(exception);
    if (compileMatcher(exceptionCondition({ kql: exception.kql, agency: null }))({}))
      throw new HaidangError(
        'HD_BAD_REQUEST',
        'The exception names no field, and would hide every event; name what is known to be harmless.',
      );
    return condition;
  } catch (error) {
    if (error instanceof KqlError) throw new HaidangError('HD_KQL_SYNTAX', `Column ${error.column}: ${error.message}`);
    throw error;
  }
}

/** What an exception would have hidden of a rule's alerts of the last 30 days. */
export async function previewException(
  { events, records }: { readonly events: EventStore; readonly records: RecordStore },
  identity: Identity,
  rule: string,
  exception: Pick<RuleException, 'kql' | 'agency'>,
  now: number,
): Promise<ExceptionPreview> {
  const hides = compileMatcher(readException(exception));
  const filter = { where: { rule: [rule] }, orderBy: { field: 'last', descending: true }, limit: PREVIEW.alerts };
  const page = await records.as(identity).find('alert', filter);
  const since = new Date(now - PREVIEW.milliseconds).toISOString();
  const alerts = page.records.filter(
    ({ document }) => document.updatedAt >= since && document.status !== 'merged' && isShown(identity, document),
  );
  const counts = { alerts: 0, alertsHidden: 0, events: 0, eventsHidden: 0 };
  const truePositives: string[] = [];
  let complete = page.next === null;
  for (const { id, document } of alerts) {
    if (counts.events >= PREVIEW.events) {
      complete = false;
      break;
    }
    const ids = document.events.slice(-PREVIEW.eventsEach);
    if (document.count > ids.length) complete = false;
    const found = await events.as(identity).getMany(ids);
    const hidden = found.filter(({ event }) => hides(event)).length;
    counts.alerts++;
    counts.events += found.length;
    counts.eventsHidden += hidden;
    if (hidden > 0 && hidden === found.length) counts.alertsHidden++;
    if (hidden > 0 && document.verdict === 'true_positive') truePositives.push(id);
  }
  return { ...counts, truePositives, complete };
}

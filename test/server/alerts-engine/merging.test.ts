import { describe, expect, it } from 'vitest';
import type { AlertRecord } from '../../../server/alerts/record.ts';
import type { AgencyId } from '../../../server/identity.ts';
import { joinAlerts, newAlert } from '../../../server/store/alert-record.ts';

const AT = '2026-11-22T08:00:00.000Z';

function alert(id: string, changes: Partial<AlertRecord> = {}): { id: string; document: AlertRecord } {
  const detected = {
    agency: 'so-tttt' as AgencyId,
    rule: 'rule',
    ruleTitle: 'A rule',
    severity: 'high',
    severityRank: 4,
    group: {},
    groupKey: 'row',
    count: 10,
    first: AT,
    last: AT,
    createdAt: AT,
    updatedAt: AT,
    entities: {},
    events: [],
    tags: [],
  } as const;
  return { id, document: { ...newAlert(detected), ...changes } };
}

const closing = { at: '2026-11-22T07:00:00.000Z', by: 'lan', act: 'status', from: 'new', to: 'closed' } as const;
const closed = (verdict: AlertRecord['verdict'], countAtClose: number): Partial<AlertRecord> => ({
  status: 'closed',
  verdict,
  countAtClose,
  timeline: [{ at: AT, by: 'engine', act: 'created' }, closing],
});

describe('two alerts that turn out to be one', () => {
  it('leave no word of a row that nobody touched', () => {
    const { into, from } = joinAlerts(alert('a'), alert('b'));
    expect(into).toEqual(alert('a').document);
    expect(from).toMatchObject({ status: 'merged', mergedInto: 'a' });
  });

  it('stay closed where both were, and tell what came since either was closed', () => {
    const { into } = joinAlerts(alert('a', closed('benign', 4)), alert('b', closed('true_positive', 3)));
    expect(into).toMatchObject({ status: 'closed', verdict: 'benign', countAtClose: 7 });
  });

  it.each([
    ['new', 'closed'],
    ['closed', 'new'],
  ] as const)('are open where one was: %s and %s', (first, second) => {
    const of = (status: 'new' | 'closed') => (status === 'closed' ? closed('benign', 4) : {});
    const { into } = joinAlerts(alert('a', of(first)), alert('b', of(second)));
    expect(into).toMatchObject({ status: 'new', verdict: null, countAtClose: null });
    expect(into.timeline.some(({ by, act }) => by === 'lan' && act === 'status')).toBe(true);
  });

  it('keep whoever works on one of them', () => {
    const worked = { status: 'in_progress', owner: 'lan' } as const;
    expect(joinAlerts(alert('a'), alert('b', worked)).into).toMatchObject(worked);
    expect(joinAlerts(alert('a', { owner: 'minh' }), alert('b', worked)).into).toMatchObject({
      status: 'in_progress',
      owner: 'minh',
    });
  });

  it('take over once what a stop between the two writings left half done', () => {
    const [one, other] = [alert('a', closed('benign', 4)), alert('b', closed('true_positive', 3))];
    const { into } = joinAlerts(one, other);
    expect(joinAlerts({ id: 'a', document: into }, other).into).toEqual(into);
  });
});

import { describe, expect, test } from 'vitest';
import { fromLocalInput } from '../../console/i18n/format.ts';
import { changesOf, type Draft, differences, rebase } from '../../console/incidents/edit-draft.ts';

const BASE: Draft = {
  title: 'Dò mật khẩu',
  summary: '',
  severity: 'medium',
  tlp: 'amber',
  rsit: '',
  owner: '',
  detectedAt: '2026-11-23T08:15',
};
const moment = (local: string) => fromLocalInput(local, 'Asia/Ho_Chi_Minh');

describe('the form about an incident', () => {
  test('sends what was changed in it, and nothing else', () => {
    expect(changesOf(BASE, BASE, moment)).toEqual({});
    expect(changesOf(BASE, { ...BASE, severity: 'high', owner: 'lan' }, moment)).toEqual({
      severity: 'high',
      owner: 'lan',
    });
    expect(changesOf({ ...BASE, owner: 'lan', rsit: 'test/test' }, BASE, moment)).toEqual({ owner: null, rsit: null });
  });

  test('reads the time of detection in the province’s zone', () => {
    const later = { ...BASE, detectedAt: '2026-11-23T09:00' };
    expect(changesOf(BASE, later, moment)).toEqual({ detectedAt: '2026-11-23T02:00:00.000Z' });
  });

  test('keeps what colleagues changed meanwhile, and what was changed here', () => {
    const mine: Draft = { ...BASE, summary: 'Từ một địa chỉ.', severity: 'critical' };
    const theirs: Draft = { ...BASE, tlp: 'green', severity: 'low' };
    const now = rebase(BASE, mine, theirs);
    expect(now).toEqual({ ...BASE, summary: 'Từ một địa chỉ.', severity: 'critical', tlp: 'green' });
    expect(differences(BASE, theirs)).toEqual(['severity', 'tlp']);
    expect(changesOf(theirs, now, moment)).toEqual({ summary: 'Từ một địa chỉ.', severity: 'critical' });
  });
});

import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Ledger } from '../../server/ledger/schema.ts';
import type {
  Deletions,
  LegalHold,
  RetentionDays,
  RetentionRun,
  RetentionState,
} from '../../server/retention/schema.ts';
import { storeOldDays } from '../server/retention/old-days.ts';
import { Installation } from './harness.ts';

let installation: Installation;

beforeEach(async () => {
  installation = await Installation.create();
  await storeOldDays(installation.data);
});
afterEach(() => installation.remove());

const file = (day: string) => existsSync(join(installation.data, 'store', 'events', `${day}.db`));
const json = async <T>(...args: string[]): Promise<T> => {
  const { out, err, code } = await installation.cli([...args, '--json']);
  expect(err).toBe('');
  expect(code).toBe(0);
  return JSON.parse(out) as T;
};

describe('haidang retention', () => {
  it('shows and deletes what is due beside a running server, and keeps what is held', async () => {
    await installation.up();
    const shown = await json<RetentionState & RetentionDays>('retention', 'show');
    expect(shown.days.filter(({ state }) => state === 'due').map(({ day }) => day)).toEqual(['20260101', '20260105']);
    expect(shown.next).toMatch(/T19:30:00/);
    const text = await installation.cli(['retention', 'show']);
    expect(text.out).toMatch(/level 3 +184 +92/);
    expect(text.out).toMatch(/20260101 +due +7 /);

    const body = JSON.stringify({ agency: 'local', fromDay: '2026-01-01', toDay: '2026-01-01', reason: 'Vụ 12/2026' });
    const hold = await installation.api<LegalHold>('/api/v1/legal-holds', { method: 'POST', body });
    const dry = await installation.cli(['retention', 'run', '--dry-run']);
    expect(dry.out).toContain('Would delete 1 day with 5 events');
    expect(dry.out).toMatch(/20260101 +due, HELD/);
    expect(file('20260105')).toBe(true);
    expect(await json<RetentionRun>('retention', 'run')).toMatchObject({ deleted: ['20260105'], failure: null });
    expect([file('20260101'), file('20260105')]).toEqual([true, false]);

    const lift = { method: 'POST', body: JSON.stringify({ reason: 'Đã có bản án' }) };
    await installation.api(`/api/v1/legal-holds/${hold.id}/lift`, lift);
    expect(await json<RetentionRun>('retention', 'run')).toMatchObject({ deleted: ['20260101'] });
    const { deletions } = await installation.api<Deletions>('/api/v1/retention/deletions');
    expect(deletions.map(({ day, events, by, state }) => [day, events, by.split(':')[0], state])).toEqual([
      ['20260105', 5, 'local', 'done'],
      ['20260101', 7, 'local', 'done'],
    ]);
    const { rows } = await json<Ledger>('status');
    expect(rows.find(({ collector }) => collector === 'c1aaaaaa')).toMatchObject({
      spooled: 12,
      stored: 0,
      deleted: 12,
      waiting: 0,
      state: 'ok',
    });
  });

  it('does the same where no server runs', async () => {
    await installation.up();
    await installation.end('SIGTERM');
    expect((await installation.cli(['retention', 'run'])).out).toContain('Deleted 2 days with 12 events');
    expect([file('20260101'), file('20260105')]).toEqual([false, false]);
    const { rows } = await json<Ledger>('status');
    expect(rows.find(({ collector }) => collector === 'c1aaaaaa')).toMatchObject({
      deleted: 12,
      waiting: 0,
      state: 'ok',
    });
  });

  it('refuses what it does not know', async () => {
    const { err, code } = await installation.cli(['retention', 'nonsense']);
    expect([code, err]).toEqual([2, expect.stringContaining('haidang retention show')]);
    expect((await installation.cli(['retention', 'show', '--dry-run'])).code).toBe(2);
  });

  it('is no way below the law: the start is refused with the reason', async () => {
    await writeFile(installation.config, 'retention:\n  keep_days: [92, 92, 30, 366, 731]\n');
    const { err, code } = await installation.cli(['server', '--config', installation.config]);
    expect(code).toBe(2);
    expect(err).toMatch(/30 days of level 3 are fewer than the least of 3 months \(92 days\)/);
  });
});

import { expect, test } from 'vitest';
import { oppositeActs } from '../../console/alerts/change.ts';
import {
  passesServerFilter,
  passesText,
  type QueueFilter,
  readFilter,
  serverFilter,
  writeFilter,
} from '../../console/alerts/filter.ts';
import { EMPTY_QUEUE, type QueueAction, type QueueState, queueReducer } from '../../console/alerts/queue-state.ts';
import type { AlertRow } from '../../server/alerts/schema.ts';
import { sampleAlert } from './samples.ts';

const filter: QueueFilter = readFilter(new URLSearchParams());
const run = (state: QueueState, ...actions: readonly QueueAction[]): QueueState => actions.reduce(queueReducer, state);
const ids = (rows: readonly AlertRow[]): string[] => rows.map(({ id }) => id);
const page = (alerts: AlertRow[], change: number, first = true): QueueAction => ({
  type: 'page',
  first,
  filter,
  list: { alerts, next: null, total: alerts.length, change },
});
const live = (row: AlertRow, flowing = false): QueueAction => ({ type: 'live', row, filter, flowing });
const row = (id: string, change: number, more: Partial<AlertRow> = {}): AlertRow =>
  sampleAlert(0, { id, change, ...more });

const ready = run(EMPTY_QUEUE, page([row('a', 5), row('b', 4)], 5));

test('a new row waits behind the bar while somebody reads, and goes in on the press', () => {
  const heard = run(ready, live(row('c', 6)), live(row('d', 7)));
  expect(ids(heard.rows)).toEqual(['a', 'b']);
  expect(ids(heard.waiting)).toEqual(['d', 'c']);
  const shown = run(heard, { type: 'show-waiting' });
  expect(ids(shown.rows).slice(2)).toEqual(['a', 'b']);
  expect(shown.total).toBe(4);
  expect(shown.waiting).toEqual([]);
});

test('a new row goes in at once while nobody reads, unless others wait already', () => {
  expect(ids(run(ready, live(row('c', 6), true)).rows)).toEqual(['c', 'a', 'b']);
  const held = run(ready, live(row('c', 6)), live(row('d', 7), true));
  expect(ids(held.rows)).toEqual(['a', 'b']);
});

test('a shown row changes in place, and an older change does not undo a newer one', () => {
  const changed = run(ready, live(row('b', 9, { count: 77 })), live(row('b', 8, { count: 3 })));
  expect(ids(changed.rows)).toEqual(['a', 'b']);
  expect(changed.rows[1]?.count).toBe(77);
});

test('a row that somebody else closes stays where it is; a waiting one goes', () => {
  const closed = run(ready, live(row('a', 9, { status: 'closed' })));
  expect(ids(closed.rows)).toEqual(['a', 'b']);
  const gone = run(ready, live(row('c', 6)), live(row('c', 7, { status: 'closed' })));
  expect(gone.waiting).toEqual([]);
});

test('what was heard before the first page is applied after it, where it is newer', () => {
  const state = run(EMPTY_QUEUE, live(row('a', 9, { count: 99 })), live(row('z', 3)), page([row('a', 5)], 5));
  expect(ids(state.rows)).toEqual(['a']);
  expect(state.rows[0]?.count).toBe(99);
});

test('a later page brings no row twice and no older state', () => {
  const state = run(ready, live(row('b', 9, { count: 9 })), page([row('b', 4), row('c', 3)], 9, false));
  expect(ids(state.rows)).toEqual(['a', 'b', 'c']);
  expect(state.rows[1]?.count).toBe(9);
});

test('my own act removes what the filter no longer wants, and undoing brings it back', () => {
  const closed = row('a', 9, { status: 'closed' });
  const after = run(ready, { type: 'acted', rows: [closed], filter });
  expect(ids(after.rows)).toEqual(['b']);
  expect(after.total).toBe(1);
  const back = run(after, { type: 'acted', rows: [row('a', 10)], filter });
  expect(ids(back.rows).sort()).toEqual(['a', 'b']);
  expect(back.total).toBe(2);
});

test('a failure keeps the rows that are there', () => {
  expect(run(ready, { type: 'failed', error: new Error('x') }).phase).toBe('ready');
  expect(run(EMPTY_QUEUE, { type: 'failed', error: new Error('x') }).phase).toBe('failed');
});

test('the filter survives the address', () => {
  const wanted: QueueFilter = {
    status: ['closed'],
    severity: ['critical', 'low'],
    agency: 'so-tttt',
    owner: 'lan',
    rule: 'r1',
    text: 'máy chủ & <b>',
  };
  expect(readFilter(new URLSearchParams(writeFilter(wanted).toString()))).toEqual(wanted);
  expect(writeFilter(filter).toString()).toBe('');
  expect(readFilter(new URLSearchParams('status=all')).status).toEqual([]);
  expect(readFilter(new URLSearchParams('severity=none,high')).severity).toEqual(['high']);
  expect(serverFilter(filter)['status']).toBe('new,in_progress');
});

test('rows pass by status, severity, agency and owner, and by every word', () => {
  expect(passesServerFilter(filter, row('a', 1, { status: 'closed' }))).toBe(false);
  expect(passesServerFilter({ ...filter, severity: ['low'] }, row('a', 1))).toBe(false);
  expect(passesServerFilter({ ...filter, agency: 'other' }, row('a', 1))).toBe(false);
  expect(passesText('SSH 192.0.2.77', row('a', 1))).toBe(true);
  expect(passesText('ssh 198.51', row('a', 1))).toBe(false);
});

test('the opposite of an act restores what each row was, with the versions of now', () => {
  const before = [
    row('a', 1, { status: 'new', owner: null }),
    row('b', 1, { status: 'in_progress', owner: 'minh' }),
    row('c', 1, { status: 'new', owner: null }),
  ];
  const after = before.map((one) => ({ ...one, status: 'closed' as const, version: 7 }));
  const acts = oppositeActs(before, after, { status: 'closed', verdict: 'benign', note: 'n' });
  expect(acts.map(({ rows, act }) => [ids(rows), act])).toEqual([
    [['a', 'c'], { status: 'new', verdict: null }],
    [['b'], { status: 'in_progress', verdict: null }],
  ]);
  expect(acts.flatMap(({ rows }) => rows).every(({ version }) => version === 7)).toBe(true);
  expect(oppositeActs(before, after, { note: 'only' })).toEqual([]);
});

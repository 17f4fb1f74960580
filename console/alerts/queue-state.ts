import type { AlertList, AlertRow } from '../../server/alerts/schema.ts';
import { passesServerFilter, type QueueFilter } from './filter.ts';

/** The rows of the queue: what is shown, and what came since and waits for a press on the bar. */
export interface QueueState {
  readonly phase: 'loading' | 'ready' | 'failed' | 'cancelled';
  readonly rows: readonly AlertRow[];
  readonly waiting: readonly AlertRow[];
  readonly next: string | null;
  readonly total: number;
  readonly loadingMore: boolean;
  readonly error: unknown;
  /** Rows heard live before the first page came; those newer than it are applied then. */
  readonly early: readonly AlertRow[];
}

export type QueueAction =
  | { readonly type: 'begin' }
  | { readonly type: 'page'; readonly list: AlertList; readonly first: boolean; readonly filter: QueueFilter }
  | { readonly type: 'more' }
  | { readonly type: 'failed'; readonly error: unknown }
  | { readonly type: 'cancelled' }
  /** `flowing`: nobody is reading the list, so a new row may go in at once. */
  | { readonly type: 'live'; readonly row: AlertRow; readonly filter: QueueFilter; readonly flowing: boolean }
  /** My own act came back: rows change, and those that the filter no longer wants leave. */
  | { readonly type: 'acted'; readonly rows: readonly AlertRow[]; readonly filter: QueueFilter }
  | { readonly type: 'show-waiting' };

export const EMPTY_QUEUE: QueueState = {
  phase: 'loading',
  rows: [],
  waiting: [],
  next: null,
  total: 0,
  loadingMore: false,
  error: null,
  early: [],
};

const EARLY_KEPT = 5_000;

const latestFirst = (a: AlertRow, b: AlertRow): number => b.last.localeCompare(a.last) || a.id.localeCompare(b.id);
const newer = (a: AlertRow, b: AlertRow): AlertRow => (b.change >= a.change ? b : a);

function replace(rows: readonly AlertRow[], row: AlertRow): readonly AlertRow[] {
  return rows.map((old) => (old.id === row.id ? newer(old, row) : old));
}

function hear(state: QueueState, row: AlertRow, filter: QueueFilter, flowing: boolean): QueueState {
  if (state.rows.some(({ id }) => id === row.id)) return { ...state, rows: replace(state.rows, row) };
  const rest = state.waiting.filter(({ id }) => id !== row.id);
  const known = state.waiting.find(({ id }) => id === row.id);
  if (!passesServerFilter(filter, row)) return known ? { ...state, waiting: rest } : state;
  const waiting = [known ? newer(known, row) : row, ...rest];
  // What already waits keeps waiting: only a press on the bar moves rows then.
  return flowing && state.waiting.length === 0 ? showWaiting({ ...state, waiting }) : { ...state, waiting };
}

function showWaiting(state: QueueState): QueueState {
  if (state.waiting.length === 0) return state;
  const rows = [...[...state.waiting].sort(latestFirst), ...state.rows];
  return { ...state, rows, waiting: [], total: state.total + state.waiting.length };
}

function takePage(state: QueueState, list: AlertList, first: boolean, filter: QueueFilter): QueueState {
  const before = first ? [] : state.rows;
  const shown = new Map(before.map((row) => [row.id, row]));
  for (const row of list.alerts) shown.set(row.id, newer(shown.get(row.id) ?? row, row));
  const waiting = first ? [] : state.waiting.filter(({ id }) => !shown.has(id));
  const ready: QueueState = {
    ...state,
    phase: 'ready',
    rows: [...shown.values()],
    waiting,
    next: list.next,
    total: list.total,
    loadingMore: false,
    error: null,
    early: [],
  };
  if (!first) return ready;
  return state.early
    .filter(({ change }) => change > list.change)
    .reduce((at, row) => hear(at, row, filter, true), ready);
}

/** Every way the queue can change; rows that are shown never move by themselves. */
export function queueReducer(state: QueueState, action: QueueAction): QueueState {
  switch (action.type) {
    case 'begin':
      return EMPTY_QUEUE;
    case 'page':
      return takePage(state, action.list, action.first, action.filter);
    case 'more':
      return { ...state, loadingMore: true, error: null };
    case 'failed':
      return { ...state, phase: state.rows.length === 0 ? 'failed' : 'ready', loadingMore: false, error: action.error };
    case 'cancelled':
      return { ...state, phase: state.rows.length === 0 ? 'cancelled' : 'ready', loadingMore: false };
    case 'live':
      if (state.phase !== 'ready') return { ...state, early: [...state.early, action.row].slice(-EARLY_KEPT) };
      return hear(state, action.row, action.filter, action.flowing);
    case 'acted': {
      const rows = action.rows.reduce(replace, state.rows);
      const touched = new Set(action.rows.map(({ id }) => id));
      const kept = rows.filter((row) => !touched.has(row.id) || passesServerFilter(action.filter, row));
      const shown = new Set(rows.map(({ id }) => id));
      // An undone act brings rows back that had left.
      const back = action.rows.filter((row) => !shown.has(row.id) && passesServerFilter(action.filter, row));
      const all = back.length === 0 ? kept : [...kept, ...back].sort(latestFirst);
      return { ...state, rows: all, total: Math.max(all.length, state.total + all.length - state.rows.length) };
    }
    case 'show-waiting':
      return showWaiting(state);
  }
}

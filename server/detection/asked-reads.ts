import type { GroupingReads } from '../alerts/grouping.ts';

/** A read that a thread asks of the main one, which has the store. */
export interface AskedRead {
  readonly kind: 'ask';
  readonly read: number;
  readonly name: keyof GroupingReads;
  readonly args: readonly unknown[];
}

/** The answer to it. */
export type ReadAnswer = { readonly read: number } & ({ readonly rows: unknown } | { readonly failed: string });

/** The reads of grouping, asked of the main thread; `settle` takes its answers. */
export function askedReads(ask: (message: AskedRead) => void): {
  readonly reads: GroupingReads;
  settle(answer: ReadAnswer): void;
} {
  const waiting = new Map<number, { resolve(rows: never): void; reject(error: Error): void }>();
  let last = 0;
  const of = <Rows>(name: keyof GroupingReads, ...args: readonly unknown[]): Promise<Rows> =>
    new Promise((resolve, reject) => {
      const read = ++last;
      waiting.set(read, { resolve, reject });
      ask({ kind: 'ask', read, name, args });
    });
  return {
    reads: {
      alertsOf: (row) => of('alertsOf', row),
      signalsOf: (rule, group, from, to) => of('signalsOf', rule, group, from, to),
      eventsOf: (ids) => of('eventsOf', ids),
    },
    settle(answer) {
      const asked = waiting.get(answer.read);
      waiting.delete(answer.read);
      if ('failed' in answer) asked?.reject(new Error(answer.failed));
      else asked?.resolve(answer.rows as never);
    },
  };
}

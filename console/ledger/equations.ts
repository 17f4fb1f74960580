import type { LedgerRow } from '../../server/ledger/schema.ts';

/** One equation of the loss ledger: what went in, where it is now, and what cannot be accounted for (0 where all is well). */
export interface Equation {
  readonly name: 'read' | 'spooled' | 'stored';
  readonly whole: number;
  readonly parts: readonly (readonly [part: LedgerPart, count: number])[];
  readonly remainder: number;
}

export type LedgerPart =
  | 'spooled'
  | 'dropped'
  | 'stored'
  | 'deleted'
  | 'waiting'
  | 'quarantined'
  | 'deadLettered'
  | 'lost'
  | 'evaluated'
  | 'gap';

function equation(row: LedgerRow, name: Equation['name'], parts: readonly LedgerPart[]): Equation {
  const counted = parts.map((part) => [part, row[part] ?? 0] as const);
  const sum = counted.reduce((total, [, count]) => total + count, 0);
  return { name, whole: row[name], parts: counted, remainder: row[name] - sum };
}

/** The three equations of a source: read, spooled and stored. */
export function equations(row: LedgerRow): readonly [Equation, Equation, Equation] {
  return [
    equation(row, 'read', ['spooled', 'dropped']),
    // A loss to a restore is rare enough to be shown only where there is one.
    equation(row, 'spooled', [
      'stored',
      'deleted',
      'waiting',
      'quarantined',
      'deadLettered',
      ...(row.lost ? ['lost' as const] : []),
    ]),
    equation(row, 'stored', ['evaluated', 'gap']),
  ];
}

import type { Ledger } from '../../server/ledger/schema.ts';
import { type Installation, until } from './harness.ts';

/** The ledger once every line that was read is evaluated. */
export async function settledLedger(installation: Installation, lines: number): Promise<Ledger> {
  return until(
    `${lines} events are evaluated`,
    async () => {
      const { out } = await installation.cli(['status', '--json']);
      const ledger = JSON.parse(out) as Ledger;
      const evaluated = ledger.rows.reduce((sum, row) => sum + row.evaluated, 0);
      return evaluated >= lines && ledger.rows.every((row) => row.waiting === 0) ? ledger : undefined;
    },
    60_000,
  );
}

/** Every stored line as it came, by `haidang query`, page after page. */
export async function storedLines(installation: Installation, source: string): Promise<string[]> {
  const { out, err } = await installation.cli([
    'query',
    `haidang.source: "${source}"`,
    '--from',
    '2000-01-01T00:00:00Z',
    '--to',
    '2100-01-01T00:00:00Z',
    '--json',
    '--limit',
    '1000000',
  ]);
  if (err) throw new Error(err);
  return out
    .split('\n')
    .filter(Boolean)
    .map((line) => (JSON.parse(line) as { event: { original: string } }).event.original);
}

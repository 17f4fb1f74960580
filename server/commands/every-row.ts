import type { Connection } from './connection.ts';

/** What of a list is asked for. */
export interface Listing {
  /** By name; what is undefined is not asked. */
  readonly wanted?: Readonly<Record<string, string | undefined>>;
  readonly limit?: number;
  /** Most rows that the API gives at once. */
  readonly pageRows?: number;
}

/** The rows of a list that the API gives in pages, up to the limit. */
export async function* everyRow<Page extends { readonly next: string | null }, Row>(
  connection: Connection,
  path: string,
  rowsOf: (page: Page) => readonly Row[],
  { wanted = {}, limit = Number.POSITIVE_INFINITY, pageRows = 500 }: Listing,
): AsyncGenerator<Row, void> {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(wanted)) if (value !== undefined) search.set(name, value);
  let left = limit;
  let after: string | null = null;
  do {
    search.set('limit', String(Math.min(pageRows, left)));
    if (after !== null) search.set('after', after);
    const page: Page = await connection.ask('GET', `${path}?${search}`);
    const rows = rowsOf(page);
    yield* rows;
    left -= rows.length;
    after = page.next;
  } while (after !== null && left > 0);
}

/** A value written as KQL takes it literally: quoted, with quotes and backslashes escaped. */
export function kqlValue(value: unknown): string {
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  return `"${String(value).replace(/[\\"]/g, '\\$&')}"`;
}

/** `field: "value"`, or its opposite; without a value, that the field is there. */
export function kqlClause(field: string, value: unknown, negate = false): string {
  return `${negate ? 'not ' : ''}${field}: ${value === undefined ? '*' : kqlValue(value)}`;
}

/** Whether a query has an `or` outside brackets and quotes, so that `and` would bind to its last part alone. */
function hasOuterOr(kql: string): boolean {
  const outside = kql.replace(/"(?:\\.|[^"\\])*"?/g, '""');
  let depth = 0;
  for (const token of outside.match(/[()]|[^\s()]+/g) ?? []) {
    if (token === '(') depth += 1;
    else if (token === ')') depth -= 1;
    else if (depth <= 0 && token.toLowerCase() === 'or') return true;
  }
  return false;
}

/** Adds a clause to a query with `and`; a clause that is already its end is not added twice. */
export function appendKql(kql: string, clause: string): string {
  const query = kql.trim();
  if (query === '' || query === '*') return clause;
  if (query === clause || query.endsWith(` and ${clause}`)) return query;
  return `${hasOuterOr(query) ? `(${query})` : query} and ${clause}`;
}

/** The query narrowed by a clause; its opposite, where that is a part joined by `and` alone, gives way to it. */
export function withClause(kql: string, clause: string, opposite: string): string {
  const query = kql.trim();
  const parts = hasOuterOr(query) ? [query] : query.split(/ and (?=(?:[^"\\]|\\.|"(?:[^"\\]|\\.)*")*$)/);
  if (parts.includes(clause)) return query;
  return appendKql(parts.filter((part) => part !== opposite).join(' and '), clause);
}

/** Address of a search, for links from entities: `from` and `to` as the API takes them. */
export function searchAddress(kql: string, from: string, to: string): string {
  return `/search?${new URLSearchParams({ kql, from, to })}`;
}

/** The column (from 1) that an answer to a wrong query names in its text. */
export function kqlErrorColumn(detail: string): number | undefined {
  const found = /column (\d{1,5})/i.exec(detail)?.[1];
  return found === undefined ? undefined : Number(found);
}

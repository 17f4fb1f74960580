/** What a parser looks like, to begin from; `lines` are of the application. */
export function sketchOf(lines: readonly string[]): string {
  const [first = '203.0.113.5 OK', second = '203.0.113.6 NO'] = lines;
  const quoted = (line: string): string => `'${line.replaceAll("'", "''")}'`;
  return `name: my-application
title: My application
dataset: myapp.log
constants:
  event.category: web
steps:
  - dissect: '%{client} %{result}'
fields:
  client: source.ip
  result: {to: event.outcome, map: {OK: success, NO: failure}}
samples:
  - line: ${quoted(first)}
    expect: {event.outcome: success}
  - line: ${quoted(second)}
    expect: {event.outcome: failure}
`;
}

/** Lines that another page handed over with the address. */
export function handedLines(): readonly string[] {
  const state: unknown = history.state;
  const lines = state !== null && typeof state === 'object' ? (state as { lines?: unknown }).lines : undefined;
  return Array.isArray(lines) ? lines.filter((line) => typeof line === 'string') : [];
}

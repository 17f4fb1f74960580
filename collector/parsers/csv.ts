/**
 * Splits one line of comma-separated values (RFC 4180): quoted values may hold commas, and `""` is a quote. At most
 * `most` values; undefined where a quote is not closed.
 */
export function readCsv(line: string, most = 200): string[] | undefined {
  const values: string[] = [];
  let at = 0;
  while (values.length < most) {
    if (line[at] === '"') {
      let value = '';
      let from = at + 1;
      for (;;) {
        const quote = line.indexOf('"', from);
        if (quote < 0) return undefined;
        value += line.slice(from, quote);
        if (line[quote + 1] !== '"') {
          at = quote + 1;
          break;
        }
        value += '"';
        from = quote + 2;
      }
      // What stands between the closing quote and the comma belongs to the value too.
      const comma = line.indexOf(',', at);
      values.push(value + line.slice(at, comma < 0 ? undefined : comma));
      at = comma;
    } else {
      const comma = line.indexOf(',', at);
      values.push(line.slice(at, comma < 0 ? undefined : comma));
      at = comma;
    }
    if (at < 0) return values;
    at++;
  }
  return values;
}

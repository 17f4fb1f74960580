import { STEP_LIMITS, type StepForm } from './step.ts';

/** How values stand in a line. */
export interface SeparatedForm {
  /** One character. */
  readonly separator: string;
  /** The columns in order; `-` leaves one out. */
  readonly columns: readonly string[];
  /** How many values a line must have. */
  readonly least: number;
}

/**
 * Values between separators (RFC 4180): quoted ones may hold the separator, and `""` inside them is a quotation mark. What
 * stands behind the last column is left out.
 */
export function separated({ separator, columns, least }: SeparatedForm): StepForm {
  return {
    names: [...new Set(columns.filter((name) => name !== '-'))],
    open: false,
    bind(placeOf) {
      const places = columns.map((name) => (name === '-' ? -1 : placeOf(name)));
      const values: string[] = new Array<string>(columns.length);
      const unclosed = 'a quotation mark is not closed';
      return (text, found) => {
        let read = 0;
        let at = 0;
        while (read < places.length && at <= text.length) {
          if (text.charCodeAt(at) === 34) {
            let value = '';
            let from = at + 1;
            for (;;) {
              const quote = text.indexOf('"', from);
              if (quote < 0) return unclosed;
              value += text.slice(from, quote);
              from = quote + 1;
              if (text.charCodeAt(from) !== 34) break;
              value += '"';
              from++;
            }
            const end = text.indexOf(separator, from);
            values[read++] = value + text.slice(from, end < 0 ? undefined : end);
            at = end < 0 ? text.length + 1 : end + 1;
          } else {
            const end = text.indexOf(separator, at);
            values[read++] = end < 0 ? text.slice(at) : text.slice(at, end);
            at = end < 0 ? text.length + 1 : end + 1;
          }
        }
        if (read < least) return `it has ${read} values where ${least} are needed`;
        for (let column = 0; column < read; column++) {
          const place = places[column] as number;
          if (place >= 0) found[place] = values[column];
        }
        return undefined;
      };
    },
  };
}

/** The columns of a list of names; a text instead is what is wrong. */
export function wrongColumns(columns: readonly string[]): string | undefined {
  if (columns.length === 0) return 'it needs "columns", a list of names';
  if (columns.length > STEP_LIMITS.columns) return `it has more than ${STEP_LIMITS.columns} columns`;
  const wrong = columns.find((name) => name !== '-' && !/^[A-Za-z_@][\w.@-]{0,63}$/.test(name));
  return wrong === undefined
    ? undefined
    : `"${wrong.slice(0, 40)}" is no name of a column; write letters, digits, _ and dots, or "-" to leave it out`;
}

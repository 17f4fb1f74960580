/** What somebody writes at the caret of a query: the name of a field, or a value of one. */
export interface KqlToken {
  /** The field whose value is written; undefined while its name is. */
  readonly field: string | undefined;
  /** What stands there already, without quotation marks. */
  readonly prefix: string;
  /** Where it begins in the query, and where what is chosen goes on. */
  readonly start: number;
}

const VALUE = /(?:^|[\s(])([\w@.-]+)\s*:\s*(?:"((?:\\.|[^"\\])*)|([^\s"()*]*))$/;
const NAME = /(?:^|[\s(])([\w@.-]*)$/;
const WORDS = new Set(['and', 'or', 'not']);

/** Reads back from the caret; undefined where nothing can be suggested, as inside a phrase of free text. */
export function tokenAt(text: string, caret: number): KqlToken | undefined {
  const before = text.slice(0, caret);
  const value = VALUE.exec(before);
  if (value) {
    const [, field, quoted, bare] = value;
    const written = quoted ?? bare ?? '';
    const start = caret - written.length - (quoted === undefined ? 0 : 1);
    return { field, prefix: written.replace(/\\(.)/g, '$1'), start };
  }
  if (isInPhrase(before)) return undefined;
  const name = NAME.exec(before)?.[1];
  if (name === undefined || WORDS.has(name.toLowerCase())) return undefined;
  return { field: undefined, prefix: name, start: caret - name.length };
}

function isInPhrase(text: string): boolean {
  return (text.replace(/\\./g, '').match(/"/g)?.length ?? 0) % 2 === 1;
}

/** The query with what was chosen in place of what was begun, and where the caret goes. */
export function complete(
  text: string,
  caret: number,
  token: KqlToken,
  chosen: string,
): { readonly text: string; readonly caret: number } {
  const piece = token.field === undefined ? `${chosen}: ` : `"${chosen.replace(/[\\"]/g, '\\$&')}" `;
  // What is left of the word or phrase behind the caret goes with it.
  const rest = text.slice(caret).replace(/^(?:[\w@.-]*"?:?)\s?/, '');
  const head = text.slice(0, token.start) + piece;
  return { text: head + rest, caret: head.length };
}

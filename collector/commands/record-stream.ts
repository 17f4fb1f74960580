import { StringDecoder } from 'node:string_decoder';

/** Bounds of what `haidang parse` holds in memory, in UTF-16 units. */
export interface RecordLimits {
  /** A longer line is cut into pieces of this size, each a record. */
  readonly line: number;
  /** A longer element of a JSON array is given as it is, cut like a line. */
  readonly element: number;
}

/** Cuts text into lines of a bounded length; takes `\n` and `\r\n`; leaves out empty lines. */
export async function* readLines(chunks: AsyncIterable<Uint8Array>, limits: RecordLimits): AsyncGenerator<string> {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  const take = function* (text: string, last: boolean): Generator<string> {
    let start = 0;
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', start)) {
      const line = text.charCodeAt(end - 1) === 13 && end > start ? text.slice(start, end - 1) : text.slice(start, end);
      yield* pieces(line, limits.line);
      start = end + 1;
    }
    rest = text.slice(start);
    while (rest.length > limits.line) {
      yield rest.slice(0, limits.line);
      rest = rest.slice(limits.line);
    }
    if (last) yield* pieces(rest.endsWith('\r') ? rest.slice(0, -1) : rest, limits.line);
  };
  for await (const chunk of chunks) yield* take(rest + decoder.write(Buffer.from(chunk)), false);
  yield* take(rest + decoder.end(), true);
}

function* pieces(line: string, size: number): Generator<string> {
  for (let at = 0; at < line.length; at += size) yield line.slice(at, at + size);
}

/**
 * Turns lines into records: each line is one, except where the input is one JSON array over many lines, as tools print
 * EVE files; then each of its elements is one.
 */
export async function* readRecords(chunks: AsyncIterable<Uint8Array>, limits: RecordLimits): AsyncGenerator<string> {
  let elements: ArrayElements | undefined;
  let first = true;
  for await (const line of readLines(chunks, limits)) {
    if (first && /^\s*\[\s*(?:\{|$)/.test(line)) elements = new ArrayElements(limits.element);
    first = false;
    if (elements) yield* elements.take(line);
    else yield line;
  }
  if (elements) yield* elements.finish();
}

/** Finds the objects inside a JSON array by counting brackets outside strings. */
class ArrayElements {
  #depth = 0;
  #quoted = false;
  #escaped = false;
  #text = '';
  readonly #limit: number;

  constructor(limit: number) {
    this.#limit = limit;
  }

  *take(line: string): Generator<string> {
    let start = 0;
    for (let at = 0; at < line.length; at++) {
      const mark = line[at];
      if (this.#quoted) {
        if (this.#escaped) this.#escaped = false;
        else if (mark === '\\') this.#escaped = true;
        else if (mark === '"') this.#quoted = false;
        continue;
      }
      if (mark === '"') this.#quoted = true;
      else if (mark === '{' || mark === '[') {
        this.#depth++;
        if (this.#depth === 2 && mark === '{') start = at;
      } else if (mark === '}' || mark === ']') {
        this.#depth--;
        if (this.#depth === 1 && mark === '}') {
          yield oneLine(this.#text + line.slice(start, at + 1));
          this.#text = '';
        }
      }
    }
    if (this.#depth < 2) return;
    this.#text += `${line.slice(start)}\n`;
    if (this.#text.length <= this.#limit) return;
    yield* pieces(this.#text, this.#limit);
    this.#text = '';
  }

  *finish(): Generator<string> {
    if (this.#text !== '') yield this.#text.trimEnd();
  }
}

function oneLine(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text));
  } catch {
    return text;
  }
}

import { STEP_LIMITS, type StepForm } from './step.ts';

/** A named piece of a text, and what stands behind it. */
interface Piece {
  /** Empty: left out. */
  readonly name: string;
  /** Joined to what the name holds already. */
  readonly joined: boolean;
  /** The delimiter may come several times. */
  readonly padded: boolean;
  /** What ends it; empty for the last piece of a form that ends with it. */
  readonly until: string;
}

const PIECE = /%\{([^}]*)\}/g;
const NAME = /^(\+|\?)?([A-Za-z_@][\w.@-]{0,63})?(->)?$/;

/**
 * Reads a form such as `%{time} [%{level}] %{source.ip->} %{+time} %{}`: pieces between fixed texts. `%{}` and `%{?name}`
 * are left out, `%{+name}` is joined to `name` with a blank, `%{name->}` takes any number of its delimiter. A text instead
 * is what is wrong.
 */
export function readDissect(form: string): StepForm | string {
  const pieces: Piece[] = [];
  const marks = [...form.matchAll(PIECE)];
  const [first] = marks;
  if (!first) return 'a dissect form needs at least one %{name}';
  if (marks.length > STEP_LIMITS.delimiters) return `there are more than ${STEP_LIMITS.delimiters} pieces`;
  for (const [place, mark] of marks.entries()) {
    const named = NAME.exec(mark[1] as string);
    if (!named) return `%{${(mark[1] as string).slice(0, 40)}} is not a name; write letters, digits, _ and dots`;
    const end = mark.index + mark[0].length;
    const next = marks[place + 1];
    const until = form.slice(end, next?.index);
    if (next && until === '') return `%{${named[2] ?? ''}} and the piece after it have nothing between them`;
    if (named[3] && until === '') return `%{${named[2] ?? ''}->} needs a text behind it`;
    const name = named[1] === '?' ? '' : (named[2] ?? '');
    pieces.push({ name, joined: named[1] === '+', padded: named[3] !== undefined, until });
  }
  const head = form.slice(0, first.index);
  if (head.includes('%{') || form.slice(marks.at(-1)?.index).lastIndexOf('%{') > 0) return 'a %{ is not closed';
  const names = [...new Set(pieces.flatMap(({ name }) => (name === '' ? [] : [name])))];
  return {
    names,
    open: false,
    bind: (placeOf) => bindPieces(head, pieces, placeOf),
    explain: (text) => explain(head, pieces, text),
  };
}

function bindPieces(head: string, pieces: readonly Piece[], placeOf: (name: string) => number) {
  const places = pieces.map(({ name }) => (name === '' ? -1 : placeOf(name)));
  const untils = pieces.map(({ until }) => until);
  const padded = pieces.map((piece) => piece.padded);
  const joined = pieces.map((piece) => piece.joined);
  const count = pieces.length;
  const starts = new Int32Array(count);
  const ends = new Int32Array(count);
  const whyHead = `it does not begin with ${JSON.stringify(head)}`;
  const whys = pieces.map(({ name, until }) => `${JSON.stringify(until)} does not come behind %{${name}}`);
  const last = untils[count - 1] as string;
  const whyEnd = last === '' ? '' : `it does not end with ${JSON.stringify(last)}`;
  return (text: string, found: (unknown | undefined)[]): string | undefined => {
    if (head !== '' && !text.startsWith(head)) return whyHead;
    let at = head.length;
    for (let piece = 0; piece < count; piece++) {
      const until = untils[piece] as string;
      starts[piece] = at;
      if (until === '') {
        ends[piece] = text.length;
        at = text.length;
        break;
      }
      const end = text.indexOf(until, at);
      if (end < 0) return whys[piece];
      ends[piece] = end;
      at = end + until.length;
      if (padded[piece]) while (text.startsWith(until, at)) at += until.length;
    }
    if (at !== text.length) {
      // The text behind the last piece may stand inside it too: its last place is meant.
      if (!text.endsWith(last)) return whyEnd;
      ends[count - 1] = text.length - last.length;
    }
    for (let piece = 0; piece < count; piece++) {
      const place = places[piece] as number;
      if (place < 0) continue;
      const value = text.slice(starts[piece], ends[piece]);
      found[place] = joined[piece] && found[place] !== undefined ? `${found[place]} ${value}` : value;
    }
    return undefined;
  };
}

function explain(head: string, pieces: readonly Piece[], text: string): { column: number; part: string } | undefined {
  if (!text.startsWith(head)) return { column: 1, part: head };
  let at = head.length;
  for (const { until, padded } of pieces) {
    if (until === '') return undefined;
    const end = text.indexOf(until, at);
    if (end < 0) return { column: at + 1, part: until };
    at = end + until.length;
    if (padded) while (text.startsWith(until, at)) at += until.length;
  }
  return at === text.length ? undefined : { column: at + 1, part: '' };
}

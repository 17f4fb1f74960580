/** A line of two texts compared: in both, only in the first (`removed`) or only in the second (`added`). */
export interface DiffLine {
  readonly kind: 'same' | 'removed' | 'added';
  readonly text: string;
}

/** Past so many pairs of lines the longest common part is not looked for: all between is shown as changed. */
const MOST_PAIRS = 1_000_000;

/** Compares two texts line by line; what begins and ends alike costs nothing. */
export function lineDiff(before: string, after: string): readonly DiffLine[] {
  const a = linesOf(before);
  const b = linesOf(after);
  let head = 0;
  while (head < a.length && head < b.length && a[head] === b[head]) head += 1;
  let tail = 0;
  while (tail < Math.min(a.length, b.length) - head && a.at(-1 - tail) === b.at(-1 - tail)) tail += 1;
  const same = (lines: readonly string[]): DiffLine[] => lines.map((text) => ({ kind: 'same', text }));
  return [
    ...same(a.slice(0, head)),
    ...between(a.slice(head, a.length - tail), b.slice(head, b.length - tail)),
    ...same(a.slice(a.length - tail)),
  ];
}

function linesOf(text: string): readonly string[] {
  return text.replace(/\r?\n$/, '').split(/\r?\n/);
}

function between(a: readonly string[], b: readonly string[]): DiffLine[] {
  const removed = (lines: readonly string[]): DiffLine[] => lines.map((text) => ({ kind: 'removed', text }));
  const added = (lines: readonly string[]): DiffLine[] => lines.map((text) => ({ kind: 'added', text }));
  if (a.length * b.length > MOST_PAIRS) return [...removed(a), ...added(b)];
  const width = b.length + 1;
  // The longest common part of what follows a pair of places.
  const common = new Uint32Array((a.length + 1) * width);
  const at = (i: number, j: number): number => common[i * width + j] ?? 0;
  for (let i = a.length - 1; i >= 0; i -= 1) {
    for (let j = b.length - 1; j >= 0; j -= 1) {
      common[i * width + j] = a[i] === b[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
    }
  }
  const lines: DiffLine[] = [];
  let i = 0;
  let j = 0;
  while (i < a.length && j < b.length) {
    const [one = '', other = ''] = [a[i], b[j]];
    if (one === other) {
      lines.push({ kind: 'same', text: one });
      i += 1;
      j += 1;
    } else if (at(i + 1, j) >= at(i, j + 1)) {
      lines.push({ kind: 'removed', text: one });
      i += 1;
    } else {
      lines.push({ kind: 'added', text: other });
      j += 1;
    }
  }
  return [...lines, ...removed(a.slice(i)), ...added(b.slice(j))];
}

/** Lines of a comparison with so many unchanged ones around each change; `null` stands for what is left out. */
export function changedParts(lines: readonly DiffLine[], around = 3): readonly (DiffLine | null)[] {
  const shown = new Set<number>();
  for (const [place, { kind }] of lines.entries()) {
    if (kind === 'same') continue;
    for (let near = place - around; near <= place + around; near += 1) shown.add(near);
  }
  const parts: (DiffLine | null)[] = [];
  for (const [place, line] of lines.entries()) {
    if (shown.has(place)) parts.push(line);
    else if (parts.at(-1) !== null) parts.push(null);
  }
  return parts;
}

/** Counts smaller than this are withheld where nothing else is configured. */
export const SMALLEST_COUNT = 3;

/**
 * Withholds small counts, as `null`, so that nobody can tell a single case from a breakdown whose total is known: what is
 * withheld adds up to `smallest` at least, for which the next larger counts are withheld too, and at last all of them.
 */
export function withholdSmall(
  counts: Readonly<Record<string, number>>,
  smallest: number,
): Record<string, number | null> {
  const hidden = new Set<string>();
  let sum = 0;
  // Smallest first; names decide between equals, so that the same counts always give the same answer.
  const order = Object.entries(counts)
    .filter(([, count]) => count > 0)
    .sort(([one, a], [other, b]) => a - b || (one < other ? -1 : 1));
  for (const [name, count] of order) {
    if (count >= smallest && (sum === 0 || sum >= smallest)) break;
    hidden.add(name);
    sum += count;
  }
  const isTold = sum > 0 && (sum < smallest || hidden.size < 2);
  return Object.fromEntries(
    Object.entries(counts).map(([name, count]) => [name, isTold || hidden.has(name) ? null : count]),
  );
}

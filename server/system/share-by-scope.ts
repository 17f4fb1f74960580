import type { Identity } from '../identity.ts';

/**
 * Gives all who may see the same agencies, and ask within a short time, the same answer: two hundred consoles that look
 * at the overview cost one recount. A failed answer is not kept.
 */
export function shareByScope<T>(
  keepMs: number,
  ask: (identity: Identity) => Promise<T>,
  now: () => number = Date.now,
): (identity: Identity) => Promise<T> {
  const kept = new Map<string, { readonly at: number; readonly answer: Promise<T> }>();
  return (identity) => {
    const { agencies } = identity;
    // Ids hold no comma (`[a-z0-9-]`), and none is `*`.
    const key = agencies === 'all' ? '*' : [...agencies].sort().join(',');
    const found = kept.get(key);
    if (found && now() - found.at < keepMs) return found.answer;
    for (const [old, { at }] of kept) if (now() - at >= keepMs) kept.delete(old);
    const mine = { at: now(), answer: ask(identity) };
    kept.set(key, mine);
    mine.answer.catch(() => {
      if (kept.get(key) === mine) kept.delete(key);
    });
    return mine.answer;
  };
}

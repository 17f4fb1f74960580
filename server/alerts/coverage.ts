/** A stretch of seconds, both ends included. */
export interface Covered {
  from: number;
  to: number;
}

/** Which seconds of a group are known in memory: stretches in order of time that neither overlap nor touch. */
export class Coverage {
  readonly #stretches: Covered[] = [];

  get stretches(): readonly Covered[] {
    return this.#stretches;
  }

  /** Takes in a stretch; gives the parts of it that were not covered before, in order. */
  cover(from: number, to: number): { readonly from: number; readonly to: number }[] {
    const missing: { from: number; to: number }[] = [];
    let first = 0;
    while (first < this.#stretches.length && (this.#stretches[first] as Covered).to < from - 1) first++;
    const merged: Covered = { from, to };
    let next = from;
    let end = first;
    for (; end < this.#stretches.length; end++) {
      const known = this.#stretches[end] as Covered;
      if (known.from > to + 1) break;
      if (known.from > next) missing.push({ from: next, to: known.from - 1 });
      next = Math.max(next, known.to + 1);
      merged.from = Math.min(merged.from, known.from);
      merged.to = Math.max(merged.to, known.to);
    }
    if (next <= to) missing.push({ from: next, to });
    this.#stretches.splice(first, end - first, merged);
    return missing;
  }

  /** Takes a stretch out whole. */
  drop(stretch: Covered): void {
    const at = this.#stretches.indexOf(stretch);
    if (at >= 0) this.#stretches.splice(at, 1);
  }
}

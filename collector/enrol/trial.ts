/** What tells whether a policy works. */
export interface PolicySigns {
  sources(): readonly { readonly source: string; readonly error: string | null }[];
  /** Number of the last frame that the server acknowledged. */
  acked(): number;
  /** Frames that wait for the server. */
  waiting(): number;
  isConnected(): boolean;
}

/** What a look at a trial found. */
export type TrialVerdict =
  | { readonly kind: 'well' }
  | { readonly kind: 'wait' }
  | { readonly kind: 'failed'; readonly reason: string };

/** A policy that was taken over a moment ago. */
export interface PolicyTrial {
  look(): TrialVerdict;
}

/** How long a policy is watched. */
export const TRIAL_MS = 300_000;
/** An input may need a moment; an error that stands at so many looks is one. */
const LOOKS_IN_ERROR = 3;

/**
 * Begins the self-check of a policy: within its time no source may get an error that it had not before, and frames must
 * go out. While there is no connection nothing can be said, and the trial goes on.
 */
export function beginTrial(signs: PolicySigns, now: () => number, milliseconds = TRIAL_MS): PolicyTrial {
  const begun = now();
  const ackedBefore = signs.acked();
  const hadErrors = new Set(signs.sources().flatMap(({ source, error }) => (error === null ? [] : [source])));
  const looks = new Map<string, number>();
  return {
    look() {
      for (const { source, error } of signs.sources()) {
        if (error === null || hadErrors.has(source)) {
          looks.delete(source);
          continue;
        }
        const count = (looks.get(source) ?? 0) + 1;
        looks.set(source, count);
        if (count >= LOOKS_IN_ERROR) return { kind: 'failed', reason: `${source}: ${error}` };
      }
      if (now() - begun < milliseconds || !signs.isConnected() || looks.size > 0) return { kind: 'wait' };
      if (signs.waiting() > 0 && signs.acked() <= ackedBefore) {
        return { kind: 'failed', reason: 'No events went out to the server since it was taken over.' };
      }
      return { kind: 'well' };
    },
  };
}

/** How long a session lives, in milliseconds. */
export interface SessionPolicy {
  /** Without a request for this long it is over. */
  readonly idleMs: number;
  /** It is over after this long in any case. */
  readonly absoluteMs: number;
  /** How many an account may have at once: one more ends the one that was not used for longest. */
  readonly most: number;
}

/** A shift without a break, a day, and some machines and browsers: what holds where nothing else is configured. */
export const SESSION_POLICY: SessionPolicy = { idleMs: 8 * 3_600_000, absoluteMs: 24 * 3_600_000, most: 20 };

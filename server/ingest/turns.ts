/** One request's place in the order of its connection. */
export interface Turn {
  /** Settles when all that began before have left; never rejects. */
  readonly come: Promise<void>;
  /** Lets the next one come; may be called twice. */
  leave(): void;
}

/**
 * Lets requests of one connection pass a point in the order in which they began, however long each took to get there:
 * a collector sends several frames at once, and events stored out of order would be late events to detection.
 */
export function createTurns(): { take(connection: object): Turn } {
  const last = new WeakMap<object, Promise<void>>();
  return {
    take(connection) {
      const come = last.get(connection) ?? Promise.resolve();
      const { promise, resolve } = Promise.withResolvers<void>();
      last.set(
        connection,
        come.then(() => promise),
      );
      return { come, leave: resolve };
    },
  };
}

const LOOK_EVERY_MS = 50;
/** Bytes of buffers at which the garbage is collected: those in use at full speed take about two thirds of it. */
const BUFFER_BYTES = 9 * 1024 * 1024;

/**
 * Collects garbage once buffers take much room. V8 does so by itself only when some 50 MiB of them lie about, as they are
 * outside its own heap: most of what a collector may take. Does nothing where Node was started without `--expose-gc`.
 */
export function watchBuffers(): () => void {
  const collect = globalThis.gc;
  if (!collect) return () => undefined;
  let limit = BUFFER_BYTES;
  let collected = false;
  const timer = setInterval(() => {
    const bytes = process.memoryUsage().arrayBuffers;
    // What is there at the look after is in use: collecting again at once would only cost time.
    if (collected) limit = Math.max(BUFFER_BYTES, bytes * 1.5);
    collected = !collected && bytes >= limit;
    if (collected) collect();
  }, LOOK_EVERY_MS);
  timer.unref();
  return () => clearInterval(timer);
}

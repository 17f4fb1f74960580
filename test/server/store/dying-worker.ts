import { serve } from '../../../server/store/embedded/worker-server.ts';

/** A worker that dies when asked. */
serve({
  double: (number: number) => number * 2,
  die: () => {
    setImmediate(() => {
      throw new Error('asked to die');
    });
    return new Promise(() => {});
  },
  close: () => undefined,
});

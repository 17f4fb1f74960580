import { constants, setPriority } from 'node:os';

/**
 * Has this thread wait where others have work: on Linux the priority of process 0 is that of the calling thread
 * (setpriority(2), *C library/kernel differences*), so a worker that asks lowers itself alone. Nothing happens elsewhere.
 */
export function lowerPriority(): void {
  if (process.platform !== 'linux') return;
  try {
    setPriority(0, constants.priority.PRIORITY_LOW);
  } catch {
    // It works all the same, only not as quietly.
  }
}

import { plain } from './terminal.ts';

/** One line on the terminal that is written over while something takes long; nothing where stderr is no terminal. */
export interface ProgressLine {
  /** With a share where the whole is known. */
  show(what: string, done?: number, total?: number): void;
  clear(): void;
}

const AFTER_MS = 1_000;
const WIDTH = 100;

/** Shows itself only once a second has passed: what is quick needs no progress. */
export function progressLine(stream: NodeJS.WriteStream = process.stderr): ProgressLine {
  const startedAt = performance.now();
  let shown = false;
  return {
    show(what, done = 0, total = 0) {
      if (!stream.isTTY || performance.now() - startedAt < AFTER_MS) return;
      const share = total ? `${String(Math.min(100, Math.floor((100 * done) / total))).padStart(3)}% ` : '';
      stream.write(`\r\u001b[K${`${share}${plain(what)}`.slice(0, WIDTH)}`);
      shown = true;
    },
    clear() {
      if (shown) stream.write('\r\u001b[K');
      shown = false;
    },
  };
}

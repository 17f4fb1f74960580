import { HaidangError } from '../errors.ts';

/** Room for bodies that are on their way into the store: what all provinces together can make this server hold. */
export interface Room {
  /**
   * Waits until there is room, first come, first served; one that needs all of it comes in alone. `onOver` takes what is
   * to be called once the request is over, whichever way: only then is the room free again.
   * @throws HaidangError `HD_TOO_MANY` where too many wait, or one does so too long or is over before its turn
   */
  enter(bytes: number, onOver: (listener: () => void) => void): Promise<void>;
  /** Bytes that are in use. */
  used(): number;
}

interface Entry {
  readonly bytes: number;
  readonly go: () => void;
}

const RETRY_SECONDS = 5;

/** Makes room for so many bytes, before which so many may wait so long, milliseconds. */
export function openRoom({
  bytes: all,
  waiting: most,
  waitMs,
}: {
  readonly bytes: number;
  readonly waiting: number;
  readonly waitMs: number;
}): Room {
  const queue: Entry[] = [];
  let used = 0;
  const admit = () => {
    for (let next = queue[0]; next && used + next.bytes <= all; next = queue[0]) {
      queue.shift();
      used += next.bytes;
      next.go();
    }
  };
  return {
    used: () => used,
    enter: (wanted, onOver) =>
      new Promise((done, failed) => {
        if (queue.length >= most) return failed(tooMany('Too many bodies wait to be read.'));
        let [isInside, isOver] = [false, false];
        const entry: Entry = {
          bytes: Math.min(Math.max(0, wanted), all),
          go() {
            clearTimeout(patience);
            isInside = true;
            done();
          },
        };
        const leave = (why: string) => {
          if (isOver) return;
          isOver = true;
          clearTimeout(patience);
          if (isInside) used -= entry.bytes;
          else {
            queue.splice(queue.indexOf(entry), 1);
            failed(tooMany(why));
          }
          admit();
        };
        const patience = setTimeout(() => leave('Too many bodies wait to be read.'), waitMs);
        onOver(() => leave('The request was over before its turn.'));
        queue.push(entry);
        admit();
      }),
  };
}

function tooMany(detail: string): HaidangError {
  return new HaidangError('HD_TOO_MANY', detail, { retryAfter: RETRY_SECONDS });
}

import { SYSTEM } from '../identity.ts';
import type { Log } from '../log.ts';
import type { LiveFeed } from '../realtime/live-feed.ts';
import type { RecordStore } from '../store/record-store.ts';
import { noticeRow } from './routes.ts';

const EVERY_MS = 1_000;
const PAGE = 100;

/** Tells open consoles of new notices, on each server its own. */
export interface Announcer {
  /** Looks once; gives how many notices were told of. */
  look(): Promise<number>;
  stop(): Promise<void>;
}

/** Begins to tell, from now on: what is older is in the list that a console fetches when it opens. */
export function startAnnouncer(options: {
  readonly records: RecordStore;
  readonly live: Pick<LiveFeed, 'announce' | 'clients'>;
  readonly log: Pick<Log, 'warn'>;
  readonly everyMs?: number;
}): Announcer {
  const { records, live, log, everyMs = EVERY_MS } = options;
  const view = records.as(SYSTEM);
  let place: number | undefined;
  let running: Promise<number> | undefined;

  async function lookOnce(): Promise<number> {
    const last = await records.lastChange();
    // Nobody listens: whoever comes gets the list.
    if (place === undefined || live.clients() === 0) {
      place = last;
      return 0;
    }
    if (place === last) return 0;
    const changed = await view.changesSince('notice', place, PAGE);
    const made = changed.filter(({ version }) => version === 1);
    for (const notice of made)
      for (const name of notice.document.people)
        live.announce(name, notice.document.agency, {
          type: 'notice',
          change: notice.change,
          notice: noticeRow(notice, name),
        });
    place = changed.length === PAGE ? (changed.at(-1)?.change ?? last) : last;
    return made.length;
  }

  const look = (): Promise<number> => {
    running ??= lookOnce().finally(() => {
      running = undefined;
    });
    return running;
  };
  const timer = setInterval(() => {
    look().catch((err) => log.warn({ err }, 'New notices could not be told to consoles; it is tried again.'));
  }, everyMs);
  timer.unref();
  return {
    look,
    async stop() {
      clearInterval(timer);
      await running?.catch(() => undefined);
    },
  };
}

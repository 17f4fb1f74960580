import { setTimeout as sleep } from 'node:timers/promises';
import { HaidangError } from '../errors.ts';
import type { Tlp } from '../incidents/record.ts';
import type { IndicatorBook } from '../indicators/book.ts';
import type { InboundSource } from './settings.ts';
import type { ListState } from './thread-calls.ts';

const LOOK_MS = 100;
/** Somebody may be importing a long list by hand. */
const MOST_WAIT_MS = 600_000;

/** Id of the list of a source's indicators of one mark. */
export function listIdOf(source: string, tlp: Tlp): string {
  return `${source}-${tlp.replace('+', '-')}`;
}

/**
 * Puts a list in force, or takes it away where nothing is left in it. One list for each mark, so that an alert says under
 * which one the indicator came. @throws Error where it could not be imported
 */
export async function putList(
  book: IndicatorBook,
  source: InboundSource,
  { tlp, path, count }: ListState,
  end: AbortSignal,
): Promise<void> {
  const id = listIdOf(source.id, tlp);
  const by = `inbound:${source.id}`;
  if (count === 0 || path === null) {
    if (book.lists().lists.some((list) => list.id === id)) await book.remove(id, by);
    return;
  }
  const options = {
    ...{ id, name: `${source.name} (TLP:${tlp.toUpperCase()})`.slice(0, 100), source: source.name },
    ...{ format: 'csv' as const, tlp, severity: source.severity },
  };
  const until = Date.now() + MOST_WAIT_MS;
  const job = await begin();
  for (;;) {
    const now = book.job();
    if (now?.id !== job) throw new Error(`The import of the list "${id}" was not followed to its end.`);
    if (now.state === 'done') return;
    if (now.state !== 'running') throw new Error(now.error ?? `The import of the list "${id}" was cancelled.`);
    await sleep(LOOK_MS, undefined, { signal: end });
  }

  async function begin(): Promise<string> {
    for (;;) {
      try {
        return book.start({ options, path: path ?? '', from: source.name, by, discard: true }).id;
      } catch (error) {
        const isBusy = error instanceof HaidangError && error.code === 'HD_TOO_MANY';
        if (!isBusy || Date.now() > until) throw error;
        await sleep(LOOK_MS * 10, undefined, { signal: end });
      }
    }
  }
}

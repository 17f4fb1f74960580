import { utcDay } from '../../../ecs/event-id.ts';
import type { AgencyId } from '../../../server/identity.ts';
import type { EventStore } from '../../../server/store/event-store.ts';
import { batchOf, type Parsed, sshFailure } from '../store/frames.ts';

/** Stores events of the last minutes, one a second, the last of them a minute ago. */
export async function storeEvents(
  events: EventStore,
  parsed: readonly Parsed[],
  place: { readonly agency?: string; readonly collector?: string; readonly first?: number } = {},
): Promise<void> {
  const end = Date.now() - 60_000;
  const { agency = 'one', ...rest } = place;
  const timed = parsed.map((event, at) => {
    return { ...event, '@timestamp': new Date(end - (parsed.length - 1 - at) * 1_000).toISOString() };
  });
  await events.append(
    batchOf(timed, {
      ...rest,
      day: utcDay(Date.now()),
      agency: agency as AgencyId,
      receivedAt: new Date().toISOString(),
    }),
  );
}

/** Failed sign-ins of some users in turn. */
export function failures(count: number, users: readonly string[] = ['root', 'admin', 'root']): Parsed[] {
  return Array.from({ length: count }, (_, at) => sshFailure(at % 60, `203.0.113.${at % 5}`, users[at % users.length]));
}

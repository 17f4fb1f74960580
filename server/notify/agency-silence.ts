import type { FleetCollector } from '../fleet/schema.ts';
import type { AgencyId } from '../identity.ts';

/**
 * Why nothing comes from an agency: all of its collectors are silent, none of them is in force any more, or those that speak read
 * nothing (each of their sources is silent or cannot be read).
 */
export type SilenceReason = 'collectors' | 'revoked' | 'sources';

/** An agency from which nothing comes, and since when (ISO 8601). */
export interface SilentAgency {
  readonly agency: AgencyId;
  readonly reason: SilenceReason;
  readonly since: string;
}

/**
 * Agencies that were heard once and of which nothing comes, by the whole fleet; those of no collector that ever spoke are not
 * covered yet and not silent. `silentMs`: for how long nothing may come.
 */
export function silentAgencies(fleet: readonly FleetCollector[], now: number, silentMs: number): SilentAgency[] {
  const byAgency = new Map<AgencyId, FleetCollector[]>();
  for (const collector of fleet) {
    if (collector.lastSeenAt === null) continue;
    for (const agency of new Set([collector.agency, ...collector.agencies] as AgencyId[])) {
      const known = byAgency.get(agency);
      if (known) known.push(collector);
      else byAgency.set(agency, [collector]);
    }
  }
  const silent: SilentAgency[] = [];
  for (const [agency, collectors] of byAgency) {
    const found = silenceOf(collectors, now, silentMs);
    if (found) silent.push({ agency, ...found });
  }
  return silent;
}

function silenceOf(
  collectors: readonly FleetCollector[],
  now: number,
  silentMs: number,
): Omit<SilentAgency, 'agency'> | undefined {
  const isLong = (since: string) => now - Date.parse(since) > silentMs;
  const present = collectors.filter(({ state }) => state !== 'revoked');
  const alive = present.filter(({ lastSeenAt }) => lastSeenAt !== null && !isLong(lastSeenAt));
  if (alive.length === 0) {
    const since = latest(collectors.map(({ lastSeenAt }) => lastSeenAt));
    if (since === undefined || !isLong(since)) return undefined;
    return { reason: present.length === 0 ? 'revoked' : 'collectors', since };
  }
  if (!alive.every(readsNothing)) return undefined;
  const since = latest(
    alive.flatMap(({ sources, startedAt }) => [startedAt, ...sources.map(({ lastReadAt }) => lastReadAt)]),
  );
  return since !== undefined && isLong(since) ? { reason: 'sources', since } : undefined;
}

/** Whether a collector has sources, and each of them is silent for longer than it should be, or cannot be read. */
function readsNothing({ sources, findings }: FleetCollector): boolean {
  const wrong = new Set(
    findings.filter(({ what }) => what === 'source_silent' || what === 'source_error').map(({ source }) => source),
  );
  return sources.length > 0 && sources.every(({ source }) => wrong.has(source));
}

function latest(times: readonly (string | null)[]): string | undefined {
  let found: string | undefined;
  for (const time of times)
    if (time !== null && (found === undefined || Date.parse(time) > Date.parse(found))) found = time;
  return found;
}

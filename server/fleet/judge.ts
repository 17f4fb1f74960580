import type { CollectorRecord } from '../store/record-kinds.ts';
import type { Finding, FindingName, FleetCollector } from './schema.ts';

/** From when on something is worth a word; milliseconds, percent, bytes. */
export const FLEET_LIMITS = {
  /** Statuses come every five seconds: this long without one, and nobody is there. Alerts follow within ten minutes. */
  deadMs: 5 * 60_000,
  clockMs: 30_000,
  spoolPercent: 80,
  diskBytes: 1024 ** 3,
  certificateMs: 7 * 86_400_000,
  waitingMs: 10 * 60_000,
} as const;

/** A source of which it is known that it should have spoken. */
export interface SilentSource {
  readonly source: string;
  /** ISO 8601. */
  readonly since: string;
}

/** All that is wrong with a collector, worst first. */
export function judge(record: CollectorRecord, silent: readonly SilentSource[], now: number): Finding[] {
  const found: Finding[] = [];
  const add = (what: FindingName, more: Partial<Finding> = {}) =>
    found.push({ what, source: null, at: null, amount: null, detail: null, ...more });
  const { status, lastSeenAt } = record;
  if (record.revocation?.reason === 'clone') add('copied', { at: record.revocation.at });
  else if (record.revoked) add('revoked', { at: record.revocation?.at ?? null });
  else if (record.copySeenAt !== undefined) add('copied', { at: record.copySeenAt });
  if (record.revoked) return found;
  const isDead = lastSeenAt !== null && now - Date.parse(lastSeenAt) > FLEET_LIMITS.deadMs;
  if (isDead) add('dead', { at: lastSeenAt });
  if (lastSeenAt === null && now - Date.parse(record.createdAt) > FLEET_LIMITS.deadMs) {
    add('never_seen', { at: record.createdAt });
  }
  if (Date.parse(record.notAfter) - now < FLEET_LIMITS.certificateMs) add('certificate', { at: record.notAfter });
  // What a dead collector said last is of another time.
  if (isDead || !status) return found;
  const { health } = status;
  if (health) {
    const used = health.spoolMaxBytes > 0 ? (100 * health.spoolBytes) / health.spoolMaxBytes : 0;
    if (used >= FLEET_LIMITS.spoolPercent) add('spool', { amount: Math.round(used) });
    if (Math.abs(health.clockOffsetMs) >= FLEET_LIMITS.clockMs) add('clock', { amount: health.clockOffsetMs });
    if (health.diskFreeBytes < FLEET_LIMITS.diskBytes) add('disk', { amount: health.diskFreeBytes });
    if (health.geoFault !== undefined) add('geo', { detail: health.geoFault });
    const { failed } = health.policy;
    if (failed) add('policy', { amount: failed.version, detail: failed.reason });
  }
  for (const { source, since } of silent) add('source_silent', { source, at: since });
  for (const { source, error } of status.sources) if (error !== null) add('source_error', { source, detail: error });
  const since = health?.waitingSince ?? null;
  if (since !== null && now - Date.parse(since) > FLEET_LIMITS.waitingMs) {
    add('waiting', { at: since, amount: status.waiting.events });
  }
  return found;
}

const BROKEN: ReadonlySet<FindingName> = new Set(['copied', 'dead', 'never_seen']);

/** A collector in one word. */
export function stateOf(record: CollectorRecord, findings: readonly Finding[]): FleetCollector['state'] {
  if (record.revoked) return 'revoked';
  if (findings.some(({ what }) => BROKEN.has(what))) return 'broken';
  return findings.length > 0 ? 'attention' : 'well';
}

/** A collector as the API and the console show it. */
export function shownCollector(
  id: string,
  record: CollectorRecord,
  agencyName: string,
  findings: readonly Finding[],
): FleetCollector {
  const { status } = record;
  const health = status?.health;
  return {
    id,
    name: record.name,
    agency: record.agency,
    agencyName,
    agencies: [...(record.agencies ?? [record.agency])],
    group: record.group ?? 'default',
    state: stateOf(record, findings),
    findings: [...findings],
    version: status?.version ?? null,
    lastSeenAt: record.lastSeenAt,
    startedAt: status?.startedAt ?? null,
    certificateEnds: record.notAfter,
    waitingEvents: status?.waiting.events ?? 0,
    waitingSince: health?.waitingSince ?? null,
    cpuPercent: health?.cpuPercent ?? null,
    rssBytes: health?.rssBytes ?? null,
    spoolBytes: health?.spoolBytes ?? null,
    spoolMaxBytes: health?.spoolMaxBytes ?? null,
    diskFreeBytes: health?.diskFreeBytes ?? null,
    clockOffsetMs: health?.clockOffsetMs ?? null,
    quarantined: status?.quarantined.events ?? 0,
    sources: (status?.sources ?? []).map(({ source, lastReadAt, read, unparsed, dropped, error }) => ({
      source,
      lastReadAt,
      read,
      unparsed,
      dropped: Object.values(dropped).reduce((sum, count) => sum + count, 0),
      error,
    })),
    policy: {
      version: health?.policy.version ?? null,
      failed: health?.policy.failed ?? null,
      trial: health?.policy.trial ?? false,
    },
    server: health?.server ?? null,
    bandwidthLimit: health?.bandwidthLimit ?? null,
    sentPerSecond: health?.sentPerSecond ?? null,
  };
}

import type { AgencyBook } from '../agencies/names.ts';
import { listFleet } from '../fleet/list.ts';
import { SYSTEM } from '../identity.ts';
import type { RecordStore } from '../store/record-store.ts';
import type { Coverage } from './schema.ts';
import { withholdSmall } from './withhold.ts';

const LEVELS = [1, 2, 3, 4, 5] as const;

/** Which part of the province's agencies is heard; `now` in milliseconds. */
export async function coverageOf(
  { records, agencies }: { readonly records: RecordStore; readonly agencies: AgencyBook },
  now: number,
  smallest: number,
): Promise<Coverage> {
  const [fleet, known] = await Promise.all([listFleet(SYSTEM, { records, agencies, now }), agencies.all()]);
  const present = fleet.filter(({ state }) => state !== 'revoked');
  const speaking = present.filter(({ state, lastSeenAt }) => state !== 'broken' && lastSeenAt !== null);
  const heard = new Set(speaking.flatMap(({ agency, agencies: more }) => [agency, ...more]));
  const count = (state: 'well' | 'attention' | 'broken') => present.filter((one) => one.state === state).length;
  const findings = speaking.flatMap(({ findings: some }) => some);
  const about = (what: 'source_silent' | 'source_error') => findings.filter((one) => one.what === what).length;

  const byLevel = new Map(LEVELS.map((level) => [level as number, { agencies: 0, covered: 0 }]));
  let covered = 0;
  for (const [id, { securityLevel }] of known) {
    const level = byLevel.get(securityLevel);
    if (level) level.agencies += 1;
    if (!heard.has(id)) continue;
    covered += 1;
    if (level) level.covered += 1;
  }
  const shown = withholdSmall(
    Object.fromEntries([...byLevel].map(([level, { agencies: all }]) => [String(level), all])),
    smallest,
  );
  return {
    agencies: known.size,
    covered,
    bySecurityLevel: [...byLevel].map(([level, counts]) => {
      const all = shown[String(level)] ?? null;
      return { level, agencies: all, covered: all === null ? null : counts.covered };
    }),
    collectors: {
      total: present.length,
      well: count('well'),
      attention: count('attention'),
      broken: count('broken'),
    },
    sources: {
      total: speaking.reduce((sum, { sources }) => sum + sources.length, 0),
      silent: about('source_silent'),
      failing: about('source_error'),
    },
    waitingEvents: present.reduce((sum, { waitingEvents }) => sum + waitingEvents, 0),
  };
}

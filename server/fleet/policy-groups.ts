import type { RecordStore } from '../store/record-store.ts';
import { DEFAULT_GROUP } from './fleet.ts';
import { policyGroups, readPolicy } from './policies.ts';
import type { FleetCollector, PolicyGroups } from './schema.ts';

type PolicyGroup = PolicyGroups['groups'][number];

/** Every group that collectors are in, and the one of those in none: its policy, and who runs which version of it. */
export async function groupsOf(records: RecordStore, collectors: readonly FleetCollector[]): Promise<PolicyGroup[]> {
  const withPolicy = await policyGroups(records);
  const names = [...new Set([DEFAULT_GROUP, ...withPolicy, ...collectors.map(({ group }) => group)])].sort();
  return Promise.all(
    names.map(async (group) => {
      const kept = await readPolicy(records, group);
      const members = collectors.filter((one) => one.group === group);
      const states = { well: 0, attention: 0, broken: 0, revoked: 0 };
      const running = new Map<number | null, string[]>();
      for (const { name, state, policy } of members) {
        states[state]++;
        if (state === 'revoked') continue;
        running.set(policy.version, [...(running.get(policy.version) ?? []), name]);
      }
      return {
        group,
        version: kept?.version ?? null,
        at: kept?.at ?? null,
        by: kept?.by ?? null,
        collectors: members.length,
        states,
        waitingEvents: members.reduce((sum, { waitingEvents }) => sum + waitingEvents, 0),
        running: [...running]
          .map(([version, names]) => ({ version, collectors: names.sort() }))
          .sort((a, b) => (b.version ?? 0) - (a.version ?? 0)),
        failed: members.flatMap(({ id, name, policy: { failed } }) => (failed ? [{ id, name, ...failed }] : [])),
      };
    }),
  );
}

import type { SignedPolicy } from '../../ecs/enrolment.ts';
import type { PolicyContent, PolicyQuota } from '../../ecs/policy.ts';
import type { Authority } from '../authority/authority.ts';
import { HaidangError } from '../errors.ts';
import { SYSTEM } from '../identity.ts';
import { parsersOfGroup } from '../parsers/store.ts';
import type { RecordStore } from '../store/record-store.ts';
import { readPolicyText } from './policy-text.ts';

/** Versions of a policy that are kept, the latest too. */
export const KEPT_VERSIONS = 20;

/** One version of a policy, as somebody wrote it. */
export interface PolicyVersion {
  readonly version: number;
  readonly yaml: string;
  readonly at: string;
  readonly by: string;
  /** The version whose text it took up again. */
  readonly restores?: number;
}

/** A policy as it is kept, `setting` `policy:<group>`: the version in force, and those before it, newest first. */
export interface KeptPolicy extends SignedPolicy, PolicyVersion {
  readonly group: string;
  readonly before?: readonly PolicyVersion[];
}

/** The policy of a group; undefined where it has none. */
export async function readPolicy(records: RecordStore, group: string): Promise<KeptPolicy | undefined> {
  return (await records.as(SYSTEM).get('setting', `policy:${group}`))?.document.value as KeptPolicy | undefined;
}

/** What the policy of a group says of rates. */
export async function readQuota(records: RecordStore, group: string): Promise<PolicyQuota | undefined> {
  const kept = await readPolicy(records, group);
  return kept && (JSON.parse(kept.policy) as PolicyContent).quota;
}

/** Who writes which text for which group. */
export interface PolicyOrder {
  readonly group: string;
  readonly yaml: string;
  readonly by: string;
  readonly at: string;
  readonly restores?: number;
}

/**
 * Sets the policy of a group: the next version, signed by the authority. What each machine allows is checked there.
 * @throws HaidangError `HD_BAD_REQUEST`, `HD_RECORD_CONFLICT`
 */
export async function writePolicy(
  records: RecordStore,
  authority: Pick<Authority, 'sign'>,
  { group, yaml, by, at, restores }: PolicyOrder,
): Promise<KeptPolicy> {
  const read = readPolicyText(yaml);
  if (!('content' in read)) {
    const said = read.faults.slice(0, 5).map(({ line, code, detail }) => `line ${line}: ${code} ${detail}`.trimEnd());
    throw new HaidangError('HD_BAD_REQUEST', `The policy cannot be used: ${said.join('; ')}.`);
  }
  await noteGroup(records, group);
  const view = records.as(SYSTEM);
  const id = `policy:${group}`;
  const found = await view.get('setting', id);
  const last = found?.document.value as KeptPolicy | undefined;
  const version = (last?.version ?? 0) + 1;
  const parsers = await parsersOfGroup(records, group);
  const content: PolicyContent = { group, version, ...read.content, ...(parsers.length > 0 && { parsers }) };
  const policy = JSON.stringify(content);
  const value: KeptPolicy = {
    group,
    version,
    yaml,
    at,
    by,
    ...(restores === undefined ? {} : { restores }),
    before: last ? versionsOf(last).slice(0, KEPT_VERSIONS - 1) : [],
    policy,
    signature: authority.sign(policy),
  };
  if (found) await view.replace('setting', id, { value }, found.version);
  else await view.create('setting', id, { value });
  return value;
}

const GROUPS = 'policy-groups';
const MOST_GROUPS = 1_000;

/** Names of the groups that have a policy. */
export async function policyGroups(records: RecordStore): Promise<readonly string[]> {
  const found = await records.as(SYSTEM).get('setting', GROUPS);
  return (found?.document.value as readonly string[] | undefined) ?? [];
}

async function noteGroup(records: RecordStore, group: string): Promise<void> {
  const view = records.as(SYSTEM);
  const found = await view.get('setting', GROUPS);
  const names = (found?.document.value as readonly string[] | undefined) ?? [];
  if (names.includes(group) || names.length >= MOST_GROUPS) return;
  const value = [...names, group].sort();
  if (found) await view.replace('setting', GROUPS, { value }, found.version);
  else await view.create('setting', GROUPS, { value });
}

/** Every version of a policy that is kept, newest first. */
export function versionsOf({ version, yaml, at, by, restores, before = [] }: KeptPolicy): readonly PolicyVersion[] {
  return [{ version, yaml, at, by, ...(restores === undefined ? {} : { restores }) }, ...before];
}

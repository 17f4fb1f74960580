import { parse } from 'yaml';
import type { SignedPolicy } from '../../ecs/enrolment.ts';
import type { Authority } from '../authority/authority.ts';
import { HaidangError } from '../errors.ts';
import { SYSTEM } from '../identity.ts';
import type { RecordStore } from '../store/record-store.ts';

const MOST_INPUTS = 50;

/** A policy as it is kept, `setting` `policy:<group>`. */
export interface KeptPolicy extends SignedPolicy {
  readonly group: string;
  readonly version: number;
  readonly yaml: string;
  readonly at: string;
  readonly by: string;
}

/** The policy of a group; undefined where it has none. */
export async function readPolicy(records: RecordStore, group: string): Promise<KeptPolicy | undefined> {
  return (await records.as(SYSTEM).get('setting', `policy:${group}`))?.document.value as KeptPolicy | undefined;
}

/**
 * Sets the policy of a group: the next version, signed by the authority. What each machine allows is checked there.
 * @throws HaidangError `HD_BAD_REQUEST`, `HD_RECORD_CONFLICT`
 */
export async function writePolicy(
  records: RecordStore,
  authority: Pick<Authority, 'sign'>,
  { group, yaml, by, at }: { readonly group: string; readonly yaml: string; readonly by: string; readonly at: string },
): Promise<KeptPolicy> {
  const inputs = readInputs(yaml);
  const view = records.as(SYSTEM);
  const id = `policy:${group}`;
  const before = await view.get('setting', id);
  const version = ((before?.document.value as KeptPolicy | undefined)?.version ?? 0) + 1;
  const policy = JSON.stringify({ group, version, inputs });
  const value: KeptPolicy = { group, version, yaml, at, by, policy, signature: authority.sign(policy) };
  if (before) await view.replace('setting', id, { value }, before.version);
  else await view.create('setting', id, { value });
  return value;
}

function readInputs(yaml: string): readonly object[] {
  let content: unknown;
  try {
    content = parse(yaml, { maxAliasCount: 0 });
  } catch (cause) {
    const what = (cause as Error).message.split('\n', 1)[0]?.slice(0, 200) ?? '';
    throw new HaidangError('HD_BAD_REQUEST', `The policy is not YAML: ${what}.`, { cause });
  }
  const inputs = (content as { inputs?: unknown } | null)?.inputs;
  const isInput = (one: unknown) =>
    one !== null && typeof one === 'object' && typeof (one as { type?: unknown }).type === 'string';
  if (!Array.isArray(inputs) || inputs.length === 0 || inputs.length > MOST_INPUTS || !inputs.every(isInput)) {
    throw new HaidangError(
      'HD_BAD_REQUEST',
      `The policy needs "inputs", a list of 1 to ${MOST_INPUTS}, each with its "type".`,
    );
  }
  return inputs as object[];
}

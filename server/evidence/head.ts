import { SYSTEM } from '../identity.ts';
import type { RecordStore } from '../store/record-store.ts';

/** Id of the setting that tells where the chain of manifests ends. */
export const HEAD_SETTING = 'evidence-head';

/** Notes where the chain ends, apart from the chain: one that is cut at its end shows by it. */
export async function noteHead(
  records: RecordStore,
  head: { readonly number: number; readonly hash: string },
): Promise<void> {
  const view = records.as(SYSTEM);
  const present = await view.get('setting', HEAD_SETTING);
  const value = { number: head.number, hash: head.hash };
  if (!present) await view.create('setting', HEAD_SETTING, { value });
  else if (JSON.stringify(present.document.value) !== JSON.stringify(value)) {
    await view.replace('setting', HEAD_SETTING, { value }, present.version);
  }
}

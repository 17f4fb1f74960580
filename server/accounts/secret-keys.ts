import { HaidangError } from '../errors.ts';
import { SYSTEM } from '../identity.ts';
import type { RecordKind, RecordStore } from '../store/record-store.ts';
import type { Audit } from './audit.ts';
import { addSecretKey, isSealed, keepNewestKey, openSecretBox, type SecretBox } from './secret-box.ts';

/** The keys of secrets at rest, and their change. */
export interface SecretKeys {
  /** The box under the keys of now. @throws Error where the file of keys is damaged or can be read by others */
  box(): Promise<SecretBox>;
  /** Does something with the box that a change of keys must not overtake: what is sealed in it is written when it is done. */
  use<T>(work: (box: SecretBox) => Promise<T>): Promise<T>;
  /** A new key: everything is sealed under it before the old one goes. Gives how many secrets there were. Killed in between, the next call goes on. */
  rotate(actor: string): Promise<{ readonly sealed: number }>;
}

/** Where secrets are at rest: any text of such a record that is sealed, with the record's id as its owner. */
const KINDS: readonly RecordKind[] = ['user', 'setting'];
const TRIES = 10;

/** The keys of a data folder, and the records that hold what they seal. */
export function openSecretKeys(options: {
  readonly data: string;
  readonly records: RecordStore;
  readonly audit: Audit;
}): SecretKeys {
  const { data, records, audit } = options;
  const view = records.as(SYSTEM);
  const under = new Set<Promise<unknown>>();
  let opened: Promise<SecretBox> | undefined;
  let rotating: Promise<{ readonly sealed: number }> | undefined;

  const box = () => {
    opened ??= openSecretBox(data).catch((error: unknown) => {
      opened = undefined;
      throw error;
    });
    return opened;
  };

  async function rotate(actor: string): Promise<{ readonly sealed: number }> {
    await addSecretKey(data);
    // From here on whatever is sealed is sealed under the new key, and both open.
    opened = undefined;
    const fresh = await box();
    // What was begun with the old box writes what it sealed before all is looked through.
    await Promise.allSettled(under);
    let sealed = 0;
    for (const kind of KINDS) sealed += await resealAll(kind, fresh);
    await keepNewestKey(data);
    opened = undefined;
    await audit.record({ actor, act: 'key.rotate', target: 'secrets', detail: { sealed } });
    return { sealed };
  }

  async function resealAll(kind: RecordKind, fresh: SecretBox): Promise<number> {
    let sealed = 0;
    let after: string | undefined;
    do {
      const page = await view.find(kind, { limit: 200, ...(after === undefined ? {} : { after }) });
      for (const { id } of page.records) sealed += await reseal(kind, id, fresh);
      after = page.next ?? undefined;
    } while (after !== undefined);
    return sealed;
  }

  /** Tried again where somebody changed the record meanwhile. */
  async function reseal(kind: RecordKind, id: string, fresh: SecretBox): Promise<number> {
    for (let tries = 1; ; tries++) {
      const found = await view.get(kind, id);
      if (!found) return 0;
      const count = { sealed: 0 };
      const document = resealed(found.document, id, fresh, count);
      if (count.sealed === 0) return 0;
      try {
        await view.replace(kind, id, document, found.version);
        return count.sealed;
      } catch (error) {
        if (!(error instanceof HaidangError && error.code === 'HD_RECORD_CONFLICT') || tries === TRIES) throw error;
      }
    }
  }

  return {
    box,
    async use(work) {
      const doing = box().then(work);
      under.add(doing);
      try {
        return await doing;
      } finally {
        under.delete(doing);
      }
    },
    rotate(actor) {
      rotating ??= rotate(actor).finally(() => {
        rotating = undefined;
      });
      return rotating;
    },
  };
}

/** The same value with every secret in it under the newest key. @throws Error where one does not open: then the old key stays */
function resealed<T>(value: T, owner: string, box: SecretBox, count: { sealed: number }): T {
  if (typeof value === 'string') {
    if (!isSealed(value) || !box.isOld(value)) return value;
    count.sealed += 1;
    return box.seal(box.open(value, owner), owner) as T;
  }
  if (Array.isArray(value)) return value.map((one: unknown) => resealed(one, owner, box, count)) as T;
  if (value === null || typeof value !== 'object') return value;
  const entries = Object.entries(value).map(([name, one]) => [name, resealed(one, owner, box, count)]);
  return Object.fromEntries(entries) as T;
}

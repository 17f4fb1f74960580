import { HaidangError } from '../errors.ts';
import { SYSTEM } from '../identity.ts';
import type { RecordKind, RecordStore, RecordView } from '../store/record-store.ts';
import type { Audit } from './audit.ts';
import {
  addSecretKey,
  isSealed,
  keepNewestKey,
  keyOf,
  openSecretBox,
  type SecretBox,
  secretKeyIds,
  secretKeysPath,
} from './secret-box.ts';

/** The keys of secrets at rest, and their change. */
export interface SecretKeys {
  /** The box under the keys of now. @throws Error where the file of keys is damaged or can be read by others; HaidangError `HD_SECRET_KEY` */
  box(): Promise<SecretBox>;
  /**
   * Does something with the box that a change of keys must not overtake: what is sealed in it is written when it is done.
   * @throws HaidangError `HD_SECRET_KEY` where this server's file lacks the key that the store is sealed under
   */
  use<T>(work: (box: SecretBox) => Promise<T>): Promise<T>;
  /** At the start: that this folder's key is the one that the store is sealed under; the first server says so. @throws HaidangError `HD_SECRET_KEY` */
  verify(): Promise<void>;
  /**
   * A new key: everything is sealed under it before the old one goes. Gives how many secrets there were. Killed in between, the next
   * call goes on. Where several servers share the store the old key stays in the file (`kept`) until `finish`.
   */
  rotate(actor: string): Promise<{ readonly sealed: number; readonly kept: boolean }>;
  /** Once every server has the new key: seals what was sealed under the old one meanwhile, and takes the old one away. */
  finish(actor: string): Promise<{ readonly sealed: number }>;
}

/** Where secrets are at rest: any text of such a record that is sealed, with the record's id as its owner. */
const KINDS: readonly RecordKind[] = ['user', 'setting'];
const TRIES = 10;
/** Id of the setting that says which key the store is sealed under: a known text, sealed. */
export const SECRET_CHECK = 'secret-keys';
const KNOWN = 'haidang';

/** The keys of a data folder, and the records that hold what they seal. */
export function openSecretKeys(options: {
  readonly data: string;
  readonly records: RecordStore;
  readonly audit: Audit;
  /** Whether servers with folders of their own use the same records. */
  readonly shared?: boolean;
}): SecretKeys {
  const { data, records, audit, shared = false } = options;
  const view = records.as(SYSTEM);
  const under = new Set<Promise<unknown>>();
  let opened: { readonly id: string | undefined; readonly box: Promise<SecretBox> } | undefined;
  let changing: Promise<unknown> = Promise.resolve();

  /** The key that the store says it is sealed under; undefined before a server said so. */
  const sealedUnder = () => sealedUnderOf(view);

  function missing(id: string): HaidangError {
    return new HaidangError(
      'HD_SECRET_KEY',
      `The secrets in the store are sealed under key ${id}, which ${secretKeysPath(data)} does not hold; copy that file from a server or backup that has it. Where there is none: haidang key reset --lost.`,
    );
  }

  /** Another server may have changed the key since: the store says which one counts, and the file is read again for it. */
  async function box(): Promise<SecretBox> {
    const said = await sealedUnder();
    const id = said && keyOf(said.sealed);
    if (opened && opened.id === id) return opened.box;
    if (id !== undefined && !(await secretKeyIds(data)).includes(id)) throw missing(id);
    const opening = { id, box: openSecretBox(data, id) };
    opened = opening;
    opening.box.catch(() => {
      if (opened === opening) opened = undefined;
    });
    return opening.box;
  }

  async function rotate(actor: string): Promise<{ readonly sealed: number; readonly kept: boolean }> {
    await box();
    // The box may be open while its file is gone: a new key would make all that was sealed unreadable.
    const said = await sealedUnder();
    if (said && !(await secretKeyIds(data)).includes(keyOf(said.sealed))) throw missing(keyOf(said.sealed));
    await addSecretKey(data);
    const fresh = await openSecretBox(data);
    await changeSecretCheck(view, fresh);
    opened = undefined;
    // What was begun with the old box writes what it sealed before all is looked through.
    await Promise.allSettled(under);
    const sealed = await resealEverything(fresh);
    // Others go on with the old key until they have the new one: what they seal must still open here.
    if (!shared) await keepNewestKey(data);
    opened = undefined;
    await audit.record({ actor, act: 'key.rotate', target: 'secrets', detail: { sealed } });
    return { sealed, kept: shared };
  }

  async function finish(actor: string): Promise<{ readonly sealed: number }> {
    const fresh = await box();
    const said = await sealedUnder();
    const [newest] = await secretKeyIds(data);
    if (said && newest !== keyOf(said.sealed))
      throw new HaidangError(
        'HD_BAD_REQUEST',
        'Another server changed the key last; run this there, and copy its secrets.key to the others.',
      );
    await Promise.allSettled(under);
    const sealed = await resealEverything(fresh);
    await keepNewestKey(data);
    opened = undefined;
    await audit.record({ actor, act: 'key.finish', target: 'secrets', detail: { sealed } });
    return { sealed };
  }

  async function resealEverything(fresh: SecretBox): Promise<number> {
    let sealed = 0;
    for (const kind of KINDS) sealed += await resealAll(kind, fresh);
    return sealed;
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

  /** One change of keys after the other. */
  function alone<T>(work: () => Promise<T>): Promise<T> {
    const done = changing.then(work, work);
    changing = done;
    return done;
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
    async verify() {
      if (!(await sealedUnder())) {
        const own = await openSecretBox(data);
        try {
          await view.create('setting', SECRET_CHECK, { value: { check: own.seal(KNOWN, SECRET_CHECK) } });
        } catch (error) {
          // Another server was first: its key is the one.
          if (!isRace(error)) throw error;
        }
      }
      const said = await sealedUnder();
      if (!said) return;
      const own = await box();
      try {
        own.open(said.sealed, SECRET_CHECK);
      } catch {
        // Of this name, and another key: somebody wrote it by hand.
        throw missing(keyOf(said.sealed));
      }
    },
    rotate: (actor) => alone(() => rotate(actor)),
    finish: (actor) => alone(() => finish(actor)),
  };
}

async function sealedUnderOf(
  view: RecordView,
): Promise<{ readonly sealed: string; readonly version: number } | undefined> {
  const found = await view.get('setting', SECRET_CHECK);
  const sealed = (found?.document.value as { check?: string } | undefined)?.check;
  return found && sealed !== undefined ? { sealed, version: found.version } : undefined;
}

/** Says in the store which key counts: from then on every server seals under it. */
export async function changeSecretCheck(view: RecordView, fresh: SecretBox): Promise<void> {
  for (let tries = 1; ; tries++) {
    const said = await sealedUnderOf(view);
    const value = { check: fresh.seal(KNOWN, SECRET_CHECK) };
    try {
      if (said) await view.replace('setting', SECRET_CHECK, { value }, said.version);
      else await view.create('setting', SECRET_CHECK, { value });
      return;
    } catch (error) {
      if (!isRace(error) || tries === TRIES) throw error;
    }
  }
}

function isRace(error: unknown): boolean {
  const code = error instanceof HaidangError ? error.code : undefined;
  return code === 'HD_RECORD_CONFLICT' || code === 'HD_RECORD_EXISTS';
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

import type { StixObject } from '../stix/objects.ts';
import type { Status } from './taxii-client.ts';
import { versionOf } from './taxii-parts.ts';

/** Kinds that are the same in many incidents: another one may have brought them. */
const SHARED = new Set(['identity', 'extension-definition', 'marking-definition']);

/** What is needed to find out whether an object that was not taken is there already. */
export interface Again {
  /** The objects of the envelope. */
  readonly objects: readonly StixObject[];
  /** All objects of the version, of which the envelope may be a part. */
  readonly whole: readonly StixObject[];
  /** Whether the same envelope may have arrived before, with its answer lost. */
  readonly sentBefore: boolean;
  /** `id version` of what the recipient took before, as its receipts say. */
  readonly taken: ReadonlySet<string>;
  /** Sends one of the objects once more; undefined where its answer tells nothing now. */
  readonly probe: (object: StixObject) => Promise<Status | undefined>;
}

/**
 * Finds out which failures of a collection that cannot be read are none, as the object is there: recipients exist that
 * call a duplicate a failure, against TAXII 2.1 §5.5, each in its own words. What was taken once, in this version, is
 * there. Of what may have come before it is asked for the recipient's words: an object that is there for sure is sent
 * once more, and what failed in the same words is a duplicate too.
 */
export async function alreadyThere(
  failures: ReadonlyMap<string, string>,
  { objects, whole, sentBefore, taken, probe }: Again,
): Promise<ReadonlySet<string>> {
  const there = new Set<string>();
  const doubtful: StixObject[] = [];
  for (const object of objects) {
    if (!failures.has(object.id)) continue;
    if (taken.has(`${object.id} ${versionOf(object)}`)) there.add(object.id);
    else if (sentBefore || versionOf(object) === '' || SHARED.has(object.type)) doubtful.push(object);
  }
  if (doubtful.length === 0) return there;
  const words = new Set(objects.filter(({ id }) => there.has(id)).map(({ id }) => plain(failures.get(id) ?? '', id)));
  if (words.size === 0) {
    const said = await wordsOf({ objects, whole, probe }, failures);
    if (said === undefined) return there;
    words.add(said);
  }
  for (const { id } of doubtful) if (words.has(plain(failures.get(id) ?? '', id))) there.add(id);
  return there;
}

/** How the recipient calls a duplicate; undefined where it takes them, or does not say. */
async function wordsOf(
  { objects, whole, probe }: Pick<Again, 'objects' | 'whole' | 'probe'>,
  failures: ReadonlyMap<string, string>,
): Promise<string | undefined> {
  const taken = objects.find(({ id }) => !failures.has(id));
  // A mark is small and the same for everybody; of what was refused, nothing else is sent for a mere question.
  const object = taken ?? whole.find(({ type }) => type === 'marking-definition');
  if (!object) return undefined;
  // Where nothing was taken now, the first of the two makes sure that it is there.
  if (!taken && (await probe(object)) === undefined) return undefined;
  const answer = await probe(object);
  if (answer === undefined || answer.status !== 'complete' || answer.failureCount === 0) return undefined;
  return plain(answer.failures.find(({ id }) => id === object.id)?.message ?? '', object.id);
}

/** A message without the object that it names. */
function plain(message: string, id: string): string {
  return message.replaceAll(id, '').trim().toLowerCase();
}

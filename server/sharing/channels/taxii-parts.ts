import type { Progress } from '../record.ts';
import type { StixObject } from '../stix/objects.ts';

/** Some objects of a version, in one envelope. */
export interface Part {
  /** First object, and the one after the last. */
  readonly from: number;
  readonly to: number;
  /** `sent`: it left, and no answer is known. */
  readonly state: 'new' | 'sent' | 'pending' | 'done';
  readonly status: string | null;
  /** Times that it was sent. */
  readonly tries: number;
  /** Times that the recipient said that it is at it, where it ever did. */
  readonly waits?: number;
  /** When it came into this state, milliseconds since 1970. */
  readonly since: number;
  readonly references: readonly string[];
  readonly failures: readonly { readonly id: string; readonly message: string }[];
}

/** Objects of one envelope, whatever it may be long. */
const MOST_OBJECTS = 2_000;
/** `{"objects":[` and `]}`. */
const FRAME_BYTES = 14;

/** Divides objects into envelopes that are no longer than the recipient takes; an object that is too long alone is a part of its own. */
export function partsOf(objects: readonly StixObject[], maxLength: number): readonly Part[] {
  const parts: Part[] = [];
  let [from, bytes] = [0, FRAME_BYTES];
  objects.forEach((object, at) => {
    const size = Buffer.byteLength(JSON.stringify(object)) + 1;
    if (at > from && (bytes + size > maxLength || at - from >= MOST_OBJECTS)) {
      parts.push(fresh(from, at));
      [from, bytes] = [at, FRAME_BYTES];
    }
    bytes += size;
  });
  return [...parts, fresh(from, objects.length)];
}

/** Two halves of a part that was too long; undefined where it is one object. */
export function cutInTwo({ from, to, tries }: Part): readonly [Part, Part] | undefined {
  if (to - from < 2) return undefined;
  const middle = Math.floor((from + to) / 2);
  // What was tried before stays known: it may have arrived then.
  return [
    { ...fresh(from, middle), tries },
    { ...fresh(middle, to), tries },
  ];
}

/** The parts that were kept; undefined where nothing was. */
export function readProgress(progress: Progress | null, count: number): readonly Part[] | undefined {
  const parts = progress?.['parts'] as readonly Part[] | undefined;
  return parts?.at(-1)?.to === count ? parts : undefined;
}

/** The version of an object as TAXII has it (TAXII 2.1 §3.4): `modified`, else `created`. */
export function versionOf({ modified, created }: StixObject): string {
  return modified ?? created ?? '';
}

function fresh(from: number, to: number): Part {
  return { from, to, state: 'new', status: null, tries: 0, since: 0, references: [], failures: [] };
}

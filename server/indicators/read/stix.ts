import { type ListSink, readSecond, type Tlp } from './read-list.ts';
import { PatternError, patternValues } from './stix-pattern.ts';

/** Marking definitions of TLP 2.0 (OASIS) and of TLP 1 (STIX 2.1 §7.2.1.4) by their fixed ids. */
const MARKINGS: Readonly<Record<string, Tlp>> = {
  'marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487': 'clear',
  'marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb': 'green',
  'marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421': 'amber',
  'marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003': 'amber+strict',
  'marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1': 'red',
  'marking-definition--613f2e26-407d-48c7-9eca-b8e91df99dc9': 'clear',
  'marking-definition--34098fce-860f-48ae-8e50-ebd3cc5e41da': 'green',
  'marking-definition--f88d31f6-486f-44da-b317-01333bde0b82': 'amber',
  'marking-definition--5e57c739-391a-4eb3-b6be-7d15ca92d5ed': 'red',
};

interface StixObject {
  readonly type?: unknown;
  readonly pattern?: unknown;
  readonly pattern_type?: unknown;
  readonly valid_until?: unknown;
  readonly confidence?: unknown;
  readonly revoked?: unknown;
  readonly object_marking_refs?: unknown;
}

/** Reads the indicators of a STIX 2.1 bundle. @throws Error where it is none */
export function readStix(document: unknown, sink: ListSink): void {
  const { type, objects } = (document ?? {}) as { type?: unknown; objects?: unknown };
  if (type !== 'bundle' || !Array.isArray(objects)) throw new Error('The file is no STIX bundle.');
  for (const [index, object] of (objects as StixObject[]).entries()) {
    if (object?.type !== 'indicator') continue;
    const at = index + 1;
    if (object.revoked === true) {
      sink.skip();
      continue;
    }
    for (const mark of marksOf(object)) sink.mark(mark);
    if (typeof object.pattern !== 'string' || (object.pattern_type ?? 'stix') !== 'stix') {
      sink.refuse(at, `The pattern is of the type "${String(object.pattern_type)}"; only "stix" is read.`);
      continue;
    }
    const expires = readSecond(object.valid_until);
    const { confidence } = object;
    const more = {
      ...(expires === undefined ? {} : { expires }),
      ...(typeof confidence === 'number' ? { confidence } : {}),
    };
    try {
      for (const { type: own, value } of patternValues(object.pattern)) sink.add(at, own, value, more);
    } catch (error) {
      if (!(error instanceof PatternError)) throw error;
      sink.refuse(at, error.message);
    }
  }
}

/** The TLP marks of an object, by the fixed ids of TLP 2.0 and TLP 1. */
export function marksOf({ object_marking_refs: refs }: Pick<StixObject, 'object_marking_refs'>): Tlp[] {
  if (!Array.isArray(refs)) return [];
  return refs.flatMap((ref) => (typeof ref === 'string' && Object.hasOwn(MARKINGS, ref) ? (MARKINGS[ref] ?? []) : []));
}

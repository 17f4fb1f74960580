import type { EcsEvent } from '../../../ecs/event.ts';
import { type Provenance, stamp } from '../stamp.ts';

/**
 * What of a document its reading asks for: all of it, as it was written. To give a part, the cluster would parse it and write
 * it anew, and leave away lists and objects that are empty.
 */
export const READ_SOURCE = true;

/** A document, as far as its reading looks at it. */
export interface StoredDocument {
  /** The event as its collector sent it. */
  readonly line?: EcsEvent;
  /** Where its line is unusual: the event as JSON. */
  readonly document?: string;
  readonly store: Provenance & { readonly sequence: number };
}

/** The event of a document, with the server's own fields set over whatever the line says. Call it once for each document. */
export function eventOf({ line, document = '{}', store }: StoredDocument): EcsEvent {
  return stamp(line ?? (JSON.parse(document) as EcsEvent), store);
}

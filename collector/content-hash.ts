import { hash } from 'node:crypto';

/** The part of an event id that stands for the record's content (`ecs/event-id.ts`). */
export function contentHash(original: string): string {
  return hash('sha256', original, 'hex').slice(0, 12);
}

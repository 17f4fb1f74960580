import { stixId } from '../sharing/stix/ids.ts';
import type { StixObject } from '../sharing/stix/objects.ts';

/** Our own extension of a STIX note: that it acknowledges an incident, asks for something by a time, or answers that. */
export const MESSAGE_EXTENSION = stixId('extension-definition', 'haidang-message');

/** What a note says beyond its text. `task`: id of the note that asked. */
export type Message =
  | { readonly kind: 'acknowledgement' }
  | { readonly kind: 'task'; readonly due: string | null }
  | { readonly kind: 'answer'; readonly task: string };

/** When the extension was first given out: the version of what is said of it. */
const SINCE = '2026-11-01T00:00:00.000Z';
const NOTE_ID = /^note--[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** Says what the extension is (STIX 2.1 §7.3.3); `creator` is the identity that keeps it. */
export function messageDefinition(creator: string): StixObject {
  return {
    type: 'extension-definition',
    spec_version: '2.1',
    id: MESSAGE_EXTENSION,
    created_by_ref: creator,
    created: SINCE,
    modified: SINCE,
    name: 'Hải Đăng message',
    description:
      'Acknowledgement of an incident, a task about it with the time by which it is due, or the answer to one.',
    schema: 'https://haidang.example/schemas/message-1.json',
    version: '1.0.0',
    extension_types: ['property-extension'],
  };
}

/** The `extensions` of a note that carries a message. */
export function messageExtensions(message: Message): Readonly<Record<string, object>> {
  return { [MESSAGE_EXTENSION]: { extension_type: 'property-extension', ...message } };
}

/** The message of a note that somebody else made; undefined where it is a note like any other. */
export function readMessage(note: Readonly<Record<string, unknown>>): Message | undefined {
  const fields = fieldsOf(fieldsOf(note['extensions'])?.[MESSAGE_EXTENSION]);
  if (!fields) return undefined;
  const { kind, due, task } = fields;
  if (kind === 'acknowledgement') return { kind };
  if (kind === 'answer') return typeof task === 'string' && NOTE_ID.test(task) ? { kind, task } : undefined;
  return kind === 'task' ? { kind, due: readTime(due) } : undefined;
}

/** A time as ISO 8601 in milliseconds; null where the value is none that a calendar has. */
export function readTime(value: unknown): string | null {
  if (typeof value !== 'string' || value.length > 40 || !/^\d{4}-\d\d-\d\dT/.test(value)) return null;
  const at = Date.parse(value);
  return Number.isFinite(at) && at > 0 ? new Date(at).toISOString() : null;
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  return value as Readonly<Record<string, unknown>>;
}

import type { EcsEvent } from '../../ecs/event.ts';

/** What the server knows of an event from the certificate and the frame, and not from the payload. */
export interface Provenance {
  readonly agency: string;
  readonly collector: string;
  /** ISO 8601: when the batch arrived. */
  readonly receivedAt: string;
  /** Name of the source within the collector. */
  readonly source: string;
}

/** `agent.type` of everything that a collector of ours sent. */
export const AGENT_TYPE = 'haidang';

/** Dotted spellings that would shadow what the server sets. */
const SHADOWS = ['organization.id', 'event.ingested', 'event.id', 'agent.id', 'agent.type', 'haidang.source'] as const;

/**
 * Sets `organization.id`, `event.ingested`, `agent.id`, `agent.type` and `haidang.source` over whatever the payload
 * says, and takes away dotted spellings of them. Changes the event in place and returns it.
 */
export function stamp(event: EcsEvent, from: Provenance): EcsEvent {
  for (const name of SHADOWS) if (event[name] !== undefined) delete event[name];
  event['organization'] = { ...plainObject(event['organization']), id: from.agency };
  event['agent'] = { ...plainObject(event['agent']), id: from.collector, type: AGENT_TYPE };
  event['haidang'] = { ...plainObject(event['haidang']), source: from.source };
  event.event = { ...plainObject(event.event), ingested: from.receivedAt };
  return event;
}

function plainObject(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};
}

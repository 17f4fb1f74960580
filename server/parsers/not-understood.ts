import { readField } from '../../ecs/event.ts';
import { parseKql } from '../../rules/query/kql.ts';
import type { Identity } from '../identity.ts';
import type { EventStore } from '../store/event-store.ts';
import type { NotUnderstood } from './schema.ts';

const DAY_MS = 86_400_000;
const LOOKED_AT = 500;
const MOST_SOURCES = 30;
const MOST_LINES = 8;
const LONGEST = 2_000;

/** The newest lines of the last day that no parser understood, by agency and source, most first. */
export async function findNotUnderstood(events: EventStore, identity: Identity, now: number): Promise<NotUnderstood> {
  const range = { from: new Date(now - DAY_MS).toISOString(), to: new Date(now + DAY_MS).toISOString() };
  const condition = parseKql('event.kind: pipeline_error');
  const page = await events.as(identity).search({ range, condition, limit: LOOKED_AT });
  const sources = new Map<string, { source: string; agency: string; count: number; lines: Map<string, string> }>();
  for (const { event } of page.events) {
    const source = textOf(event, 'haidang.source');
    const agency = textOf(event, 'organization.id');
    const key = `${agency}\n${source}`;
    const known = sources.get(key) ?? { source, agency, count: 0, lines: new Map<string, string>() };
    sources.set(key, known);
    known.count++;
    const line = textOf(event, 'event.original').slice(0, LONGEST);
    const form = formOf(line);
    if (known.lines.size < MOST_LINES && !known.lines.has(form)) known.lines.set(form, line);
  }
  const found = [...sources.values()].sort((one, other) => other.count - one.count).slice(0, MOST_SOURCES);
  return {
    sources: found.map(({ source, agency, count, lines }) => ({ source, agency, count, lines: [...lines.values()] })),
    complete: page.complete && page.next === null,
  };
}

function textOf(event: object, name: string): string {
  const value = readField(event, name);
  return typeof value === 'string' ? value : '';
}

/** What lines of one kind share: the beginning, with small letters and digits alike. */
function formOf(line: string): string {
  return line
    .slice(0, 120)
    .replace(/\d+/g, '0')
    .replace(/\p{Ll}+/gu, 'a');
}

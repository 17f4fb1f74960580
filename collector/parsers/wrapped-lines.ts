import type { EcsEvent } from '../../ecs/event.ts';
import { journalEvent, journalText } from '../inputs/journal-entry.ts';
import type { ParseContext, Parser } from '../record.ts';
import type { Draft } from './draft.ts';
import { finish } from './draft.ts';
import type { JsonObject } from './json-object.ts';
import { parseObject } from './json-object.ts';
import { isoTimeAt } from './time.ts';

/** Reads a line of which nothing is known but its text; undefined where no parser knows it. */
type ReadLine = (line: string, context: ParseContext) => EcsEvent | undefined;

const STREAMS: readonly unknown[] = ['stdout', 'stderr'];

/** The text and time of a line that Docker's `json-file` driver wrote: `{"log":"…\n","stream":"stdout","time":"…"}`. */
function containerLine(object: JsonObject, context: ParseContext): { text: string; now: number } | undefined {
  const { log, stream, time } = object;
  if (typeof log !== 'string' || typeof time !== 'string' || !STREAMS.includes(stream)) return undefined;
  const now = isoTimeAt(time, 0, 'UTC')?.ms;
  return { text: log.replace(/\r?\n$/, ''), now: now ?? context.now };
}

/** An entry as `journalctl -o json` exports it, read as the journald input reads it. */
function journalLine(object: JsonObject, line: string, context: ParseContext, read: ReadLine): EcsEvent | undefined {
  if (typeof object['__REALTIME_TIMESTAMP'] !== 'string') return undefined;
  const entry = object as Parameters<typeof journalText>[0];
  const message = journalText(entry, 'MESSAGE');
  if (message === undefined || message === '') return undefined;
  // The entry names its machine; this one did not write it.
  const { host: _, ...rest } = context;
  const event = journalEvent(entry, message, context.now, (text, now, program) => {
    const found = read(text, program === undefined ? { ...rest, now } : { ...rest, now, program });
    return found ?? { '@timestamp': new Date(now).toISOString(), event: { kind: 'pipeline_error', original: text } };
  });
  event.event.original = line;
  return finish(event as Draft);
}

function wrappedEvent(
  object: JsonObject,
  line: string,
  context: ParseContext,
  outer: NonNullable<Parser['ofObject']>,
  read: ReadLine,
): EcsEvent | undefined {
  const container = containerLine(object, context);
  if (!container) return journalLine(object, line, context, read);
  const around = outer(object, line, context);
  delete around['log'];
  delete around['time'];
  delete around['haidang'];
  const inner = read(container.text, { ...context, now: container.now });
  if (!inner) return { ...around, message: container.text };
  return { ...around, ...inner, event: { ...inner.event, original: line } };
}

/**
 * Reads a line that Docker or the journal has wrapped with the parser that an input names; undefined where it is not
 * wrapped, or the parser does not understand what is inside.
 */
export function readWrapped(line: string, context: ParseContext, json: Parser, named: Parser): EcsEvent | undefined {
  const mayBe = line.startsWith('{') && (line.includes('"log"') || line.includes('"__REALTIME_TIMESTAMP"'));
  const object = mayBe ? parseObject(line) : undefined;
  if (!object || !json.ofObject) return undefined;
  let isUnderstood = false;
  const event = wrappedEvent(object, line, context, json.ofObject, (text, inner) => {
    const found = named.parse(text, inner);
    isUnderstood ||= found !== undefined;
    return found;
  });
  return isUnderstood ? event : undefined;
}

/**
 * The same parser of JSON, for objects as well in which Docker or the journal has wrapped the line of some program: that
 * line is read further with `read`, and the event keeps what stands around it.
 */
export function withWrapped(parser: Parser, read: ReadLine): Parser {
  const outer = parser.ofObject as NonNullable<Parser['ofObject']>;
  const ofObject = (object: JsonObject, line: string, context: ParseContext): EcsEvent =>
    wrappedEvent(object, line, context, outer, read) ?? outer(object, line, context);
  return {
    ...parser,
    ofObject,
    parse(line, context) {
      const object = parseObject(line);
      return object && ofObject(object, line, context);
    },
  };
}

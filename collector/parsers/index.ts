import type { EcsEvent } from '../../ecs/event.ts';
import type { ParseContext, Parser, ParserHint } from '../record.ts';

/** Every parser, in the order in which `auto` asks them. */
export const PARSERS: readonly Parser[] = [];

/**
 * Parses one line with the named parser or `auto`; always gives an event. What no parser understands is kept with
 * `event.kind: pipeline_error` and the reason in `error.message`.
 */
export function parseLine(line: string, _parser: string, context: ParseContext, _hint?: ParserHint): EcsEvent {
  return {
    '@timestamp': new Date(context.now).toISOString(),
    event: { kind: 'pipeline_error', original: line },
    message: line,
    error: { message: 'No parser understands this line.' },
  };
}

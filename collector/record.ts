import type { EcsEvent } from '../ecs/event.ts';

/** What a parser may know about a line beside the line itself. */
export interface ParseContext {
  /** The collector's clock, milliseconds since 1970: gives a year to times without one, and a time to lines without any. */
  readonly now: number;
  /** IANA name of the zone that zone-less times are written in, for instance `Asia/Ho_Chi_Minh`. */
  readonly timeZone: string;
  /** This machine's name, for lines that name no host. */
  readonly host?: string;
  /** The file the line was read from. */
  readonly path?: string;
  /** The program that wrote the line, where the input knows it (journald) and the line does not say. */
  readonly program?: string;
}

/** Turns one kind of line into ECS events. */
export interface Parser {
  readonly name: string;
  /** Says cheaply, from the first bytes, whether a line looks like this parser's; used by `auto`. */
  detects(line: string): boolean;
  /** Gives the event, or undefined where the line is not of this kind; never throws. */
  parse(line: string, context: ParseContext): EcsEvent | undefined;
  /** Why the line that `parse` was last asked about is not of this kind: a sentence. */
  why?(): string;
  /** The event of a line whose JSON object has been read already, the one that `parse` makes; may keep parts of it. */
  ofObject?(object: Record<string, unknown>, line: string, context: ParseContext): EcsEvent;
  /**
   * Writes the finished event's JSON for lines of the usual form, without making the event: the very fields and values of
   * `parse`, in its order. `id` is the event's up to the content hash. Undefined where `parse` is to be asked.
   */
  text?(line: string, context: ParseContext, id: string): string | undefined;
}

/** The names at the top of the texts that parsers write at once; whoever adds to such a text looks for these in it. */
export const TEXT_NAMES: ReadonlySet<string> = new Set(
  '@timestamp event message host source user url http user_agent related'.split(' '),
);

/** What `auto` remembers of one source, so that the next line is tried with the parser that took the last one. */
export interface ParserHint {
  parser?: Parser;
}

import type { EcsEvent } from '../../ecs/event.ts';
import type { ParseContext } from '../record.ts';
import type { CheckedParser } from './check.ts';
import type { LeftOut } from './compile.ts';

/** What a parser made of one line, for its author. */
export interface TriedLine {
  readonly line: string;
  /** Undefined where it is not understood. */
  readonly event: EcsEvent | undefined;
  readonly why: string | undefined;
  /** Where a pattern or a form ends to fit, counted from 1, and what should stand there. */
  readonly stopsAt: { readonly column: number; readonly part: string } | undefined;
  /** Values that no field took. */
  readonly left: readonly LeftOut[];
}

/** Tries a parser on a line and says why it fails, where it does. */
export function tryLine(
  { parser, document }: CheckedParser,
  line: string,
  context: ParseContext,
): TriedLine | undefined {
  if (!parser || !document) return undefined;
  const { event, left } = parser.noting(line, context);
  if (event) return { line, event, why: undefined, stopsAt: undefined, left };
  const why = parser.why();
  // Only of a step that reads the message itself is the text at hand.
  const failed = /^step (\d+) /.exec(why)?.[1];
  const step = failed === undefined ? undefined : document.steps[Number(failed) - 1];
  const stopsAt = step && step.from === undefined ? step.form.explain?.(line) : undefined;
  return { line, event: undefined, why, stopsAt, left };
}

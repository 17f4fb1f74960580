import type { EcsEvent } from '../../ecs/event.ts';
import { readField } from '../../ecs/event.ts';
import type { CustomParser } from './compile.ts';
import type { ParserDocument } from './document.ts';
import type { ExpectedValue, Sample } from './read-samples.ts';

/** A sample that the parser does not treat as it says. */
export interface SampleFailure {
  /** From 1. */
  readonly sample: number;
  /** In the document. */
  readonly line: number;
  readonly message: string;
}

/** The zone of samples whose document names none, and their clock. */
const SAMPLE_ZONE = 'Asia/Ho_Chi_Minh';
const SAMPLE_NOW = Date.UTC(2026, 0, 1);
const HOUR = 3_600_000;

/** Runs the samples of a parser. The clock stands an hour after the time that a sample expects: so years are found. */
export function runSamples(document: ParserDocument, parser: CustomParser): readonly SampleFailure[] {
  return document.samples.flatMap((sample, place): SampleFailure[] => {
    const message = failureOf(sample, parser);
    return message === undefined ? [] : [{ sample: place + 1, line: sample.line, message }];
  });
}

function failureOf({ text, expect }: Sample, parser: CustomParser): string | undefined {
  const event = parser.parse(text, { now: clockOf(expect), timeZone: SAMPLE_ZONE });
  if (!expect) return event && 'The line is understood, and the sample says that it must not be.';
  if (!event) return `The line is not understood: ${parser.why()}`;
  for (const [name, wanted] of expect) {
    const given = readField(event, name);
    if (isSame(name, given, wanted)) continue;
    const has = given === undefined ? 'the event has no such field' : `it is ${shown(given)}`;
    return `"${name}" should be ${shown(wanted)}, and ${has}.`;
  }
  return undefined;
}

function clockOf(expect: Sample['expect']): number {
  const wanted = expect?.get('@timestamp');
  const ms = typeof wanted === 'string' ? Date.parse(wanted) : Number.NaN;
  return Number.isNaN(ms) ? SAMPLE_NOW : ms + HOUR;
}

function shown(value: unknown): string {
  return JSON.stringify(value).slice(0, 200);
}

function isSame(name: string, given: EcsEvent[string], wanted: ExpectedValue): boolean {
  if (wanted === null) return given === undefined;
  if (name === '@timestamp' && typeof wanted === 'string') return Date.parse(wanted) === Date.parse(String(given));
  if (Array.isArray(wanted)) return JSON.stringify(given) === JSON.stringify(wanted);
  // A list of one is written as its value.
  if (Array.isArray(given)) return given.length === 1 && given[0] === wanted;
  return given === wanted;
}

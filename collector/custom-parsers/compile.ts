import type { EcsEvent } from '../../ecs/event.ts';
import { type Draft, finish, newDraft } from '../parsers/draft.ts';
import type { JsonObject } from '../parsers/json-object.ts';
import { withSyslogHeader } from '../parsers/syslog.ts';
import type { ParseContext, Parser } from '../record.ts';
import type { Condition, ParserDocument } from './document.ts';
import type { Constant } from './read-constants.ts';
import { compileSetter } from './setter.ts';
import type { Found, ReadStep } from './step.ts';
import { compileField, type PutField } from './values.ts';

/** A value that did not fit its field, and was left out. */
export interface LeftOut {
  readonly name: string;
  readonly field: string;
  readonly why: string;
}

/** A parser made of a document. */
export interface CustomParser extends Parser {
  readonly title: string;
  readonly dataset: string;
  /** Whether `auto` may try it. */
  readonly isMatching: boolean;
  /** Why the line before was not understood; one line's answer at a time. */
  why(): string;
  /** What the line before had that no field took; only where `parse` was told to note it. */
  noting(
    line: string,
    context: ParseContext,
  ): { readonly event: EcsEvent | undefined; readonly left: readonly LeftOut[] };
}

type Fits = (text: string, found: readonly Found[], line: string) => boolean;

interface CompiledStep {
  readonly read: ReadStep;
  /** -1: the message. */
  readonly from: number;
  readonly fits: Fits | undefined;
  readonly optional: boolean;
  readonly set: ((event: JsonObject) => void) | undefined;
  readonly where: string;
}

interface CompiledField {
  readonly place: number;
  readonly put: PutField;
  readonly name: string;
  readonly field: string;
}

/** Makes the parser that a document describes. */
export function compileParser(document: ParserDocument): CustomParser {
  const places = new Map<string, number>();
  const placeOf = (name: string): number => {
    const known = places.get(name);
    if (known !== undefined) return known;
    places.set(name, places.size);
    return places.size - 1;
  };
  const steps = document.steps.map(
    (step, at): CompiledStep => ({
      read: step.form.bind(placeOf, asked(document)),
      from: step.from === undefined ? -1 : placeOf(step.from),
      fits: step.when && compileCondition(step.when, placeOf),
      optional: step.optional,
      set: step.set.length === 0 ? undefined : compileConstants(step.set),
      where: `step ${at + 1} (${step.kind})`,
    }),
  );
  const fieldOf = (rule: ParserDocument['fields'][number]): CompiledField => ({
    place: rule.from === 'message' && !places.has('message') ? -1 : placeOf(rule.from),
    put: compileField(rule),
    name: rule.from,
    field: rule.target.name,
  });
  const times = document.fields.filter(({ target }) => target.name === '@timestamp');
  const fields = document.fields.filter(({ target }) => target.name !== '@timestamp').map(fieldOf);
  const namesHost =
    document.fields.some(({ target }) => target.name === 'host.name') ||
    document.constants.some(({ name }) => name === 'host.name');
  const setConstants = document.constants.length === 0 ? undefined : compileConstants(document.constants);
  const clocks = times.map((rule) => ({ place: placeOf(rule.from), read: rule.time, name: rule.from }));
  const found: Found[] = new Array<Found>(places.size).fill(undefined);
  const taken: CompiledStep[] = [];
  let reason = '';
  let left: LeftOut[] | undefined;

  const takeApart = (line: string): boolean => {
    found.fill(undefined);
    taken.length = 0;
    for (const step of steps) {
      const value = step.from < 0 ? line : found[step.from];
      if (value === undefined) {
        if (step.optional || step.fits) continue;
        reason = `${step.where}: there is nothing to read.`;
        return false;
      }
      const text = typeof value === 'string' ? value : String(value);
      if (step.fits && !step.fits(text, found, line)) continue;
      const why = step.read(text, found);
      if (why !== undefined) {
        if (step.optional) continue;
        reason = `${step.where}: ${why}.`;
        return false;
      }
      taken.push(step);
    }
    if (taken.length === 0) reason = 'No step is for this line.';
    return taken.length > 0;
  };

  const timeOf = (context: ParseContext): number | undefined => {
    for (const { place, read, name } of clocks) {
      const value = found[place];
      if (value === undefined || value === '' || value === '-') continue;
      const ms = read?.(String(value), context.now, document.timeZone ?? context.timeZone);
      if (ms !== undefined) return ms;
      reason = `The time in "${name}" is of no form that "formats" lists: ${JSON.stringify(String(value).slice(0, 60))}.`;
      return undefined;
    }
    return context.now;
  };

  const parse = (line: string, context: ParseContext): EcsEvent | undefined => {
    if (!takeApart(line)) return undefined;
    const ms = timeOf(context);
    if (ms === undefined) return undefined;
    const draft = newDraft(line, line, document.dataset, context, ms);
    if (context.program !== undefined) draft.process = { name: context.program };
    setConstants?.(draft);
    for (const step of taken) step.set?.(draft);
    for (let at = 0; at < fields.length; at++) {
      const { place, put, name, field } = fields[at] as CompiledField;
      const value = place < 0 ? line : found[place];
      if (value === undefined) continue;
      const why = put(value, draft, context);
      if (why !== undefined) left?.push({ name, field, why });
    }
    if (namesHost && draft.host?.name !== undefined) draft.host.hostname = draft.host.name;
    return finish(draft as Draft);
  };

  const { match } = document;
  const plain: Parser = {
    name: document.name,
    detects: (line) =>
      match !== undefined &&
      (match.prefix === undefined || line.startsWith(match.prefix)) &&
      (match.contains === undefined || line.includes(match.contains)),
    parse,
  };
  const headed = document.syslog ? withSyslogHeader(plain) : plain;
  return {
    ...headed,
    title: document.title,
    dataset: document.dataset,
    isMatching: match !== undefined,
    why: () => reason,
    noting(line, context) {
      left = [];
      const event = headed.parse(line, context);
      const noted = left;
      left = undefined;
      return { event, left: noted };
    },
  };
}

/** Every name that the document uses: what an open step looks for. */
function asked({ steps, fields }: ParserDocument): readonly string[] {
  const names = [
    ...fields.map(({ from }) => from),
    ...steps.flatMap(({ from, when }) => [from, when?.from, when?.exists]),
  ];
  return [...new Set(names.filter((name) => name !== undefined && name !== 'message'))] as string[];
}

function compileCondition({ from, contains, prefix, is, exists }: Condition, placeOf: (name: string) => number): Fits {
  const isLine = from === 'message';
  const place = from === undefined || isLine ? -1 : placeOf(from);
  const there = exists === undefined ? -1 : placeOf(exists);
  const values = is && new Set(is);
  return (text, found, line) => {
    if (there >= 0 && (found[there] === undefined || found[there] === '')) return false;
    const value = isLine ? line : place < 0 ? text : found[place];
    if (value === undefined) return false;
    const looked = typeof value === 'string' ? value : String(value);
    if (values && !values.has(looked)) return false;
    if (prefix !== undefined && !looked.startsWith(prefix)) return false;
    return contains === undefined || looked.includes(contains);
  };
}

function compileConstants(constants: readonly Constant[]): (event: JsonObject) => void {
  const all = constants.map(({ name, value }) => ({ set: compileSetter(name), value }));
  return (event) => {
    // Lists are copied: an event's own may grow.
    for (const { set, value } of all) set(event, Array.isArray(value) ? value.slice() : value);
  };
}

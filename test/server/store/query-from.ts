import { type EcsEvent, readField } from '../../../ecs/event.ts';
import { someLeaf } from '../../../rules/query/matcher.ts';

/** Numbers that choose a query; shorter lists and smaller numbers make simpler ones. */
export interface Pick {
  readonly numbers: readonly number[];
  readonly viewer: number;
  readonly page: number;
  readonly field: number;
}

const MOST_DEPTH = 3;
const LONGEST = 60;

/** Hands out the chosen numbers one after the other; zeros when they are used up. */
class Choices {
  readonly #numbers: readonly number[];
  #at = 0;

  constructor(numbers: readonly number[]) {
    this.#numbers = numbers;
  }

  below(limit: number): number {
    return (this.#numbers[this.#at++] ?? 0) % limit;
  }

  of<T>(all: readonly T[]): T {
    return all[this.below(all.length)] as T;
  }
}

/** A KQL query made of names, values and words that the events hold, so that it finds some of them. */
export function queryFrom(events: readonly { readonly event: EcsEvent }[], { numbers }: Pick): string {
  const choices = new Choices(numbers);
  const clause = (): string => clauseFrom(choices.of(events).event, choices);
  const tree = (depth: number): string => {
    const kind = depth >= MOST_DEPTH ? 0 : choices.below(7);
    if (kind < 3) return clause();
    if (kind === 3) return `not ${clause()}`;
    if (kind === 4) return `not (${tree(depth + 1)})`;
    const [left, right] = [tree(depth + 1), tree(depth + 1)];
    return kind === 5 ? `(${left}) and (${right})` : `(${left}) or (${right})`;
  };
  return tree(0);
}

type Leaf = readonly [name: string, value: string | number | boolean];

function leavesOf(event: EcsEvent): Leaf[] {
  const leaves: Leaf[] = [];
  someLeaf(event, (value, name) => {
    const isScalar = typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
    if (isScalar && /^[\w.@-]+$/.test(name) && String(value).length <= LONGEST) leaves.push([name, value]);
    return false;
  });
  return leaves;
}

const WORDS = /[\p{L}\p{N}\p{M}]+/gu;

function wordsOf(event: EcsEvent): string[] {
  const text = `${readField(event, 'message') ?? ''} ${readField(event, 'event.original') ?? ''}`;
  return [...text.slice(0, 2_000).matchAll(WORDS)].map(([word]) => word);
}

function clauseFrom(event: EcsEvent, choices: Choices): string {
  const leaves = leavesOf(event);
  const [name, value] = choices.of(leaves);
  const text = String(value);
  const middle = Math.floor(text.length / 2);
  const words = wordsOf(event);
  const kinds: (() => string)[] = [
    () => `${name}: ${quoted(text)}`,
    () => `${name}: ${quoted(swapped(text))}`,
    () => `${name}: ${bare(text.slice(0, Math.max(1, middle)))}*`,
    () => `${name}: *${bare(text.slice(middle))}`,
    () => `${name}: *${bare(text.slice(middle >> 1, middle + 1) || 'a')}*`,
    () => `${name}: *`,
    () =>
      typeof value === 'number' ? `${name} ${choices.of(['<', '<=', '>', '>='])} ${value}` : `${name}: ${quoted(text)}`,
    () => ipClause(name, text, choices),
    () => word(choices.of(words)),
    () => phrase(words, choices),
    () => `${bare((choices.of(words) ?? 'a').slice(0, 3))}*`,
    () => `@timestamp ${choices.of(['<', '<=', '>', '>='])} "${event['@timestamp']}"`,
    () => `${name.split('.')[0]}.*: ${quoted(text)}`,
    () => `message: *${bare(choices.of(words) ?? 'a')}*`,
  ];
  return choices.of(kinds)();
}

function word(text: string | undefined): string {
  return quoted(text ?? 'a');
}

function phrase(words: readonly string[], choices: Choices): string {
  const at = choices.below(Math.max(1, words.length - 1));
  return quoted(words.slice(at, at + 2).join(' ') || 'a');
}

function ipClause(name: string, text: string, choices: Choices): string {
  const parts = /^(\d+)\.(\d+)\.(\d+)\.\d+$/.exec(text);
  if (!parts || !/(^|[._])ip$/.test(name)) return `${name}: ${quoted(text)}`;
  const [, a, b, c] = parts;
  return `${name}: ${choices.of([`${a}.0.0.0/8`, `${a}.${b}.0.0/16`, `${a}.${b}.${c}.0/24`, text])}`;
}

function swapped(text: string): string {
  return text === text.toLowerCase() ? text.toUpperCase() : text.toLowerCase();
}

function quoted(text: string): string {
  return `"${text.replace(/[\\"]/g, '\\$&')}"`;
}

function bare(text: string): string {
  return text.replace(/[\\"():<>*{}\s]/g, '\\$&');
}

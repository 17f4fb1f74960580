import { ruleProblem } from '../errors.ts';
import type { RuleProblem } from '../rule.ts';
import { readYaml, splitDocuments, type YamlNode, YamlTreeError } from './yaml-tree.ts';

/** Lists of values by name, for `expand` (Sigma 2.1, *Placeholders*). */
export type Placeholders = ReadonlyMap<string, readonly string[]>;

/** Name of the file, at the top of a folder of rules, that holds the lists; it holds no rules. */
export const PLACEHOLDER_FILE = /^placeholders\.ya?ml$/;

/** Values of one list, and texts that one value of a rule may become, at most. */
const LIMITS = { values: 10_000, expanded: 20_000 } as const;
const NAME = /^[\w.-]{1,100}$/;

/** A value that cannot be expanded; the message says why. */
export class PlaceholderError extends Error {}

/**
 * Reads a file of lists: a map of names to a text or a list of texts. It never throws; what is wrong with one list is a
 * problem with its place, and the others are given all the same.
 */
export function parsePlaceholders(
  text: string,
  file: string,
): { readonly placeholders: Placeholders; readonly problems: readonly RuleProblem[] } {
  const placeholders = new Map<string, readonly string[]>();
  const problems: RuleProblem[] = [];
  const report = (what: string, at: { line: number; column: number }): void => {
    problems.push(ruleProblem('HD_RULE_PLACEHOLDERS', what, { ...at, file, rule: null }));
  };
  const [source, second] = splitDocuments(text);
  if (!source) return { placeholders, problems };
  if (second) report('The file holds more than one document', { line: second.linesBefore + 1, column: 1 });
  let tree: YamlNode;
  try {
    tree = readYaml(source);
  } catch (error) {
    if (!(error instanceof YamlTreeError)) throw error;
    report(error.message, error.at);
    return { placeholders, problems };
  }
  if (tree.kind !== 'map') {
    report('The file is no map of names to lists', tree.at);
    return { placeholders, problems };
  }
  for (const { key, at, value } of tree.entries) {
    const items = value.kind === 'list' ? value.items : [value];
    const wrong = items.find((item) => item.kind !== 'scalar' || item.value === null);
    if (!NAME.test(key)) report(`"${key}" is no name of letters, digits, "_", "-" and "."`, at);
    else if (wrong) report(`"${key}" must be a list of texts`, wrong.at);
    else if (items.length === 0) report(`"${key}" is empty`, value.at);
    else if (items.length > LIMITS.values) report(`"${key}" holds more than ${LIMITS.values} values`, value.at);
    else
      placeholders.set(
        key,
        items.flatMap((item) => (item.kind === 'scalar' ? [item.source] : [])),
      );
  }
  return { placeholders, problems };
}

/**
 * All texts that a value stands for: each `%name%` is replaced by each value of that list, which may hold wildcards;
 * `\%` is the character itself.
 * @throws PlaceholderError where a list is not there, or there would be too many texts.
 */
export function expandPlaceholders(raw: string, placeholders: Placeholders): readonly string[] {
  let texts: string[] = [''];
  for (const [part, name] of raw.matchAll(/\\\\|\\%|%([\w.-]+)%|[^\\%]+|[\s\S]/g)) {
    const values = name === undefined ? [part === '\\%' ? '%' : part] : placeholders.get(name);
    if (!values) throw new PlaceholderError(`There is no list "${name}" for the placeholder %${name}%`);
    if (texts.length * values.length > LIMITS.expanded) {
      throw new PlaceholderError(`"${raw}" stands for more than ${LIMITS.expanded} texts`);
    }
    texts = texts.flatMap((text) => values.map((value) => text + value));
  }
  return texts;
}

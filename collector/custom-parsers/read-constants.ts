import type { YamlNode, YamlScalar } from '../../rules/sigma/yaml-tree.ts';
import { isAddress } from '../parsers/draft.ts';
import type { ParserReader } from './problems.ts';
import { type Target, targetOf } from './targets.ts';

/** A field with a value that every event gets. */
export interface Constant {
  readonly name: string;
  readonly value: string | number | boolean | readonly (string | number | boolean)[];
}

const MOST = 50;
const MOST_VALUES = 20;

/** Reads fields with fixed values, checked by their ECS types and allowed values. */
export function readConstants(
  reader: ParserReader,
  node: YamlNode | undefined,
  where: string,
  namespace: string,
): readonly Constant[] {
  return reader.entries(node, where, MOST).flatMap(({ key, at, value }): Constant[] => {
    const target = targetOf(key, undefined, namespace);
    if (typeof target === 'string') {
      reader.problem('HD_PARSER_FIELD', target, at);
      return [];
    }
    if (target.type === 'date') {
      reader.problem('HD_PARSER_VALUE', `"${key}" is a time, which no two events share; take it from the line`, at);
      return [];
    }
    const values = reader
      .texts(value, `"${key}"`, MOST_VALUES)
      .flatMap((scalar) => constantOf(reader, target, scalar) ?? []);
    if (values.length === 0) return [];
    if (target.isList) return [{ name: key, value: values }];
    if (values.length > 1) {
      reader.problem('HD_PARSER_VALUE', `"${key}" takes one value`, value.at);
      return [];
    }
    return [{ name: key, value: values[0] as string }];
  });
}

/** A value as its field wants it; reports what does not fit. */
export function constantOf(
  reader: ParserReader,
  target: Target,
  scalar: YamlScalar,
): string | number | boolean | undefined {
  const { name, type, allowed } = target;
  const text = scalar.source;
  if (allowed && !allowed.includes(text))
    return reader.problem(
      'HD_PARSER_VALUE',
      `"${text}" is not a value of ${name}; there are ${allowed.join(', ')}`,
      scalar.at,
    );
  const wrong = () =>
    reader.problem('HD_PARSER_VALUE', `"${text}" is no value of type ${type} for "${name}"`, scalar.at);
  switch (type) {
    case 'long':
      return /^[+-]?\d{1,15}$/.test(text) ? Number(text) : wrong();
    case 'double':
      return text !== '' && Number.isFinite(Number(text)) ? Number(text) : wrong();
    case 'boolean':
      return text === 'true' ? true : text === 'false' ? false : wrong();
    case 'ip':
      return isAddress(text) ? text : wrong();
    default:
      return text.length <= 1_000 ? text : wrong();
  }
}

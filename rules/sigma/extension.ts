import type { Guidance, Language, RuleExtension, Sample } from '../rule.ts';
import type { RuleReader } from './reader.ts';
import type { YamlMap, YamlNode } from './yaml-tree.ts';

const CODE = 'HD_RULE_EXTENSION';
const LANGUAGES: readonly Language[] = ['vi', 'en', 'km'];
/** Copies of one event in a sample, and events in one, at most. */
const SAMPLE_LIMITS = { repeat: 10_000, events: 100 } as const;

/** What a rule without a `haidang:` section gets. */
export const DEFAULT_EXTENSION: RuleExtension = {
  groupBy: ['host.name'],
  gapSeconds: 86_400,
  titles: {},
  sentences: {},
  guidance: {},
  samples: { match: [], noMatch: [] },
};

type ByLanguage<T> = Partial<Record<Language, T>>;

function readByLanguage<T>(
  reader: RuleReader,
  node: YamlNode | undefined,
  name: string,
  read: (value: YamlNode, name: string, language: Language) => T | undefined,
): ByLanguage<T> {
  const found: ByLanguage<T> = {};
  const map = reader.map(node, name, CODE);
  if (!map) return found;
  reader.only(map, LANGUAGES, name, CODE);
  for (const language of LANGUAGES) {
    const value = reader.get(map, language);
    const made = value && read(value, `${name}.${language}`, language);
    if (made !== undefined) found[language] = made;
  }
  return found;
}

function readGuidance(reader: RuleReader, node: YamlNode, name: string, reviewed: boolean): Guidance | undefined {
  const map = reader.map(node, name, CODE);
  if (!map) return undefined;
  reader.only(map, ['meaning', 'check', 'act', 'escalate'], name, CODE);
  const part = (key: string): string => {
    const text = reader.text(reader.get(map, key), `${name}.${key}`, CODE);
    if (text === undefined) reader.problem(CODE, `"${name}" has no "${key}"`, map.at);
    return text ?? '';
  };
  const check = reader.texts(reader.get(map, 'check'), `${name}.check`, CODE);
  if (check.length === 0) reader.problem(CODE, `"${name}" has no "check"`, map.at);
  return { meaning: part('meaning'), check, act: part('act'), escalate: part('escalate'), reviewed };
}

/** Only `{count}` may carry words: one form, or one for a single event and one for more. */
function readSentence(reader: RuleReader, node: YamlNode, name: string): string | undefined {
  const text = reader.text(node, name, CODE);
  for (const [placeholder, field = '', forms] of (text ?? '').matchAll(/\{([^{} ]*)(?: ([^{}]*))?\}/g)) {
    if (forms === undefined || (field === 'count' && forms.split('|').length <= 2)) continue;
    reader.problem(CODE, `"${placeholder}" in "${name}" is no {field}, {count} or {count one|more}`, node.at);
  }
  return text;
}

/** YAML as the JSON value that an event would hold. */
function toJson(node: YamlNode): unknown {
  if (node.kind === 'scalar') return node.value;
  if (node.kind === 'list') return node.items.map(toJson);
  return toEvent(node);
}

function toEvent(map: YamlMap): Record<string, unknown> {
  const event: Record<string, unknown> = Object.create(null);
  for (const { key, value } of map.entries) event[key] = toJson(value);
  return event;
}

function readSampleEvent(reader: RuleReader, node: YamlNode): Sample['events'][number] | undefined {
  const map = reader.map(node, 'events', CODE);
  if (!map) return reader.problem(CODE, 'A sample event must be a map', node.at);
  reader.only(map, ['event', 'repeat', 'every'], 'events', CODE);
  const event = reader.map(reader.get(map, 'event'), 'event', CODE);
  if (!event) return reader.problem(CODE, 'This part of a sample has no "event"', map.at);
  const repeatNode = reader.get(map, 'repeat');
  const repeat = repeatNode === undefined ? 1 : Number(reader.text(repeatNode, 'repeat', CODE));
  if (!Number.isInteger(repeat) || repeat < 1 || repeat > SAMPLE_LIMITS.repeat) {
    return reader.problem(CODE, `"repeat" must be 1 to ${SAMPLE_LIMITS.repeat}`, repeatNode?.at ?? map.at);
  }
  return { event: toEvent(event), repeat, every: reader.span(reader.get(map, 'every'), 'every', CODE) ?? 0 };
}

function readSample(reader: RuleReader, node: YamlNode): Sample | undefined {
  const map = reader.map(node, 'samples', CODE);
  if (!map) return reader.problem(CODE, 'A sample must be an event, or "events" with a list', node.at);
  const list = reader.get(map, 'events');
  if (list === undefined) return { events: [{ event: toEvent(map), repeat: 1, every: 0 }] };
  reader.only(map, ['events'], 'samples', CODE);
  if (list.kind !== 'list') return reader.problem(CODE, '"events" must be a list', list.at);
  if (list.items.length === 0 || list.items.length > SAMPLE_LIMITS.events) {
    return reader.problem(CODE, `"events" must hold 1 to ${SAMPLE_LIMITS.events} parts`, list.at);
  }
  const events = list.items.map((item) => readSampleEvent(reader, item)).filter((event) => event !== undefined);
  return events.length === list.items.length ? { events } : undefined;
}

function readSamples(reader: RuleReader, map: YamlMap | undefined, key: string): readonly Sample[] {
  const node = map && reader.get(map, key);
  if (node === undefined) return [];
  if (node.kind !== 'list') {
    reader.problem(CODE, `"samples.${key}" must be a list`, node.at);
    return [];
  }
  return node.items.map((item) => readSample(reader, item)).filter((sample) => sample !== undefined);
}

function readScope(reader: RuleReader, node: YamlNode | undefined): RuleExtension['scope'] {
  const scope = reader.text(node, 'scope', CODE);
  if (scope === 'province') return scope;
  if (node === undefined || scope === undefined || scope === 'agency') return undefined;
  return reader.problem(CODE, `"scope" must be agency or province, not "${scope}"`, node.at);
}

/** Reads the `haidang:` section; every unknown key in it is a problem. */
export function readExtension(reader: RuleReader, node: YamlNode | undefined): RuleExtension {
  const map = reader.map(node, 'haidang', CODE);
  if (!map) return DEFAULT_EXTENSION;
  const known = ['group_by', 'gap', 'scope', 'title', 'sentence', 'guidance', 'reviewed', 'samples'];
  reader.only(map, known, 'haidang', CODE);
  const named = reader.texts(reader.get(map, 'reviewed'), 'reviewed', CODE);
  const reviewed = named.length === 1 && named[0] === 'no' ? [] : named;
  for (const language of reviewed) {
    if (LANGUAGES.some((known) => known === language)) continue;
    reader.problem(CODE, `"reviewed" names "${language}"; there are ${LANGUAGES.join(', ')}, or "no" for none`, map.at);
  }
  const groupBy = reader.get(map, 'group_by');
  const samples = reader.map(reader.get(map, 'samples'), 'samples', CODE);
  if (samples) reader.only(samples, ['match', 'no_match'], 'samples', CODE);
  const scope = readScope(reader, reader.get(map, 'scope'));
  const text = (value: YamlNode, name: string): string | undefined => reader.text(value, name, CODE);
  return {
    groupBy: groupBy ? reader.texts(groupBy, 'group_by', CODE) : DEFAULT_EXTENSION.groupBy,
    gapSeconds: reader.span(reader.get(map, 'gap'), 'gap', CODE) ?? DEFAULT_EXTENSION.gapSeconds,
    ...(scope ? { scope } : {}),
    titles: readByLanguage(reader, reader.get(map, 'title'), 'title', text),
    sentences: readByLanguage(reader, reader.get(map, 'sentence'), 'sentence', (value, name) =>
      readSentence(reader, value, name),
    ),
    guidance: readByLanguage(reader, reader.get(map, 'guidance'), 'guidance', (value, name, language) =>
      readGuidance(reader, value, name, reviewed.includes(language)),
    ),
    samples: { match: readSamples(reader, samples, 'match'), noMatch: readSamples(reader, samples, 'no_match') },
  };
}

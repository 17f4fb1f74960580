import { HaidangError } from '../errors.ts';
import { SYSTEM } from '../identity.ts';
import type { RecordStore, Versioned } from '../store/record-store.ts';
import type { ParserRecord, ParserVersionRecord } from './record.ts';

/** Bounds of what is kept; a policy with all of a group's parsers must stay small enough to send. */
export const PARSER_BOUNDS = { parsers: 200, ofGroup: 50, versions: 50, characters: 64 * 1024 } as const;
const PAGE = 100;

/** Every parser by name. */
export async function allParsers(records: RecordStore): Promise<readonly Versioned<ParserRecord>[]> {
  const view = records.as(SYSTEM);
  const found: Versioned<ParserRecord>[] = [];
  let after: string | undefined;
  do {
    const page = await view.find('parser', { limit: PAGE, ...(after === undefined ? {} : { after }) });
    found.push(...page.records);
    after = page.next ?? undefined;
  } while (after !== undefined && found.length < PARSER_BOUNDS.parsers);
  return found.sort((one, other) => (one.id < other.id ? -1 : 1));
}

/** The documents of the parsers that go to a group of collectors, by name. */
export async function parsersOfGroup(records: RecordStore, group: string): Promise<readonly string[]> {
  const all = await allParsers(records);
  return all.filter(({ document }) => document.groups.includes(group)).map(({ document }) => document.yaml);
}

/** One parser. @throws HaidangError `HD_NOT_FOUND` */
export async function readParserRecord(records: RecordStore, name: string): Promise<Versioned<ParserRecord>> {
  const found = await records.as(SYSTEM).get('parser', name);
  if (!found) throw new HaidangError('HD_NOT_FOUND', `There is no parser "${name.slice(0, 64)}".`);
  return found;
}

/** The wordings of a parser that are kept, newest first. */
export async function versionsOfParser(records: RecordStore, name: string): Promise<readonly ParserVersionRecord[]> {
  const page = await records.as(SYSTEM).find('parser-version', {
    where: { parser: [name] },
    orderBy: { field: 'at', descending: true },
    limit: PARSER_BOUNDS.versions,
  });
  return page.records.map(({ document }) => document).sort((one, other) => other.version - one.version);
}

/** What a save is: the text with what was read of it, and who. */
export interface ParserOrder {
  readonly name: string;
  readonly title: string;
  readonly dataset: string;
  readonly yaml: string;
  /** The version that was looked at, 0 for a new parser; undefined takes whichever is there. */
  readonly expected: number | undefined;
  readonly by: string;
  readonly at: string;
}

/** Keeps a wording, and puts it in force. @throws HaidangError `HD_RECORD_CONFLICT`, `HD_TOO_LARGE` */
export async function saveParser(
  records: RecordStore,
  { name, title, dataset, yaml, expected, by, at }: ParserOrder,
): Promise<ParserRecord> {
  const view = records.as(SYSTEM);
  const before = await view.get('parser', name);
  const current = before?.document.version ?? 0;
  if (expected !== undefined && expected !== current)
    throw new HaidangError('HD_RECORD_CONFLICT', `Parser "${name}" has version ${current} by now.`, { current });
  if (!before && (await view.count('parser')) >= PARSER_BOUNDS.parsers)
    throw new HaidangError('HD_TOO_LARGE', `There are ${PARSER_BOUNDS.parsers} parsers already; remove one first.`);
  // A parser that was removed and comes again goes on counting: its wordings are still there.
  const known = current === 0 ? ((await versionsOfParser(records, name))[0]?.version ?? 0) : current;
  const version = known + 1;
  const groups = before?.document.groups ?? [];
  const document: ParserRecord = { title, dataset, yaml, version, groups, updatedAt: at, updatedBy: by };
  if (before) await view.replace('parser', name, document, before.version);
  else await view.create('parser', name, document);
  await view.create('parser-version', `${name}:${version}`, { parser: name, version, yaml, at, by });
  return document;
}

/** Says which groups of collectors a parser goes to; gives those that it went to before too. @throws HaidangError */
export async function setParserGroups(
  records: RecordStore,
  name: string,
  groups: readonly string[],
): Promise<{ readonly document: ParserRecord; readonly touched: readonly string[] }> {
  const all = await allParsers(records);
  for (const group of groups) {
    const others = all.filter(({ id, document }) => id !== name && document.groups.includes(group));
    if (others.length >= PARSER_BOUNDS.ofGroup)
      throw new HaidangError('HD_TOO_LARGE', `Group "${group}" has ${PARSER_BOUNDS.ofGroup} parsers already.`);
  }
  const found = await readParserRecord(records, name);
  const document = { ...found.document, groups: [...new Set(groups)].sort() };
  await records.as(SYSTEM).replace('parser', name, document, found.version);
  return { document, touched: [...new Set([...found.document.groups, ...document.groups])].sort() };
}

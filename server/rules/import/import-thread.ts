import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';
import type { EcsEvent } from '../../../ecs/event.ts';
import type { Rule, RuleProblem } from '../../../rules/rule.ts';
import type { FilterRule } from '../../../rules/sigma/filter.ts';
import { parseRules } from '../../../rules/sigma/parse.ts';
import { splitDocuments } from '../../../rules/sigma/yaml-tree.ts';
import { lowerPriority } from '../../system/lower-priority.ts';
import { readPlaceholders } from '../placeholder-files.ts';
import { isImported, ruleFileName } from './imported-files.ts';
import { judgeImport, openSeenEvents } from './judge-import.ts';
import type { ImportRow } from './schema.ts';
import { ImportError, openSources } from './sources.ts';

/** What the thread is started with. */
export interface ImportSetup {
  readonly path: string;
  /** Name for messages, in place of the path. */
  readonly from: string;
  /** Folders of rules with lists for `expand`. */
  readonly folders: readonly string[];
  /** Where rules that could be taken over are laid out. */
  readonly staging: string;
}

/** Thread → main. It asks for events once, when all files are read. */
export type FromImport =
  | { readonly kind: 'progress'; readonly files: number; readonly done: number }
  | { readonly kind: 'sample' }
  | { readonly kind: 'report'; readonly rows: readonly ImportRow[]; readonly filters: readonly string[] }
  | { readonly kind: 'failed'; readonly reason: string };

/** Main → thread, when it asks: some of the rules that are there, some events, or no more of either. */
export type ToImport =
  | { readonly kind: 'existing'; readonly rules: readonly Rule[] }
  | { readonly kind: 'events'; readonly events: readonly EcsEvent[] }
  | { readonly kind: 'no-more' };

const MOST_RULES = 50_000;
const TOLD_EVERY = 50;

async function run(port: NonNullable<typeof parentPort>, setup: ImportSetup): Promise<void> {
  const tell = (message: FromImport): void => port.postMessage(message);
  const rules: Rule[] = [];
  const filters: FilterRule[] = [];
  const filterTexts = new Map<string, string>();
  const problems: RuleProblem[] = [];
  const { placeholders } = await readPlaceholders([...setup.folders, setup.path]);
  const sources = await openSources(setup.path, setup.from);
  let done = 0;
  for await (const source of sources.read()) {
    if ('problem' in source) {
      const { name: file, problem: message } = source;
      problems.push({ code: 'HD_RULE_FILE', file, line: 1, column: 1, rule: null, message });
    } else {
      const parsed = parseRules(source.text, source.name, placeholders);
      rules.push(...parsed.rules);
      filters.push(...parsed.filters);
      problems.push(...parsed.problems);
      for (const { id, line } of parsed.filters) filterTexts.set(id, documentAt(source.text, line));
    }
    if (rules.length > MOST_RULES)
      throw new ImportError(`There are more than ${MOST_RULES} rules; import fewer at once.`);
    if (++done % TOLD_EVERY === 0 || done === sources.files) tell({ kind: 'progress', files: sources.files, done });
  }
  const seen = openSeenEvents(rules);
  const existing: Rule[] = [];
  await new Promise<void>((resolve) => {
    port.on('message', (message: ToImport) => {
      if (message.kind === 'events') seen.take(message.events);
      else if (message.kind === 'existing') existing.push(...message.rules);
      else resolve();
    });
    tell({ kind: 'sample' });
  });
  const judged = judgeImport({ rules, filters, problems }, existing, seen.fields(), isImported);
  await mkdir(setup.staging, { recursive: true, mode: 0o700 });
  for (const { id, yaml } of judged.taken)
    await writeFile(join(setup.staging, ruleFileName(id)), yaml, { mode: 0o600 });
  for (const [id, text] of filterTexts)
    await writeFile(join(setup.staging, ruleFileName(`filter-${id}`)), text, { mode: 0o600 });
  tell({ kind: 'report', rows: judged.rows, filters: [...filterTexts.keys()] });
}

/** The document of a file that begins at a line, or before it. */
function documentAt(text: string, line: number): string {
  return splitDocuments(text).findLast(({ linesBefore }) => linesBefore < line)?.text ?? text;
}

if (!parentPort) throw new Error('This file runs as a worker thread of an import.');
const port = parentPort;
lowerPriority();
try {
  await run(port, workerData as ImportSetup);
} catch (error) {
  if (!(error instanceof ImportError)) throw error;
  port.postMessage({ kind: 'failed', reason: error.message } satisfies FromImport);
}
port.close();

import { once } from 'node:events';
import { safeJson } from '../../ecs/safe-json.ts';
import { JsonBytes } from '../../ecs/scan/json-bytes.ts';
import { compileRules } from '../../rules/engine/compile.ts';
import { CorrelationRun } from '../../rules/engine/correlation-run.ts';
import type { FieldMode } from '../../rules/engine/engine.ts';
import { runSamples } from '../../rules/engine/samples.ts';
import type { RuleProblem } from '../../rules/rule.ts';
import { readArguments, UsageError } from './arguments.ts';
import { openInput, readEvent, readLines, readRules } from './rules-input.ts';
import { plain } from './terminal.ts';

const USAGE = `Usage: haidang rules COMMAND [OPTIONS]

  check PATH...                                     validate rule files; exit 1 where something is wrong
  run --rules DIR [--fields raw|ecs] [FILE|-]       NDJSON events in, one NDJSON line a match out
  bench --rules DIR [--fields raw|ecs] FILE         measure matching; one JSON line
  test PATH...                                      run the samples inside rules; exit 1 where one fails
  import PATH [--as draft|enabled] [--json]         read rules into the server, with a report of what runs and what does not
  reload [--json] [--config FILE]                   have the server read its rules again, without a restart
  health [--now] [--json] [--config FILE]           how each rule of the server fares; exit 1 where one is dead

haidang rules COMMAND --help tells more.`;

const HELP = {
  check: `Usage: haidang rules check PATH...

Validates Sigma rules in files and folders (.yml, .yaml). Each thing that is wrong or not supported is one line on
standard output: FILE:LINE:COLUMN CODE what, and what to do. Exit code 1 where there is any.`,
  run: `Usage: haidang rules run --rules DIR [--fields raw|ecs] [FILE|-]

Matches NDJSON events (FILE, FILE.gz or standard input) and writes one JSON line a match:
{"rule":ID,"line":N,"kind":"event","title":…,"level":…}; correlations follow at the end of the input as
{"rule":ID,"line":N,"kind":"correlation","group":{…},"first":…,"last":…,"count":…}, where line is their last event's.
Lines count from 1. Lines that are no events are named on standard error, and the rest goes on; exit code 1 then.

  --rules DIR        file or folder of rules; may be given several times
  --fields ecs|raw   ecs (default): events are ECS documents. raw: events carry the rules' own field names, and their
                     log source in product, service, category`,
  bench: `Usage: haidang rules bench --rules DIR [--fields raw|ecs] FILE

Matches the events of FILE (or FILE.gz), held in memory, and writes one JSON line: rules, events, hits, match_per_s,
parse_match_per_s. CPU time, best of 3 after a round that is not counted, as tables are made when they are first asked.
Without --fields: raw where the first event has a "product".`,
  test: `Usage: haidang rules test PATH...

Runs the samples (haidang: samples:) inside rules: each of match must match, none of no_match may. Exit code 1 where
one fails or a rule cannot be read.`,
  import: `Usage: haidang rules import PATH [--as draft|enabled] [--with-data] [--reason TEXT] [--json] [--config FILE]

Reads the Sigma rules of a folder, a checkout of git, a zip archive or a file on the server's machine, and says which
run, which have no data (no event of their log source, or of a field they need, has been stored), which are there already,
and what is refused, with FILE:LINE:COLUMN. Nothing is taken over without --as; exit code 1 where anything is refused.

  --as draft       lays them down as drafts, which somebody tests and enables in the console
  --as enabled     puts them in force at once; needs --reason TEXT, as they were not tested here
  --with-data      takes over only those that have data
  --json           one line a rule or problem`,
  reload: `Usage: haidang rules reload [--json] [--config FILE]

Has the running server read its folders of rules again, and says what was added, changed and removed. No event is missed
meanwhile. Files that change are found without it too, within seconds. Exit code 1 where a rule is refused.`,
  health: `Usage: haidang rules health [--now] [--json] [--config FILE]

Each rule in force: whether its own samples are found by the detection that runs (tested every five minutes), when its log
source was last seen, fields it asks for that no event has, its last match, and what it costs an event. --now tests them
all first. With --json one line a rule. Exit code 1 where a rule is dead or refused.`,
} as const;

const OPTIONS = { rules: { type: 'string', multiple: true }, fields: { type: 'string' } } as const;

function printProblem(problem: RuleProblem, write: (line: string) => void): void {
  const { file, line, column, code, message } = problem;
  write(plain(`${file}:${line}:${column} ${code} ${message}`));
}

function readFields(fields: string | undefined): FieldMode | undefined {
  if (fields === undefined || fields === 'raw' || fields === 'ecs') return fields;
  throw new UsageError(`--fields takes raw or ecs, not "${fields}".`);
}

async function check(args: readonly string[]): Promise<number> {
  const { positionals } = readArguments(args, {});
  if (positionals.length === 0) throw new UsageError('rules check needs a file or folder; --help tells more.');
  const { problems, detections, correlations, files } = await readRules(positionals);
  for (const problem of problems) printProblem(problem, console.log);
  const rules = detections.length + correlations.length;
  console.error(`${files} files: ${rules} rules are right, ${problems.length} problems.`);
  return problems.length > 0 ? 1 : 0;
}

async function test(args: readonly string[]): Promise<number> {
  const { positionals } = readArguments(args, {});
  if (positionals.length === 0) throw new UsageError('rules test needs a file or folder; --help tells more.');
  const rules = await readRules(positionals);
  for (const problem of rules.problems) printProblem(problem, console.error);
  const { samples, failures } = runSamples(rules);
  for (const { rule, expected, sample } of failures) {
    const wrong = expected === 'match' ? 'does not match, but should' : 'matches, but should not';
    console.log(
      plain(`${rule.file}:${rule.line} ${rule.id} "${rule.title}": samples.${expected} number ${sample} ${wrong}.`),
    );
  }
  console.error(`${samples} samples: ${samples - failures.length} passed, ${failures.length} failed.`);
  return failures.length + rules.problems.length > 0 ? 1 : 0;
}

/** Writes lines to standard output, no faster than its reader. A reader that goes away ends the writing. */
class LineWriter {
  #waiting = '';
  closed = false;

  constructor() {
    process.stdout.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error;
      this.closed = true;
    });
  }

  async write(line: object): Promise<void> {
    this.#waiting += `${JSON.stringify(line)}\n`;
    if (this.#waiting.length >= 65_536) await this.flush();
  }

  async flush(): Promise<void> {
    const text = this.#waiting;
    this.#waiting = '';
    if (text === '' || this.closed || process.stdout.write(text)) return;
    await Promise.race([once(process.stdout, 'drain'), once(process.stdout, 'close')]).catch(() => undefined);
  }
}

async function match(args: readonly string[]): Promise<number> {
  const { values, positionals } = readArguments(args, OPTIONS);
  if (!values.rules || positionals.length > 1)
    throw new UsageError('rules run needs --rules DIR and at most one FILE.');
  const mode = readFields(values.fields) ?? 'ecs';
  const rules = await readRules(values.rules);
  for (const problem of rules.problems) printProblem(problem, console.error);
  const engine = compileRules(rules.detections, mode);
  const correlations = new CorrelationRun(rules, mode);
  const output = new LineWriter();
  let number = 0;
  let bad = 0;
  for await (const line of readLines(await openInput(positionals[0]))) {
    number++;
    if (output.closed) return 0;
    if (line?.trim() === '') continue;
    const event = readEvent(line);
    if (typeof event === 'string') {
      bad++;
      console.error(plain(`line ${number}: not an event: ${event}.`));
      continue;
    }
    const matches = engine.evaluate(event);
    if (matches.length === 0) continue;
    correlations.add(event, matches, number);
    for (const rule of matches) {
      await output.write({ rule: rule.id, line: number, kind: 'event', title: rule.title, level: rule.level });
    }
  }
  for (const { rule, line, group, first, last, count } of correlations.finish()) {
    const [from, to] = [first, last].map((second) => new Date(second * 1_000).toISOString());
    const about = { title: rule.title, level: rule.level, group, first: from, last: to, count };
    await output.write({ rule: rule.id, line, kind: 'correlation', ...about });
  }
  await output.flush();
  if (correlations.uncounted > 0) {
    console.error(`${correlations.uncounted} matches have no time, or are too many, and were not correlated.`);
  }
  return bad > 0 ? 1 : 0;
}

/** Seconds of CPU time that the work takes, of all threads, so that collecting garbage counts; best of 3. The first round makes the tables, which is loading rules. */
function bestOf3(work: () => void): number {
  work();
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 3; round++) {
    const start = process.cpuUsage();
    work();
    const { user, system } = process.cpuUsage(start);
    best = Math.min(best, (user + system) / 1e6);
  }
  return best;
}

async function bench(args: readonly string[]): Promise<number> {
  const { values, positionals } = readArguments(args, OPTIONS);
  const [file] = positionals;
  if (!values.rules || file === undefined || positionals.length > 1) {
    throw new UsageError('rules bench needs --rules DIR and one FILE.');
  }
  const fields = readFields(values.fields);
  const rules = await readRules(values.rules);
  for (const problem of rules.problems) printProblem(problem, console.error);
  const lines: string[] = [];
  const events: object[] = [];
  let bad = 0;
  for await (const line of readLines(await openInput(file))) {
    if (line?.trim() === '') continue;
    const event = readEvent(line);
    if (typeof event === 'string') bad++;
    else {
      lines.push(line ?? '');
      events.push(event);
    }
  }
  if (bad > 0) console.error(`${bad} lines are no events and are left out.`);
  const [first = {}] = events;
  const mode = fields ?? ('product' in first && typeof first.product === 'string' ? 'raw' : 'ecs');
  const engine = compileRules(rules.detections, mode);
  let hits = 0;
  const matching = bestOf3(() => {
    hits = 0;
    for (const event of events) hits += engine.evaluate(event).length;
  });
  const text = new JsonBytes(Buffer.from(`${lines.join('\n')}\n`));
  const unparsed = engine.lines((line) => JSON.parse(line) as object);
  const whole = bestOf3(() => {
    for (let start = 0; start < text.bytes.length; ) {
      const end = text.bytes.indexOf(10, start);
      unparsed.evaluate(text, start, end);
      start = end + 1;
    }
  });
  const perSecond = (seconds: number): number => Math.round(events.length / Math.max(seconds, 1e-6));
  const figures = { rules: rules.detections.length, events: events.length, hits };
  console.log(safeJson({ ...figures, match_per_s: perSecond(matching), parse_match_per_s: perSecond(whole) }));
  return 0;
}

/** The commands that ask a server load what they need themselves. */
const reload = async (args: readonly string[]) => (await import('./rules-server.ts')).reload(args);
const importRules = async (args: readonly string[]) => (await import('./rules-import.ts')).importRules(args);
const health = async (args: readonly string[]) => (await import('./rules-server.ts')).health(args);

const COMMANDS = { check, run: match, bench, test, import: importRules, reload, health } as const;

/** `haidang rules check|run|bench|test|import|reload|health`; gives the exit code (0 ok, 1 found problems, 2 bad usage). */
export async function run(args: readonly string[]): Promise<number> {
  const [name = '', ...rest] = args;
  if (name === '--help' || name === '-h') {
    console.log(USAGE);
    return 0;
  }
  if (!Object.hasOwn(COMMANDS, name)) {
    console.error(
      name === '' ? USAGE : `haidang rules: there is no command "${plain(name)}"; haidang rules --help lists them.`,
    );
    return 2;
  }
  const command = name as keyof typeof COMMANDS;
  if (rest.includes('--help') || rest.includes('-h')) {
    console.log(HELP[command]);
    return 0;
  }
  try {
    return await COMMANDS[command](rest);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    console.error(`haidang rules ${command}: ${plain(error.message)}`);
    return 2;
  }
}

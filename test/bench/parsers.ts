/**
 * Measures lines per second of each parser, one thread, lines in memory; prints one JSON object. The argument is the number
 * of lines of each parser (default 10,000), or `custom` for the part of parsers of one's own alone.
 */
import { readFileSync } from 'node:fs';
import { NO_OWN_PARSERS, PARSER_NAMES, parseLine } from '../../collector/parsers/index.ts';
import type { ParserHint } from '../../collector/record.ts';
import { accessLine, customBenches } from './custom-parsers.ts';

const [argument = '10000'] = process.argv.slice(2);
if (!/^(?:custom|[1-9]\d{1,6})$/.test(argument)) {
  console.error(`bench:parsers: "${argument}" is neither a number of lines from 10 to 9999999 nor "custom".`);
  process.exit(2);
}
const only = argument === 'custom' ? 'custom' : 'all';
const LINES = argument === 'custom' ? 10_000 : Number(argument);
const ROUNDS = 3;

/** The fixture's lines over and over, numbers inside varied, so that no cache sees the same line twice running. */
function linesOf(name: string): string[] {
  const file = new URL(`../fixtures/parsers/${name}/input.log`, import.meta.url);
  const samples = readFileSync(file, 'utf8').trimEnd().split('\n');
  return Array.from({ length: LINES }, (_, at) => {
    const sample = samples[at % samples.length] as string;
    const second = String(Math.floor(at / 200) % 60).padStart(2, '0');
    return sample.replace(/(\d\d:\d\d:)\d\d/, `$1${second}`).replace(/port \d+/, `port ${1024 + (at % 60_000)}`);
  });
}

function best(
  lines: readonly string[],
  parser: string,
  own = NO_OWN_PARSERS,
): { lines_per_s: number; us_per_line: number } {
  let fastest = Number.POSITIVE_INFINITY;
  for (let round = 0; round < ROUNDS; round++) {
    const hint: ParserHint = {};
    const start = process.cpuUsage();
    for (const line of lines) {
      parseLine(line, parser, { now: 1_795_348_800_000, timeZone: 'Asia/Ho_Chi_Minh' }, hint, own);
    }
    const used = process.cpuUsage(start);
    fastest = Math.min(fastest, used.user + used.system);
  }
  return {
    lines_per_s: Math.round(lines.length / (fastest / 1e6)),
    us_per_line: Math.round((fastest / lines.length) * 100) / 100,
  };
}

const results = Object.fromEntries(
  (only === 'custom' ? [] : PARSER_NAMES).map((name) => {
    const lines = linesOf(name);
    return [name, { named: best(lines, name), auto: best(lines, 'auto') }];
  }),
);
// Documents beside the built-in parser of the same lines, which it makes an event of as well (not only its text).
const many = (line: (at: number) => string): string[] => Array.from({ length: 5 * LINES }, (_, at) => line(at));
const nginx = best(many(accessLine), 'nginx');
const custom = Object.fromEntries(
  customBenches().map(({ kind, parser, own, line }) => [kind, best(many(line), parser, own)]),
);
console.log(JSON.stringify({ node: process.version, lines: LINES, parsers: results, custom: { nginx, ...custom } }));

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { parseLine } from '../../../collector/parsers/index.ts';
import { CONTEXT } from '../../collector/parsers/fixtures.ts';
import type { Parsed } from './frames.ts';

const FIXTURES = new URL('../../fixtures/parsers/', import.meta.url);
/** Whole logs that lie beside the project on some machines. */
const LOGS = new URL('../../../../shared/data/logs/', import.meta.url);

/** Lines as machines wrote them, by the parser that reads them. */
function linesByParser(whole: boolean): (readonly [parser: string, line: string])[] {
  const fixtures = readdirSync(FIXTURES).flatMap((parser) => {
    const text = readFileSync(new URL(`${parser}/input.log`, FIXTURES), 'utf8');
    return text
      .split('\n')
      .flatMap((line) => (line === '' ? [] : [[parser === 'json' ? 'auto' : parser, line] as const]));
  });
  if (!whole) return fixtures;
  const logs = (['auth.log.gz', 'apache_access.log.gz'] as const).flatMap((name) => {
    const file = new URL(name, LOGS);
    if (!existsSync(file)) return [];
    const lines = gunzipSync(readFileSync(file)).toString('utf8').trimEnd().split('\n');
    return lines.map((line) => ['auto', line] as const);
  });
  return logs.length > 0 ? logs : fixtures;
}

/** A sequence of numbers from 0 to below 1 that is the same each time (mulberry32). */
export function sequenceOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const HOUR_MS = 3_600_000;
/** How far the order of arrival is from that of time, for all but the late. */
const JITTER_MS = 10_000;

/**
 * Events that our parsers make of real lines, as many as asked for: lines come again with other ports and process
 * numbers. Their times go through the hour from `start` (milliseconds) much as they come; one in a hundred comes late, and
 * some share their time with others.
 */
export function realEvents(count: number, start: number, whole = false): Parsed[] {
  const random = sequenceOf(4711);
  const lines = linesByParser(whole);
  return Array.from({ length: count }, (_, at) => {
    const [parser, line] = lines[at % lines.length] ?? ['auto', ''];
    const changed =
      at < lines.length ? line : line.replace(/(\bport |\[)\d{3,5}\b/g, (_, before) => before + number(random));
    const event = parseLine(changed, parser, CONTEXT) as Parsed;
    const due = random() < 0.01 ? random() * HOUR_MS : (at / count) * HOUR_MS + (random() - 0.5) * JITTER_MS;
    const ms = Math.floor(Math.min(HOUR_MS - 1, Math.max(0, due)));
    return { ...event, '@timestamp': new Date(start + (at % 3 === 0 ? ms - (ms % 1_000) : ms)).toISOString() };
  });
}

function number(random: () => number): string {
  return String(1_000 + Math.floor(random() * 60_000));
}

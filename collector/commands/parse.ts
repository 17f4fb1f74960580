import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { createGunzip } from 'node:zlib';
import { safeJson } from '../../ecs/safe-json.ts';
import { WIRE_LIMITS } from '../../ecs/wire.ts';
import { OwnParserError, readParserFile } from '../custom-parsers/own-parsers.ts';
import { NO_OWN_PARSERS, type OwnParsers, PARSER_NAMES } from '../parsers/index.ts';
import { isTimeZone } from '../parsers/time.ts';
import { readRecords } from './record-stream.ts';
import { parseRecord } from './wrapped.ts';

const HELP = `Usage: haidang parse [--parser NAME|FILE.yml] [--time-zone ZONE] [--year-from TIME] [FILE|-]

Reads raw lines, or NDJSON lines {"message": "…"}, and writes one ECS event a line.

  --parser NAME     auto (the default), ${PARSER_NAMES.join(', ')};
                    or the file of a parser of your own, FILE.yml (docs/writing-parsers.en.md)
  --time-zone ZONE  the zone of times that name none, such as Asia/Ho_Chi_Minh; default: this machine's
  --year-from TIME  an ISO 8601 time: times without a year are the last before it; default: now
  FILE              a file, plain or gzip; - or none: standard input`;

const LIMITS = { line: WIRE_LIMITS.recordBytes, element: WIRE_LIMITS.recordBytes };
const OUTPUT_CHUNK = 64 * 1024;

interface Options {
  readonly parser: string;
  readonly own: OwnParsers;
  readonly timeZone: string;
  readonly now: number | undefined;
  readonly file: string;
}

/** Reads the arguments; a text instead is what is wrong with them. */
function readOptions(args: readonly string[]): Options | string {
  let parsed: ReturnType<typeof parseOptions>;
  try {
    parsed = parseOptions(args);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  const { values, positionals } = parsed;
  const given = values.parser ?? 'auto';
  let [parser, own] = [given, NO_OWN_PARSERS];
  if (/\.ya?ml$/.test(given)) {
    try {
      [parser, own] = readParserFile(given);
    } catch (error) {
      if (!(error instanceof OwnParserError)) throw error;
      return error.message;
    }
  }
  const timeZone = values['time-zone'] ?? Intl.DateTimeFormat().resolvedOptions().timeZone;
  const from = values['year-from'];
  const now = from === undefined ? undefined : Date.parse(from);
  if (parser !== 'auto' && own === NO_OWN_PARSERS && !PARSER_NAMES.includes(parser)) {
    return `there is no parser "${parser}"; the parsers are auto, ${PARSER_NAMES.join(', ')}.`;
  }
  if (!isTimeZone(timeZone)) return `there is no time zone "${timeZone}"; name one like Asia/Ho_Chi_Minh or UTC.`;
  if (Number.isNaN(now)) return `--year-from ${from} is not a time; write one like 2026-11-22T00:00:00Z.`;
  if (positionals.length > 1) return 'one FILE at a time; give the others to further runs.';
  return { parser, own, timeZone, now, file: positionals[0] ?? '-' };
}

function parseOptions(args: readonly string[]) {
  return parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { parser: { type: 'string' }, 'time-zone': { type: 'string' }, 'year-from': { type: 'string' } },
  });
}

/** The bytes of a file or of standard input; gzip (RFC 1952) is recognised by a file's first bytes. */
async function openInput(file: string): Promise<AsyncIterable<Uint8Array>> {
  if (file === '-') return process.stdin;
  const handle = await open(file, 'r');
  const magic = Buffer.alloc(2);
  await handle.read(magic, 0, 2, 0);
  await handle.close();
  const stream = createReadStream(file);
  if (magic[0] !== 0x1f || magic[1] !== 0x8b) return stream;
  const plain = createGunzip();
  stream.on('error', (error) => plain.destroy(error));
  return stream.pipe(plain);
}

/** `haidang parse`: raw lines to ECS NDJSON on standard output; the exit code is 0, or 2 for bad usage. */
export async function run(args: readonly string[]): Promise<number> {
  if (args.includes('--help') || args.includes('-h')) {
    console.log(HELP);
    return 0;
  }
  const options = readOptions(args);
  if (typeof options === 'string') {
    console.error(`haidang parse: ${options}`);
    return 2;
  }
  let input: AsyncIterable<Uint8Array>;
  try {
    input = await openInput(options.file);
  } catch (error) {
    console.error(`haidang parse: cannot read ${options.file}: ${error instanceof Error ? error.message : error}`);
    return 2;
  }
  return convert(input, options);
}

async function convert(input: AsyncIterable<Uint8Array>, options: Options): Promise<number> {
  let closed = false;
  // The reader may leave early, as `head` does: that is no fault of ours.
  const onError = (error: NodeJS.ErrnoException): void => {
    if (error.code !== 'EPIPE') throw error;
    closed = true;
  };
  process.stdout.on('error', onError);
  const hint = {};
  const path = options.file === '-' ? {} : { path: options.file };
  let out = '';
  const flush = async (): Promise<void> => {
    if (out !== '' && !process.stdout.write(out)) {
      const gone = (): void => undefined;
      await Promise.race([once(process.stdout, 'drain').catch(gone), once(process.stdout, 'close').catch(gone)]);
    }
    out = '';
  };
  for await (const record of readRecords(input, LIMITS)) {
    const context = { now: options.now ?? Date.now(), timeZone: options.timeZone, ...path };
    out += `${safeJson(parseRecord(record, options.parser, context, hint, options.own))}\n`;
    if (out.length >= OUTPUT_CHUNK) await flush();
    if (closed) break;
  }
  await flush();
  return 0;
}

import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, readFile, rename, stat } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { parentPort, workerData } from 'node:worker_threads';
import { lowerPriority } from '../system/lower-priority.ts';
import { type BuiltTable, buildTable } from './build-table.ts';
import { listFile, openListWriter } from './list-files.ts';
import { readCsv } from './read/csv.ts';
import { readMisp } from './read/misp.ts';
import { type ListDefaults, type ListFormat, openListSink, type ReadList } from './read/read-list.ts';
import { readStix } from './read/stix.ts';

/** What the thread is asked to do, once. */
export type IndicatorWork =
  | {
      readonly kind: 'read';
      readonly data: string;
      readonly id: string;
      readonly path: string;
      readonly format: ListFormat | undefined;
      readonly defaults: ListDefaults;
    }
  | { readonly kind: 'build'; readonly files: readonly string[]; readonly now: number };

/** What it answers: once, but for progress. */
export type FromIndicators =
  | { readonly kind: 'progress'; readonly done: number; readonly total: number }
  | { readonly kind: 'read'; readonly list: ReadList; readonly format: ListFormat; readonly content: string }
  | { readonly kind: 'built'; readonly built: BuiltTable }
  | { readonly kind: 'failed'; readonly reason: string };

/** JSON is held whole while it is read. */
const MOST_JSON = 200 * 1024 * 1024;
const MOST_CSV = 1024 * 1024 * 1024;
const TOLD_EVERY = 20_000;

async function readList(work: Extract<IndicatorWork, { kind: 'read' }>): Promise<FromIndicators> {
  const { size } = await stat(work.path);
  const format = work.format ?? (await guessFormat(work.path));
  if (size > (format === 'csv' ? MOST_CSV : MOST_JSON))
    throw new Error(`The file is longer than ${format === 'csv' ? MOST_CSV : MOST_JSON} bytes; split it.`);
  const temporary = listFile(work.data, work.id, `${process.pid}-${Date.now()}.new`);
  const writer = await openListWriter(temporary);
  const sum = createHash('sha256');
  let done = 0;
  const sink = openListSink(work.defaults, (indicator) => {
    writer.write(indicator);
    sum.update(`${indicator.type}\t${indicator.value}\t${indicator.expires}\t${indicator.confidence}\n`);
    if (++done % TOLD_EVERY === 0) tell({ kind: 'progress', done, total: 0 });
  });
  if (format === 'csv') {
    await readCsv(createInterface({ input: createReadStream(work.path), crlfDelay: Number.POSITIVE_INFINITY }), sink);
  } else {
    const document: unknown = JSON.parse(await readFile(work.path, 'utf8'));
    (format === 'stix' ? readStix : readMisp)(document, sink);
  }
  await writer.end();
  const content = sum.digest('hex').slice(0, 12);
  await rename(temporary, listFile(work.data, work.id, content));
  return { kind: 'read', list: sink.result(), format, content };
}

/** STIX bundles say so within their first bytes; other JSON is taken for MISP, and what is no JSON for CSV. */
async function guessFormat(path: string): Promise<ListFormat> {
  const file = await open(path, 'r');
  try {
    const { bytesRead, buffer } = await file.read(Buffer.alloc(65_536), 0, 65_536, 0);
    const text = buffer
      .toString('utf8', 0, bytesRead)
      .replace(/^\ufeff/, '')
      .trimStart();
    if (!/^[{[]/.test(text)) return 'csv';
    return /"type"\s*:\s*"bundle"/.test(text) || /"spec_version"\s*:\s*"2/.test(text) ? 'stix' : 'misp';
  } finally {
    await file.close();
  }
}

if (!parentPort) throw new Error('This file runs as a worker thread of indicators.');
const port = parentPort;
const tell = (message: FromIndicators): void => port.postMessage(message);
const work = workerData as IndicatorWork;
lowerPriority();
try {
  if (work.kind === 'read') tell(await readList(work));
  else tell({ kind: 'built', built: await buildTable(work.files, work.now) });
} catch (error) {
  tell({ kind: 'failed', reason: error instanceof Error ? error.message : String(error) });
}
port.close();

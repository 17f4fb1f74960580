import { createReadStream, statSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { createInterface } from 'node:readline';
import { parentPort, workerData } from 'node:worker_threads';
import { gzipSync } from 'node:zlib';

/** What the sender is started with. */
export interface BulkSender {
  /** The log whose lines are sent. */
  readonly file: string;
  readonly port: number;
  readonly gzip: boolean;
}

const DOCUMENTS = 1_000;
const CONNECTIONS = 2;
const CONNECT_WITHIN_MS = 60_000;
const { file, port, gzip } = workerData as BulkSender;
const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
const action = '{"create":{"_index":"filebeat-8.17.0"}}';
const inode = String(statSync(file).ino);

/** A line as a shipper of the Beats kind sends it: its own name and version, the host's, and where the line stood. */
function documentOf(line: string, offset: number): string {
  return JSON.stringify({
    '@timestamp': new Date(1_795_309_200_000 + offset).toISOString(),
    agent: {
      ephemeral_id: '0d6f8f3e-6b1b-4b3f-9d07-2a1f9f1f6c11',
      id: '5f0c8a52-8f52-4c56-9f4e-54c1d3b7a001',
      name: 'web-01',
      type: 'filebeat',
      version: '8.17.0',
    },
    log: { offset, file: { path: '/var/log/nginx/access.log', device_id: '2049', inode } },
    message: line,
    input: { type: 'filestream' },
    ecs: { version: '8.0.0' },
    host: { name: 'web-01' },
  });
}

function post(body: Buffer): Promise<number> {
  return new Promise((resolve, reject) => {
    const headers = {
      'content-type': 'application/x-ndjson',
      'content-length': body.length,
      ...(gzip ? { 'content-encoding': 'gzip' } : {}),
    };
    const asked = request({ host: '127.0.0.1', port, path: '/_bulk', method: 'POST', agent, headers }, (answer) => {
      answer.resume();
      answer.on('end', () => resolve(answer.statusCode ?? 0));
      answer.on('error', reject);
    });
    asked.on('error', reject);
    asked.end(body);
  });
}

/** Sends until it is taken: the listener may not be there yet, or may ask to wait. */
async function send(lines: readonly string[]): Promise<void> {
  const text = Buffer.from(`${lines.join('\n')}\n`);
  const body = gzip ? gzipSync(text, { level: 1 }) : text;
  const end = Date.now() + CONNECT_WITHIN_MS;
  for (;;) {
    const status = await post(body).catch((error: NodeJS.ErrnoException) => error.code ?? 'broken');
    if (status === 200) return;
    if (Date.now() > end) throw new Error(`a bulk request failed: ${status}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

const flying = new Set<Promise<void>>();
let lines: string[] = [];
let offset = 0;
const flush = async () => {
  const sent = send(lines).finally(() => flying.delete(sent));
  flying.add(sent);
  lines = [];
  if (flying.size >= CONNECTIONS) await Promise.race(flying);
};
for await (const line of createInterface({ input: createReadStream(file), crlfDelay: Number.POSITIVE_INFINITY })) {
  lines.push(action, documentOf(line, offset));
  offset += line.length + 1;
  if (lines.length >= 2 * DOCUMENTS) await flush();
}
if (lines.length > 0) await flush();
await Promise.all(flying);
agent.destroy();
parentPort?.postMessage('sent');

import { Agent, request } from 'node:http';
import type { IncomingBatch } from '../../server/store/event-store.ts';
import { ByteSink } from '../../server/store/opensearch/byte-sink.ts';
import { Cluster } from '../../server/store/opensearch/cluster.ts';
import { dayIndex, indexNames, makeIndex, makeIndexes } from '../../server/store/opensearch/indexes.ts';
import { FramePreparer, placeBytes } from '../../server/store/opensearch/prepare.ts';

/** Bulk requests ready to be sent, all of them into one day's index. */
export interface BareRequests {
  readonly day: string;
  readonly bodies: readonly Buffer[];
  readonly events: number;
}

/** Documents of one bulk request. */
const ITEMS = 2_000;
const quiet = { info: () => {}, warn: console.error, error: console.error };

/** The very documents that the store writes of these frames, made before any clock starts; of the last frame's day only. */
export function bareRequests(frames: readonly IncomingBatch[], now: number): BareRequests {
  const preparer = new FramePreparer();
  const limits = { past: 1_000, future: 1_000 };
  const last = frames.at(-1);
  const day = last ? preparer.prepare(last, now, limits).day : '';
  const bodies: Buffer[] = [];
  let sink = new ByteSink();
  let items = 0;
  let events = 0;
  for (const frame of frames) {
    const batch = preparer.prepare(frame, now, limits);
    const place = placeBytes('main', events + 1);
    for (const line of batch.lines) {
      if (line.kind !== 'event' || batch.day !== day) continue;
      sink.text(`{"create":{"_id":"${line.id}"}}\n`);
      line.writeTo(sink, place, ++events);
      sink.text('\n');
      if (++items < ITEMS) continue;
      bodies.push(sink.written());
      sink = new ByteSink();
      items = 0;
    }
    preparer.release(batch);
  }
  if (items > 0) bodies.push(sink.written());
  return { day, bodies, events };
}

/** An index as the store makes it, for a bare loop, and the loop. */
export class BareLoop {
  readonly #url: URL;
  readonly #prefix: string;
  readonly #index: string;
  readonly #agent = new Agent({ keepAlive: true });

  /** `prefix`: of the index's name, not used before. */
  constructor(url: string, prefix: string, day: string) {
    this.#url = new URL(url);
    this.#prefix = prefix;
    this.#index = dayIndex(indexNames(prefix), day);
  }

  /** Makes the index, by the store's own template. */
  async open(): Promise<void> {
    const cluster = new Cluster(this.#url.href, quiet);
    const shape = { shards: 1, replicas: 0 };
    await makeIndexes(cluster, indexNames(this.#prefix), { events: shape, others: shape });
    await makeIndex(cluster, this.#index);
    await cluster.close();
  }

  /** Sends all, `lanes` at a time, and nothing else. */
  async run({ bodies }: BareRequests, lanes: number): Promise<void> {
    const queue = [...bodies];
    const lane = async () => {
      for (let body = queue.shift(); body; body = queue.shift()) await this.#send(body);
    };
    await Promise.all(Array.from({ length: lanes }, lane));
  }

  async close(): Promise<void> {
    await fetch(new URL(`/${this.#prefix}-*`, this.#url), { method: 'DELETE' });
    await fetch(new URL(`/_index_template/${this.#prefix}-events`, this.#url), { method: 'DELETE' });
    this.#agent.destroy();
  }

  #send(body: Buffer): Promise<void> {
    return new Promise((resolve, reject) => {
      const headers = { 'content-type': 'application/x-ndjson', 'content-length': body.length };
      const url = new URL(`/${this.#index}/_bulk?filter_path=errors`, this.#url);
      const sent = request(url, { method: 'POST', agent: this.#agent, headers }, (answer) => {
        let text = '';
        answer.setEncoding('utf8');
        answer.on('data', (part: string) => {
          text += part;
        });
        answer.on('error', reject);
        answer.on('end', () => {
          if (text === '{"errors":false}') resolve();
          else reject(new Error(`The bare loop has errors: ${text.slice(0, 500)}`));
        });
      });
      sent.on('error', reject);
      sent.end(body);
    });
  }
}

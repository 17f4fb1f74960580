import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';

/** What the proxy does to a request before it passes it on; `undefined` passes it. */
export type Trouble = (asked: IncomingMessage, body: Buffer) => 'busy' | 'cut' | 'cut-answer' | 'slow' | undefined;

/** A proxy before a cluster that answers 429, loses requests or answers, or waits, as a test tells it. */
export interface BusyProxy {
  readonly url: string;
  trouble: Trouble;
  /** How often there was trouble. */
  troubled: number;
  stop(): Promise<void>;
}

const BUSY = JSON.stringify({
  error: { type: 'rejected_execution_exception', reason: 'the queue is full' },
  status: 429,
});
const SLOW_MS = 700;

/** Starts a proxy before a plain HTTP address. */
export async function startBusyProxy(target: string): Promise<BusyProxy> {
  const server = createServer((asked, answer) => void pass(asked, answer));
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('No port was given.');
  const proxy: BusyProxy = {
    url: `http://127.0.0.1:${address.port}`,
    trouble: () => undefined,
    troubled: 0,
    stop: () =>
      new Promise((done) => {
        server.closeAllConnections();
        server.close(() => done());
      }),
  };

  async function pass(asked: IncomingMessage, answer: ServerResponse): Promise<void> {
    const parts: Buffer[] = [];
    for await (const part of asked) parts.push(part as Buffer);
    const body = Buffer.concat(parts);
    const trouble = proxy.trouble(asked, body);
    if (trouble) proxy.troubled++;
    if (trouble === 'busy') {
      answer.writeHead(429, { 'content-type': 'application/json' }).end(BUSY);
      return;
    }
    if (trouble === 'cut') {
      answer.destroy();
      return;
    }
    if (trouble === 'slow') await new Promise((done) => setTimeout(done, SLOW_MS));
    const { method = 'GET', headers } = asked;
    const onward = request(new URL(asked.url ?? '/', target), { method, headers }, (answered) => {
      if (trouble === 'cut-answer') {
        // The cluster did what was asked; who asked never hears of it.
        answered.resume();
        answered.on('end', () => answer.destroy());
        return;
      }
      answer.writeHead(answered.statusCode ?? 502, answered.headers);
      answered.pipe(answer);
    });
    onward.on('error', () => answer.destroy());
    onward.end(body);
  }
  return proxy;
}

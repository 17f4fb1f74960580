import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import { createServer as createTlsServer, type ServerOptions } from 'node:https';
import type { AddressInfo } from 'node:net';

/** What a recipient can do wrong with one request. */
export type Fault =
  | 'drop-before'
  | 'drop-after'
  | 'half-answer'
  | 'no-json'
  | 'busy'
  | 'busy-by-date'
  | 'broken'
  | 'pending'
  | 'pending-lost'
  | 'pending-forever'
  | 'too-large'
  | 'unauthorized'
  | 'refuse-object';

/** One object as it was taken. */
export interface Taken {
  readonly id: string;
  readonly version: string;
  readonly text: string;
}

/** A TAXII collection that errs as it is told, and writes down what it took. */
export interface StandIn {
  readonly root: string;
  /** Objects in the order in which they came, each version once. */
  readonly taken: readonly Taken[];
  /** The same version with other content: must never be. */
  readonly conflicts: readonly string[];
  /** Versions that came after a later one: must never be. */
  readonly disorder: readonly string[];
  /** Requests that added something, also again. */
  posts(): number;
  /** Decides what goes wrong with the next request. */
  fault: (request: { readonly method: string; readonly path: string; readonly bytes: number }) => Fault | undefined;
  canRead: boolean;
  maxLength: number;
  /** Whether it calls a duplicate a failure, as medallion 3.0.0 does against TAXII 2.1 §5.5. */
  refusesAgain: boolean;
  /** By how much its clock is wrong, milliseconds. */
  skewMs: number;
  /** Shows another certificate from now on; connections end. */
  wear(certificate: { readonly cert: string; readonly key: string }): void;
  close(): Promise<void>;
}

const TYPE = 'application/taxii+json;version=2.1';

interface StixText {
  readonly id: string;
  readonly modified?: string;
  readonly created?: string;
}

function isIncident({ id }: StixText): boolean {
  return id.startsWith('incident--');
}

/** Starts one; with `tls` it speaks TLS. */
export async function startStandIn(tls?: ServerOptions): Promise<StandIn> {
  const taken: Taken[] = [];
  const versions = new Map<string, string>();
  const latest = new Map<string, string>();
  const statuses = new Map<string, { left: number; body: object; forever: boolean }>();
  const conflicts: string[] = [];
  const disorder: string[] = [];
  let posts = 0;
  let count = 0;

  /** Gives those that were there before. */
  const take = (objects: readonly StixText[]): ReadonlySet<string> => {
    const again = new Set<string>();
    for (const object of objects) {
      const version = object.modified ?? object.created ?? '';
      const key = `${object.id} ${version}`;
      const { id } = object;
      const text = JSON.stringify(object);
      const before = versions.get(key);
      // What has no versions stays as it came first (TAXII 2.1 §5.4).
      if (before !== undefined) {
        if (before !== text && version !== '') conflicts.push(key);
        again.add(object.id);
        continue;
      }
      versions.set(key, text);
      if ((latest.get(id) ?? '') > version) disorder.push(key);
      else latest.set(id, version);
      taken.push({ id, version, text });
    }
    return again;
  };
  const statusOf = (objects: readonly StixText[], refused: boolean, again: ReadonlySet<string>): object => {
    count += 1;
    const failures = objects
      .filter((object) => (refused && isIncident(object)) || (standIn.refusesAgain && again.has(object.id)))
      .map((object) => {
        const message = refused && isIncident(object) ? 'Not wanted.' : `Unable to process ${object.id}`;
        return { id: object.id, version: object.modified ?? '', message };
      });
    return {
      // No UUID, on purpose: what the specification wants is not what everybody does.
      id: `st/${count} ü`,
      status: 'complete',
      total_count: objects.length,
      success_count: objects.length - failures.length,
      failure_count: failures.length,
      ...(failures.length > 0 ? { failures } : {}),
      pending_count: 0,
    };
  };

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const pieces: Buffer[] = [];
    for await (const piece of request) pieces.push(piece as Buffer);
    const body = Buffer.concat(pieces);
    const url = new URL(request.url ?? '/', 'http://x');
    const fault = standIn.fault({ method: request.method ?? '', path: url.pathname, bytes: body.length });
    const send = (status: number, document: unknown, headers: Readonly<Record<string, string>> = {}) => {
      const date = new Date(Date.now() + standIn.skewMs).toUTCString();
      response.writeHead(status, { 'content-type': TYPE, date, ...headers });
      response.end(typeof document === 'string' ? document : JSON.stringify(document));
    };
    if (fault === 'drop-before') return void request.socket.destroy();
    if (fault === 'busy') return send(429, { title: 'Slow down' }, { 'retry-after': '0' });
    if (fault === 'busy-by-date') {
      // A clock that is a day wrong: only the distance between the two counts.
      const date = new Date(Date.now() - 86_400_000);
      return send(503, '', { date: date.toUTCString(), 'retry-after': date.toUTCString() });
    }
    if (fault === 'broken') return send(500, '<html>broken</html>');
    if (fault === 'unauthorized') return send(401, { title: 'Who are you' });
    if (fault === 'no-json') return send(200, '<html>login</html>');
    if (url.pathname === '/api/')
      return send(200, { title: 'x', versions: [TYPE], max_content_length: standIn.maxLength });
    if (url.pathname === '/api/collections/inbox/')
      return send(200, { id: 'inbox', title: 'x', can_read: standIn.canRead, can_write: true });
    if (url.pathname.startsWith('/api/status/')) {
      const status = statuses.get(decodeURIComponent(url.pathname.slice('/api/status/'.length, -1)));
      if (!status) return send(404, { title: 'Gone' });
      status.left -= 1;
      const done = !status.forever && status.left <= 0;
      return send(200, done ? status.body : { ...status.body, status: 'pending' });
    }
    if (url.pathname === '/api/collections/inbox/manifest/') {
      if (!standIn.canRead) return send(403, { title: 'Not to be read' });
      const ids = new Set(url.searchParams.get('match[id]')?.split(',') ?? []);
      const found = taken.filter(({ id }) => ids.has(id));
      const objects = found.map(({ id, version }) => ({ id, version, date_added: version }));
      return send(200, objects.length > 0 ? { objects } : {});
    }
    if (request.method !== 'POST' || url.pathname !== '/api/collections/inbox/objects/')
      return send(404, { title: 'No' });
    if (fault === 'too-large' || body.length > standIn.maxLength) return send(413, { title: 'Too large' });
    const { objects } = JSON.parse(body.toString('utf8')) as { objects: readonly StixText[] };
    posts += 1;
    const refused = fault === 'refuse-object';
    const wanted = fault === 'pending-lost' ? [] : objects.filter((object) => !refused || !isIncident(object));
    const status = statusOf(objects, refused, take(wanted));
    if (fault === 'drop-after') return void request.socket.destroy();
    if (fault === 'half-answer') {
      const text = JSON.stringify(status);
      response.writeHead(202, { 'content-type': TYPE, 'content-length': Buffer.byteLength(text) });
      response.write(text.slice(0, text.length / 2));
      return void setImmediate(() => request.socket.destroy());
    }
    if (fault?.startsWith('pending')) {
      const { id } = status as { id: string };
      statuses.set(id, { left: 2, body: status, forever: fault !== 'pending' });
      return send(202, { ...status, status: 'pending' });
    }
    return send(202, status);
  };
  const listener: RequestListener = (request, response) => {
    answer(request, response).catch(() => request.socket.destroy());
  };
  const server = tls ? createTlsServer(tls, listener) : createServer(listener);
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  const { port } = server.address() as AddressInfo;
  const standIn: StandIn = {
    root: `${tls ? 'https' : 'http'}://127.0.0.1:${port}/api/`,
    taken,
    conflicts,
    disorder,
    posts: () => posts,
    fault: () => undefined,
    canRead: true,
    maxLength: 10_000_000,
    refusesAgain: false,
    skewMs: 0,
    wear(certificate) {
      if (!('setSecureContext' in server)) throw new Error('only with TLS');
      server.setSecureContext(certificate);
      server.closeAllConnections();
    },
    close: () => {
      server.closeAllConnections();
      return new Promise((done) => server.close(() => done()));
    },
  };
  return standIn;
}

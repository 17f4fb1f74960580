import { readFile } from 'node:fs/promises';
import { retryAfterMs } from '../sharing/backoff.ts';
import { askOutside, type OutboundAnswer } from '../system/outbound.ts';
import type { InboundDb } from './inbound-db.ts';
import { type ReadObject, readObject } from './read-object.ts';
import { nextSweep, restarted, type Sweep, shortened } from './sweep.ts';
import type { PollAnswer, PollCall } from './thread-calls.ts';

/** Media type of TAXII 2.1 (§1.6.8.1). */
const TYPE = 'application/taxii+json;version=2.1';
/** Pages of one poll: what is left comes with the next one, from where this one ended. */
const MOST_PAGES = 50;
const PAGE_BYTES = 32 * 1024 * 1024;
const MOST_OBJECTS = 20_000;
const MOST_NEXT = 2_000;

interface Envelope {
  readonly more: boolean;
  readonly next: string | null;
  readonly objects: readonly unknown[];
}

/** Reads what is new in a collection (TAXII 2.1 §5.4). Each page is kept together with the place after it. */
export async function poll(db: InboundDb, { source, policy }: PollCall): Promise<PollAnswer> {
  const { root, collection, id } = source;
  const address = `${root}collections/${encodeURIComponent(collection)}/`;
  let sweep = db.sweep(id, address);
  let [pages, fresh] = [0, 0];
  let warning: string | null = null;
  const ended = (how: Partial<PollAnswer>): PollAnswer => {
    return { pages, fresh, more: false, problem: null, afterMs: 0, warning, ...how };
  };
  let hasRestarted = false;
  while (pages < MOST_PAGES) {
    let answer: OutboundAnswer;
    try {
      answer = await ask(address, sweep, { source, policy });
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      const shorter = /answers more than/.test(message) ? shortened(sweep) : undefined;
      if (!shorter) return ended({ problem: reasonOf(error, root) });
      sweep = shorter;
      continue;
    }
    // A `next` that is too old, or of a server that was started anew: from the beginning of this sweep, once.
    if (sweep.next !== null && !hasRestarted && [400, 404, 410, 422].includes(answer.status)) {
      hasRestarted = true;
      sweep = restarted(sweep);
      continue;
    }
    if (answer.status !== 200) return ended(refusal(answer));
    const envelope = readEnvelope(answer.body);
    if (!envelope) return ended({ problem: 'The answer of the source is no TAXII envelope, or not whole.' });
    pages += 1;
    const objects = envelope.objects.slice(0, MOST_OBJECTS).flatMap((one): ReadObject[] => {
      const read = readObject(one, source);
      return read ? [read] : [];
    });
    const last = headerOf(answer, 'x-taxii-date-added-last');
    const step = nextSweep(sweep, { more: envelope.more, next: envelope.next, last, count: envelope.objects.length });
    const kept = db.keep(id, address, objects, step.sweep);
    fresh += kept.fresh;
    sweep = step.sweep;
    if (kept.isFull) warning = 'This source gave as many objects as are kept of one; newer ones are left out.';
    if (step.skips)
      warning = 'This source has more objects of one moment than it gives at once; some of them were not read.';
    if (step.isDone) return ended({});
  }
  return ended({ more: true });
}

async function ask(
  address: string,
  sweep: Sweep,
  { source, policy }: Pick<PollCall, 'source' | 'policy'>,
): Promise<OutboundAnswer> {
  const search = new URLSearchParams({ limit: String(sweep.limit) });
  if (sweep.after !== null) search.set('added_after', sweep.after);
  if (sweep.next !== null) search.set('next', sweep.next);
  const { user, passwordFile, caFile, certificateFile, keyFile } = source;
  // Read anew for each request, so that they can be renewed.
  const [password, ca, cert, key] = await Promise.all([
    readSecret(passwordFile, 'password'),
    readSecret(caFile, 'authority'),
    readSecret(certificateFile, 'certificate'),
    readSecret(keyFile, 'key'),
  ]);
  const [line = ''] = password?.split(/\r?\n/, 1) ?? [];
  return askOutside(`${address}objects/?${search}`, policy, {
    headers: {
      accept: TYPE,
      'user-agent': 'haidang',
      ...(user === undefined ? {} : { authorization: `Basic ${Buffer.from(`${user}:${line}`).toString('base64')}` }),
    },
    maxBytes: PAGE_BYTES,
    tls: {
      ...(ca === undefined ? {} : { ca }),
      ...(cert === undefined ? {} : { cert }),
      ...(key === undefined ? {} : { key }),
    },
  });
}

async function readSecret(path: string | undefined, what: string): Promise<string | undefined> {
  if (path === undefined) return undefined;
  return readFile(path, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    throw new Error(`The file of the ${what} (${path}) cannot be read (${cause.code}); check its path and rights.`);
  });
}

function readEnvelope(body: Buffer): Envelope | undefined {
  let read: unknown;
  try {
    read = JSON.parse(body.toString('utf8'));
  } catch {
    return undefined;
  }
  if (typeof read !== 'object' || read === null || Array.isArray(read)) return undefined;
  const { more, next, objects = [] } = read as Readonly<Record<string, unknown>>;
  if (!Array.isArray(objects)) return undefined;
  const token = typeof next === 'string' && next !== '' && next.length <= MOST_NEXT ? next : null;
  // `next` says that there is more also where `more` was forgotten (TAXII 2.1 §3.7).
  return { more: more === true || token !== null, next: token, objects };
}

function refusal({ status, headers, body }: OutboundAnswer): Partial<PollAnswer> {
  const afterMs = retryAfterMs(headers['retry-after'], headers.date, Date.now());
  let said = '';
  try {
    const { title, description } = JSON.parse(body.toString('utf8')) as Record<string, unknown>;
    said = [title, description]
      .filter((text) => typeof text === 'string')
      .join(': ')
      .slice(0, 300);
  } catch {
    // No error message of TAXII (§3.6.1).
  }
  return { problem: `The source answered ${status}${said === '' ? '' : `: ${said}`}.`, afterMs };
}

function headerOf({ headers }: OutboundAnswer, name: string): string | null {
  const value = headers[name];
  return typeof value === 'string' && value.length <= 40 ? value : null;
}

/** One sentence that says who did not answer and why. */
function reasonOf(error: unknown, root: string): string {
  const { code, message = '' } = error as { code?: string; message?: string };
  const { host } = new URL(root);
  if (code === 'ECONNREFUSED') return `${host} refuses connections.`;
  if (code === 'ECONNRESET') return `${host} broke the connection off.`;
  if (code === undefined || code.startsWith('HD_') || code === 'ABORT_ERR') return message.slice(0, 500);
  return `${host} was not reached: ${code}.`;
}

import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { retryAfterMs } from '../sharing/backoff.ts';
import { askOutside, type OutboundAnswer } from '../system/outbound.ts';
import type { InboundDb } from './inbound-db.ts';
import { type ReadObject, readObject } from './read-object.ts';
import type { Takes } from './settings.ts';
import { nextSweep, resumed, type Sweep, shortened } from './sweep.ts';
import type { PollAnswer, PollCall, ProblemKind, WarningKind } from './thread-calls.ts';

/** Media type of TAXII 2.1 (§1.6.8.1). */
const TYPE = 'application/taxii+json;version=2.1';
/** Pages of one poll: what is left comes with the next one, from where this one ended. */
const MOST_PAGES = 50;
const PAGE_BYTES = 32 * 1024 * 1024;
/** Some servers look through all that they have for each page. */
const PAGE_MS = 60_000;
const MOST_OBJECTS = 20_000;
const MOST_NEXT = 2_000;
/** Types of objects (`match[type]`, TAXII 2.1 §3.4.1): nothing else is asked for, as servers stumble over some of the rest. */
const TYPES: Readonly<Record<Takes, readonly string[]>> = {
  indicators: ['indicator'],
  advisories: ['report', 'grouping'],
  tasks: ['note', 'opinion'],
};

const NO_ENVELOPE = {
  problem: 'The answer of the source is no TAXII envelope, or not whole.',
  problemKind: 'answer',
} as const;

interface Envelope {
  readonly more: boolean;
  readonly next: string | null;
  readonly objects: readonly unknown[];
}

/** Reads what is new in a collection (TAXII 2.1 §5.4). Each page is kept together with the place after it. */
export async function poll(db: InboundDb, { source, policy }: PollCall): Promise<PollAnswer> {
  const { root, collection, id, takes } = source;
  const types = takes
    .flatMap((one) => TYPES[one])
    .sort()
    .join(',');
  const address = `${root}collections/${encodeURIComponent(collection)}/`;
  // Whoever takes more kinds than before reads from the beginning: what was passed over is behind the place.
  const place = `${address}?${types}`;
  let sweep = db.sweep(id, place);
  let [pages, fresh] = [0, 0];
  let warning: string | null = null;
  let warningKind: WarningKind | null = null;
  const ended = (how: Partial<PollAnswer>): PollAnswer => {
    return { pages, fresh, more: false, problem: null, afterMs: 0, warning, warningKind, ...how };
  };
  // Where a `next` did not lead to a page, the next poll does without it.
  const brokenOff = (how: Partial<PollAnswer>): PollAnswer => {
    if (sweep.next !== null) db.keep(id, place, [], resumed(sweep));
    return ended(how);
  };
  let resumedFrom: string | null | undefined;
  while (pages < MOST_PAGES) {
    let answer: OutboundAnswer;
    try {
      answer = await ask(`${address}objects/`, { sweep, types }, { source, policy });
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      const shorter = /answers more than/.test(message) ? shortened(sweep) : undefined;
      if (!shorter) return brokenOff(reasonOf(error, root));
      sweep = shorter;
      continue;
    }
    // A `next` that is too old, or of a server that was started anew; once for each place, so that this comes to an end.
    if (sweep.next !== null && [400, 404, 410, 422].includes(answer.status)) {
      const again = resumed(sweep);
      if (again.after !== resumedFrom) {
        resumedFrom = again.after;
        sweep = again;
        continue;
      }
    }
    if (answer.status !== 200) return brokenOff(refusal(answer));
    const envelope = readEnvelope(answer.body);
    if (!envelope) return brokenOff(NO_ENVELOPE);
    pages += 1;
    const objects = envelope.objects.slice(0, MOST_OBJECTS).flatMap((one): ReadObject[] => {
      const read = readObject(one, source);
      return read ? [read] : [];
    });
    const last = headerOf(answer, 'x-taxii-date-added-last');
    const { more, next } = envelope;
    const step = nextSweep(sweep, { more, next, last, count: envelope.objects.length, mark: markOf(envelope.objects) });
    const kept = db.keep(id, place, objects, step.sweep);
    fresh += kept.fresh;
    sweep = step.sweep;
    if (kept.isFull) {
      warning = 'This source gave as many objects as are kept of one; newer ones are left out.';
      warningKind = 'full';
    }
    if (step.skips) {
      warning = 'This source has more objects of one moment than it gives at once; some of them were not read.';
      warningKind = 'skipped';
    }
    if (step.isDone) return ended({});
  }
  return ended({ more: true });
}

async function ask(
  address: string,
  { sweep, types }: { readonly sweep: Sweep; readonly types: string },
  { source, policy }: Pick<PollCall, 'source' | 'policy'>,
): Promise<OutboundAnswer> {
  const search = new URLSearchParams({ limit: String(sweep.limit), 'match[type]': types });
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
  return askOutside(`${address}?${search}`, policy, {
    headers: {
      accept: TYPE,
      'user-agent': 'haidang',
      ...(user === undefined ? {} : { authorization: `Basic ${Buffer.from(`${user}:${line}`).toString('base64')}` }),
    },
    maxBytes: PAGE_BYTES,
    timeoutMs: PAGE_MS,
    tls: {
      ...(ca === undefined ? {} : { ca }),
      ...(cert === undefined ? {} : { cert }),
      ...(key === undefined ? {} : { key }),
    },
  });
}

/** A file of ours that cannot be read. */
class FileError extends Error {}

async function readSecret(path: string | undefined, what: string): Promise<string | undefined> {
  if (path === undefined) return undefined;
  return readFile(path, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    throw new FileError(`The file of the ${what} (${path}) cannot be read (${cause.code}); check its path and rights.`);
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

/** Tells the objects of a page from those of another: its ids and versions. */
function markOf(objects: readonly unknown[]): string {
  const sum = createHash('sha256');
  for (const one of objects) {
    const { id, modified } = (one ?? {}) as Readonly<Record<string, unknown>>;
    sum.update(`${JSON.stringify([id, modified])}\n`);
  }
  return sum.digest('base64url');
}

/** What to look at where a source refuses. */
const ADVICE: Readonly<Record<number, string>> = {
  401: ' Look at "user" and "password_file" of this source.',
  403: ' Its account may not read this collection; ask who runs the source.',
  404: ' Look at "root" and "collection" of this source; some servers say so of what an account may not see, too.',
  406: ' It does not speak TAXII 2.1.',
};

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
  const words = said === '' ? '' : `: ${said.replace(/\.$/, '')}`;
  return {
    problem: `The source answered ${status}${words}.${ADVICE[status] ?? ''}`,
    problemKind: kindOf(status),
    afterMs,
  };
}

function kindOf(status: number): ProblemKind {
  if (status === 401 || status === 403) return 'denied';
  if (status === 404 || status === 410) return 'missing';
  return status === 429 || status >= 500 ? 'busy' : 'answer';
}

function headerOf({ headers }: OutboundAnswer, name: string): string | null {
  const value = headers[name];
  return typeof value === 'string' && value.length <= 40 ? value : null;
}

/** One sentence that says who did not answer and why. */
function reasonOf(error: unknown, root: string): Pick<PollAnswer, 'problem' | 'problemKind'> {
  const { code, message = '' } = error as { code?: string; message?: string };
  const { host } = new URL(root);
  if (error instanceof FileError) return { problem: message.slice(0, 500), problemKind: 'file' };
  if (code === 'ECONNREFUSED') return { problem: `${host} refuses connections.`, problemKind: 'unreachable' };
  if (code === 'ECONNRESET') return { problem: `${host} broke the connection off.`, problemKind: 'unreachable' };
  if (code?.startsWith('HD_')) return { problem: message.slice(0, 500), problemKind: 'address' };
  if (code === undefined)
    return { problem: message.slice(0, 500), problemKind: /did not answer/.test(message) ? 'unreachable' : 'other' };
  if (code === 'ABORT_ERR') return { problem: message.slice(0, 500), problemKind: 'unreachable' };
  const problemKind = CERTIFICATE.test(code) ? 'certificate' : 'unreachable';
  return { problem: `${host} was not reached: ${code}.`, problemKind };
}

/** Codes by which Node says that it does not trust who answers, or is not trusted. */
const CERTIFICATE = /CERT|SELF_SIGNED|UNABLE_TO_|^ERR_SSL|^ERR_TLS/;

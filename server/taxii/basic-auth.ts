import { createHmac, randomBytes } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import { type BackOff, createBackOff } from '../accounts/back-off.ts';
import { verifyPassword } from '../accounts/password.ts';
import { HaidangError } from '../errors.ts';
import type { Account } from './catalog.ts';
import { certificateProblem } from './client-certificate.ts';

/** What a 401 asks for (RFC 7617 §2). */
export const CHALLENGE = 'Basic realm="Hai Dang TAXII", charset="UTF-8"';

const REMEMBERED_MS = 600_000;
const REMEMBERED = 2_000;
/** More than for people: a client that is set up wrongly tries often, and one program asks for many. */
const FREE_TRIES = 20;
const FREE_TRIES_BY_ADDRESS = 100;
/** Passwords checked at once, and waiting for it: after a restart a hundred provinces come together, and none is sent away. */
const AT_ONCE = 2;
const WAITING = 300;
const LONGEST_HEADER = 2_000;
/** A body that is longer waits unread, and the port gives such a request up after 30 s: bytes, and how long its password may take. */
const SHORT_BODY = 32 * 1024;
const PASSWORD_MS = 15_000;

/** Finds out which account a request comes from. */
export interface BasicAuth {
  /** @throws HaidangError `HD_TAXII_UNAUTHORIZED`, `HD_TOO_MANY` */
  check(request: FastifyRequest): Promise<Account>;
}

/**
 * HTTP Basic over the accounts of now. A password that was right is remembered for some minutes, as a keyed hash in memory:
 * Argon2id at every page of a million objects would be all that this server does. A changed password is asked anew.
 */
export function openBasicAuth(options: {
  readonly account: (name: string) => Account | undefined;
  /** Told of a refused password. */
  readonly onRefused: (name: string, address: string) => void;
  readonly now?: () => number;
}): BasicAuth {
  const { account, onRefused, now = Date.now } = options;
  const key = randomBytes(32);
  const known = new Map<string, { readonly password: string; readonly until: number }>();
  const under = new Map<string, Promise<void>>();
  const turns = takeTurns();
  const byName: BackOff = createBackOff({ now, freeTries: FREE_TRIES });
  const byAddress: BackOff = createBackOff({ now, freeTries: FREE_TRIES_BY_ADDRESS });

  async function verify(name: string, password: string, mark: string, address: string): Promise<void> {
    const names = `${address} ${name}`;
    byName.check(names);
    byAddress.check(address);
    const found = account(name);
    const fits = await turns(() => verifyPassword(password, found?.disabled ? undefined : found?.password));
    if (!fits || !found) {
      byName.failed(names);
      byAddress.failed(address);
      onRefused(name, address);
      throw refused('The name or the password is wrong.');
    }
    byName.succeeded(names);
    known.delete(mark);
    known.set(mark, { password: found.password, until: now() + REMEMBERED_MS });
    const oldest = known.size > REMEMBERED ? known.keys().next().value : undefined;
    if (oldest !== undefined) known.delete(oldest);
  }

  return {
    async check(request) {
      const { name, password } = credentials(request.headers.authorization);
      const mark = createHmac('sha256', key).update(`${name}\n${password}`).digest('base64');
      const remembered = known.get(mark);
      const before = account(name);
      const holds = remembered && remembered.until > now() && before?.password === remembered.password;
      if (!holds || before?.disabled) {
        // Several requests of one client that come at once cost one derivation.
        let running = under.get(mark);
        if (!running) {
          running = verify(name, password, mark, request.ip).finally(() => under.delete(mark));
          under.set(mark, running);
        }
        await (hasShortBody(request) ? running : inTime(running));
      }
      const found = account(name);
      if (!found || found.disabled) throw refused('The name or the password is wrong.');
      if (found.loopback && !isLocal(request))
        throw refused('This account is for this machine alone; its password is not fit for a network.');
      const problem = certificateProblem(found, request.raw.socket, now());
      if (problem !== undefined) {
        // The password was right: somebody has it who should not, or the province has a new certificate.
        const names = `${request.ip} ${name}`;
        byName.check(names);
        byName.failed(names);
        onRefused(name, request.ip);
        throw refused(problem);
      }
      return found;
    },
  };
}

/** Lets few work at once and others wait. @throws HaidangError `HD_TOO_MANY` where too many wait */
function takeTurns(): <T>(work: () => Promise<T>) => Promise<T> {
  let running = 0;
  const waiting: (() => void)[] = [];
  return async (work) => {
    if (running < AT_ONCE) running += 1;
    else {
      if (waiting.length >= WAITING)
        throw new HaidangError('HD_TOO_MANY', 'Too many sign-ins at once.', { retryAfter: 5 });
      await new Promise<void>((go) => waiting.push(go));
    }
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next) next();
      else running -= 1;
    }
  };
}

function hasShortBody({ headers }: FastifyRequest): boolean {
  if (headers['transfer-encoding'] !== undefined) return false;
  return Number(headers['content-length'] ?? 0) <= SHORT_BODY;
}

/** Waits for an answer that goes on without us: whoever comes again finds it. @throws HaidangError `HD_TOO_MANY` */
async function inTime(running: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, failed) => {
    const away = () => failed(new HaidangError('HD_TOO_MANY', 'Too many sign-ins at once.', { retryAfter: 5 }));
    timer = setTimeout(away, PASSWORD_MS);
  });
  try {
    await Promise.race([running, late]);
  } finally {
    clearTimeout(timer);
  }
}

function credentials(header: string | undefined): { name: string; password: string } {
  if (header === undefined) throw refused('This needs an account, by HTTP Basic.');
  const encoded = header.length <= LONGEST_HEADER ? /^Basic +([A-Za-z0-9+/=_-]+) *$/i.exec(header)?.[1] : undefined;
  const text = encoded === undefined ? '' : Buffer.from(encoded, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  if (colon < 1) throw refused('The Authorization header is no HTTP Basic (RFC 7617).');
  return { name: text.slice(0, colon), password: text.slice(colon + 1) };
}

/** From this machine, and not by way of a proxy that speaks for others. */
function isLocal(request: FastifyRequest): boolean {
  const { headers } = request;
  const forwarded = headers['x-forwarded-for'] ?? headers['forwarded'] ?? headers['x-real-ip'];
  const address = request.raw.socket.remoteAddress;
  // A socket without an address is the control socket.
  const local = address === undefined || address === '::1' || /^(::ffff:)?127\./.test(address);
  return forwarded === undefined && local;
}

function refused(detail: string): HaidangError {
  return new HaidangError('HD_TAXII_UNAUTHORIZED', detail);
}

import { argon2, randomBytes, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import { HaidangError } from '../errors.ts';

const derive = promisify(argon2);

/** RFC 9106 §4, second recommended option: 64 MiB, three passes; one lane, so that two sign-ins share two cores. */
const COST = { memory: 65_536, passes: 3, parallelism: 1 } as const;
const HASH_BYTES = 32;
/** Each derivation takes 64 MiB and a thread of the pool: more at once would let sign-ins starve the store's disk work. */
const AT_ONCE = 2;
const WAITING = 32;

let running = 0;
const queue: (() => void)[] = [];

/** Hashes a password with Argon2id and a fresh salt: `argon2id$m=…,t=…,p=…$salt$hash`, base64url. */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(16);
  const hash = await inTurn(() => run(password, salt, COST));
  return `argon2id$m=${COST.memory},t=${COST.passes},p=${COST.parallelism}$${salt.toString('base64url')}$${hash.toString('base64url')}`;
}

/**
 * Whether a password fits a stored hash. An unknown user is checked against a hash that nothing fits, at the same cost,
 * so that the time of the answer does not tell who exists. Throws `HD_TOO_MANY` where too many checks wait already.
 */
export async function verifyPassword(password: string, stored: string | undefined): Promise<boolean> {
  const parsed = parse(stored ?? NOBODY);
  const hash = await inTurn(() => run(password, parsed.salt, parsed.cost));
  return timingSafeEqual(hash, parsed.hash) && stored !== undefined;
}

const NOBODY = `argon2id$m=${COST.memory},t=${COST.passes},p=${COST.parallelism}$${Buffer.alloc(16).toString('base64url')}$${randomBytes(HASH_BYTES).toString('base64url')}`;

interface Cost {
  readonly memory: number;
  readonly passes: number;
  readonly parallelism: number;
}

function run(password: string, salt: Buffer, cost: Cost): Promise<Buffer> {
  return derive('argon2id', { message: password.normalize('NFC'), nonce: salt, tagLength: HASH_BYTES, ...cost });
}

function parse(stored: string): { cost: Cost; salt: Buffer; hash: Buffer } {
  const found = /^argon2id\$m=(\d{1,7}),t=(\d{1,2}),p=(\d{1,2})\$([\w-]+)\$([\w-]{43})$/.exec(stored);
  if (!found) throw new HaidangError('HD_INTERNAL', 'A stored password hash is not readable.');
  const [, memory, passes, parallelism, salt = '', hash = ''] = found;
  return {
    cost: { memory: Number(memory), passes: Number(passes), parallelism: Number(parallelism) },
    salt: Buffer.from(salt, 'base64url'),
    hash: Buffer.from(hash, 'base64url'),
  };
}

async function inTurn<T>(work: () => Promise<T>): Promise<T> {
  if (running >= AT_ONCE) {
    if (queue.length >= WAITING) throw new HaidangError('HD_TOO_MANY', 'Too many sign-ins at once.', { retryAfter: 5 });
    await new Promise<void>((go) => queue.push(go));
  } else running += 1;
  try {
    return await work();
  } finally {
    const next = queue.shift();
    if (next) next();
    else running -= 1;
  }
}

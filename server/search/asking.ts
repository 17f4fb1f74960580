import type { FastifyRequest } from 'fastify';
import type { Condition } from '../../rules/query/condition.ts';
import { KqlError, parseKql } from '../../rules/query/kql.ts';
import { HaidangError } from '../errors.ts';
import type { TimeRange } from '../store/event-store.ts';
import { parseRange } from './time-range.ts';

/** The query, range and limits that every question about events takes, as they stand in the address. */
export interface AskedInAddress {
  readonly kql?: string;
  readonly from?: string;
  readonly to?: string;
}

/** A question's range and condition. @throws HaidangError `HD_KQL_SYNTAX`, `HD_TIME_RANGE` */
export function questionOf({ kql, from, to }: AskedInAddress): {
  readonly range: TimeRange;
  readonly condition: Condition;
} {
  return { range: parseRange(from, to, Date.now()), condition: conditionOf(kql) };
}

/** A KQL text as a condition; nothing means everything. @throws HaidangError `HD_KQL_SYNTAX` */
export function conditionOf(kql: string | undefined): Condition {
  if (kql === undefined || kql.trim() === '') return { kind: 'always' };
  try {
    return parseKql(kql);
  } catch (error) {
    if (!(error instanceof KqlError)) throw error;
    throw new HaidangError('HD_KQL_SYNTAX', error.message);
  }
}

/** A signal that fires when the client went away, and what is to be called once the answer is out. */
export function whileThere(request: FastifyRequest): { readonly signal: AbortSignal; done(): void } {
  const abort = new AbortController();
  const gone = () => abort.abort();
  request.raw.once('close', gone);
  request.raw.socket?.once('close', gone);
  return {
    signal: abort.signal,
    done: () => {
      request.raw.off('close', gone);
      request.raw.socket?.off('close', gone);
    },
  };
}

/** Runs a search until it is done or its client went away, in which case the store stops working on it. */
export async function untilGone<T>(request: FastifyRequest, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const { signal, done } = whileThere(request);
  try {
    return await work(signal);
  } finally {
    done();
  }
}

const STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400];

/** The smallest round interval that gives no more than the wanted number of buckets, in seconds. */
export function intervalFor(range: TimeRange, buckets: number): number {
  const exact = (Date.parse(range.to) - Date.parse(range.from)) / 1000 / buckets;
  return STEPS.find((step) => step >= exact) ?? Math.ceil(exact / 86_400) * 86_400;
}

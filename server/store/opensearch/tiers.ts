import { setTimeout as sleep } from 'node:timers/promises';
import { HaidangError } from '../../errors.ts';
import type { Cluster } from './cluster.ts';

/** What becomes of days that take no events any more. */
export interface TierSettings {
  /** Days after which a day is settled: more than the longest that collectors hold events back. */
  readonly afterDays: number;
  /** Attribute of the cluster's nodes (`node.attr.NAME`): new days go to those with `hot`, settled ones to those with `warm`. */
  readonly attribute: string | undefined;
}

/** What settling works with. */
export interface Tiers {
  readonly cluster: Cluster;
  readonly prefix: string;
}

const DAY_MS = 86_400_000;
const LOOK_MS = 1_000;

/** The settings of new days' indexes where nodes are told apart. */
export function hotNodes(attribute: string | undefined): Readonly<Record<string, string>> {
  return attribute === undefined ? {} : { [`index.routing.allocation.require.${attribute}`]: 'hot' };
}

/**
 * Settles days that are old enough, oldest first: moves them to the nodes for such days, and merges each shard into one
 * segment. They are not blocked against writing: the store refuses events for days that old by name, and what retention
 * and a repair by hand must do still goes. `check` rejects where this server may not go on. Gives the days touched.
 */
export async function settleDays(
  tiers: Tiers,
  { afterDays, attribute }: TierSettings,
  now: number,
  check: () => Promise<void>,
): Promise<string[]> {
  const touched: string[] = [];
  for (const { index, day } of await daysOf(tiers)) {
    if (now - startOf(day) < (afterDays + 1) * DAY_MS) continue;
    await check();
    const isMoved = attribute !== undefined && (await moveToWarm(tiers, index, attribute));
    const isMerged = await merge(tiers, index, check);
    if (isMoved || isMerged) touched.push(day);
  }
  return touched;
}

async function daysOf({ cluster, prefix }: Tiers): Promise<{ readonly index: string; readonly day: string }[]> {
  const events = `${prefix}-events-`;
  const { body } = await cluster.request<readonly { readonly index: string }[]>({
    method: 'GET',
    path: `/_cat/indices/${events}*`,
    query: { format: 'json', h: 'index', expand_wildcards: 'open' },
  });
  return body
    .map(({ index }) => ({ index, day: index.slice(events.length) }))
    .filter(({ day }) => /^\d{8}$/.test(day))
    .sort((a, b) => a.day.localeCompare(b.day));
}

function startOf(day: string): number {
  return Date.parse(`${day.slice(0, 4)}-${day.slice(4, 6)}-${day.slice(6)}T00:00:00.000Z`);
}

async function moveToWarm({ cluster }: Tiers, index: string, attribute: string): Promise<boolean> {
  const setting = `index.routing.allocation.require.${attribute}`;
  const { body } = await cluster.request<
    Readonly<Record<string, { readonly settings: Readonly<Record<string, unknown>> }>>
  >({ method: 'GET', path: `/${index}/_settings`, query: { flat_settings: true } });
  if (body[index]?.settings[setting] === 'warm') return false;
  await cluster.request({ method: 'PUT', path: `/${index}/_settings`, body: { [setting]: 'warm' } });
  return true;
}

/** Merges an index into one segment a shard, unless it is already. */
async function merge({ cluster }: Tiers, index: string, check: () => Promise<void>): Promise<boolean> {
  if (await isMerged(cluster, index)) return false;
  const { body } = await cluster.request<{ readonly task?: string }>({
    method: 'POST',
    path: `/${index}/_forcemerge`,
    query: { max_num_segments: 1, wait_for_completion: false },
  });
  for (let isDone = body.task === undefined; !isDone; ) {
    await sleep(LOOK_MS);
    await check();
    const { body: task, status } = await cluster.request<MergeTask>({
      method: 'GET',
      path: `/_tasks/${body.task}`,
      accept: [404],
    });
    const why = task.error?.reason ?? task.response?._shards?.failures?.[0]?.reason?.reason;
    if (why !== undefined) throw new HaidangError('HD_STORE_DOWN', `The index ${index} cannot be merged: ${why}.`);
    isDone = status === 404 || task.completed === true;
  }
  // Only then the segments before are let go of.
  await cluster.request({ method: 'POST', path: `/${index}/_refresh` });
  return true;
}

interface MergeTask {
  readonly completed?: boolean;
  readonly error?: { readonly reason?: string };
  readonly response?: {
    readonly _shards?: { readonly failures?: readonly { readonly reason?: { readonly reason?: string } }[] };
  };
}

async function isMerged(cluster: Cluster, index: string): Promise<boolean> {
  const { body } = await cluster.request<{
    readonly _shards: { readonly successful: number };
    readonly _all: { readonly total: { readonly segments: { readonly count: number } } };
  }>({ method: 'GET', path: `/${index}/_stats/segments` });
  return body._all.total.segments.count <= body._shards.successful;
}

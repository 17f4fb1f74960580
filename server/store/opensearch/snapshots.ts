import { setTimeout as sleep } from 'node:timers/promises';
import { HaidangError } from '../../errors.ts';
import type { Cluster } from './cluster.ts';

/** Where snapshots of the cluster go. */
export interface SnapshotSettings {
  /** Folder that every node of the cluster sees under this path and lists in `path.repo`. */
  readonly folder: string;
  /** Nightly snapshots that stay. */
  readonly keep: number;
}

/** One snapshot, as the cluster tells of it. */
export interface Snapshot {
  readonly name: string;
  readonly state: 'SUCCESS' | 'PARTIAL' | 'FAILED' | 'IN_PROGRESS';
  readonly startedAt: string;
  readonly indexes: number;
  /** Why parts of it are missing; empty where none are. */
  readonly failures: readonly string[];
}

/** What snapshots work with. */
export interface Snapshots {
  readonly cluster: Cluster;
  /** What the names of the store's indexes begin with; the repository has the same name. */
  readonly prefix: string;
}

const LOOK_MS = 500;
const NIGHTLY = 'nightly-';

/** Tells the cluster where snapshots go; again with the same changes nothing. @throws HaidangError `HD_STORE_DOWN` with what to set */
export async function ensureRepository({ cluster, prefix }: Snapshots, { folder }: SnapshotSettings): Promise<void> {
  const answer = await cluster.request<{ readonly error?: { readonly caused_by?: Reason } & Reason }>({
    method: 'PUT',
    path: `/_snapshot/${prefix}`,
    body: { type: 'fs', settings: { location: folder, compress: true } },
    accept: [400, 403, 500],
  });
  if (answer.status < 300) return;
  const { error } = answer.body;
  const why = error?.caused_by?.reason ?? error?.reason ?? `it answered ${answer.status}`;
  throw new HaidangError(
    'HD_STORE_DOWN',
    `The cluster cannot keep snapshots in ${folder}: ${why}. Give every node this folder, and name it in "path.repo".`,
  );
}

interface Reason {
  readonly reason?: string;
}

/** The snapshots of this store, oldest first. */
export async function listSnapshots({ cluster, prefix }: Snapshots): Promise<Snapshot[]> {
  const { body } = await cluster.request<{ readonly snapshots?: readonly SnapshotAnswer[] }>({
    method: 'GET',
    path: `/_snapshot/${prefix}/_all`,
    query: { ignore_unavailable: true },
    accept: [404],
  });
  return (body.snapshots ?? []).map(snapshotOf).sort((a, b) => a.startedAt.localeCompare(b.startedAt));
}

interface SnapshotAnswer {
  readonly snapshot: string;
  readonly state: Snapshot['state'];
  readonly start_time?: string;
  readonly indices?: readonly string[];
  readonly failures?: readonly { readonly index?: string; readonly reason?: string }[];
}

function snapshotOf({ snapshot, state, start_time = '', indices = [], failures = [] }: SnapshotAnswer): Snapshot {
  const reasons = failures.map(({ index, reason }) => `${index}: ${reason}`.slice(0, 300));
  return { name: snapshot, state, startedAt: start_time, indexes: indices.length, failures: reasons.slice(0, 20) };
}

/** Takes a snapshot of all the store's indexes, and waits for its end; one of that name that is there already is given as it is. */
export async function takeSnapshot(snapshots: Snapshots, name: string, end?: AbortSignal): Promise<Snapshot> {
  const { cluster, prefix } = snapshots;
  const path = `/_snapshot/${prefix}/${name}`;
  await cluster.request({
    method: 'PUT',
    path,
    query: { wait_for_completion: false },
    body: { indices: `${prefix}-*`, include_global_state: false },
    // There is one of that name: begun before, perhaps by a server that is gone.
    accept: [400],
  });
  for (;;) {
    const { body } = await cluster.request<{ readonly snapshots: readonly SnapshotAnswer[] }>({ method: 'GET', path });
    const found = body.snapshots[0] && snapshotOf(body.snapshots[0]);
    if (!found) throw new HaidangError('HD_STORE_DOWN', `The cluster does not know of the snapshot ${name}.`);
    if (found.state !== 'IN_PROGRESS') return found;
    await sleep(LOOK_MS, undefined, end ? { signal: end } : {});
  }
}

/** Deletes all but the latest whole nightly snapshots, never the last whole one; gives the names. */
export async function pruneSnapshots(snapshots: Snapshots, keep: number): Promise<string[]> {
  const nightly = (await listSnapshots(snapshots)).filter(({ name }) => name.startsWith(NIGHTLY));
  const whole = nightly.filter(({ state }) => state === 'SUCCESS');
  const oldest = whole.at(-Math.max(1, keep));
  // Broken ones among those that stay say that something is wrong; older ones help nobody.
  const old = oldest
    ? nightly.filter(({ startedAt, name }) => startedAt < oldest.startedAt && name !== oldest.name)
    : [];
  for (const { name } of old.filter(({ state }) => state !== 'IN_PROGRESS')) {
    await snapshots.cluster.request({
      method: 'DELETE',
      path: `/_snapshot/${snapshots.prefix}/${name}`,
      accept: [404],
    });
  }
  return old.map(({ name }) => name);
}

/** The name of a night's snapshot, by its UTC day. */
export function nightlyName(now: number): string {
  return `${NIGHTLY}${new Date(now).toISOString().slice(0, 10).replaceAll('-', '')}`;
}

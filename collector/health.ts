import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import type { CollectorHealth } from '../ecs/wire.ts';
import type { CorrectedClock } from './clock.ts';

const DISK_EVERY_MS = 30_000;

export interface HealthOptions {
  readonly spool: {
    readonly size: { readonly bytes: number; readonly max: number };
    readonly waiting: { readonly frames: number };
  };
  readonly spoolFolder: string;
  readonly clock: Pick<CorrectedClock, 'now' | 'offset'>;
  readonly certificate: string;
  readonly machine: string | null;
  readonly policy: () => CollectorHealth['policy'];
  /** The server in use, most bytes per second, and bytes sent since the start. */
  readonly sending: () => { readonly server: string; readonly limit: number | null; readonly sent: number };
  /** The files of addresses that events are enriched by. */
  readonly geo?: () => readonly { readonly error: string | null }[];
}

/** Gives how the process and its machine are, each time it is asked; CPU is counted from one asking to the next. */
export function watchHealth(options: HealthOptions): () => CollectorHealth {
  const { spool, clock, certificate, machine } = options;
  let cpu = process.cpuUsage();
  let at = performance.now();
  let sentBefore = 0;
  let waitingSince: number | null = null;
  let diskFree = 0;
  let certificateEnds: string | null = null;
  let lookedAt = -Infinity;

  return () => {
    const now = performance.now();
    if (now - lookedAt >= DISK_EVERY_MS) {
      lookedAt = now;
      certificateEnds = endOf(certificate);
      statfs(options.spoolFolder).then(
        ({ bavail, bsize }) => {
          diskFree = bavail * bsize;
        },
        () => undefined,
      );
    }
    const used = process.cpuUsage(cpu);
    const cpuPercent = now - at < 1 ? 0 : (used.user + used.system) / 10 / (now - at);
    cpu = process.cpuUsage();
    const { server, limit, sent } = options.sending();
    const sentPerSecond = now - at < 1 ? 0 : Math.round((1_000 * (sent - sentBefore)) / (now - at));
    sentBefore = sent;
    at = now;
    waitingSince = spool.waiting.frames === 0 ? null : (waitingSince ?? clock.now());
    return {
      machine,
      cpuPercent: Math.round(cpuPercent * 10) / 10,
      rssBytes: process.memoryUsage.rss(),
      spoolBytes: spool.size.bytes,
      spoolMaxBytes: spool.size.max,
      diskFreeBytes: diskFree,
      clockOffsetMs: clock.offset,
      waitingSince: waitingSince === null ? null : new Date(waitingSince).toISOString(),
      certificateEnds,
      policy: options.policy(),
      server,
      bandwidthLimit: limit,
      sentPerSecond,
      ...geoFault(options.geo?.() ?? []),
    };
  };
}

/** Servers from before know nothing of it, so that it is said only where there is something to say. */
function geoFault(files: readonly { readonly error: string | null }[]): Pick<CollectorHealth, 'geoFault'> {
  const errors = files.flatMap(({ error }) => error ?? []);
  return errors.length === 0 ? {} : { geoFault: errors.join(' ').slice(0, 1_000) };
}

function endOf(path: string): string | null {
  try {
    return new X509Certificate(readFileSync(path)).validToDate.toISOString();
  } catch {
    return null;
  }
}

import { hostname } from 'node:os';
import type { EcsEvent } from '../../ecs/event.ts';
import type { Clock } from '../clock.ts';

/** What an event says of a time that was set right; stands in `haidang.time`. */
export interface TimeMark {
  readonly corrected: true;
  /** `@timestamp` as the line has it. */
  readonly original: string;
  /** Milliseconds added to it. */
  readonly offset_ms: number;
}

/** A clock whose difference to the server's is known. */
export interface OffsetClock extends Clock {
  /** Milliseconds that the server is ahead of this machine. */
  readonly offset: number;
}

/** Smaller differences are left: they are within what networks and log formats of whole seconds make unsure. */
const LEAST_OFFSET_MS = 2_000;
/** How old a line may be for the difference of now to be that of its time. */
const FRESH_MS = 3_600_000;
/** A line may be dated this far after the moment of reading, by the same clock. */
const AHEAD_MS = 5_000;

/** Whether this machine's clock is so wrong that times written by it are set right. */
export function isOff({ offset }: Pick<OffsetClock, 'offset'>): boolean {
  return Math.abs(offset) >= LEAST_OFFSET_MS;
}

/**
 * Sets the time of an event right that this machine's own clock wrote, while that clock is known to be wrong: `@timestamp`
 * moves by the difference to the server's clock, `event.created` says when it was read, and what is returned keeps the
 * time as it was. Lines of other hosts, lines written longer ago than an hour, and times that the collector gave itself
 * (`now`, milliseconds) stay as they are: of those nobody knows by which clock they are wrong.
 */
export function correctTime(event: EcsEvent, now: number, clock: Pick<OffsetClock, 'offset'>): TimeMark | undefined {
  const original = event['@timestamp'];
  const written = Date.parse(original);
  if (Number.isNaN(written) || written === now || !isOwnHost(event)) return undefined;
  const read = now - clock.offset;
  if (written < read - FRESH_MS || written > read + AHEAD_MS) return undefined;
  event['@timestamp'] = new Date(written + clock.offset).toISOString();
  event.event.created ??= new Date(now).toISOString();
  return { corrected: true, original, offset_ms: clock.offset };
}

const OWN = hostname().toLowerCase();
const [OWN_SHORT = OWN] = OWN.split('.', 1);

/** Whether a line names no host, or this one with or without its domain. */
function isOwnHost(event: EcsEvent): boolean {
  const name = (event['host'] as { readonly name?: unknown } | undefined)?.name;
  if (name === undefined) return true;
  return typeof name === 'string' && name.toLowerCase().split('.', 1)[0] === OWN_SHORT;
}

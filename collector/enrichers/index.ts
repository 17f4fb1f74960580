import type { EcsEvent } from '../../ecs/event.ts';
import type { Log } from '../log.ts';
import { AddressBook, type KnownAddress } from './address-book.ts';
import { correctTime, isOff, type OffsetClock, type TimeMark } from './clock-correction.ts';
import { directionOf } from './direction.ts';
import { type GeoFileState, type GeoPaths, openGeoFiles } from './geo-files.ts';
import { INTERNAL_NETWORKS, networksOf } from './networks.ts';

/** What is added to an event between its parser and the spool. A value that the event has already is never changed. */
export interface Enricher {
  /**
   * Adds to an event, in place: country and network of both ends, the direction, and, where the line was written by this
   * machine's clock (`isOwnClock`) and that is wrong, the right time. Gives what `haidang.time` says then.
   */
  event(event: EcsEvent, now: number, isOwnClock: boolean): TimeMark | undefined;
  /** Adds the same to an event that is text already (`RecordParser.text`): of those, only the source has an address. */
  text(json: string): string;
  /** Whether an event of this machine's clock must be made as an object, because its time is to be set right. */
  needsObject(isOwnClock: boolean): boolean;
  /** How the files of addresses are. */
  state(): readonly GeoFileState[];
  /** Looks now whether a file was replaced. */
  look(): Promise<void>;
  stop(): void;
}

/** What the configuration says of enriching. */
export interface EnrichOptions {
  readonly geo: GeoPaths;
  /** CIDR; undefined takes `INTERNAL_NETWORKS`. */
  readonly internalNetworks: readonly string[] | undefined;
  readonly clock: OffsetClock;
  readonly log: Log;
}

/** How the source begins in an event's text; inside a value its quotes would be escaped. */
const SOURCE = ',"source":{"ip":"';

/** Opens what events are enriched by; a file that is absent or damaged is told in the state, and events go on. */
export async function openEnricher({ geo, internalNetworks, clock, log }: EnrichOptions): Promise<Enricher> {
  const internal = networksOf(internalNetworks ?? INTERNAL_NETWORKS);
  const files = await openGeoFiles(geo, log, () => book.forget());
  const hasFiles = geo.country !== undefined || geo.as !== undefined;
  const book = new AddressBook(internal, files.country, files.as);

  return {
    event(event, now, isOwnClock) {
      addAddresses(event, book);
      return isOwnClock && isOff(clock) ? correctTime(event, now, clock) : undefined;
    },
    text(json) {
      if (!hasFiles) return json;
      const at = json.indexOf(SOURCE);
      if (at < 0) return json;
      const from = at + SOURCE.length;
      const end = json.indexOf('"', from);
      const more = book.find(json.slice(from, end))?.text;
      return more ? `${json.slice(0, end + 1)}${more}${json.slice(end + 1)}` : json;
    },
    needsObject: (isOwnClock) => isOwnClock && isOff(clock),
    state: () => files.state(),
    look: () => files.look(),
    stop: () => files.stop(),
  };
}

function addAddresses(event: EcsEvent, book: AddressBook): void {
  const source = addressOf(event['source'], book);
  const destination = addressOf(event['destination'], book);
  if (!source || !destination) return;
  const network = event['network'];
  if (network === undefined) event['network'] = { direction: directionOf(source, destination) };
  else if (isObject(network)) network['direction'] ??= directionOf(source, destination);
}

/** What is known of one end's address, added to it as far as it does not say so itself. */
function addressOf(end: unknown, book: AddressBook): KnownAddress | null {
  if (!isObject(end) || typeof end['ip'] !== 'string') return null;
  const known = book.find(end['ip']);
  if (!known) return null;
  if (known.geo) addMissing(end, 'geo', known.geo, 'country_iso_code');
  if (known.as) addMissing(end, 'as', known.as, 'number');
  return known;
}

/** Adds members unless the key that tells whose they are is there: parts of two answers must not be mixed. */
function addMissing(end: Record<string, unknown>, key: string, members: object, tells: string): void {
  const own = end[key];
  if (own === undefined) end[key] = members;
  else if (isObject(own) && own[tells] === undefined) end[key] = { ...members, ...own };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

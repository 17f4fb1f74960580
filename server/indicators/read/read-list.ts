import type { Indicator, IndicatorType } from '../../../rules/indicators/indicator.ts';
import { canonicalValue, guessType } from '../../../rules/indicators/indicator.ts';
import type { IndicatorListRecord } from '../record.ts';

export type Tlp = IndicatorListRecord['tlp'];
export type ListFormat = IndicatorListRecord['format'];

/** TLP 2.0, from what everybody may know to what nobody else may. */
export const TLP: readonly Tlp[] = ['clear', 'green', 'amber', 'amber+strict', 'red'];

/** One thing in a list that is no indicator to us, and why. */
export interface RefusedEntry {
  /** The line (CSV), or the number of the object, from 1. */
  readonly at: number;
  readonly what: string;
}

/** What a list is read with. */
export interface ListDefaults {
  /** Of indicators that do not say it; 0 for never. */
  readonly expires: number;
  readonly confidence: number;
}

/** Takes what is read of a list. */
export interface ListSink {
  /** A value in whatever spelling; `type` undefined: to be guessed. */
  add(
    at: number,
    type: IndicatorType | undefined,
    value: string,
    more: { expires?: number; confidence?: number },
  ): void;
  refuse(at: number, what: string): void;
  /** Left out on purpose: revoked, or not meant for detection. */
  skip(): void;
  mark(tlp: Tlp): void;
}

/** The whole of a list as it was read. */
export interface ReadList {
  readonly count: number;
  readonly refused: readonly RefusedEntry[];
  readonly refusedTotal: number;
  readonly skipped: number;
  /** The strictest mark in it. */
  readonly tlp: Tlp | undefined;
  /** Unix second at which the last one ends; 0 where one never does. */
  readonly lastExpires: number;
}

const MOST_REFUSED = 1_000;
const MOST_CHARACTERS = 200;

/** A sink that gives each indicator in its canonical spelling to `take`. */
export function openListSink(
  defaults: ListDefaults,
  take: (indicator: Indicator) => void,
): ListSink & { result(): ReadList } {
  const refused: RefusedEntry[] = [];
  let [count, refusedTotal, skipped, lastExpires, endless] = [0, 0, 0, 0, false];
  let strictest: Tlp | undefined;
  const refuse = (at: number, what: string): void => {
    refusedTotal++;
    if (refused.length < MOST_REFUSED) refused.push({ at, what: what.slice(0, MOST_CHARACTERS) });
  };
  return {
    add(at, type, text, { expires = defaults.expires, confidence = defaults.confidence }) {
      const own = type ?? guessType(text);
      const value = own && canonicalValue(own, text);
      if (own === undefined || value === undefined) {
        refuse(
          at,
          type ? `"${text}" is no ${NAMES[type]}.` : `"${text}" is no address, domain, URL, hash or e-mail address.`,
        );
        return;
      }
      if (own === 'network' && /^(0\.0\.0\.0|::)\/[0-7]$/.test(value)) {
        refuse(at, `The network ${value} holds nearly every address.`);
        return;
      }
      count++;
      if (expires === 0) endless = true;
      lastExpires = Math.max(lastExpires, expires);
      take({ type: own, value, expires, confidence: Math.round(Math.max(0, Math.min(100, confidence))) });
    },
    refuse,
    skip: () => void skipped++,
    mark(tlp) {
      if (strictest === undefined || TLP.indexOf(tlp) > TLP.indexOf(strictest)) strictest = tlp;
    },
    result: () => ({ count, refused, refusedTotal, skipped, tlp: strictest, lastExpires: endless ? 0 : lastExpires }),
  };
}

const NAMES: Readonly<Record<IndicatorType, string>> = {
  network: 'address or network',
  domain: 'domain',
  url: 'URL',
  hash: 'MD5, SHA-1 or SHA-2 hash',
  email: 'e-mail address',
};

/** A mark such as `TLP:AMBER+STRICT` or `tlp:white`; undefined where the text is none. */
export function readTlp(text: string): Tlp | undefined {
  const name = text.toLowerCase().replace(/^tlp:\s*/, '');
  return TLP.find((one) => one === (name === 'white' ? 'clear' : name));
}

/** A time as unix seconds; undefined where the text is none. */
export function readSecond(text: unknown): number | undefined {
  if (typeof text !== 'string' || !/^\d{4}-\d\d-\d\d/.test(text)) return undefined;
  const time = Date.parse(text.length === 10 ? `${text}T00:00:00Z` : text);
  return Number.isNaN(time) || time <= 0 ? undefined : Math.floor(time / 1_000);
}

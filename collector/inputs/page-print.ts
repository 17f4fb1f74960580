import { createHash } from 'node:crypto';

/** What is remembered of a page: enough to say later how much of it changed, and nothing of what it says. */
export interface PagePrint {
  /** SHA-256 of the visible words, lower-case hex. */
  readonly hash: string;
  readonly title: string;
  /** The smallest hashes of the page's groups of three words, ascending; at most 128, 32 bits each. */
  readonly sketch: readonly number[];
}

const SKETCH = 128;
const MAX_WORDS = 50_000;
const MAX_TITLE = 200;
const HIDDEN = /<(?:(script|style|noscript|template|svg|iframe)\b|!--)/gi;
const CLOSING: Readonly<Record<string, RegExp>> = Object.fromEntries(
  ['script', 'style', 'noscript', 'template', 'svg', 'iframe'].map((name) => [
    name,
    new RegExp(`</${name}\\s*>`, 'gi'),
  ]),
);
const TITLE = /<title\b/gi;
const TITLE_END = /<\/title/i;
const MOST_TITLES = 8;
const LONGEST_TITLE = 2_000;
const LONGEST_TAG = 10_000;
const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'", nbsp: ' ' };

function decode(text: string): string {
  return text.replace(/&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|([a-z]{2,6}));/gi, (whole, decimal, hex, name) => {
    const code = decimal !== undefined ? Number(decimal) : hex !== undefined ? Number.parseInt(hex, 16) : undefined;
    if (code !== undefined) return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : '';
    return ENTITIES[String(name).toLowerCase()] ?? whole;
  });
}

/** Finds the next of something from a place on; a place looked at is never looked at again, whatever the page repeats. */
function nextOf(find: (from: number) => number): (from: number) => number {
  let found = -2;
  return (from) => {
    if (found === -2 || (found >= 0 && found < from)) found = find(from);
    return found;
  };
}

/** The page without comments, and without what its elements hide: scripts, styles, drawings. */
function withoutHidden(html: string): string {
  const tagEnd = nextOf((from) => html.indexOf('>', from));
  const commentEnd = nextOf((from) => html.indexOf('-->', from));
  const closings = new Map(
    Object.entries(CLOSING).map(([name, closing]) => [
      name,
      nextOf((from) => {
        closing.lastIndex = from;
        return closing.exec(html)?.index ?? -1;
      }),
    ]),
  );
  let shown = '';
  let from = 0;
  HIDDEN.lastIndex = 0;
  for (let open = HIDDEN.exec(html); open; open = HIDDEN.exec(html)) {
    const name = open[1]?.toLowerCase();
    const body = name === undefined ? HIDDEN.lastIndex : tagEnd(HIDDEN.lastIndex);
    const last = name === undefined ? commentEnd(body) : body < 0 ? -1 : (closings.get(name)?.(body) ?? -1);
    if (last < 0) continue;
    shown += `${html.slice(from, open.index)} `;
    from = html.indexOf('>', last) + 1;
    HIDDEN.lastIndex = from;
  }
  return shown + html.slice(from);
}

/** The text between tags. */
function withoutTags(html: string): string {
  const tagEnd = nextOf((from) => html.indexOf('>', from));
  let text = '';
  let from = 0;
  for (let open = html.indexOf('<'); open >= 0; ) {
    const end = tagEnd(open);
    if (end < 0) break;
    const isTag = end - open - 1 <= LONGEST_TAG;
    if (isTag) {
      text += `${html.slice(from, open)} `;
      from = end + 1;
    }
    open = html.indexOf('<', isTag ? from : open + 1);
  }
  return text + html.slice(from);
}

function titleOf(html: string): string {
  TITLE.lastIndex = 0;
  for (let tries = 0; tries < MOST_TITLES; tries++) {
    const open = TITLE.exec(html);
    const start = open ? html.indexOf('>', TITLE.lastIndex) : -1;
    if (start < 0) return '';
    const text = html.slice(start + 1, start + 1 + LONGEST_TITLE + 7);
    const end = text.search(TITLE_END);
    if (end >= 0) return text.slice(0, end);
  }
  return '';
}

/** The words that a reader sees, in order and lower case; numbers are one word, as counters and dates change by themselves. */
export function visibleWords(html: string): string[] {
  const text = decode(withoutTags(withoutHidden(html)));
  const words =
    text
      .normalize('NFC')
      .toLowerCase()
      .match(/\p{L}[\p{L}\p{M}]*|\p{N}+/gu) ?? [];
  return words.slice(0, MAX_WORDS).map((word) => (/^\p{N}/u.test(word) ? '0' : word));
}

/** FNV-1a over the UTF-16 units. */
function hash32(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  // The low bits of FNV alone are poorly mixed.
  hash ^= hash >>> 16;
  return Math.imul(hash, 0x85ebca6b) >>> 0;
}

/** Makes the print of a page; `html` is at most what the input reads of one, a few MiB. */
export function printOf(html: string): PagePrint {
  const words = visibleWords(html);
  const groups = new Set<number>();
  for (let at = 0; at + 3 <= words.length; at++) groups.add(hash32(`${words[at]} ${words[at + 1]} ${words[at + 2]}`));
  // A page of one or two words has its words alone.
  if (groups.size === 0) for (const word of words) groups.add(hash32(word));
  const sketch = [...groups].sort((a, b) => a - b).slice(0, SKETCH);
  const title = decode(titleOf(html)).replace(/\s+/g, ' ').trim().slice(0, MAX_TITLE);
  return { hash: createHash('sha256').update(words.join(' ')).digest('hex'), title, sketch };
}

/**
 * How alike two pages are, 0 to 1: the share of groups of words that both have among all that either has, estimated from
 * the smallest hashes of both together (bottom-k sketch). Within about 0.1 of the truth.
 */
export function likeness(one: PagePrint, other: PagePrint): number {
  if (one.hash === other.hash) return 1;
  const first = new Set(one.sketch);
  const second = new Set(other.sketch);
  const both = [...new Set([...first, ...second])].sort((a, b) => a - b).slice(0, SKETCH);
  if (both.length === 0) return one.hash === other.hash ? 1 : 0;
  const shared = both.filter((hash) => first.has(hash) && second.has(hash)).length;
  return Math.round((shared / both.length) * 100) / 100;
}

import { CODED } from '../../../ecs/scan/tokens.ts';
import { foldCase } from '../../../rules/query/string-test.ts';
import { copyBytes } from './byte-sink.ts';
import { isPlainAddress } from './document.ts';
import { VALUE } from './line-recipe.ts';
import type { Leaves } from './line-shapes.ts';
import { LONGEST_VALUE } from './mapping.ts';

/** ASCII in small letters, by its byte. */
const SMALL: Uint8Array = Uint8Array.from({ length: 256 }, (_, byte) =>
  byte >= 0x41 && byte <= 0x5a ? byte + 0x20 : byte,
);

/** A string of a line as it is meant. */
export function stringOf(bytes: Buffer, start: number, end: number): string {
  const text = bytes.toString('utf8', start, end);
  return text.includes('\\') ? (JSON.parse(`"${text}"`) as string) : text;
}

/** Writes a value as the index holds it, without quotes; -1 where the index would not say the same as the text. */
export function writeValue(
  use: number,
  isNumber: boolean,
  { kinds, starts, ends }: Leaves,
  leaf: number,
  bytes: Buffer,
  out: Buffer,
  to: number,
): number {
  const start = starts[leaf] as number;
  const end = ends[leaf] as number;
  if (isNumber || use === VALUE.number) {
    if (!isWhole(bytes, start, end) && !isUsualNumber(bytes.toString('latin1', start, end))) return -1;
    return copyBytes(out, to, bytes, start, end);
  }
  const longest = use === VALUE.pattern ? LONGEST_VALUE.pattern : LONGEST_VALUE.keyword;
  if (kinds[leaf] === CODED) {
    const text = stringOf(bytes, start, end);
    if (use === VALUE.address || text.length > longest || !text.isWellFormed()) return -1;
    return to + out.write(JSON.stringify(foldCase(text)).slice(1, -1), to, 'utf8');
  }
  if (end - start > longest) return -1;
  if (use === VALUE.address && !isIpv4(bytes, start, end) && !isPlainAddress(bytes.toString('latin1', start, end)))
    return -1;
  let at = to;
  for (let place = start; place < end; place++) out[at++] = SMALL[bytes[place] as number] as number;
  return at;
}

/** Written as this language writes it. */
function isUsualNumber(text: string): boolean {
  return text.length < 30 && Number.isFinite(Number(text)) && String(Number(text)) === text;
}

/** Up to 15 digits, without leading zeros. */
function isWhole(bytes: Uint8Array, start: number, end: number): boolean {
  const length = end - start;
  if (length < 1 || length > 15) return false;
  if (length > 1 && bytes[start] === 0x30) return false;
  for (let at = start; at < end; at++) {
    const byte = bytes[at] as number;
    if (byte < 0x30 || byte > 0x39) return false;
  }
  return true;
}

/** Four whole numbers under 256 without leading zeros, parted by dots. */
function isIpv4(bytes: Uint8Array, start: number, end: number): boolean {
  let octet = -1;
  let dots = 0;
  for (let at = start; at < end; at++) {
    const byte = bytes[at] as number;
    if (byte === 0x2e) {
      if (octet < 0 || ++dots > 3) return false;
      octet = -1;
      continue;
    }
    const digit = byte - 0x30;
    if (digit < 0 || digit > 9 || octet === 0) return false;
    octet = octet < 0 ? digit : octet * 10 + digit;
    if (octet > 255) return false;
  }
  return dots === 3 && octet >= 0;
}

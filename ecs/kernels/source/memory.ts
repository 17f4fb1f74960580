// AssemblyScript. What lies where in the memory of the kernel of lines (`line.ts`), and room for tables behind it.

/** Most scalars of one line; what has more is left to the caller. */
export const MOST_LEAVES: i32 = 10_000;
/** By scalar: how it stands (`ecs/scan/tokens.ts`), its field (`ecs/scan/line-values.ts`), where it begins and ends in the line. */
export const KINDS: usize = 4096;
export const FIELDS: usize = 16_384;
export const STARTS: usize = 57_344;
export const ENDS: usize = 98_304;
/** Scalars that the caller must look at. */
export const LEFT: usize = 139_264;
/** The line, and one bit a byte: for quotes that no backslash escapes; for controls, backslashes and what is not ASCII. */
export const LINE: usize = 196_608;
export const LINE_BYTES: usize = 4_194_304;
export const QUOTES: usize = 4_391_424;
export const SPECIAL: usize = 4_916_224;
/** A text handed in on its own. */
export const TEXT: usize = 5_441_024;
export const TEXT_BYTES: usize = 262_144;
const HEAP: usize = 5_703_680;

const PAGE: usize = 65_536;
const MOST_PAGES: usize = 16_384;

let top: usize = HEAP;

/** Room for so many bytes, all 0, with 16 more behind them; 0 where there is none. The memory may have grown after it. */
export function alloc(bytes: usize): usize {
  const place = top;
  const after = (place + bytes + 31) & ~15;
  if (bytes > MOST_PAGES * PAGE || after > MOST_PAGES * PAGE) return 0;
  const have = <usize>memory.size() * PAGE;
  if (after > have) {
    // At least a quarter more, so that it seldom grows.
    const wanted = max((after - have + PAGE - 1) / PAGE, <usize>memory.size() / 4);
    const pages = min(wanted, MOST_PAGES - <usize>memory.size());
    if (memory.grow(<i32>pages) < 0) return 0;
  }
  memory.fill(place, 0, after - place);
  top = after;
  return place;
}

/** Gives back all rooms. */
export function release(): void {
  top = HEAP;
}

/** Bytes in rooms. */
export function used(): usize {
  return top - HEAP;
}

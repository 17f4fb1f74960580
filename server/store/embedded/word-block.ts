import { instanceOf, type Kernel } from '../../../ecs/kernels/instance.ts';
import { WORDS_KERNEL } from '../../../ecs/kernels/words.wasm.ts';
import { foldWords, LONG_TEXT, LONGEST_TEXT } from './words.ts';

const BACKSLASH = 0x5c;
const LOWER_U = 0x75;
/** Bytes of words from which on a block takes no other event. */
const FULL = 256 * 1024;

/** `ecs/kernels/source/words.ts`; places and lengths in bytes. */
interface WordsKernel {
  linePlace(): number;
  wordPlace(): number;
  wordsPlace(): number;
  length(): number;
  clear(): void;
  take(bytes: number): void;
  addRange(from: number, to: number): number;
  addWord(bytes: number): void;
}

/** Whether a byte parts words for certain: one of ASCII that is neither letter nor digit, or an escape that is no letter. */
function parts(bytes: Uint8Array, at: number): boolean {
  const byte = bytes[at] as number;
  if (byte === BACKSLASH) return bytes[at + 1] !== LOWER_U;
  if (byte < 48 || (byte > 57 && byte < 65)) return true;
  return (byte > 90 && byte < 97) || (byte > 122 && byte < 128);
}

/** A part of a JSON string's inside as text; an escape that was cut off at its end is left away. */
function unescaped(json: string): string {
  return json.replace(/\\u([0-9a-fA-F]{4})/g, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)));
}

/**
 * The different words of some events that follow each other, for one row of the word index. A word that many of them
 * have is in it once, which is what most words of logs are.
 */
export class WordBlock {
  readonly #kernel: Kernel<WordsKernel> = instanceOf<WordsKernel>(WORDS_KERNEL);
  readonly #memory = Buffer.from(this.#kernel.memory.buffer);
  readonly #linePlace = this.#kernel.linePlace();
  readonly #wordPlace = this.#kernel.wordPlace();
  readonly #wordsPlace = this.#kernel.wordsPlace();
  /** The line of the event under way, and where it begins in it. */
  #bytes: Buffer = Buffer.alloc(0);
  #start = 0;
  /** Bytes of the event under way that may still be read. */
  #room = 0;

  get isFull(): boolean {
    return this.#kernel.length() >= FULL;
  }

  /** Turns to the next event, with its line where that was not parsed: of each only the first `LONGEST_TEXT` bytes are taken. */
  nextEvent(bytes?: Buffer, start = 0, end = 0): void {
    this.#room = LONGEST_TEXT;
    if (bytes === undefined) return;
    this.#bytes = bytes;
    this.#start = start;
    this.#memory.set(bytes.subarray(start, end), this.#linePlace);
    this.#kernel.take(end - start);
  }

  /** The words as UTF-8, apart by spaces; the block is empty after it. */
  take(): Uint8Array {
    const bytes = Uint8Array.prototype.slice.call(
      this.#memory,
      this.#wordsPlace,
      this.#wordsPlace + this.#kernel.length(),
    );
    this.#kernel.clear();
    return bytes;
  }

  /** Forgets the words. */
  clear(): void {
    this.#kernel.clear();
  }

  /** Adds the words of a JSON string's inside, in any script, by its place in the bytes of the event's line. */
  addJson(start: number, end: number): void {
    const last = this.#take(start, end) - this.#start;
    let at = start - this.#start;
    for (;;) {
      at = this.#kernel.addRange(at, last);
      if (at >= last) return;
      at = this.#addMixed(at + this.#start, last + this.#start) - this.#start;
    }
  }

  /** Adds words with letters past ASCII, up to what parts words for certain; gives the place behind. */
  #addMixed(from: number, end: number): number {
    const bytes = this.#bytes;
    let at = from + 1;
    while (at < end && !parts(bytes, at)) at++;
    const json = bytes.toString('utf8', from, at);
    for (const word of foldWords(json.includes('\\') ? unescaped(json) : json)) this.addWord(word);
    return at;
  }

  /** Adds the words of a text in any script. */
  addText(text: string): void {
    const bounded = text.slice(0, this.#take(0, text.length));
    for (const word of foldWords(bounded)) this.addWord(word);
  }

  /** Adds one word as it is, in lower case already. */
  addWord(word: string): void {
    this.#kernel.addWord(this.#memory.write(word, this.#wordPlace));
  }

  /** Where to stop reading a text, by what the event may still add. */
  #take(start: number, end: number): number {
    const length = end - start;
    if (length <= this.#room) {
      this.#room -= length;
      return end;
    }
    const last = start + this.#room;
    this.#room = 0;
    this.addWord(LONG_TEXT);
    return last;
  }
}

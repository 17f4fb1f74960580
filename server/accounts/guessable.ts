import { COMMON_WORDS } from './common-words.ts';

/** Runs along keyboards, the alphabet and the digits; their reverse counts too. */
const WALKS = [
  'qwertyuiopasdfghjklzxcvbnm',
  'azertyuiopqsdfghjklmwxcvbn',
  '1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p',
  'qazwsxedcrfvtgbyhnujmikolp',
  '1q2w3e4r5t6y7u8i9o0p',
  'abcdefghijklmnopqrstuvwxyz',
  '01234567890123456789',
].flatMap((walk) => [walk, [...walk].reverse().join('')]);
const SHORTEST_WALK = 3;
/** Words that one password may be made of and still be guessed by machine in no time. */
const MOST_WORDS = 3;
/** What is looked at: beyond this length nothing is guessed by rule. */
const LONGEST = 64;

const LOOKS_LIKE: Readonly<Record<string, string>> = {
  '@': 'a',
  '4': 'a',
  '3': 'e',
  '0': 'o',
  $: 's',
  '5': 's',
  '1': 'i',
  '!': 'i',
  '7': 't',
};

/**
 * Whether a password is one that guessing programs try first: a common word, up to three of them or a run along the keyboard, each with
 * digits and signs around it and in whatever spelling (`M@tKhau2026!`, `Admin@123456`), one piece repeated, or digits alone that form a date.
 */
export function isGuessable(password: string): boolean {
  const plain = bare(password);
  if (plain.length > LONGEST) return false;
  return [plain, bare(unspelled(password))].some((text) => isRepeated(text) || isMadeOfCommon(text));
}

/** Whether a password is little else than a name that belongs to its account (user name, display name), in whatever spelling. */
export function isOwnName(password: string, names: readonly string[]): boolean {
  const forms = [password, unspelled(password)].map((text) => bare(text).replaceAll(/\d/g, ''));
  return names.some((name) => {
    const own = bare(name).replaceAll(/\d/g, '');
    return own.length >= 3 && forms.some((form) => form === own || form === own + own);
  });
}

/** Letters and digits alone, of any script, lower case, without diacritics. */
function bare(text: string): string {
  return text
    .toLowerCase()
    .replaceAll('đ', 'd')
    .normalize('NFKD')
    .replaceAll(/[^\p{Letter}\d]/gu, '');
}

/** Signs and digits within the word as the letters that they stand for; those at its ends are decoration. */
function unspelled(text: string): string {
  const [, before = '', word = '', after = ''] =
    /^([^\p{Letter}@$]*)(.*?)([^\p{Letter}]*)$/su.exec(text.toLowerCase()) ?? [];
  return before + word.replaceAll(/[@430$51!7]/g, (sign) => LOOKS_LIKE[sign] ?? sign) + after;
}

/** One piece of up to four characters, over and over. */
function isRepeated(text: string): boolean {
  return (
    text.length > 0 &&
    [1, 2, 3, 4].some(
      (length) =>
        text ===
        text
          .slice(0, length)
          .repeat(Math.ceil(text.length / length))
          .slice(0, text.length),
    )
  );
}

/**
 * Whether nothing is left once common words, walks and digits are taken out. Best way to each place by the number of words it took:
 * at most 64 places with words of at most 20 letters each, so that no input makes it slow.
 */
function isMadeOfCommon(text: string): boolean {
  const fewest = new Array<number>(text.length + 1).fill(Number.POSITIVE_INFINITY);
  fewest[0] = 0;
  for (let at = 0; at < text.length; at++) {
    const words = fewest[at] ?? Number.POSITIVE_INFINITY;
    if (words > MOST_WORDS) continue;
    const reach = (length: number, cost: number): void => {
      fewest[at + length] = Math.min(fewest[at + length] ?? Number.POSITIVE_INFINITY, words + cost);
    };
    if (/\d/.test(text[at] ?? '')) reach(1, 0);
    for (let length = 3; length <= 20 && at + length <= text.length; length++) {
      const piece = text.slice(at, at + length);
      if (COMMON_WORDS.has(piece)) reach(length, 1);
      else if (length >= SHORTEST_WALK && WALKS.some((walk) => walk.includes(piece))) reach(length, 1);
    }
  }
  return (fewest[text.length] ?? Number.POSITIVE_INFINITY) <= MOST_WORDS;
}

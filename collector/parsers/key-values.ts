const MAX_PAIRS = 400;
const KEY_END = /[\s=]/;

/**
 * Reads `key=value key="quoted value"` separated by blanks; `\"` and `\\` inside quotes are the marks themselves. A word
 * without `=` is left out; of a repeated key the first holds. At most 400 pairs.
 */
export function readKeyValues(text: string): Map<string, string> {
  const pairs = new Map<string, string>();
  let at = 0;
  while (at < text.length && pairs.size < MAX_PAIRS) {
    const mark = text.indexOf('=', at);
    if (mark < 0) break;
    // The key is the last word before the mark.
    let start = mark;
    while (start > at && !KEY_END.test(text[start - 1] as string)) start--;
    const key = text.slice(start, mark);
    let value: string;
    if (text[mark + 1] === '"') {
      const end = closingQuote(text, mark + 2);
      value = text.slice(mark + 2, end);
      if (value.includes('\\')) value = value.replace(/\\(["\\])/g, '$1');
      at = end + 1;
    } else {
      let end = mark + 1;
      while (end < text.length && text[end] !== ' ' && text[end] !== '\t') end++;
      value = text.slice(mark + 1, end);
      at = end + 1;
    }
    if (key !== '' && key.length <= 64 && !pairs.has(key)) pairs.set(key, value);
  }
  return pairs;
}

function closingQuote(text: string, at: number): number {
  for (let next = at; next < text.length; next++) {
    if (text[next] === '\\') next++;
    else if (text[next] === '"') return next;
  }
  return text.length;
}

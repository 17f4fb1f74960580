/** Local part and domain of plain ASCII (RFC 5321 §4.1.2, without quotes): nothing in it can end a header or a command. */
const ADDRESS =
  /^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)*[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?$/;

/** Whether a text is one mail address and nothing else. */
export function isMailAddress(text: string): boolean {
  return text.length <= 254 && ADDRESS.test(text) && !text.includes('..') && !/^\.|\.@/.test(text);
}

/** A text for one line of a mail's head: what could begin another line, or hide, becomes a space. */
export function oneLine(text: string, most = 200): string {
  const plain = text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ').trim();
  return [...plain].slice(0, most).join('');
}

/** A text for a mail's body: line breaks stay, other characters that a terminal or a reader would obey become spaces. */
export function manyLines(text: string, most = 4_000): string {
  return [...text.replace(/\r\n?/g, '\n').replace(/[^\P{C}\n]+/gu, ' ')].slice(0, most).join('');
}

/**
 * Texts of all elements of a name in an answer of the storage, entities resolved. For the flat lists that S3 answers with;
 * elements of one name do not nest in each other there.
 */
export function texts(xml: string, name: string): string[] {
  return blocks(xml, name).map((inner) => resolveEntities(inner));
}

/** The first element's text; undefined where there is none. */
export function text(xml: string, name: string): string | undefined {
  return texts(xml, name)[0];
}

/** What stands inside each element of a name, as it is. */
export function blocks(xml: string, name: string): string[] {
  const found: string[] = [];
  const [open, close] = [`<${name}>`, `</${name}>`];
  for (let at = 0; ; ) {
    const begin = xml.indexOf(open, at);
    const end = begin === -1 ? -1 : xml.indexOf(close, begin);
    if (end === -1) return found;
    found.push(xml.slice(begin + open.length, end));
    at = end + close.length;
  }
}

/** Text as it may stand inside an element. */
export function escapeText(plain: string): string {
  return plain.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);
}

const NAMED: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

function resolveEntities(inner: string): string {
  return inner.replace(/&(?:#(\d{1,7})|#x([0-9a-fA-F]{1,6})|(amp|lt|gt|quot|apos));/g, (whole, decimal, hex, named) => {
    if (named !== undefined) return NAMED[named] ?? whole;
    const code = decimal === undefined ? Number.parseInt(hex, 16) : Number(decimal);
    return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
  });
}

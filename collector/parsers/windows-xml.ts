const TAG = /<(\/?)([A-Za-z][\w:.-]{0,127})((?:\s[^<>]{0,4096})?)>/g;
const ATTRIBUTE = /([A-Za-z][\w:.-]{0,63})\s{0,4}=\s{0,4}(?:"([^"]*)"|'([^']*)')/g;
const MAX_TAGS = 2_000;
const ENTITIES: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };

/** Text with the five named entities and character references replaced (XML 1.0 §4.6, §4.1). */
function decode(text: string): string {
  if (!text.includes('&')) return text;
  return text.replace(/&(?:#(\d{1,7})|#x([0-9A-Fa-f]{1,6})|(lt|gt|amp|quot|apos));/g, (all, decimal, hex, name) => {
    if (name !== undefined) return ENTITIES[name] as string;
    const code = decimal !== undefined ? Number(decimal) : Number.parseInt(hex, 16);
    return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : all;
  });
}

function attributesOf(text: string): Record<string, string> {
  const attributes: Record<string, string> = {};
  for (const found of text.matchAll(ATTRIBUTE)) attributes[found[1] as string] = decode(found[2] ?? found[3] ?? '');
  return attributes;
}

/** What a Windows event says in its XML form: texts by element, attributes by element, and its named data. */
export interface EventXml {
  readonly texts: Readonly<Record<string, string>>;
  readonly attributes: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly data: Readonly<Record<string, string>>;
}

/**
 * Reads one `<Event>` element (the schema of Windows event logs). Elements of `System` and `RenderingInfo` are told by
 * their names, the children of `EventData` by their `Name`, those of `UserData` by their own names. At most 2,000 tags.
 */
export function readEventXml(xml: string): EventXml | undefined {
  const texts: Record<string, string> = Object.create(null);
  const attributes: Record<string, Record<string, string>> = Object.create(null);
  const data: Record<string, string> = Object.create(null);
  let section = '';
  let open: { name: string; key: string; at: number } | undefined;
  let tags = 0;
  let unnamed = 0;
  for (const tag of xml.matchAll(TAG)) {
    if (++tags > MAX_TAGS) return undefined;
    const [whole, closing, full = '', rest = ''] = tag;
    const name = full.slice(full.indexOf(':') + 1);
    if (closing) {
      if (open?.name === name) {
        const text = decode(xml.slice(open.at, tag.index));
        if (section === 'EventData' || section === 'UserData') data[open.key] = text;
        else texts[open.key] ??= text;
      }
      open = undefined;
      if (name === section) section = '';
      continue;
    }
    const own = attributesOf(rest);
    const alone = rest.endsWith('/');
    if (/^(?:System|EventData|UserData|RenderingInfo)$/.test(name)) {
      if (!alone) section = name;
      continue;
    }
    if (section !== 'EventData' && section !== 'UserData') attributes[name] ??= own;
    const key = section === 'EventData' ? (own['Name'] ?? `param${++unnamed}`) : name;
    open = alone ? undefined : { name, key, at: tag.index + whole.length };
  }
  return texts['EventID'] === undefined ? undefined : { texts, attributes, data };
}

import type { Draft } from './draft.ts';
import { endpoint, isAddress, portNumber, relate } from './draft.ts';
import { countOf, macOf, put, putTransport } from './put.ts';
import { readAuthority, setUrl } from './url.ts';

const KEY = /^[A-Za-z_][A-Za-z0-9_.-]{0,63}$/;
const NOTHING = new Set(['', '-', 'N/A', 'n/a', '(null)', '(empty)']);
const HASHES: Readonly<Record<number, string>> = { 32: 'md5', 40: 'sha1', 64: 'sha256', 128: 'sha512' };

/** The named fields of a device's record, taken one by one; what no one takes can be kept under the vendor's name. */
export class DeviceFields {
  readonly #pairs: Map<string, string>;

  constructor(pairs: Map<string, string>) {
    this.#pairs = pairs;
  }

  /** A field's text; undefined where it is absent or the device says that it has none. */
  peek(name: string): string | undefined {
    const text = this.#pairs.get(name);
    return text === undefined || NOTHING.has(text) ? undefined : text;
  }

  /** The same, and the field is used up. */
  take(name: string): string | undefined {
    const text = this.peek(name);
    this.#pairs.delete(name);
    return text;
  }

  /** What is left, by its own names; names that could not be fields of a document are left out. */
  rest(): Record<string, string> {
    const left: Record<string, string> = {};
    for (const key of this.#pairs.keys()) {
      const text = this.peek(key);
      if (text !== undefined && KEY.test(key)) left[key.replaceAll('.', '_')] = text;
    }
    return left;
  }
}

/** How a field's text is read; a text that is not of the kind stays where it was. */
export type Kind = 'text' | 'lower' | 'count' | 'ip' | 'end' | 'port' | 'mac' | 'transport' | 'url' | 'hash' | 'list';

/** A device's field, where it goes in ECS, and how it is read (`text` unless said). */
export type Row = readonly [name: string, to: string, kind?: Kind];

/** An address of the web without its scheme: `www.example.com/a?b=c`; `index.php/a` is none. */
const HOST_FIRST =
  /^((?:[A-Za-z0-9-]{1,63}\.){1,8}(?!(?:php\d?|aspx?|jspx?|html?|cgi|do|action)\/)[A-Za-z]{2,24}(?::\d{1,5})?)(?=\/)/;

const READERS: Readonly<Record<Kind, (draft: Draft, to: string, text: string) => boolean>> = {
  text: (draft, to, text) => given(draft, to, text),
  lower: (draft, to, text) => given(draft, to, text.toLowerCase()),
  count: (draft, to, text) => given(draft, to, countOf(text)),
  ip(draft, to, text) {
    if (!isAddress(text) || isNowhere(text)) return false;
    if (!/^(?:source|destination)\./.test(to)) relate(draft, 'ip', text);
    return given(draft, to, text);
  },
  end(draft, to, text) {
    const found = endpoint(text);
    if (!found || (found.ip !== undefined && isNowhere(found.ip))) return false;
    const side = to as 'source' | 'destination';
    draft[side] = { ...found, ...draft[side] };
    return true;
  },
  port(draft, to, text) {
    const port = portNumber(text);
    return given(draft, to, port === 0 ? undefined : port);
  },
  mac: (draft, to, text) => given(draft, to, macOf(text)),
  transport(draft, _to, text) {
    putTransport(draft, text);
    return (draft['network'] as { iana_number?: string } | undefined)?.iana_number !== undefined;
  },
  url(draft, _to, text) {
    const host = HOST_FIRST.exec(text)?.[1];
    setUrl(draft, host === undefined ? text : text.slice(host.length));
    if (host !== undefined) draft.url = { ...draft.url, ...readAuthority(host), original: text };
    return true;
  },
  hash(draft, to, text) {
    const kind = /^[0-9a-f]+$/i.test(text) ? HASHES[text.length] : undefined;
    if (kind === undefined) return false;
    relate(draft, 'hash', text.toLowerCase());
    return given(draft, `${to}.${kind}`, text.toLowerCase());
  },
  list: (draft, to, text) =>
    given(
      draft,
      to,
      text.split(/[,;]\s*/, 64).filter((each) => each !== ''),
    ),
};

/** `0.0.0.0` and `::`, which devices write where there is no address. */
function isNowhere(ip: string): boolean {
  return ip === '0.0.0.0' || ip === '::';
}

function given(draft: Draft, to: string, value: unknown): boolean {
  put(draft, to, value);
  return value !== undefined;
}

/** Takes each field that a table names into its place in ECS; of two for one place the first holds. */
export function takeFields(draft: Draft, fields: DeviceFields, rows: readonly Row[]): void {
  const filled = new Set<string>();
  for (const [name, to, kind = 'text'] of rows) {
    const text = fields.peek(name);
    if (text === undefined || filled.has(to)) continue;
    if (!READERS[kind](draft, to, text)) continue;
    filled.add(to);
    fields.take(name);
  }
}

/** `network.bytes` and `network.packets` where both directions are known. */
export function sumDirections(draft: Draft): void {
  for (const what of ['bytes', 'packets'] as const) {
    const [sent, received] = [draft.source?.[what], draft.destination?.[what]];
    if (sent !== undefined && received !== undefined) put(draft, `network.${what}`, sent + received);
  }
}

/** The person behind a connection is the user of the event too. */
export function userOfSource(draft: Draft): void {
  const own = draft.source?.user;
  if (own?.name !== undefined && draft.user === undefined) draft.user = { ...own };
}

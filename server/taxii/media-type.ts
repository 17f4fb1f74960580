/** Content type of every answer (TAXII 2.1 §3.1). */
export const TAXII_TYPE = 'application/taxii+json;version=2.1';

const MOST_RANGES = 50;

interface MediaType {
  readonly name: string;
  readonly parameters: ReadonlyMap<string, string>;
}

/**
 * Whether an Accept header takes TAXII 2.1: one of its media ranges is TAXII's, in version 2.1 or in the latest, which is
 * meant where the version is left out (TAXII 2.1 §1.6.8.2, §3.1).
 */
export function acceptsTaxii(accept: string | undefined): boolean {
  return parts(accept ?? '', ',')
    .slice(0, MOST_RANGES)
    .map(readType)
    .some((range) => isTaxii(range) && Number(range.parameters.get('q') ?? 1) > 0);
}

/** Whether a Content-Type header says TAXII 2.1. */
export function isTaxiiContent(contentType: string | undefined): boolean {
  return contentType !== undefined && isTaxii(readType(contentType));
}

function isTaxii({ name, parameters }: MediaType): boolean {
  return name === 'application/taxii+json' && (parameters.get('version') ?? '2.1') === '2.1';
}

function readType(text: string): MediaType {
  const [name = '', ...rest] = parts(text, ';').map((part) => part.trim());
  const pairs = rest.map((part): [string, string] => {
    const at = part.indexOf('=');
    const value = at < 0 ? '' : part.slice(at + 1).trim();
    const bare = /^".*"$/.test(value) ? value.slice(1, -1).replaceAll(/\\(.)/g, '$1') : value;
    return [(at < 0 ? part : part.slice(0, at)).trim().toLowerCase(), bare];
  });
  return { name: name.toLowerCase(), parameters: new Map(pairs) };
}

/** Splits outside of quoted strings (RFC 9110 §5.6.4). */
function parts(text: string, separator: string): string[] {
  const found: string[] = [];
  let quoted = false;
  let begin = 0;
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    if (quoted && character === '\\') at++;
    else if (character === '"') quoted = !quoted;
    else if (!quoted && character === separator) {
      found.push(text.slice(begin, at));
      begin = at + 1;
    }
  }
  found.push(text.slice(begin));
  return found;
}

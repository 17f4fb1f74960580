/** What stands at a place of a template, by the last letters of its name. */
const PLACES: readonly (readonly [RegExp, string])[] = [
  [/^transport$/, '(?:protocol )?([A-Za-z0-9-]{1,20})'],
  [/^(?:direction|verdict|word|verb)$/, '([A-Za-z-]{1,20})'],
  // A clustered or virtual device puts its number before the interface: `v1:outside:192.0.2.1`.
  [/(?:^s|^d)if$|^if$/, '((?:v\\d{1,3}:(?=[^\\s:()/,"]{1,64}:\\d{1,3}\\.))?[^\\s:()/,"]{1,64})'],
  [/^(?:src|dst|nat|nat2|foreign|local|global|peer)$/, '([0-9A-Za-z._:%-]{1,255})'],
  [/port$/, '([A-Za-z0-9_-]{1,32})'],
  [/^(?:suser|duser)$/, '([^()]{0,256})'],
  [/^outward$/, '(outbound)'],
  [/^flags$/, '([A-Z ]{0,64}?)'],
  [/^(?:user|group|acl|quoted|list|name)$/, '(.{0,256}?)'],
  [/^(?:number|itype|icode|bytes|sbytes|dbytes|id)$/, '(\\d{1,19})'],
  [/^duration$/, '([\\ddhms: ]{4,24}?)'],
  [/^(?:rest|reason|command|url|path)$/, '(.{0,4096}?)'],
];

/** A message's fixed words with named places between them. */
export interface Template {
  readonly pattern: RegExp;
  readonly names: readonly string[];
}

function placeOf(name: string): string {
  const found = PLACES.find(([kind]) => kind.test(name));
  if (!found) throw new Error(`There is no kind of place named ${name}.`);
  return found[1];
}

/**
 * Makes a template of `Deny {transport} src {sif}:{src}[/{sport}] …`: `{name}` is a place, `[…]` may be absent, a blank
 * stands for any number of them, and a tilde at the end lets anything follow.
 */
export function template(text: string): Template {
  const names: string[] = [];
  const open = text.endsWith('~');
  const body = (open ? text.slice(0, -1) : text).replace(
    /\{(\w+)\}|(\[)|(\])|( +)|([.*+?^$()|\\/])/g,
    (_all, name?: string, start?: string, end?: string, blank?: string, mark?: string) => {
      if (name !== undefined) {
        names.push(name);
        return placeOf(name);
      }
      if (start) return '(?:';
      if (end) return ')?';
      if (blank) return ' {1,4}';
      return `\\${mark}`;
    },
  );
  return { pattern: new RegExp(`^${body}${open ? '' : '$'}`, 's'), names };
}

/** The texts at a template's places; undefined where the message is another. */
export function readTemplate({ pattern, names }: Template, message: string): Record<string, string> | undefined {
  const found = pattern.exec(message);
  if (!found) return undefined;
  const texts: Record<string, string> = {};
  for (const [at, name] of names.entries()) {
    const text = found[at + 1];
    if (text !== undefined) texts[name] = text;
  }
  return texts;
}

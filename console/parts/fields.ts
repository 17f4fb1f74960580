/** One leaf of a document by its dotted name. */
export interface FlatField {
  readonly name: string;
  readonly value: string | number | boolean | null;
}

const MOST_FIELDS = 1_000;
const DEEPEST = 20;

/** The leaves of an event by dotted name, sorted; arrays give one leaf an element. Bounded, whatever the event holds. */
export function flatFields(document: unknown): readonly FlatField[] {
  const fields: FlatField[] = [];
  const walk = (value: unknown, name: string, depth: number): void => {
    if (fields.length >= MOST_FIELDS || value === undefined) return;
    if (value === null || typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') {
      fields.push({ name, value });
    } else if (depth >= DEEPEST) {
      fields.push({ name, value: '…' });
    } else if (Array.isArray(value)) {
      for (const element of value) walk(element, name, depth + 1);
    } else if (typeof value === 'object') {
      for (const [key, inner] of Object.entries(value)) walk(inner, name === '' ? key : `${name}.${key}`, depth + 1);
    }
  };
  walk(document, '', 0);
  return fields.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
}

/** The first value of a dotted name, nested or with a dotted key. */
export function fieldText(document: unknown, name: string): string | undefined {
  const value = flatFields(document).find((field) => field.name === name)?.value;
  return value === undefined || value === null ? undefined : String(value);
}

import type { Template, TemplateCache } from './netflow-templates.ts';

/** Characters that the templates of a position may take together: it travels with frames. */
const MOST_CHARACTERS = 32_768;

/** Templates as a position holds them: domain, id, options or not, fields as `[id, enterprise, length]`. */
type Kept = readonly [string, number, 0 | 1, readonly (readonly [number, number, number])[]];

/**
 * What a NetFlow source resumes with: its templates, the ones learnt last where they are too many, so that the flows
 * right after a restart can be read.
 */
export function templatePosition(cache: TemplateCache): { readonly templates: readonly Kept[] } {
  const templates: Kept[] = [];
  let left = MOST_CHARACTERS;
  for (const [domain, id, template] of [...cache.all()].reverse()) {
    const fields = template.fields.map((field) => [field.id, field.enterprise, field.length] as const);
    const kept: Kept = [domain, id, template.isOptions ? 1 : 0, fields];
    left -= JSON.stringify(kept).length + 1;
    if (left < 0) break;
    templates.push(kept);
  }
  return { templates: templates.reverse() };
}

/** Puts the templates of a position back; what is not sound is left out. */
export function restoreTemplates(cache: TemplateCache, position: unknown): void {
  const given =
    position !== null && typeof position === 'object' ? (position as { templates?: unknown }).templates : [];
  if (!Array.isArray(given)) return;
  for (const kept of given) {
    if (!Array.isArray(kept)) continue;
    const [domain, id, options, fields] = kept as unknown[];
    const template = readTemplate(fields, options === 1);
    if (typeof domain !== 'string' || !isCount(id) || !template) continue;
    cache.put(domain, id, template);
  }
}

function readTemplate(given: unknown, isOptions: boolean): Template | undefined {
  if (!Array.isArray(given)) return undefined;
  const fields = given.map((field: unknown) => {
    const [id, enterprise, length] = Array.isArray(field) ? (field as unknown[]) : [];
    return isCount(id) && isCount(enterprise) && isCount(length) ? { id, enterprise, length } : undefined;
  });
  const sound = fields.filter((field) => field !== undefined);
  const minimumLength = sound.reduce((sum, { length }) => sum + (length === 65_535 ? 1 : length), 0);
  return sound.length === fields.length && minimumLength > 0 ? { fields: sound, isOptions, minimumLength } : undefined;
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) <= 0xffff_ffff;
}

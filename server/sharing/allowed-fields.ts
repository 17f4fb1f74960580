import type { Bundle } from './stix/bundle.ts';
import type { StixObject } from './stix/objects.ts';

const HEAD = ['type', 'spec_version', 'id'];
const VERSIONED = [...HEAD, 'created', 'modified', 'created_by_ref', 'object_marking_refs', 'revoked'];
const FOUND = [...HEAD, 'object_marking_refs', 'value'];

/** Every property that may leave, by type; what is not listed stays here, whoever put it there. */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  identity: [...VERSIONED, 'name', 'identity_class', 'sectors'],
  'extension-definition': [...VERSIONED, ...['name', 'description', 'schema', 'version', 'extension_types']],
  'marking-definition': [...HEAD, 'created', 'name', 'extensions'],
  incident: [...VERSIONED, 'name', 'external_references', 'extensions'],
  'attack-pattern': [...VERSIONED, 'name', 'external_references'],
  indicator: [...VERSIONED, ...['name', 'indicator_types', 'pattern', 'pattern_type', 'pattern_version', 'valid_from']],
  'observed-data': [...VERSIONED, 'first_observed', 'last_observed', 'number_observed', 'object_refs'],
  sighting: [
    ...VERSIONED,
    ...['first_seen', 'last_seen', 'count', 'sighting_of_ref', 'observed_data_refs', 'where_sighted_refs'],
  ],
  note: [...VERSIONED, 'abstract', 'content', 'object_refs', 'extensions'],
  report: [...VERSIONED, 'name', 'report_types', 'published', 'object_refs'],
  relationship: [...VERSIONED, 'relationship_type', 'source_ref', 'target_ref'],
  'ipv4-addr': FOUND,
  'ipv6-addr': FOUND,
  'domain-name': FOUND,
  url: FOUND,
  file: [...HEAD, 'object_marking_refs', 'hashes'],
};
const EXTENSION = ['extension_type', 'determination', 'investigation_status', 'tlp_2_0'];
const OWN_EXTENSION = ['severity', 'detected', 'rsit', 'closed', 'systems', 'kind', 'task'];

/** The bundle with the allowed properties alone, and the names of those that were dropped. */
export function keepAllowed(bundle: Bundle): { readonly bundle: Bundle; readonly dropped: readonly string[] } {
  const dropped = new Set<string>();
  const objects = bundle.objects.flatMap((object): StixObject[] => {
    const allowed = ALLOWED[object.type];
    if (!allowed) {
      dropped.add(object.type);
      return [];
    }
    const kept = pick(object, allowed, object.type, dropped);
    const { extensions } = kept;
    if (typeof extensions !== 'object' || extensions === null) return [kept as StixObject];
    const clean = Object.entries(extensions as Record<string, object>).map(([id, fields]) => {
      return [id, pick(fields, [...EXTENSION, ...OWN_EXTENSION], `${object.type}.extensions`, dropped)];
    });
    return [{ ...(kept as StixObject), extensions: Object.fromEntries(clean) }];
  });
  return { bundle: { type: 'bundle', id: bundle.id, objects }, dropped: [...dropped].sort() };
}

function pick(
  from: object,
  allowed: readonly string[],
  where: string,
  dropped: Set<string>,
): Readonly<Record<string, unknown>> {
  const entries = Object.entries(from).filter(([name]) => {
    if (allowed.includes(name)) return true;
    dropped.add(`${where}.${name}`);
    return false;
  });
  return Object.fromEntries(entries);
}

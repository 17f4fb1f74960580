import type { Rule } from '../../../rules/rule.ts';
import type { AlertRecord } from '../../alerts/record.ts';
import type { IncidentRecord } from '../../incidents/record.ts';
import { messageDefinition, messageExtensions } from '../../national/message.ts';
import { stixId } from './ids.ts';
import { observableObject, patternOf, type StixObject } from './objects.ts';
import { TLP_IDS, tlpMarking } from './tlp.ts';

/** The property extension for incidents that OASIS' committee published. */
export const INCIDENT_CORE = 'extension-definition--ef765651-680c-498d-9894-99799f2fa126';

/** Our own extension of an incident: class, severity, time of detection, systems. */
export const INCIDENT_EXTENSION = stixId('extension-definition', 'haidang-incident');

/** Who reports. */
export interface Reporter {
  readonly id: string;
  readonly name: string;
  /** Since when it is known, ISO 8601: the version of what is said of it. */
  readonly createdAt: string;
}

/** Everything that a bundle is made of: nothing else of the incident can get into it. */
export interface Shareable {
  readonly id: string;
  readonly incident: Pick<
    IncidentRecord,
    | 'severity'
    | 'status'
    | 'outcome'
    | 'tlp'
    | 'rsit'
    | 'detectedAt'
    | 'createdAt'
    | 'updatedAt'
    | 'closedAt'
    | 'mergedInto'
  > &
    Pick<IncidentRecord, 'indicators' | 'techniques'>;
  readonly reporter: Reporter;
  /** The agencies that are named. */
  readonly agencies: readonly Reporter[];
  /** The texts that may leave, after the gate. */
  readonly title: string;
  readonly summary: string;
  readonly systems: readonly { readonly name: string; readonly level: number }[];
  /** Answers to what the recipient asked for, after the gate; `task` is the note that asked. */
  readonly answers?: readonly { readonly task: string; readonly text: string; readonly at: string }[];
  /** Counts and times of the alerts, and whose rule it was. */
  readonly alerts: readonly (Pick<AlertRecord, 'first' | 'last' | 'count' | 'rule'> & { readonly id: string })[];
  /** Rules whose text may leave. */
  readonly rules: ReadonlyMap<string, Pick<Rule, 'id' | 'title' | 'yaml'>>;
}

/** A STIX 2.1 bundle (§8). */
export interface Bundle {
  readonly type: 'bundle';
  readonly id: string;
  readonly objects: readonly StixObject[];
}

/**
 * The bundle of an incident: the same content gives the same bytes. Objects keep `id` and `created` over all versions;
 * `modified` is the incident's last change for what changes with it.
 */
export function incidentBundle(shared: Shareable): Bundle {
  const { incident, reporter } = shared;
  const marks = { object_marking_refs: [TLP_IDS[incident.tlp]] };
  const soc = identityObject(reporter);
  const agencies = shared.agencies.filter(({ id }) => id !== reporter.id).map(identityObject);
  const common = { spec_version: '2.1', created_by_ref: soc.id, ...marks } as const;
  const versions = { created: incident.createdAt, modified: incident.updatedAt };
  const maker = identityObject(MAKER);
  const extension = ownExtension(maker.id);
  const main = incidentObject(shared, { ...common, ...versions }, extension.id);
  const techniques = techniqueObjects(shared, common);
  const seen = indicatorObjects(shared, common, agencies.length > 0 ? agencies.map(({ id }) => id) : [soc.id]);
  const sigma = sigmaObjects(shared, common);
  const note: StixObject[] =
    shared.summary.trim() === ''
      ? []
      : [
          {
            ...common,
            ...versions,
            type: 'note',
            id: stixId('note', reporter.id, shared.id, 'summary'),
            abstract: 'Summary',
            content: shared.summary,
            object_refs: [main.id],
          },
        ];
  const answers = (shared.answers ?? []).map(
    ({ task, text, at }): StixObject => ({
      ...common,
      type: 'note',
      id: stixId('note', reporter.id, shared.id, 'answer', task),
      created: at,
      modified: at,
      abstract: 'Answer',
      content: text,
      object_refs: [main.id],
      extensions: messageExtensions({ kind: 'answer', task }),
    }),
  );
  const message = answers.length > 0 ? [messageDefinition(maker.id)] : [];
  const links = [...techniques, ...sigma].map((found) => link(main, 'related-to', found, common, shared));
  const inside = [
    soc,
    ...agencies,
    maker,
    extension,
    main,
    ...techniques,
    ...seen,
    ...sigma,
    ...note,
    ...message,
    ...answers,
    ...links,
  ];
  const report: StixObject = {
    ...common,
    ...versions,
    type: 'report',
    id: stixId('report', reporter.id, shared.id),
    name: shared.title,
    report_types: ['threat-report'],
    published: incident.createdAt,
    // Importers that do not know incidents take what the report holds.
    object_refs: inside
      .filter(({ id, type }) => type !== 'extension-definition' && id !== maker.id)
      .map(({ id }) => id),
  };
  const objects = once([tlpMarking(incident.tlp), ...inside, report]);
  return { type: 'bundle', id: stixId('bundle', reporter.id, shared.id, incident.updatedAt), objects };
}

type Common = { readonly spec_version: '2.1'; readonly created_by_ref: string; readonly object_marking_refs: string[] };

/** The identity of a center, an agency, or of who keeps our extensions. */
export function identityObject({ id, name, createdAt: at }: Reporter): StixObject {
  return {
    type: 'identity',
    spec_version: '2.1',
    id: stixId('identity', id),
    created: at,
    modified: at,
    name,
    identity_class: 'organization',
    sectors: ['government-local'],
  };
}

/** Of what all provinces say alike. */
export const MAKER: Reporter = { id: 'haidang', name: 'Hải Đăng', createdAt: '2026-11-01T00:00:00.000Z' };

/** Says what our own part of an incident is. */
function ownExtension(creator: string): StixObject {
  const at = MAKER.createdAt;
  return {
    type: 'extension-definition',
    spec_version: '2.1',
    id: INCIDENT_EXTENSION,
    created_by_ref: creator,
    created: at,
    modified: at,
    name: 'Hải Đăng incident',
    description:
      'Class by the Reference Security Incident Taxonomy, time of detection, affected systems by security level.',
    schema: 'https://haidang.example/schemas/incident-1.json',
    version: '1.0.0',
    extension_types: ['property-extension'],
  };
}

function incidentObject(
  shared: Shareable,
  head: Common & { created: string; modified: string },
  own: string,
): StixObject {
  const { incident } = shared;
  const closed = incident.status === 'closed' || incident.status === 'resolved';
  const revoked = incident.mergedInto !== undefined;
  return {
    ...head,
    type: 'incident',
    id: stixId('incident', shared.reporter.id, shared.id),
    name: shared.title,
    ...(revoked ? { revoked: true } : {}),
    external_references: [{ source_name: shared.reporter.id, external_id: shared.id }],
    extensions: {
      [INCIDENT_CORE]: {
        extension_type: 'property-extension',
        determination: determination(incident.outcome),
        investigation_status: closed ? 'closed' : incident.status === 'open' ? 'new' : 'open',
      },
      [own]: {
        extension_type: 'property-extension',
        severity: incident.severity,
        detected: incident.detectedAt,
        ...(incident.rsit === null ? {} : { rsit: incident.rsit }),
        ...(incident.closedAt === null ? {} : { closed: incident.closedAt }),
        ...(shared.systems.length === 0 ? {} : { systems: shared.systems.map(({ name, level }) => ({ name, level })) }),
      },
    },
  };
}

function determination(outcome: IncidentRecord['outcome']): string {
  if (outcome === 'false_alarm') return 'false-positive';
  return outcome === 'confirmed' ? 'successful-attempt' : 'suspected';
}

function techniqueObjects({ id, incident, reporter }: Shareable, common: Common): StixObject[] {
  return incident.techniques.map(({ technique }) => ({
    ...common,
    type: 'attack-pattern',
    id: stixId('attack-pattern', reporter.id, id, technique),
    created: incident.createdAt,
    modified: incident.createdAt,
    name: technique,
    external_references: [{ source_name: 'mitre-attack', external_id: technique }],
  }));
}

/** For each indicator: itself, what was seen as an observable, and where it was seen. */
function indicatorObjects(shared: Shareable, common: Common, where: readonly string[]): StixObject[] {
  const { incident, reporter } = shared;
  const spans = new Map(shared.alerts.map((alert) => [alert.id, alert]));
  return incident.indicators.flatMap((item) => {
    const key = [reporter.id, shared.id, item.type, item.value];
    const versions = { created: item.at, modified: item.at };
    const alert = item.alert === null ? undefined : spans.get(item.alert);
    const [first, last] = [alert?.first ?? incident.detectedAt, alert?.last ?? incident.detectedAt];
    const observable = observableObject(item);
    const indicator: StixObject = {
      ...common,
      ...versions,
      type: 'indicator',
      id: stixId('indicator', ...key),
      name: `${item.type} ${item.value}`.slice(0, 300),
      indicator_types: ['malicious-activity'],
      pattern: patternOf(item),
      pattern_type: 'stix',
      pattern_version: '2.1',
      valid_from: first,
    };
    // What grows with the alert has the incident's version.
    const growing = { created: item.at, modified: later(item.at, incident.updatedAt) };
    const observed: StixObject = {
      ...common,
      ...growing,
      type: 'observed-data',
      id: stixId('observed-data', ...key),
      first_observed: first,
      last_observed: last,
      number_observed: Math.max(1, Math.min(alert?.count ?? 1, 999_999_999)),
      object_refs: [observable.id],
    };
    const sighting: StixObject = {
      ...common,
      ...growing,
      type: 'sighting',
      id: stixId('sighting', ...key),
      first_seen: first,
      last_seen: last,
      count: Math.max(1, Math.min(alert?.count ?? 1, 999_999_999)),
      sighting_of_ref: indicator.id,
      observed_data_refs: [observed.id],
      where_sighted_refs: [...where],
    };
    const marked = { ...observable, object_marking_refs: common.object_marking_refs };
    return [indicator, marked, observed, sighting];
  });
}

/** The rules that found it, as Sigma. */
function sigmaObjects(shared: Shareable, common: Common): StixObject[] {
  const { incident, reporter } = shared;
  const ids = [...new Set(shared.alerts.map(({ rule }) => rule))].sort();
  return ids.flatMap((id) => {
    const rule = shared.rules.get(id);
    if (!rule || rule.yaml.trim() === '') return [];
    return {
      ...common,
      type: 'indicator',
      id: stixId('indicator', reporter.id, shared.id, 'sigma', rule.id),
      created: incident.createdAt,
      modified: incident.createdAt,
      name: rule.title,
      indicator_types: ['malicious-activity'],
      pattern: rule.yaml,
      pattern_type: 'sigma',
      valid_from: incident.detectedAt,
    };
  });
}

function link(from: StixObject, how: string, to: StixObject, common: Common, { incident }: Shareable): StixObject {
  return {
    ...common,
    type: 'relationship',
    id: stixId('relationship', from.id, how, to.id),
    created: incident.createdAt,
    modified: incident.createdAt,
    relationship_type: how,
    source_ref: from.id,
    target_ref: to.id,
  };
}

function later(one: string, two: string): string {
  return one > two ? one : two;
}

function once(objects: readonly StixObject[]): readonly StixObject[] {
  const byId = new Map<string, StixObject>();
  for (const object of objects) if (!byId.has(object.id)) byId.set(object.id, object);
  return [...byId.values()];
}

import { RSIT_KEYS } from '../../ecs/rsit.ts';
import type { IndicatorType } from '../../rules/indicators/indicator.ts';
import { canonicalValue } from '../../rules/indicators/indicator.ts';
import type { Severity } from '../../rules/rule.ts';
import type { Tlp } from '../incidents/record.ts';
import { marksOf } from '../indicators/read/stix.ts';
import { PatternError, patternValues } from '../indicators/read/stix-pattern.ts';
import { TLP_ORDER } from '../sharing/settings.ts';
import { INCIDENT_CORE, INCIDENT_EXTENSION } from '../sharing/stix/bundle.ts';
import { readMessage, readTime } from './message.ts';
import type { ReportedState } from './record.ts';

/** A value that others may look for, in its one spelling. */
export interface ReportedValue {
  readonly type: IndicatorType;
  readonly value: string;
}

/** What an object that a province pushed says, as far as the board shows it: every text cut short, every list bounded. */
export type Fact =
  | {
      readonly kind: 'incident';
      readonly title: string;
      readonly reference: string | null;
      readonly severity: Severity | null;
      readonly state: ReportedState;
      readonly rsit: string | null;
      readonly tlp: Tlp | null;
      readonly detectedAt: string | null;
      readonly closedAt: string | null;
      readonly systems: readonly { readonly name: string; readonly level: number }[];
    }
  | {
      readonly kind: 'container';
      readonly title: string;
      readonly incidents: readonly string[];
      readonly tlp: Tlp | null;
      readonly isRevoked: boolean;
    }
  | {
      readonly kind: 'note';
      readonly incidents: readonly string[];
      readonly title: string;
      readonly text: string;
      /** Of an answer: the note that asked. */
      readonly answers: string | null;
      readonly isRevoked: boolean;
    }
  | {
      readonly kind: 'indicator';
      readonly values: readonly ReportedValue[];
      readonly tlp: Tlp | null;
      readonly first: string | null;
      readonly isRevoked: boolean;
    }
  | {
      readonly kind: 'sighting';
      /** Of what: the indicator's id. */
      readonly of: string;
      readonly first: string | null;
      readonly last: string | null;
      readonly isRevoked: boolean;
    };

type Fields = Readonly<Record<string, unknown>>;

const SEVERITIES: readonly Severity[] = ['informational', 'low', 'medium', 'high', 'critical'];
const MOST = { title: 300, text: 4_000, incidents: 20, systems: 50, values: 20, refs: 20_000 } as const;
const ABOUT = /^(?:incident|report|grouping)--[0-9a-f-]{36}$/;

/** Types of objects that the board reads. */
export const READ_TYPES = ['incident', 'report', 'grouping', 'note', 'indicator', 'sighting'] as const;

/** Reads one object; undefined where it says nothing for the board. Nothing in it is believed beyond its own form. */
export function readFact(object: Fields): Fact | undefined {
  switch (object['type']) {
    case 'incident':
      return incidentFact(object);
    case 'report':
    case 'grouping':
      return {
        kind: 'container',
        title: text(object['name'], MOST.title),
        incidents: refs(object, /^incident--/),
        tlp: tlpOf(object),
        isRevoked: object['revoked'] === true,
      };
    case 'note': {
      const message = readMessage(object);
      return {
        kind: 'note',
        incidents: refs(object, ABOUT),
        title: text(object['abstract'], MOST.title),
        text: text(object['content'], MOST.text),
        answers: message?.kind === 'answer' ? message.task : null,
        isRevoked: object['revoked'] === true,
      };
    }
    case 'indicator': {
      const values = valuesOf(object);
      if (values.length === 0) return undefined;
      const first = readTime(object['valid_from']);
      return { kind: 'indicator', values, tlp: tlpOf(object), first, isRevoked: object['revoked'] === true };
    }
    case 'sighting': {
      const of = object['sighting_of_ref'];
      if (typeof of !== 'string' || !/^indicator--[0-9a-f-]{36}$/.test(of)) return undefined;
      const [first, last] = [readTime(object['first_seen']), readTime(object['last_seen'])];
      return { kind: 'sighting', of, first, last, isRevoked: object['revoked'] === true };
    }
    default:
      return undefined;
  }
}

/** The values that an indicator with a STIX pattern looks for; none where its pattern is of another kind, or more than an OR of values. */
export function valuesOf({ pattern, pattern_type: type = 'stix' }: Fields): readonly ReportedValue[] {
  if (typeof pattern !== 'string' || type !== 'stix') return [];
  try {
    const found = new Map<string, ReportedValue>();
    for (const { type: own, value } of patternValues(pattern)) {
      const spelled = canonicalValue(own, value);
      if (spelled !== undefined && spelled.length <= 2_000)
        found.set(`${own} ${spelled}`, { type: own, value: spelled });
      if (found.size === MOST.values) break;
    }
    return [...found.values()];
  } catch (error) {
    if (error instanceof PatternError) return [];
    throw error;
  }
}

/** The strictest mark of an object; null where it has none that is known. */
export function tlpOf(object: Fields): Tlp | null {
  const marks = marksOf(object);
  return TLP_ORDER.findLast((one) => marks.includes(one)) ?? null;
}

/** A text of at most so many characters; empty where the value is none. */
export function text(value: unknown, most: number): string {
  return typeof value === 'string' ? value.slice(0, most).trim() : '';
}

function incidentFact(object: Fields): Fact {
  const extensions = fieldsOf(object['extensions']);
  const [core, own] = [fieldsOf(extensions[INCIDENT_CORE]), fieldsOf(extensions[INCIDENT_EXTENSION])];
  const [reference] = listOf(object['external_references']).map((one) => text(fieldsOf(one)['external_id'], 100));
  const { severity, rsit, detected, closed, systems } = own;
  return {
    kind: 'incident',
    title: text(object['name'], MOST.title),
    reference: reference || null,
    severity: SEVERITIES.find((one) => one === severity) ?? null,
    state: stateOf(object, core),
    rsit: RSIT_KEYS.find((one) => one === rsit) ?? null,
    tlp: tlpOf(object),
    detectedAt: readTime(detected) ?? readTime(object['created']),
    closedAt: readTime(closed),
    systems: listOf(systems)
      .slice(0, MOST.systems)
      .map(fieldsOf)
      .map(({ name, level }) => ({ name: text(name, 200), level: isLevel(level) ? level : 0 })),
  };
}

function stateOf({ revoked }: Fields, { investigation_status: status }: Fields): ReportedState {
  if (revoked === true) return 'revoked';
  return status === 'closed' || status === 'new' ? status : 'open';
}

function isLevel(value: unknown): value is number {
  return Number.isInteger(value) && Number(value) >= 1 && Number(value) <= 5;
}

function refs(object: Fields, form: RegExp): readonly string[] {
  const found = listOf(object['object_refs'])
    .slice(0, MOST.refs)
    .filter((ref) => typeof ref === 'string' && ref.length <= 60 && form.test(ref));
  return [...new Set(found as string[])].slice(0, MOST.incidents);
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function fieldsOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : {};
}

import type { Rule } from '../../rules/rule.ts';
import { agenciesOf } from '../incidents/merge.ts';
import type { IncidentRecord, Tlp } from '../incidents/record.ts';
import type { AlertRecord } from '../store/record-kinds.ts';
import { redact } from './redact.ts';
import type { Bundle, Reporter, Shareable } from './stix/bundle.ts';
import { incidentBundle } from './stix/bundle.ts';

/** Something of the incident that stays here, and why. */
export interface Withheld {
  readonly what: 'comments' | 'tasks' | 'evidence' | 'timeline' | 'people' | 'events' | 'indicator' | 'text' | 'rule';
  /** Where: a field, or how many. */
  readonly detail: string;
  readonly why: 'never-shared' | 'personal' | 'secret' | 'internal';
}

/** What would leave, byte for byte, and what was cut. */
export interface Prepared {
  readonly bundle: Bundle;
  readonly withheld: readonly Withheld[];
  /** Texts that people wrote: they leave only once somebody has read them. */
  readonly texts: readonly { readonly field: string; readonly text: string }[];
}

/** Marks that may go to the national center, which is no public: red stays with those who were told in person. */
const MAY_LEAVE: readonly Tlp[] = ['clear', 'green', 'amber', 'amber+strict'];

/** Whether an incident of this mark may be sent to the national center. */
export function mayLeave(tlp: Tlp): boolean {
  return MAY_LEAVE.includes(tlp);
}

/** Prepares an incident: only listed fields go on, and texts lose what must not leave. */
export function prepareIncident(options: {
  readonly id: string;
  readonly incident: IncidentRecord;
  readonly reporter: Reporter;
  readonly agencies: ReadonlyMap<string, { readonly name: string; readonly createdAt: string }>;
  readonly alerts: readonly { readonly id: string; readonly document: AlertRecord }[];
  readonly rules: ReadonlyMap<string, Rule>;
}): Prepared {
  const { id, incident, reporter, agencies, alerts, rules } = options;
  const withheld: Withheld[] = [];
  const never = (what: Withheld['what'], count: number) => {
    if (count > 0) withheld.push({ what, detail: String(count), why: 'never-shared' });
  };
  never('comments', incident.comments.length);
  never('tasks', incident.tasks.length);
  never('evidence', incident.evidence.length);
  never('timeline', incident.acts.length);
  never(
    'events',
    alerts.reduce((sum, { document }) => sum + document.count, 0),
  );
  withheld.push({ what: 'people', detail: 'owner, createdBy', why: 'personal' });
  const clean = (field: string, text: string): string => {
    const cleaned = redact(text);
    for (const { kind } of cleaned.cuts) withheld.push({ what: 'text', detail: `${field}: ${kind}`, why: 'secret' });
    return cleaned.text;
  };
  // A mail address is a person's, most of all of those who were attacked.
  const shared = incident.indicators.filter(
    (one) => one.type !== 'email' && (one.type !== 'url' || !hasSecret(one.value)),
  );
  for (const one of incident.indicators.filter((candidate) => !shared.includes(candidate)))
    withheld.push({ what: 'indicator', detail: one.type, why: one.type === 'email' ? 'personal' : 'secret' });
  const known = new Map<string, Pick<Rule, 'id' | 'title' | 'yaml'>>();
  for (const { document } of alerts) {
    const rule = rules.get(document.rule);
    if (!rule || known.has(rule.id)) continue;
    if (redact(rule.yaml).cuts.length === 0) known.set(rule.id, rule);
    else withheld.push({ what: 'rule', detail: rule.id, why: 'internal' });
  }
  const systems = incident.systems.map(({ name, level }, at) => ({ name: clean(`systems[${at}].name`, name), level }));
  const title = clean('title', incident.title);
  const summary = clean('summary', incident.summary);
  const input: Shareable = {
    id,
    incident: { ...incident, indicators: shared },
    reporter,
    agencies: agenciesOf(incident).flatMap((agency) => {
      const found = agencies.get(agency);
      return found ? { id: agency, name: found.name, createdAt: found.createdAt } : [];
    }),
    title,
    summary,
    systems,
    alerts: alerts.map(({ id: alert, document: { first, last, count, rule } }) => ({
      id: alert,
      first,
      last,
      count,
      rule,
    })),
    rules: known,
  };
  const texts = [
    { field: 'title', text: title },
    ...(summary === '' ? [] : [{ field: 'summary', text: summary }]),
    ...systems.map(({ name }, at) => ({ field: `systems[${at}].name`, text: name })),
  ];
  return { bundle: incidentBundle(input), withheld, texts };
}

function hasSecret(url: string): boolean {
  const kinds = redact(decoded(url)).cuts.map(({ kind }) => kind);
  return kinds.length > 0;
}

function decoded(url: string): string {
  try {
    return decodeURIComponent(url);
  } catch {
    return url;
  }
}

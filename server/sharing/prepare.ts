import type { Rule } from '../../rules/rule.ts';
import type { AlertRecord } from '../alerts/record.ts';
import { allowList, readObservable } from '../incidents/indicators.ts';
import { agenciesOf, detectionOf } from '../incidents/merge.ts';
import type { IncidentRecord, IndicatorItem, Tlp } from '../incidents/record.ts';
import { keepAllowed } from './allowed-fields.ts';
import { type Cleaning, type Cut, findSecrets, redact, visibleText } from './redact.ts';
import { TLP_ORDER } from './settings.ts';
import type { Bundle, Reporter, Shareable } from './stix/bundle.ts';
import { incidentBundle } from './stix/bundle.ts';

/** Something of the incident that stays here, and why. */
export interface Withheld {
  readonly what:
    | 'comments'
    | 'tasks'
    | 'evidence'
    | 'timeline'
    | 'people'
    | 'events'
    | 'indicator'
    | 'text'
    | 'rule'
    | 'field';
  /** Where: a field, or how many. */
  readonly detail: string;
  readonly why: 'never-shared' | 'personal' | 'secret' | 'internal' | 'not-read';
}

/** A text that a person wrote, as it was and as it leaves; `cuts` are places in `before`. */
export interface SharedText {
  readonly field: string;
  readonly before: string;
  readonly cuts: readonly Cut[];
  readonly text: string;
}

/** What would leave, byte for byte, and what was cut. */
export interface Prepared {
  readonly bundle: Bundle;
  readonly withheld: readonly Withheld[];
  /** Texts that people wrote: they leave only once somebody has read them. */
  readonly texts: readonly SharedText[];
}

/** Whether an incident of this mark may go to somebody who may see up to another one; what is red leaves to nobody. */
export function mayLeave(tlp: Tlp, most: Tlp = 'amber+strict'): boolean {
  return tlp !== 'red' && TLP_ORDER.indexOf(tlp) <= TLP_ORDER.indexOf(most);
}

/** Fields of alerts that name accounts: persons, seen from outside. */
const ACCOUNT_FIELDS = ['user.name', 'user.effective.name', 'user.target.name', 'user.full_name', 'related.user'];
const OWN_NETWORKS = allowList([]);

/** Prepares an incident: only listed fields go on, and texts lose what must not leave. */
export function prepareIncident(options: {
  readonly id: string;
  readonly incident: IncidentRecord;
  readonly reporter: Reporter;
  readonly agencies: ReadonlyMap<string, { readonly name: string; readonly createdAt: string }>;
  readonly alerts: readonly { readonly id: string; readonly document: AlertRecord }[];
  readonly rules: ReadonlyMap<string, Rule>;
  /** Who it is for: answers go to who asked alone. */
  readonly recipient?: string;
  readonly pseudonym?: Cleaning['pseudonym'];
  /** Without what somebody must have read before: texts and rules. */
  readonly minimal?: boolean;
}): Prepared {
  const { id, incident, reporter, agencies, alerts, rules, minimal = false } = options;
  const withheld: Withheld[] = [];
  const never = (what: Withheld['what'], count: number) => {
    if (count > 0) withheld.push({ what, detail: String(count), why: 'never-shared' });
  };
  never('comments', incident.comments.length);
  const answered = incident.tasks.flatMap(({ doneAt, request }) => {
    const isTheirs = request?.answersTo != null && request.answersTo === options.recipient;
    return isTheirs && doneAt !== null && request?.answer ? [{ task: request.note, answer: request.answer }] : [];
  });
  never('tasks', incident.tasks.length - answered.length);
  never('evidence', incident.evidence.length);
  never('timeline', incident.acts.length);
  never(
    'events',
    alerts.reduce((sum, { document }) => sum + document.count, 0),
  );
  withheld.push({ what: 'people', detail: 'owner, createdBy', why: 'personal' });
  const shared = incident.indicators.filter((one) => {
    const why = whyWithheld(one);
    if (why) withheld.push({ what: 'indicator', detail: one.type, why });
    return why === undefined;
  });
  const texts: SharedText[] = [];
  const names = alerts.flatMap(({ document }) =>
    ACCOUNT_FIELDS.flatMap((field) => [...(document.entities?.[field]?.values ?? [])]),
  );
  const cleaning: Cleaning = { names, ...(options.pseudonym ? { pseudonym: options.pseudonym } : {}) };
  const clean = (field: string, text: string, instead: string): string => {
    if (minimal) {
      if (text !== '') withheld.push({ what: 'text', detail: field, why: 'not-read' });
      return instead;
    }
    const before = visibleText(text);
    const cleaned = redact(before, cleaning);
    const why = (kind: Cut['kind']) => (kind === 'internal-address' ? 'internal' : 'secret');
    for (const { kind } of cleaned.cuts) withheld.push({ what: 'text', detail: `${field}: ${kind}`, why: why(kind) });
    if (before !== '') texts.push({ field, before, cuts: cleaned.cuts, text: cleaned.text });
    return cleaned.text;
  };
  const title = clean('title', incident.title, `Incident ${id}`);
  const summary = clean('summary', incident.summary, '');
  const systems = incident.systems.map(({ name, level }, at) => {
    return { name: clean(`systems[${at}].name`, name, `system ${at + 1}`), level };
  });
  const answers = answered.map(({ task, answer }, at) => {
    return { task, at: answer.at, text: clean(`answers[${at}]`, answer.text, '') };
  });
  const known = new Map<string, Pick<Rule, 'id' | 'title' | 'yaml'>>();
  for (const { document } of alerts) {
    const rule = rules.get(document.rule);
    if (!rule || known.has(rule.id)) continue;
    if (minimal) withheld.push({ what: 'rule', detail: rule.id, why: 'not-read' });
    else if (redact(`${rule.title}\n${rule.yaml}`, { names }).cuts.length === 0) known.set(rule.id, rule);
    else withheld.push({ what: 'rule', detail: rule.id, why: 'internal' });
  }
  const input: Shareable = {
    id,
    incident: { ...incident, indicators: shared, detectedAt: detectionOf(incident) },
    reporter,
    agencies: agenciesOf(incident).flatMap((agency) => {
      const found = agencies.get(agency);
      return found ? { id: agency, name: found.name, createdAt: found.createdAt } : [];
    }),
    title,
    summary,
    systems,
    // An answer is its text: what nobody read does not leave in half.
    answers: minimal ? [] : answers,
    alerts: alerts.map(({ id: alert, document: { first, last, count, rule } }) => ({
      id: alert,
      first,
      last,
      count,
      rule,
    })),
    rules: known,
  };
  const { bundle, dropped } = keepAllowed(incidentBundle(input));
  for (const detail of dropped) withheld.push({ what: 'field', detail, why: 'never-shared' });
  return { bundle, withheld, texts };
}

/** Why an indicator stays here; undefined where it may go. */
function whyWithheld(one: IndicatorItem): Withheld['why'] | undefined {
  // A mail address is a person's, most of all of those who were attacked.
  if (one.type === 'email') return 'personal';
  if (OWN_NETWORKS.holds(one)) return 'internal';
  if (one.type === 'url' || one.type === 'domain') {
    const kinds = findSecrets(visibleText(decoded(one.value))).map(({ kind }) => kind);
    if (kinds.length > 0) return kinds.includes('internal-address') ? 'internal' : 'secret';
  }
  // What is no observable at all is a text in the clothes of one.
  return readObservable(one.value) === undefined ? 'secret' : undefined;
}

/** What an address says once it is read, also where it was encoded twice. */
function decoded(url: string): string {
  let text = url;
  for (let round = 0; round < 3; round += 1) {
    try {
      const next = decodeURIComponent(text.replaceAll('+', ' '));
      if (next === text) break;
      text = next;
    } catch {
      break;
    }
  }
  return text;
}

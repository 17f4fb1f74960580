import type { IncidentDetail, IncidentRow, IncidentSet } from '../../server/incidents/schema.ts';

/** What the form about an incident holds; `detectedAt` is the local time of its input field. */
export interface Draft {
  readonly title: string;
  readonly summary: string;
  readonly severity: IncidentRow['severity'];
  readonly tlp: IncidentRow['tlp'];
  readonly rsit: string;
  readonly owner: string;
  readonly detectedAt: string;
}
export type DraftField = keyof Draft;
const FIELDS: readonly DraftField[] = ['title', 'summary', 'severity', 'tlp', 'rsit', 'owner', 'detectedAt'];

/** The form as the incident is; `localTime` writes a moment as the input field wants it. */
export function draftOf({ incident, summary }: IncidentDetail, localTime: (moment: number) => string): Draft {
  const { title, severity, tlp, rsit, owner, detectedAt } = incident;
  return {
    ...{ title, summary, severity, tlp },
    rsit: rsit ?? '',
    owner: owner ?? '',
    detectedAt: localTime(Date.parse(detectedAt)),
  };
}

/** Fields in which one differs from the other. */
export function differences(from: Draft, to: Draft): readonly DraftField[] {
  return FIELDS.filter((field) => from[field] !== to[field]);
}

/** What is sent: the fields that were changed here, and no others, so that nobody's work is overwritten unseen. */
export function changesOf(base: Draft, mine: Draft, moment: (local: string) => string | undefined): IncidentSet {
  const changed = new Set(differences(base, mine));
  const detectedAt = moment(mine.detectedAt);
  return {
    ...(changed.has('title') ? { title: mine.title.trim() } : {}),
    ...(changed.has('summary') ? { summary: mine.summary } : {}),
    ...(changed.has('severity') ? { severity: mine.severity } : {}),
    ...(changed.has('tlp') ? { tlp: mine.tlp } : {}),
    ...(changed.has('rsit') ? { rsit: mine.rsit || null } : {}),
    ...(changed.has('owner') ? { owner: mine.owner || null } : {}),
    ...(changed.has('detectedAt') && detectedAt !== undefined ? { detectedAt } : {}),
  };
}

/** The form on top of what others made of the incident meanwhile: what was not touched here is theirs, what was stays. */
export function rebase(base: Draft, mine: Draft, theirs: Draft): Draft {
  const touched = Object.fromEntries(differences(base, mine).map((field) => [field, mine[field]]));
  return { ...theirs, ...touched };
}

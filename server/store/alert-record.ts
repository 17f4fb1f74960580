import type { AlertChange, AlertDetected, AlertRecord, AlertStatus } from '../alerts/record.ts';

/** An alert as the engine first writes it. */
export function newAlert(detected: AlertDetected): AlertRecord {
  return {
    ...detected,
    status: 'new',
    verdict: null,
    owner: null,
    countAtClose: null,
    timeline: [{ at: detected.createdAt, by: ENGINE, act: 'created' }],
  };
}

/** The alert with what the engine knows now; what people set stays. */
export function grownAlert(before: AlertRecord, detected: AlertDetected): AlertRecord {
  return { ...before, ...detected, createdAt: before.createdAt };
}

/** Whether nothing changed but the time of looking: a replay must not stir the consoles. */
export function sameAlert(before: AlertRecord, after: AlertRecord): boolean {
  return JSON.stringify({ ...before, updatedAt: '' }) === JSON.stringify({ ...after, updatedAt: '' });
}

/**
 * Joins a later alert to the earlier one that it turned out to touch (`docs/decisions/0003`). The engine's part of `into`
 * holds both already; here it takes over what people did. What one of them still had open stays open, for nobody has
 * judged it yet. The later one keeps its own history and says where it went. Joined already: nothing changes.
 */
export function joinAlerts(
  into: { readonly id: string; readonly document: AlertRecord },
  from: { readonly id: string; readonly document: AlertRecord },
): { readonly into: AlertRecord; readonly from: AlertRecord } {
  const [kept, gone] = [into.document, from.document];
  if (gone.status === 'merged') return { into: kept, from: gone };
  const at = kept.updatedAt;
  const acts = gone.timeline.filter(({ by }) => by !== ENGINE);
  const known = new Set(kept.timeline.map((act) => JSON.stringify(act)));
  const taken = acts.filter((act) => !known.has(JSON.stringify(act)));
  const status = joinedStatus(kept.status, gone.status);
  // Joined before, and stopped between the writing of the two: all but acts since then is taken over already.
  const isKnown = kept.timeline.some((act) => act.act === 'merged' && act.from === from.id);
  const own: AlertChange[] = [];
  // Of a row that nobody touched there is nothing to tell: else whoever sends the events could make a history grow.
  if (acts.length > 0 && !isKnown) own.push({ at, by: ENGINE, act: 'merged', from: from.id });
  if (status !== kept.status) own.push({ at, by: ENGINE, act: 'status', from: kept.status, to: status });
  const isClosed = status === 'closed';
  const timeline = [...kept.timeline, ...taken].sort((a, b) => a.at.localeCompare(b.at));
  return {
    into: {
      ...kept,
      status,
      verdict: isClosed ? kept.verdict : null,
      owner: kept.owner ?? gone.owner,
      countAtClose: isClosed ? (kept.countAtClose ?? 0) + (isKnown ? 0 : (gone.countAtClose ?? 0)) : null,
      timeline: [...timeline, ...own],
    },
    from: {
      ...gone,
      status: 'merged',
      mergedInto: into.id,
      updatedAt: at,
      timeline: [...gone.timeline, { at, by: ENGINE, act: 'merged', to: into.id }],
    },
  };
}

const ENGINE = 'engine';

function joinedStatus(kept: AlertStatus, gone: AlertStatus): AlertStatus {
  const both = [kept, gone];
  if (both.includes('in_progress')) return 'in_progress';
  return both.includes('new') ? 'new' : kept;
}

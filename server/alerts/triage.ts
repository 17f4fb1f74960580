import { HaidangError } from '../errors.ts';
import type { AlertChange, AlertRecord } from './record.ts';
import type { AlertChanges } from './schema.ts';

/** Acts that one alert keeps; a further one is refused so that a record stays a record. */
const TIMELINE_MAX = 1000;

/** Refuses an act that says nothing, or a close without its reasons. @throws HaidangError `HD_BAD_REQUEST` */
export function checkChanges(changes: AlertChanges): void {
  const { status, verdict, owner, note } = changes;
  const noted = note !== undefined && note.trim() !== '';
  if (status === undefined && owner === undefined && !noted && verdict === undefined)
    throw new HaidangError('HD_BAD_REQUEST', 'The act is empty: give a status, a verdict, an owner or a note.');
  if (status === 'closed' && (verdict === undefined || verdict === null))
    throw new HaidangError('HD_BAD_REQUEST', 'Closing needs a verdict.');
  if (status === 'closed' && !noted) throw new HaidangError('HD_BAD_REQUEST', 'Closing needs a note that says why.');
  if (status !== undefined && status !== 'closed' && verdict !== undefined && verdict !== null)
    throw new HaidangError(
      'HD_BAD_REQUEST',
      'A verdict belongs to a closed alert; close it, or leave the verdict out.',
    );
  const ids = new Set(changes.alerts.map(({ id }) => id));
  if (ids.size !== changes.alerts.length) throw new HaidangError('HD_BAD_REQUEST', 'An alert is named twice.');
}

/** The alert after one act, with what changed in its timeline. @throws HaidangError `HD_BAD_REQUEST` */
export function applyChanges(alert: AlertRecord, changes: AlertChanges, by: string, at: string): AlertRecord {
  if (alert.mergedInto !== undefined)
    throw new HaidangError(
      'HD_RECORD_CONFLICT',
      `This alert is part of "${alert.mergedInto}" now, as what came late lies between the two; act on that one.`,
    );
  const status = changes.status ?? alert.status;
  const note = changes.note?.trim() || undefined;
  if (changes.verdict && status !== 'closed')
    throw new HaidangError('HD_BAD_REQUEST', 'A verdict belongs to a closed alert; close it with the verdict.');
  if (status === 'closed' && changes.verdict === null)
    throw new HaidangError('HD_BAD_REQUEST', 'A closed alert keeps a verdict; open it again to take the verdict away.');

  const verdict = status === 'closed' ? (changes.verdict ?? alert.verdict) : null;
  const owner = changes.owner === undefined ? alert.owner : changes.owner;
  const acts: AlertChange[] = [];
  if (status !== alert.status || verdict !== alert.verdict)
    acts.push({ at, by, act: 'status', from: alert.status, to: status, ...(verdict === null ? {} : { verdict }) });
  if (owner !== alert.owner) acts.push({ at, by, act: 'owner', from: alert.owner, to: owner });
  if (note !== undefined) acts.splice(0, 1, { ...(acts[0] ?? { at, by, act: 'note' }), note });
  if (alert.timeline.length + acts.length > TIMELINE_MAX)
    throw new HaidangError('HD_BAD_REQUEST', `An alert keeps at most ${TIMELINE_MAX} acts; this one is full.`);

  const closing = status === 'closed' && alert.status !== 'closed';
  const countAtClose = status !== 'closed' ? null : closing ? alert.count : alert.countAtClose;
  return { ...alert, status, verdict, owner, countAtClose, timeline: [...alert.timeline, ...acts] };
}

import { HaidangError } from '../errors.ts';
import type { AgencyId, Identity } from '../identity.ts';
import { withCustody } from '../incidents/custody.ts';
import {
  type AgencyRequestRecord,
  MOST_FILES,
  MOST_MESSAGES,
  MOST_REQUEST_BYTES,
  type RequestFile,
  type RequestMessage,
  type RequestPending,
  type RequestSide,
} from './record.ts';

/** Who acts, when, and for which side; `id` gives ids that nothing else has. */
export interface RequestActor {
  readonly by: string;
  readonly at: string;
  readonly side: RequestSide;
  id(): string;
}

/** The longest that an agency is given, in days. */
export const LONGEST_DAYS = 366;
const DAY_MS = 86_400_000;

/** On whose side a reader of the request stands. */
export function sideOf({ agencies }: Identity, { askerSees }: Pick<AgencyRequestRecord, 'askerSees'>): RequestSide {
  if (agencies === 'all') return 'asker';
  if (askerSees === 'all') return 'agency';
  return askerSees.every((agency) => agencies.includes(agency)) ? 'asker' : 'agency';
}

/** A due time as it is kept. @throws HaidangError `HD_BAD_REQUEST` where it is not ahead, or too far. */
export function dueTime(text: string, now: string): string {
  const ahead = Date.parse(text) - Date.parse(now);
  if (!(ahead > 0)) throw new HaidangError('HD_BAD_REQUEST', 'The due time is not ahead of now; give a later one.');
  if (ahead > LONGEST_DAYS * DAY_MS)
    throw new HaidangError('HD_BAD_REQUEST', `The due time is more than ${LONGEST_DAYS} days ahead.`);
  return new Date(text).toISOString();
}

/** A new request with its question. */
export function startRequest(
  about: { readonly agency: AgencyId; readonly incident: string | null; readonly alert: string | null },
  asked: { readonly subject: string; readonly text: string; readonly due: string },
  askerSees: Identity['agencies'],
  actor: RequestActor,
): AgencyRequestRecord {
  const subject = written(asked.subject, 'subject');
  const { by, at } = actor;
  const empty = { readAt: null, readBy: null, remindedAt: null, answeredAt: null, answeredBy: null };
  const record: AgencyRequestRecord = {
    ...about,
    subject,
    state: 'asked',
    due: dueTime(asked.due, at),
    askedAt: at,
    askedBy: by,
    askerSees,
    ...empty,
    closedAt: null,
    closedBy: null,
    closeNote: '',
    updatedAt: at,
    messages: [message(actor, 'question', asked.text)],
    files: [],
    waiting: 0,
    pending: [],
  };
  const detail = { agency: about.agency, incident: about.incident, alert: about.alert, subject, due: record.due };
  return settled(owing(record, actor, [{ kind: 'audit', act: 'request.ask', detail }, history('request')]));
}

/** The request once somebody of the agency has opened it; undefined where that changes nothing. */
export function markRead(record: AgencyRequestRecord, actor: RequestActor): AgencyRequestRecord | undefined {
  if (actor.side !== 'agency' || record.readAt !== null || record.state === 'closed') return undefined;
  const state = record.state === 'asked' ? ('read' as const) : record.state;
  const read = { ...record, state, readAt: actor.at, readBy: actor.by, updatedAt: actor.at };
  return settled(owing(read, actor, [{ kind: 'audit', act: 'request.read', detail: {} }]));
}

/** The request with an answer. @throws HaidangError `HD_BAD_REQUEST`, `HD_TOO_LARGE` */
export function withAnswer(record: AgencyRequestRecord, text: string, actor: RequestActor): AgencyRequestRecord {
  mustBeOpen(record);
  const { at, by } = actor;
  const answered = withMessage(record, message(actor, 'answer', text));
  const read = { readAt: record.readAt ?? at, readBy: record.readBy ?? by };
  const next = { ...answered, ...read, state: 'answered' as const, answeredAt: at, answeredBy: by, updatedAt: at };
  const detail = { side: actor.side, late: at > record.due, files: record.files.length };
  return settled(owing(next, actor, [{ kind: 'audit', act: 'request.answer', detail }, history('request-answered')]));
}

/** The request with a file. @throws HaidangError `HD_BAD_REQUEST`, `HD_TOO_LARGE` */
export function withFile(
  record: AgencyRequestRecord,
  { name, bytes, sha256 }: Pick<RequestFile, 'name' | 'bytes' | 'sha256'>,
  actor: RequestActor,
): AgencyRequestRecord {
  mustBeOpen(record);
  checkRoom(record, bytes);
  const { at, by, side } = actor;
  const bare: RequestFile = { id: actor.id(), at, by, side, name, bytes, sha256, custody: [], placed: null };
  const file = withCustody(bare, { at, by, act: 'added', note: '' });
  const next = { ...record, files: [...record.files, file], updatedAt: at };
  return settled(owing(next, actor, [{ kind: 'audit', act: 'request.file', detail: { name, bytes, sha256 } }]));
}

/** The request after somebody read a file of it: an entry in its chain of custody. @throws HaidangError `HD_NOT_FOUND` */
export function withFileRead(record: AgencyRequestRecord, id: string, actor: RequestActor): AgencyRequestRecord {
  const file = takeFile(record, id);
  const read = withCustody(file, { at: actor.at, by: actor.by, act: 'read', note: '' });
  const files = record.files.map((one) => (one === file ? read : one));
  const detail = { name: file.name, sha256: file.sha256 };
  return settled(owing({ ...record, files }, actor, [{ kind: 'audit', act: 'request.file.read', detail }]));
}

/** The request asked once more, with a new due time. @throws HaidangError `HD_BAD_REQUEST`, `HD_TOO_LARGE` */
export function askedAgain(
  record: AgencyRequestRecord,
  asked: { readonly text: string; readonly due: string },
  actor: RequestActor,
): AgencyRequestRecord {
  const due = dueTime(asked.due, actor.at);
  const next: AgencyRequestRecord = {
    ...withMessage(record, message(actor, 'again', asked.text)),
    state: 'asked',
    due,
    readAt: null,
    readBy: null,
    remindedAt: null,
    closedAt: null,
    closedBy: null,
    closeNote: '',
    updatedAt: actor.at,
  };
  return settled(owing(next, actor, [{ kind: 'audit', act: 'request.again', detail: { due } }, history('request')]));
}

/** The request closed. @throws HaidangError `HD_BAD_REQUEST` where it is so already. */
export function closedRequest(record: AgencyRequestRecord, note: string, actor: RequestActor): AgencyRequestRecord {
  mustBeOpen(record);
  const { at, by } = actor;
  const closing = { state: 'closed' as const, closedAt: at, closedBy: by, closeNote: note.trim(), updatedAt: at };
  const detail = { from: record.state };
  return settled(
    owing({ ...record, ...closing }, actor, [
      { kind: 'audit', act: 'request.close', detail },
      history('request-closed'),
    ]),
  );
}

/** The request once its time is over; undefined where it is answered, closed, or not due. */
export function turnedOverdue(record: AgencyRequestRecord, actor: RequestActor): AgencyRequestRecord | undefined {
  const isOpen = record.state === 'asked' || record.state === 'read';
  if (!isOpen || record.due > actor.at) return undefined;
  const late = { ...record, state: 'overdue' as const, remindedAt: actor.at, updatedAt: actor.at };
  return settled(owing(late, actor, [{ kind: 'audit', act: 'request.overdue', detail: { due: record.due } }]));
}

/** The record with what follows from what it owes. */
export function settled(record: AgencyRequestRecord): AgencyRequestRecord {
  const unplaced = record.files.some(({ placed, refused }) => placed === null && refused === undefined);
  const isOwed = record.pending.length > 0 || (unplaced && record.incident !== null);
  const waits = record.incident === null && (unplaced || record.state !== 'closed');
  return { ...record, waiting: isOwed ? 1 : waits ? 2 : 0 };
}

/** @throws HaidangError `HD_NOT_FOUND` */
export function takeFile(record: AgencyRequestRecord, id: string): RequestFile {
  const found = record.files.find((one) => one.id === id);
  if (found) return found;
  throw new HaidangError('HD_NOT_FOUND', 'This request has no such file.');
}

/** @throws HaidangError `HD_TOO_LARGE` where a request holds no more files, or not so many bytes. */
export function checkRoom({ files }: Pick<AgencyRequestRecord, 'files'>, more: number): void {
  if (files.length >= MOST_FILES)
    throw new HaidangError('HD_TOO_LARGE', `A request takes at most ${MOST_FILES} files; pack them into one archive.`);
  const bytes = files.reduce((sum, one) => sum + one.bytes, more);
  if (bytes > MOST_REQUEST_BYTES)
    throw new HaidangError('HD_TOO_LARGE', `The files of one request take at most ${MOST_REQUEST_BYTES} bytes.`);
}

/** @throws HaidangError `HD_BAD_REQUEST` */
export function mustBeOpen({ state }: Pick<AgencyRequestRecord, 'state'>): void {
  if (state === 'closed')
    throw new HaidangError('HD_BAD_REQUEST', 'This request is closed; whoever asked can ask again.');
}

function withMessage(record: AgencyRequestRecord, more: RequestMessage): AgencyRequestRecord {
  if (record.messages.length >= MOST_MESSAGES)
    throw new HaidangError('HD_TOO_LARGE', `A request holds at most ${MOST_MESSAGES} messages; make another one.`);
  return { ...record, messages: [...record.messages, more] };
}

function message(actor: RequestActor, kind: RequestMessage['kind'], text: string): RequestMessage {
  const { by, at, side } = actor;
  return { id: actor.id(), at, by, side, kind, text: written(text, 'text') };
}

function written(text: string, what: string): string {
  const trimmed = text.trim();
  if (trimmed === '') throw new HaidangError('HD_BAD_REQUEST', `The ${what} is empty.`);
  return trimmed;
}

type Owed = RequestPending extends infer P ? (P extends unknown ? Omit<P, 'id' | 'at' | 'by'> : never) : never;

function history(act: Extract<RequestPending, { kind: 'history' }>['act']): Owed {
  return { kind: 'history', act };
}

function owing(record: AgencyRequestRecord, actor: RequestActor, owed: readonly Owed[]): AgencyRequestRecord {
  const { by, at } = actor;
  const lines = owed.map((one) => ({ ...one, id: actor.id(), by, at }) as RequestPending);
  return { ...record, pending: [...record.pending, ...lines] };
}

import type { AgencyId } from '../identity.ts';
import type { CustodyEntry, IncidentActName } from '../incidents/record.ts';

/** `overdue`: it was due, and nobody has answered; an answer is taken all the same. */
export type RequestState = 'asked' | 'read' | 'overdue' | 'answered' | 'closed';
/** `asker`: whoever sees all that the one who asked saw; `agency`: everybody else who sees the request. */
export type RequestSide = 'asker' | 'agency';

/** What one of the two sides wrote; the question is the first of them. */
export interface RequestMessage {
  readonly id: string;
  readonly at: string;
  readonly by: string;
  readonly side: RequestSide;
  readonly kind: 'question' | 'answer' | 'again';
  readonly text: string;
}

/** A file that came with an answer; the bytes lie with the evidence of incidents, under their SHA-256. */
export interface RequestFile {
  readonly id: string;
  readonly at: string;
  readonly by: string;
  readonly side: RequestSide;
  readonly name: string;
  readonly bytes: number;
  readonly sha256: string;
  readonly custody: readonly CustodyEntry[];
  /** The incident whose evidence it is; null while there is none. */
  readonly placed: string | null;
  /** Why it is no incident's evidence and will be none: the incident is full. */
  readonly refused?: string;
}

/** What is still to be written elsewhere; done again it changes nothing. */
export type RequestPending = { readonly id: string; readonly at: string; readonly by: string } & (
  | { readonly kind: 'audit'; readonly act: string; readonly detail: Readonly<Record<string, unknown>> }
  | {
      readonly kind: 'history';
      readonly act: Extract<IncidentActName, 'request' | 'request-answered' | 'request-closed'>;
    }
);

/** A question to an agency, from an alert or an incident, with what came back. Only `agency` and those above it see it. */
export interface AgencyRequestRecord {
  readonly agency: AgencyId;
  readonly incident: string | null;
  readonly alert: string | null;
  readonly subject: string;
  readonly state: RequestState;
  /** ISO 8601. */
  readonly due: string;
  readonly askedAt: string;
  readonly askedBy: string;
  /** What the asker could see: who sees less is on the agency's side. */
  readonly askerSees: 'all' | readonly AgencyId[];
  readonly readAt: string | null;
  readonly readBy: string | null;
  /** When it became overdue, and the agency was reminded. */
  readonly remindedAt: string | null;
  readonly answeredAt: string | null;
  readonly answeredBy: string | null;
  readonly closedAt: string | null;
  readonly closedBy: string | null;
  readonly closeNote: string;
  readonly updatedAt: string;
  readonly messages: readonly RequestMessage[];
  readonly files: readonly RequestFile[];
  /** 1 where something is owed; 2 where it waits for its alert to become an incident; else 0. */
  readonly waiting: 0 | 1 | 2;
  readonly pending: readonly RequestPending[];
}

/** Most of one request: it stays one document, and an account that was stolen does not fill the disk. */
export const MOST_MESSAGES = 100;
export const MOST_FILES = 20;
export const MOST_FILE_BYTES = 25 * 1024 * 1024;
export const MOST_REQUEST_BYTES = 100 * 1024 * 1024;

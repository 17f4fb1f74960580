import { type Static, Type } from 'typebox';
import { AlertRow } from '../alerts/schema.ts';
import { NoticeRow } from '../notify/schema.ts';
import { RequestState } from '../requests/schema.ts';

/**
 * `GET /api/v1/live?since=<change>` upgraded to a WebSocket (same session cookie; Origin and Host checked). The server
 * first sends every alert and every request to an agency changed after `since`, then each change as it happens, then nothing but changes and a `tick`
 * every 15 s. A client that fell too far behind gets `restart`: fetch the list anew. Close code 4401: the session ended.
 */
export const LiveMessage = Type.Union([
  Type.Object({ type: Type.Literal('alert'), change: Type.Integer(), alert: AlertRow }),
  Type.Object({
    type: Type.Literal('request'),
    change: Type.Integer(),
    id: Type.String(),
    agency: Type.String(),
    state: RequestState,
    subject: Type.String(),
    due: Type.String(),
  }),
  /** A new notice to the person who listens; its `change` is no place to go on from. */
  Type.Object({ type: Type.Literal('notice'), change: Type.Integer(), notice: NoticeRow }),
  Type.Object({ type: Type.Literal('tick'), change: Type.Integer(), at: Type.String() }),
  Type.Object({ type: Type.Literal('restart'), change: Type.Integer() }),
]);
export type LiveMessage = Static<typeof LiveMessage>;

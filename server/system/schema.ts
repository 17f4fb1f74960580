import { type Static, Type } from 'typebox';

/** `GET /healthz`: the process runs. `GET /readyz`: 200 where stores, workers and listeners are ready, else 503 with what is not. */
export const Health = Type.Object({
  status: Type.Enum(['ok', 'unavailable']),
  checks: Type.Optional(Type.Record(Type.String(), Type.String())),
});

/** `GET /api/v1/overview`: what an empty queue shows: what is watched and when it last spoke. */
export const Overview = Type.Object({
  version: Type.String(),
  now: Type.String(),
  timeZone: Type.String(),
  /** What this server is: a province's monitor, or the receiver of what provinces report. */
  role: Type.Enum(['province', 'national']),
  /** What waits for who asks: tasks from outside without an answer; in the national role, reports that nobody acknowledged. */
  waiting: Type.Object({ tasks: Type.Integer(), reports: Type.Integer() }),
  openAlerts: Type.Record(Type.String(), Type.Integer()),
  eventsStored: Type.Integer(),
  rulesEnabled: Type.Integer(),
  rulesRefused: Type.Integer(),
  collectors: Type.Array(
    Type.Object({
      id: Type.String(),
      name: Type.String(),
      agency: Type.String(),
      lastSeenAt: Type.Union([Type.String(), Type.Null()]),
      sources: Type.Integer(),
    }),
  ),
  disk: Type.Object({
    state: Type.Enum(['ok', 'warning', 'stopped']),
    usedPercent: Type.Number(),
    daysLeft: Type.Union([Type.Number(), Type.Null()]),
  }),
});
export type Overview = Static<typeof Overview>;

import { type Static, Type } from 'typebox';

export const ShiftEntry = Type.Object({
  id: Type.String(),
  at: Type.String(),
  by: Type.String(),
  kind: Type.Enum(['note', 'handover']),
  text: Type.String(),
  alerts: Type.Array(Type.String()),
  to: Type.Union([Type.String(), Type.Null()]),
  acceptedAt: Type.Union([Type.String(), Type.Null()]),
  acceptedBy: Type.Union([Type.String(), Type.Null()]),
});
export type ShiftEntry = Static<typeof ShiftEntry>;

/** `GET /api/v1/shifts?limit=&after=`: latest first. */
export const ShiftLog = Type.Object({
  entries: Type.Array(ShiftEntry),
  next: Type.Union([Type.String(), Type.Null()]),
});
export type ShiftLog = Static<typeof ShiftLog>;

/** `POST /api/v1/shifts`: a note, or a hand-over of open alerts to the next shift. `POST /api/v1/shifts/:id/accept` takes it over and becomes the alerts' owner. */
export const NewShiftEntry = Type.Object({
  kind: Type.Enum(['note', 'handover']),
  text: Type.String({ minLength: 1, maxLength: 4000 }),
  alerts: Type.Array(Type.String(), { maxItems: 500 }),
  to: Type.Union([Type.String({ maxLength: 64 }), Type.Null()]),
});
export type NewShiftEntry = Static<typeof NewShiftEntry>;

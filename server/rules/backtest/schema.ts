import { type Static, Type } from 'typebox';

const Nullable = <T extends Parameters<typeof Type.Union>[0][number]>(type: T) => Type.Union([type, Type.Null()]);
const Count = Type.Integer({ minimum: 0 });

/** Body of a new backtest. */
export const NewBacktest = Type.Object(
  {
    rule: Type.String({ minLength: 1, maxLength: 200 }),
    /** A wording that is not saved yet; without it, the one that is there. */
    yaml: Type.Optional(Type.String({ minLength: 1, maxLength: 200_000 })),
    /** How far back, by the time of arrival; no further than what is stored. */
    days: Type.Integer({ minimum: 1, maximum: 3_650 }),
    /** Events of this agency alone. */
    agency: Nullable(Type.String({ minLength: 1, maxLength: 64 })),
  },
  { additionalProperties: false },
);
export type NewBacktest = Static<typeof NewBacktest>;

/** What a rule would have given. */
export const BacktestResult = Type.Object({
  /** Events that were evaluated, and of these: matches of the rule. */
  evaluated: Count,
  events: Count,
  alerts: Count,
  /** By day of the events (province's time) and agency; alerts by the day of their first event; one of the province stands with each agency that has a part in it. */
  days: Type.Array(Type.Object({ day: Type.String(), agency: Type.String(), events: Count, alerts: Count })),
  /** Some of the events. */
  samples: Type.Array(
    Type.Object({ id: Type.String(), at: Type.String(), agency: Type.String(), text: Type.String() }),
  ),
  /** Of the matches, those that the rule's exceptions would have hidden. */
  hidden: Type.Array(Type.Object({ exception: Type.String(), kql: Type.String(), events: Count })),
  /** Batches that could not be evaluated. */
  failed: Count,
  /** There was more than could be kept apart: alerts are about so many. */
  approximate: Type.Boolean(),
});
export type BacktestResult = Static<typeof BacktestResult>;

/** One backtest: running, or as it is kept. */
export const Backtest = Type.Object({
  id: Type.String(),
  rule: Type.String(),
  /** The wording that was tested, as versions are named. */
  version: Type.String(),
  days: Type.Integer(),
  agency: Nullable(Type.String()),
  by: Type.String(),
  at: Type.String(),
  state: Type.Enum(['running', 'done', 'failed', 'cancelled']),
  progress: Type.Object({ done: Count, total: Count }),
  result: Nullable(BacktestResult),
  error: Nullable(Type.String()),
});
export type Backtest = Static<typeof Backtest>;

/** `GET /api/v1/rules/:id/backtests`: latest first. */
export const BacktestList = Type.Object({ backtests: Type.Array(Backtest) });
export type BacktestList = Static<typeof BacktestList>;

import { type Static, Type } from 'typebox';

/** What a new installation needs, in the order in which it is asked for. */
export const STEPS = ['administrator', 'province', 'agencies', 'store', 'tls', 'collector'] as const;
export type Step = (typeof STEPS)[number];

/** `GET /api/v1/first-run`: what is there already, and what was put aside. */
export const FirstRun = Type.Object({
  steps: Type.Array(
    Type.Object({
      step: Type.Enum([...STEPS]),
      /** `done` by what the server finds, or because somebody said so; `skipped` until they come back to it. */
      state: Type.Enum(['open', 'done', 'skipped']),
    }),
  ),
  /** Nothing is open any more. */
  finished: Type.Boolean(),
  province: Type.String(),
  facts: Type.Object({
    administrators: Type.Integer(),
    /** Of those who ask; on the server itself, of any administrator. */
    secondFactor: Type.Boolean(),
    agencies: Type.Integer(),
    collectors: Type.Integer(),
    store: Type.Enum(['embedded', 'opensearch']),
    tls: Type.Boolean(),
  }),
});
export type FirstRun = Static<typeof FirstRun>;

/** `PUT /api/v1/first-run`: what was decided about one step; with `province`, its name. */
export const FirstRunChange = Type.Object(
  {
    step: Type.Enum([...STEPS]),
    state: Type.Enum(['open', 'done', 'skipped']),
    province: Type.Optional(Type.String({ maxLength: 200, pattern: '^[^\\u0000-\\u001f\\u007f]*$' })),
  },
  { additionalProperties: false },
);
export type FirstRunChange = Static<typeof FirstRunChange>;

import { type Static, Type } from 'typebox';
import { Severity } from '../schema.ts';

/** `GET /api/v1/rules`: what is enabled, and what was refused and why. */
export const RuleList = Type.Object({
  rules: Type.Array(
    Type.Object({
      id: Type.String(),
      title: Type.Object({ en: Type.String(), vi: Type.Optional(Type.String()), km: Type.Optional(Type.String()) }),
      kind: Type.Enum(['detection', 'correlation']),
      level: Severity,
      status: Type.String(),
      tags: Type.Array(Type.String()),
      file: Type.String(),
    }),
  ),
  problems: Type.Array(
    Type.Object({
      code: Type.String(),
      file: Type.String(),
      line: Type.Integer(),
      column: Type.Integer(),
      rule: Type.Union([Type.String(), Type.Null()]),
      message: Type.String(),
    }),
  ),
});
export type RuleList = Static<typeof RuleList>;

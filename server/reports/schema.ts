import { type Static, Type } from 'typebox';
import { FIELD_NAMES, type ReportFieldName } from './form.ts';

export const ReportKind = Type.Enum(['initial', 'follow-up', 'closing']);

const field = () => Type.Optional(Type.String({ maxLength: 20_000 }));
/** What stands in a report, by field; absent or empty is a dotted line. `date` is a day, `2026-11-23`. */
export const ReportFields = Type.Object(
  Object.fromEntries(FIELD_NAMES.map((name) => [name, field()])) as Record<ReportFieldName, ReturnType<typeof field>>,
  { additionalProperties: false },
);
export type ReportFields = Static<typeof ReportFields>;

const ReportFile = Type.Object({ sha256: Type.String(), bytes: Type.Integer() });

/** One report as it was exported. */
export const ReportVersion = Type.Object({
  incident: Type.String(),
  number: Type.Integer(),
  kind: ReportKind,
  at: Type.String(),
  by: Type.String(),
  /** The incident's revision that was looked at. */
  revision: Type.Integer(),
  /** Number and symbol that the report bears. */
  label: Type.String(),
  html: ReportFile,
  docx: ReportFile,
});
export type ReportVersion = Static<typeof ReportVersion>;

/** `GET /api/v1/incidents/:id/reports`: newest first. */
export const ReportVersions = Type.Object({ versions: Type.Array(ReportVersion) });
export type ReportVersions = Static<typeof ReportVersions>;

/** `GET /api/v1/incidents/:id/reports/draft?kind=`: what the incident says of itself, and the form's parts in their order. */
export const ReportDraft = Type.Object({
  kind: ReportKind,
  revision: Type.Integer(),
  fields: ReportFields,
  parts: Type.Array(Type.Object({ id: Type.String(), fields: Type.Array(Type.String()) })),
});
export type ReportDraft = Static<typeof ReportDraft>;

/** `POST /api/v1/incidents/:id/reports`: freezes a report as a person completed it. */
export const NewReport = Type.Object({ kind: ReportKind, fields: ReportFields }, { additionalProperties: false });
export type NewReport = Static<typeof NewReport>;

/** `GET`, `PUT /api/v1/reports/form`: what is the same in every report of the province; other fields are refused. */
export const ReportForm = Type.Object({ fields: ReportFields, names: Type.Array(Type.String()) });
export type ReportForm = Static<typeof ReportForm>;
export const NewReportForm = Type.Object({ fields: ReportFields }, { additionalProperties: false });

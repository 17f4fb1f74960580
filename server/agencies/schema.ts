import { type Static, Type } from 'typebox';

const ID = '^[a-z0-9][a-z0-9-]{0,63}$';

/** Bounds of one agency's lists. */
export const AGENCY_LIMITS = {
  networks: 200,
  sources: 100,
  name: 200,
  importRows: 2_000,
  importBytes: 1024 * 1024,
} as const;

export const Contact = Type.Object({
  person: Type.String({ maxLength: 200 }),
  phone: Type.String({ maxLength: 50 }),
  email: Type.String({ maxLength: 200 }),
  address: Type.String({ maxLength: 500 }),
});
export const Agency = Type.Object({
  id: Type.String({ pattern: ID }),
  name: Type.String({ minLength: 1, maxLength: AGENCY_LIMITS.name }),
  contact: Contact,
  securityLevel: Type.Integer({ minimum: 1, maximum: 5 }),
  /** The agency above it; without one it is directly below the province. Who is bound to an agency sees all below it. */
  parent: Type.Optional(Type.String({ pattern: ID })),
  /** Its networks (CIDR): events of machines that log for several agencies are told by them. */
  networks: Type.Optional(
    Type.Array(Type.String({ minLength: 2, maxLength: 64 }), { maxItems: AGENCY_LIMITS.networks }),
  ),
  /** Patterns (`*`) of source names on such machines that are its own. */
  sources: Type.Optional(
    Type.Array(Type.String({ minLength: 1, maxLength: 200 }), { maxItems: AGENCY_LIMITS.sources }),
  ),
});
export type Agency = Static<typeof Agency>;

/** `GET /api/v1/agencies`; `POST` and `PUT /:id` take an `Agency` (administrator). */
export const Agencies = Type.Object({ agencies: Type.Array(Agency) });
export type Agencies = Static<typeof Agencies>;

/** What can be wrong with an agency; the console says each in words. */
export const AGENCY_PROBLEMS = [
  'columns',
  'columns_unknown',
  'row_short',
  'id_wrong',
  'id_twice',
  'name_wrong',
  'level_wrong',
  'text_long',
  'parent_unknown',
  'parent_circle',
  'parent_deep',
  'network_wrong',
  'network_taken',
  'source_wrong',
  'list_long',
] as const;

export const AgencyProblem = Type.Object({ problem: Type.Enum(AGENCY_PROBLEMS), value: Type.String() });
export type AgencyProblem = Static<typeof AgencyProblem>;

/** `POST /api/v1/agencies/import`: a table of agencies; without `apply` it is only looked at. */
export const AgencyImport = Type.Object(
  {
    csv: Type.String({ minLength: 1, maxLength: AGENCY_LIMITS.importBytes }),
    apply: Type.Optional(Type.Boolean({ default: false })),
  },
  { additionalProperties: false },
);
export type AgencyImport = Static<typeof AgencyImport>;

export const ImportedAgency = Type.Object({
  /** Of the file, counted from 1. */
  line: Type.Integer(),
  id: Type.String(),
  name: Type.String(),
  act: Type.Enum(['add', 'change', 'same', 'wrong']),
  problems: Type.Array(AgencyProblem),
});
export type ImportedAgency = Static<typeof ImportedAgency>;

/** What an import does, or did; nothing is done where a line is wrong. */
export const AgencyImportReport = Type.Object({
  rows: Type.Array(ImportedAgency),
  added: Type.Integer(),
  changed: Type.Integer(),
  same: Type.Integer(),
  wrong: Type.Integer(),
  applied: Type.Boolean(),
});
export type AgencyImportReport = Static<typeof AgencyImportReport>;

import { type Static, Type } from 'typebox';
import { Tlp } from '../incidents/schema.ts';
import { Severity } from '../schema.ts';

const Nullable = <T extends Parameters<typeof Type.Optional>[0]>(schema: T) => Type.Union([schema, Type.Null()]);
const Sha256 = Type.String({ pattern: '^[0-9a-f]{64}$' });
const Text = (maxLength: number) => Type.String({ minLength: 1, maxLength });

export const SharedState = Type.Enum([
  'requested',
  'approved',
  'delivered',
  'dead',
  'refused',
  'withdrawn',
  'superseded',
]);
export const ChannelKind = Type.Enum(['taxii', 'archive', 'misp']);

/** Somebody to whom incidents may go. */
export const RecipientRow = Type.Object({
  id: Type.String(),
  name: Type.String(),
  /** The strictest mark that may go there. */
  tlp: Tlp,
  channel: ChannelKind,
});
export type RecipientRow = Static<typeof RecipientRow>;

/** `GET /api/v1/sharing/recipients` */
export const SharingSetup = Type.Object({
  reporter: Type.Object({ id: Type.String(), name: Type.String() }),
  recipients: Type.Array(RecipientRow),
  clocks: Type.Array(
    Type.Object({
      id: Type.String(),
      hours: Type.Number(),
      severity: Severity,
      classes: Type.Array(Type.String()),
      source: Type.String(),
    }),
  ),
  preauthorised: Nullable(Type.Object({ severity: Severity, classes: Type.Array(Type.String()) })),
  aloneMinutes: Type.Integer(),
  /** Whether it takes another person to approve than the one who asked (`accounts.two_persons.approval`). */
  twoPersons: Type.Boolean(),
  /** The key that signs what leaves; recipients get it once. */
  key: Type.Object({
    kid: Type.String(),
    jwk: Type.Object({ kty: Type.String(), crv: Type.String(), x: Type.String(), y: Type.String() }),
    vouched: Type.String(),
    authority: Type.String(),
  }),
});
export type SharingSetup = Static<typeof SharingSetup>;

/** One frozen state of an incident for one recipient. */
export const VersionRow = Type.Object({
  number: Type.Integer(),
  state: SharedState,
  requestedBy: Type.String(),
  requestedAt: Type.String(),
  note: Type.String(),
  revision: Type.Integer(),
  tlp: Tlp,
  minimal: Type.Boolean(),
  objects: Type.Integer(),
  bytes: Type.Integer(),
  sha256: Type.String(),
  decision: Nullable(
    Type.Object({
      by: Type.String(),
      at: Type.String(),
      how: Type.Enum(['second-person', 'preauthorised', 'alone', 'one-person']),
      reason: Type.String(),
    }),
  ),
  refusal: Nullable(Type.Object({ by: Type.String(), at: Type.String(), reason: Type.String() })),
  review: Nullable(
    Type.Object({
      due: Type.String(),
      by: Nullable(Type.String()),
      at: Nullable(Type.String()),
      note: Type.String(),
    }),
  ),
  attempts: Type.Integer(),
  /** Why it has not arrived yet, or never will. */
  problem: Nullable(Type.String()),
  delivered: Nullable(Type.Object({ at: Type.String(), accepted: Type.Integer(), refused: Type.Integer() })),
  handReceipt: Nullable(Type.Object({ text: Type.String(), by: Type.String(), at: Type.String() })),
});
export type VersionRow = Static<typeof VersionRow>;

/** One incident for one recipient. */
export const SharingRow = Type.Object({
  incident: Type.String(),
  title: Type.String(),
  severity: Nullable(Severity),
  recipient: Type.String(),
  recipientName: Type.String(),
  /** Of the channel in the configuration; null where the recipient is no longer in it. */
  channel: Nullable(ChannelKind),
  dueAt: Nullable(Type.String()),
  deadline: Nullable(Type.String()),
  /** From when on a lead may release alone; null where no term runs. */
  aloneFrom: Nullable(Type.String()),
  /** Whether it takes another person to approve than the one who asked. */
  twoPersons: Type.Boolean(),
  updatedAt: Type.String(),
  /** Oldest first. */
  versions: Type.Array(VersionRow),
});
export type SharingRow = Static<typeof SharingRow>;

/** `GET /api/v1/sharing?show=asked|due|dead|review|all` */
export const SharingQuery = Type.Object({
  show: Type.Optional(Type.Enum(['all', 'asked', 'due', 'dead', 'review'])),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 500, default: 100 })),
  after: Type.Optional(Type.String({ maxLength: 500 })),
});
export const SharingList = Type.Object({
  shares: Type.Array(SharingRow),
  next: Nullable(Type.String()),
  counts: Type.Object({
    asked: Type.Integer(),
    due: Type.Integer(),
    dead: Type.Integer(),
    review: Type.Integer(),
  }),
});
export type SharingList = Static<typeof SharingList>;

/** `GET /api/v1/incidents/:id/sharing` */
export const IncidentSharing = Type.Object({ recipients: Type.Array(RecipientRow), shares: Type.Array(SharingRow) });
export type IncidentSharing = Static<typeof IncidentSharing>;

/** `GET /api/v1/incidents/:id/sharing/:recipient/preview` */
export const SharePreview = Type.Object({
  number: Type.Integer(),
  /** The incident's version that it shows: send it back with the request. */
  version: Type.Integer(),
  sha256: Type.String(),
  minimal: Type.Boolean(),
  blocked: Nullable(Type.Enum(['tlp', 'unchanged', 'too-large', 'not-preauthorised'])),
  objects: Type.Integer(),
  bytes: Type.Integer(),
  /** What would leave, byte for byte. */
  body: Type.String(),
  withheld: Type.Array(
    Type.Object({
      what: Type.Enum([
        'comments',
        'tasks',
        'evidence',
        'timeline',
        'people',
        'events',
        'indicator',
        'text',
        'rule',
        'field',
      ]),
      detail: Type.String(),
      why: Type.Enum(['never-shared', 'personal', 'secret', 'internal', 'not-read']),
    }),
  ),
  /** Texts that people wrote: before with the places that are cut, and as they leave. */
  texts: Type.Array(
    Type.Object({
      field: Type.String(),
      before: Type.String(),
      cuts: Type.Array(Type.Object({ kind: Type.String(), start: Type.Integer(), end: Type.Integer() })),
      text: Type.String(),
    }),
  ),
});
export type SharePreview = Static<typeof SharePreview>;

/** `POST /api/v1/incidents/:id/sharing`: freezes what was previewed and asks for a decision. */
export const RequestShare = Type.Object(
  {
    recipient: Type.String({ minLength: 1, maxLength: 64 }),
    /** Of the preview. */
    version: Type.Integer({ minimum: 1 }),
    sha256: Sha256,
    /** That the texts were read; needed unless `minimal`. */
    textsRead: Type.Boolean(),
    /** Without texts and rules, of the pre-authorised class: it leaves at once, and is reviewed the next day. */
    minimal: Type.Boolean(),
    note: Type.Optional(Type.String({ maxLength: 2_000 })),
  },
  { additionalProperties: false },
);
export type RequestShare = Static<typeof RequestShare>;

/** `POST …/versions/:number/approve` */
export const ApproveShare = Type.Object(
  {
    /** Of the bytes that were looked at. */
    sha256: Sha256,
  },
  { additionalProperties: false },
);
export const ReleaseShare = Type.Object({ sha256: Sha256, reason: Text(2_000) }, { additionalProperties: false });
export const RefuseShare = Type.Object({ reason: Text(2_000) }, { additionalProperties: false });
export const ReviewShare = Type.Object({ note: Type.String({ maxLength: 2_000 }) }, { additionalProperties: false });
export const ReceiveShare = Type.Object({ text: Text(500) }, { additionalProperties: false });

/** `GET …/versions/:number` */
export const VersionDetail = Type.Object({
  share: SharingRow,
  version: VersionRow,
  /** The frozen bytes. */
  body: Type.String(),
  /** Detached JWS over them; null before somebody decided. */
  signature: Nullable(Type.String()),
  /** Whether the incident has changed since. */
  changedSince: Type.Boolean(),
  receipts: Nullable(
    Type.Object({
      at: Type.String(),
      references: Type.Array(Type.String()),
      objects: Type.Array(
        Type.Object({
          id: Type.String(),
          version: Type.String(),
          outcome: Type.Enum(['accepted', 'refused', 'written']),
          message: Type.Optional(Type.String()),
        }),
      ),
    }),
  ),
});
export type VersionDetail = Static<typeof VersionDetail>;

import { type Static, Type } from 'typebox';

const Name = Type.String({ pattern: '^[^:\\u0000-\\u001f]{1,64}$' });
const RootName = Type.String({ pattern: '^[A-Za-z0-9._~-]{1,64}$' });
const Title = Type.String({ minLength: 1, maxLength: 200 });
const Text = Type.String({ maxLength: 2000 });
const Password = Type.String({ minLength: 12, maxLength: 1000 });
const closed = { additionalProperties: false };

/** A data file to load, on the server's own machine. */
export const LoadRequest = Type.Object(
  {
    path: Type.String({ minLength: 1, maxLength: 4000, pattern: '^/' }),
    passwords: Type.Record(Name, Type.String({ minLength: 1, maxLength: 1000 })),
  },
  closed,
);

/** What loading it did. */
export const LoadAnswer = Type.Object({
  roots: Type.Integer(),
  collections: Type.Integer(),
  objects: Type.Integer(),
  kept: Type.Integer(),
  accounts: Type.Integer(),
  refused: Type.Array(Type.Object({ id: Type.String(), message: Type.String() })),
  refusedCount: Type.Integer(),
});
export type LoadAnswer = Static<typeof LoadAnswer>;

export const NewTaxiiAccount = Type.Object({ name: Name, password: Password }, closed);
export type NewTaxiiAccount = Static<typeof NewTaxiiAccount>;
export const AccountParams = Type.Object({ name: Name });
export const AccountChange = Type.Object(
  {
    password: Type.Optional(Password),
    disabled: Type.Optional(Type.Boolean()),
    /** PEM certificates one of which it must show beside its password; an empty list: none. */
    certificates: Type.Optional(Type.Array(Type.String({ minLength: 1, maxLength: 20_000 }), { maxItems: 8 })),
  },
  { ...closed, minProperties: 1 },
);
export const NewApiRoot = Type.Object(
  {
    name: RootName,
    title: Title,
    description: Type.Optional(Text),
    maxContentLength: Type.Optional(Type.Integer({ minimum: 1024, maximum: 104_857_600 })),
  },
  closed,
);
export const NewTaxiiCollection = Type.Object(
  {
    root: RootName,
    title: Title,
    description: Type.Optional(Text),
    alias: Type.Optional(Type.String({ pattern: '^[A-Za-z0-9._~-]{1,64}$' })),
  },
  closed,
);
export const CollectionMade = Type.Object({ id: Type.String() });
export const GrantParams = Type.Object({ collection: Type.String({ minLength: 1, maxLength: 200 }), account: Name });
export const Grant = Type.Object({ canRead: Type.Boolean(), canWrite: Type.Boolean() }, closed);

const Rights = Type.Object({ canRead: Type.Boolean(), canWrite: Type.Boolean() });

/** Roots, collections and accounts, for administrators. */
export const TaxiiOverview = Type.Object({
  roots: Type.Array(Type.Object({ name: Type.String(), title: Type.String(), maxContentLength: Type.Integer() })),
  collections: Type.Array(
    Type.Object({
      root: Type.String(),
      id: Type.String(),
      title: Type.String(),
      alias: Type.Optional(Type.String()),
      everyone: Type.Optional(Rights),
      grants: Type.Record(Type.String(), Rights),
    }),
  ),
  accounts: Type.Array(
    Type.Object({
      name: Type.String(),
      loopback: Type.Boolean(),
      disabled: Type.Boolean(),
      /** Client certificates one of which it must show. */
      certificates: Type.Array(Type.Object({ sha256: Type.String(), subject: Type.String(), notAfter: Type.String() })),
    }),
  ),
});
export type TaxiiOverview = Static<typeof TaxiiOverview>;

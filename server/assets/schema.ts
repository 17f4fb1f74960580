import { type Static, Type } from 'typebox';

/** Which events belong to an asset: by an address of a network, by the name of a host, or by the agency. */
export const AssetKind = Type.Enum(['network', 'host', 'agency']);

/** A system with its security level by law. */
export const NewAsset = Type.Object({
  kind: AssetKind,
  /** A network in CIDR form or an address; a host's name; an agency's id. */
  value: Type.String({ minLength: 1, maxLength: 255 }),
  level: Type.Integer({ minimum: 1, maximum: 5 }),
  /** What people call it. */
  name: Type.String({ maxLength: 200 }),
  /** Whose events it counts for; null for those of every agency. */
  agency: Type.Union([Type.String({ maxLength: 64 }), Type.Null()]),
});
export type NewAsset = Static<typeof NewAsset>;

export const Asset = Type.Object({ id: Type.String(), ...NewAsset.properties });
export type Asset = Static<typeof Asset>;

/** `GET /api/v1/assets`; `POST` takes a `NewAsset` and stands in for one of the same kind, value and agency; `DELETE /:id`. */
export const Assets = Type.Object({ assets: Type.Array(Asset) });
export type Assets = Static<typeof Assets>;

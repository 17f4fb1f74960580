import { type Static, Type } from 'typebox';

const Text = (maxLength: number) => Type.String({ maxLength });

/** Error message (TAXII 2.1 §3.6.1). */
export const TaxiiError = Type.Object({
  title: Type.String(),
  description: Type.String(),
  error_code: Type.String(),
  http_status: Type.String(),
});
export type TaxiiError = Static<typeof TaxiiError>;

/** Discovery resource (§4.1.1). */
export const DiscoveryResource = Type.Object({
  title: Type.String(),
  description: Type.Optional(Type.String()),
  contact: Type.Optional(Type.String()),
  default: Type.Optional(Type.String()),
  api_roots: Type.Optional(Type.Array(Type.String())),
});

/** API root resource (§4.2.1). */
export const ApiRootResource = Type.Object({
  title: Type.String(),
  description: Type.Optional(Type.String()),
  versions: Type.Array(Type.String()),
  max_content_length: Type.Integer(),
});

/** Collection resource (§5.2.1). */
export const CollectionResource = Type.Object({
  id: Type.String(),
  title: Type.String(),
  description: Type.Optional(Type.String()),
  alias: Type.Optional(Type.String()),
  can_read: Type.Boolean(),
  can_write: Type.Boolean(),
  media_types: Type.Optional(Type.Array(Type.String())),
});
export type CollectionResource = Static<typeof CollectionResource>;

/** Collections resource (§5.1.1). */
export const CollectionsResource = Type.Object({ collections: Type.Optional(Type.Array(CollectionResource)) });

const StixObject = Type.Record(Type.String(), Type.Unknown());

/** Envelope (§3.7). */
export const Envelope = Type.Object({
  more: Type.Optional(Type.Boolean()),
  next: Type.Optional(Type.String()),
  objects: Type.Optional(Type.Array(StixObject)),
});

/** Manifest resource (§5.3.1). */
export const Manifest = Type.Object({
  more: Type.Optional(Type.Boolean()),
  next: Type.Optional(Type.String()),
  objects: Type.Optional(
    Type.Array(
      Type.Object({
        id: Type.String(),
        date_added: Type.String(),
        version: Type.String(),
        media_type: Type.Optional(Type.String()),
      }),
    ),
  ),
});

/** Versions resource (§5.8.1). */
export const VersionList = Type.Object({
  more: Type.Optional(Type.Boolean()),
  next: Type.Optional(Type.String()),
  versions: Type.Optional(Type.Array(Type.String())),
});

/** The body of an answer that has none. */
export const Nothing = Type.String({ maxLength: 0 });

const Details = Type.Object({ id: Type.String(), version: Type.String(), message: Type.Optional(Type.String()) });

/** Status resource (§4.3.1). */
export const StatusResource = Type.Object({
  id: Type.String(),
  status: Type.Enum(['complete', 'pending']),
  request_timestamp: Type.Optional(Type.String()),
  total_count: Type.Integer(),
  success_count: Type.Integer(),
  successes: Type.Optional(Type.Array(Details)),
  failure_count: Type.Integer(),
  failures: Type.Optional(Type.Array(Details)),
  pending_count: Type.Integer(),
  pendings: Type.Optional(Type.Array(Details)),
});

const Root = Type.String({ minLength: 1, maxLength: 64, description: 'Name of the API root' });
const CollectionId = Type.String({ minLength: 1, maxLength: 200, description: 'Id of the collection, or its alias' });
const ObjectId = Type.String({ minLength: 1, maxLength: 300, description: 'STIX id' });

export const RootParams = Type.Object({ root: Root });
export const StatusParams = Type.Object({ root: Root, status: Text(200) });
export const CollectionParams = Type.Object({ root: Root, collection: CollectionId });
export const ObjectParams = Type.Object({ root: Root, collection: CollectionId, object: ObjectId });

const Values = Type.Optional(Type.String({ maxLength: 16_000, description: 'Several values are parted by commas' }));
const Place = {
  added_after: Type.Optional(Text(40)),
  limit: Type.Optional(Text(16)),
  next: Type.Optional(Text(100)),
};

/** Filters of objects and manifest (§3.4); numbers stay texts, as what is no number must be told as such. */
export const ObjectsQuery = Type.Object({
  ...Place,
  'match[id]': Values,
  'match[type]': Values,
  'match[version]': Values,
  'match[spec_version]': Values,
});
/** Filters of one object (§5.6). */
export const ObjectQuery = Type.Object({ ...Place, 'match[version]': Values, 'match[spec_version]': Values });
/** Filters of the versions of an object (§5.8). */
export const VersionsQuery = Type.Object({ ...Place, 'match[spec_version]': Values });
/** Which versions of an object go (§5.7). */
export const DeleteQuery = Type.Object({ 'match[version]': Values, 'match[spec_version]': Values });

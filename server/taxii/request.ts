import type { FastifyRequest } from 'fastify';
import { HaidangError } from '../errors.ts';
import { type Account, type ApiRoot, type Catalog, type Collection, rightsOf, rootsFor } from './catalog.ts';
import { LIMITS } from './limits.ts';
import { acceptsTaxii, isTaxiiContent, TAXII_TYPE } from './media-type.ts';
import type { CollectionResource } from './schema.ts';
import type { Taxii } from './taxii.ts';

/** A request that may go on: who asks, and what its address names. */
export interface Admitted {
  readonly account: Account;
  readonly catalog: Catalog;
  readonly root: ApiRoot | undefined;
  readonly collection: Collection | undefined;
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Set on the requests of TAXII's routes. */
    taxii: Admitted | null;
  }
}

/**
 * What is asked of every TAXII request, in this order: an account, the media type, and that what the address names is there
 * and not hidden from the account. @throws HaidangError `HD_TAXII_UNAUTHORIZED`, `HD_TAXII_ACCEPT`, `HD_NOT_FOUND`, `HD_TOO_MANY`
 */
export async function admit(request: FastifyRequest, taxii: Taxii): Promise<void> {
  const account = await taxii.auth.check(request);
  if (!acceptsTaxii(request.headers.accept))
    throw new HaidangError('HD_TAXII_ACCEPT', `The Accept header must have the media type ${TAXII_TYPE}.`);
  const catalog = taxii.catalog();
  const { root: name, collection: id } = request.params as { readonly root?: string; readonly collection?: string };
  const root = name === undefined ? undefined : rootsFor(catalog, account.name).find((one) => one.name === name);
  if (name !== undefined && !root)
    throw new HaidangError('HD_NOT_FOUND', `There is no API root "${name.slice(0, 64)}", or it is not open to you.`);
  const collection = root && id !== undefined ? find(catalog, root, id, account) : undefined;
  if (id !== undefined && !collection)
    throw new HaidangError('HD_NOT_FOUND', `There is no collection "${id.slice(0, 200)}", or it is not open to you.`);
  request.taxii = { account, catalog, root, collection };
}

function find(catalog: Catalog, root: ApiRoot, id: string, account: Account): Collection | undefined {
  const here = catalog.collections.filter((one) => one.root === root.name && rightsOf(one, account.name));
  return here.find((one) => one.id === id) ?? here.find((one) => one.alias === id);
}

/** What `admit` found. */
export function admitted(request: FastifyRequest): Admitted {
  if (request.taxii) return request.taxii;
  throw new HaidangError('HD_TAXII_UNAUTHORIZED', 'This needs an account, by HTTP Basic.');
}

/** The API root that the address names. */
export function rootOf(request: FastifyRequest): ApiRoot {
  const { root } = admitted(request);
  if (root) return root;
  throw new HaidangError('HD_NOT_FOUND', 'The address names no API root.');
}

/** The collection that the address names, with what the account may do there. */
export function collectionOf(request: FastifyRequest) {
  const { collection, account } = admitted(request);
  const rights = collection && rightsOf(collection, account.name);
  if (collection && rights) return { collection, rights, account, root: rootOf(request) };
  throw new HaidangError('HD_NOT_FOUND', 'The address names no collection.');
}

/** @throws HaidangError `HD_FORBIDDEN` (TAXII 2.1 §5.3, §5.4, §5.6, §5.8) */
export function mayRead(request: FastifyRequest): Collection {
  const { collection, rights } = collectionOf(request);
  if (rights.canRead) return collection;
  throw new HaidangError('HD_FORBIDDEN', `You may not read from collection "${collection.id}".`);
}

/**
 * Whether a body may be sent, and into which space (TAXII 2.1 §5.5): who cannot read must not learn, by what happens to
 * theirs, what others put there. @throws HaidangError `HD_TAXII_CONTENT_TYPE`, `HD_FORBIDDEN`, `HD_TOO_LARGE`
 */
export function mayWrite(request: FastifyRequest) {
  const { collection, rights, account, root } = collectionOf(request);
  if (!isTaxiiContent(request.headers['content-type']))
    throw new HaidangError('HD_TAXII_CONTENT_TYPE', `The Content-Type must be ${TAXII_TYPE}.`);
  if (!rights.canWrite) throw new HaidangError('HD_FORBIDDEN', `You may not write to collection "${collection.id}".`);
  mustFit(root, Number(request.headers['content-length'] ?? 0));
  return { collection, account, root, space: rights.canRead ? 0 : account.number };
}

/** @throws HaidangError `HD_TOO_LARGE` for a body past what the root takes (TAXII 2.1 §4.2.1) */
export function mustFit(root: ApiRoot, bytes: number): void {
  const most = Math.min(root.maxContentLength, LIMITS.bodyBytes);
  if (bytes > most)
    throw new HaidangError('HD_TOO_LARGE', `The body is larger than max_content_length, ${most} bytes.`);
}

/** Deleting takes both rights (the table of TAXII 2.1 §5.7). @throws HaidangError `HD_FORBIDDEN`, `HD_NOT_FOUND` */
export function mayDelete(request: FastifyRequest) {
  const { collection, rights, account } = collectionOf(request);
  if (rights.canRead && rights.canWrite) return { collection, account };
  if (!rights.canRead && !rights.canWrite)
    throw new HaidangError('HD_NOT_FOUND', `There is nothing for you in collection "${collection.id}".`);
  throw new HaidangError(
    'HD_FORBIDDEN',
    `Deleting from collection "${collection.id}" takes the rights to read and to write.`,
  );
}

/** A collection as an account sees it (TAXII 2.1 §5.2.1). */
export function collectionResource(collection: Collection, account: Account): CollectionResource {
  const { id, title, description, alias, mediaTypes } = collection;
  const rights = rightsOf(collection, account.name);
  return {
    id,
    title,
    ...(description === undefined ? {} : { description }),
    ...(alias === undefined ? {} : { alias }),
    can_read: rights?.canRead ?? false,
    can_write: rights?.canWrite ?? false,
    ...(mediaTypes.length > 0 ? { media_types: [...mediaTypes] } : {}),
  };
}

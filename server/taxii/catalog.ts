/** What an API root says of itself (TAXII 2.1 §4.2.1). */
export interface ApiRoot {
  /** Its path segment, `[A-Za-z0-9._~-]{1,64}`. */
  readonly name: string;
  readonly title: string;
  readonly description?: string;
  readonly maxContentLength: number;
  /** Whether every account sees it; else those with a right to one of its collections. */
  readonly open: boolean;
}

/** What an account may do in a collection (TAXII 2.1 §5.2.1). */
export interface Rights {
  readonly canRead: boolean;
  readonly canWrite: boolean;
}

/** A collection; `number` is the store's own. */
export interface Collection {
  readonly number: number;
  readonly root: string;
  readonly id: string;
  readonly title: string;
  readonly description?: string;
  readonly alias?: string;
  readonly mediaTypes: readonly string[];
  /** Of every account, where `grants` does not say otherwise; without it, the others do not see the collection. */
  readonly everyone?: Rights;
  /** By account name. */
  readonly grants: Readonly<Record<string, Rights>>;
}

/** A client certificate that an account is bound to. */
export interface PinnedCertificate {
  /** Of the whole certificate, hexadecimal, in lower case. */
  readonly sha256: string;
  readonly subject: string;
  /** Its end, ISO 8601. */
  readonly notAfter: string;
}

/** Who may sign in by HTTP Basic. */
export interface Account {
  readonly number: number;
  readonly name: string;
  /** As `accounts/password.ts` writes it. */
  readonly password: string;
  /** Only from this machine: its password may be weak. */
  readonly loopback: boolean;
  readonly disabled: boolean;
  /** Client certificates one of which it must show beside its password; without any, it needs none. */
  readonly certificates: readonly PinnedCertificate[];
}

/** What the server says of itself (TAXII 2.1 §4.1.1); without `apiRoots` it lists those that the account sees. */
export interface Discovery {
  readonly title: string;
  readonly description?: string;
  readonly contact?: string;
  readonly default?: string;
  readonly apiRoots?: readonly string[];
}

/** Everything but objects and statuses: small, and kept in memory by whoever answers requests. */
export interface Catalog {
  readonly discovery: Discovery;
  readonly roots: readonly ApiRoot[];
  readonly collections: readonly Collection[];
  readonly accounts: readonly Account[];
}

/** What an account may do in a collection; undefined where it must not know of it. */
export function rightsOf(collection: Collection, account: string): Rights | undefined {
  return Object.hasOwn(collection.grants, account) ? collection.grants[account] : collection.everyone;
}

/** The collections of a root that an account knows of, in their order. */
export function collectionsFor(catalog: Catalog, root: string, account: string): Collection[] {
  return catalog.collections.filter((one) => one.root === root && rightsOf(one, account) !== undefined);
}

/** The roots that an account knows of. */
export function rootsFor(catalog: Catalog, account: string): ApiRoot[] {
  return catalog.roots.filter(({ name, open }) => open || collectionsFor(catalog, name, account).length > 0);
}

/** The discovery resource as an account sees it (TAXII 2.1 §4.1.1): roots of this server that it may not know of are left out. */
export function discoveryFor(catalog: Catalog, account: string): object {
  const { title, description, contact, default: first, apiRoots = [] } = catalog.discovery;
  const seen = new Set(rootsFor(catalog, account).map(({ name }) => name));
  const hidden = new Set(catalog.roots.map(({ name }) => name).filter((name) => !seen.has(name)));
  const listed = apiRoots.filter((url) => !hidden.has(lastPart(url)));
  const named = new Set(listed.map(lastPart));
  const roots = [...listed, ...[...seen].filter((name) => !named.has(name)).map((name) => `/${name}/`)];
  return {
    title,
    description,
    contact,
    ...(first !== undefined && roots.includes(first) ? { default: first } : {}),
    ...(roots.length > 0 ? { api_roots: roots } : {}),
  };
}

function lastPart(url: string): string {
  return /([^/]+)\/?$/.exec(url)?.[1] ?? '';
}

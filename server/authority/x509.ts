type X509 = typeof import('@peculiar/x509');

let loading: Promise<X509> | undefined;

/** Loads the certificate library, on first use only: a start with valid certificates needs none of its 200 ms. */
export function loadX509(): Promise<X509> {
  loading ??= (async () => {
    addReflectMetadata();
    const x509 = await import('@peculiar/x509');
    x509.cryptoProvider.set(globalThis.crypto);
    return x509;
  })();
  return loading;
}

/**
 * The library's dependency injection stores constructor types by `Reflect.getMetadata`, which is no part of
 * JavaScript; these few functions are all of it that is used.
 */
function addReflectMetadata(): void {
  const reflect = Reflect as unknown as Record<string, unknown>;
  if (reflect['getMetadata']) return;
  const known = new WeakMap<object, Map<unknown, unknown>>();
  const own = (key: unknown, target: object) => known.get(target)?.get(key);
  const define = (key: unknown, value: unknown, target: object) => {
    const entries = known.get(target) ?? new Map<unknown, unknown>();
    entries.set(key, value);
    known.set(target, entries);
  };
  reflect['defineMetadata'] = define;
  reflect['getOwnMetadata'] = own;
  reflect['getMetadata'] = (key: unknown, target: object) => {
    for (let at: object | null = target; at; at = Object.getPrototypeOf(at) as object | null) {
      const value = own(key, at);
      if (value !== undefined) return value;
    }
    return undefined;
  };
  reflect['metadata'] = (key: unknown, value: unknown) => (target: object) => define(key, value, target);
}

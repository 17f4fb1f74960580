const LOOPBACK = new Set(['127.0.0.1', 'localhost', '[::1]']);

/** Whether a Host header names this server: a loopback name at any port (tunnels change it), or one that the operator listed. */
export function isAllowedHost(host: string | undefined, allowed: readonly string[]): boolean {
  if (host === undefined || host.length > 300) return false;
  const name = /^(\[[0-9a-f:.]+\]|[^:]+)(?::\d{1,5})?$/i.exec(host)?.[1]?.toLowerCase();
  return name !== undefined && (LOOPBACK.has(name) || allowed.includes(name.replace(/^\[(.*)\]$/, '$1')));
}

/** Whether an Origin header is the page of this very host, by TLS alone where it is served so; programs that are no browser send none. */
export function isOwnOrigin(origin: string | undefined, host: string | undefined, secure = false): boolean {
  if (origin === undefined) return true;
  if (host === undefined) return false;
  const own = host.toLowerCase();
  return origin === `https://${own}` || (!secure && origin === `http://${own}`);
}

/** What accounts can make this server do at once. */
export const LIMITS = {
  /** Bytes of a request's body, whatever an API root promises. */
  bodyBytes: 100 * 1024 * 1024,
  /** Bytes of a body where an API root says nothing. */
  contentBytes: 10 * 1024 * 1024,
  /** Bytes of bodies that are read and written at once, of all accounts together. */
  roomBytes: 64 * 1024 * 1024,
  /** Requests that wait for this room; more are sent away for a while. */
  waiting: 300,
  /** How long each may wait, milliseconds: a request whose body is not read is given up by the port (`tls/console-server.ts`) after 30 s. */
  waitMs: 10_000,
  /** Objects of one envelope. */
  objects: 20_000,
  /** Bytes of one object. */
  objectBytes: 1024 * 1024,
  /** Arrays and objects within each other. */
  depth: 64,
  /** Versions that one object may have in one collection. */
  versions: 10_000,
  /** Objects of one page, asked for or not. */
  page: 1_000,
  /** Bytes from which a page ends before it has as many objects as asked for. */
  pageBytes: 8 * 1024 * 1024,
  /** Values of one match parameter. */
  values: 200,
  /** Bytes of a data file. */
  fileBytes: 400 * 1024 * 1024,
} as const;

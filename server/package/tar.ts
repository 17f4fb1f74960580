/** A file or a symbolic link of an archive; folders on the way are made. */
export interface ArchiveEntry {
  /** Without a slash at the beginning. */
  readonly path: string;
  readonly mode: number;
  readonly body: Buffer;
  /** Where a symbolic link leads; `body` is empty then. */
  readonly link?: string;
}

const BLOCK = 512;

/**
 * A tar archive (POSIX.1-2001 ustar) that is a function of its entries alone: sorted by path, owned by root, all of one time.
 * `seconds` since 1970. @throws Error where a path is too long for the format.
 */
export function tarOf(entries: readonly ArchiveEntry[], seconds: number): Buffer {
  const pieces: Buffer[] = [];
  const made = new Set<string>();
  const sorted = [...entries].sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
  for (const { path, mode, body, link } of sorted) {
    const parts = path.split('/').slice(0, -1);
    for (let depth = 1; depth <= parts.length; depth += 1) {
      const folder = `${parts.slice(0, depth).join('/')}/`;
      if (made.has(folder)) continue;
      made.add(folder);
      pieces.push(header(folder, 0o755, 0, '5', '', seconds));
    }
    pieces.push(header(path, mode, body.length, link === undefined ? '0' : '2', link ?? '', seconds), body);
    pieces.push(Buffer.alloc((BLOCK - (body.length % BLOCK)) % BLOCK));
  }
  return Buffer.concat([...pieces, Buffer.alloc(2 * BLOCK)]);
}

function header(path: string, mode: number, size: number, type: string, link: string, seconds: number): Buffer {
  const [prefix, name] = parted(path);
  if (Buffer.byteLength(link) > 100) throw new Error(`The link to ${link} is too long for a tar archive.`);
  const block = Buffer.alloc(BLOCK);
  const put = (text: string, at: number) => block.write(text, at, 'utf8');
  const octal = (value: number, width: number, at: number) => put(value.toString(8).padStart(width - 1, '0'), at);
  put(name, 0);
  octal(mode, 8, 100);
  octal(0, 8, 108);
  octal(0, 8, 116);
  octal(size, 12, 124);
  octal(seconds, 12, 136);
  put('        ', 148);
  put(type, 156);
  put(link, 157);
  put('ustar\u000000', 257);
  put('root', 265);
  put('root', 297);
  put(prefix, 345);
  put(
    `${block
      .reduce((total, byte) => total + byte, 0)
      .toString(8)
      .padStart(6, '0')}\0 `,
    148,
  );
  return block;
}

/** A path as prefix of at most 155 bytes and name of at most 100, parted at a slash. */
function parted(path: string): [prefix: string, name: string] {
  if (Buffer.byteLength(path) <= 100) return ['', path];
  for (let at = path.indexOf('/'); at > 0; at = path.indexOf('/', at + 1)) {
    const [prefix, name] = [path.slice(0, at), path.slice(at + 1)];
    if (Buffer.byteLength(prefix) <= 155 && name !== '' && Buffer.byteLength(name) <= 100) return [prefix, name];
  }
  throw new Error(`The path ${path} is too long for a tar archive.`);
}

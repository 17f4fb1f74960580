import { gzipSync } from 'node:zlib';

/** A file of a package; folders on the way are made. */
export interface PackedFile {
  /** Without a slash at the beginning. */
  readonly path: string;
  readonly mode: number;
  readonly body: Buffer;
}

/** A Debian package (deb(5)): control, and files under `/`. */
export function debPackage(control: readonly PackedFile[], files: readonly PackedFile[], seconds: number): Buffer {
  return ar(
    [
      { name: 'debian-binary', body: Buffer.from('2.0\n') },
      { name: 'control.tar.gz', body: gzipSync(tar(control, seconds), { level: 9 }) },
      { name: 'data.tar.gz', body: gzipSync(tar(files, seconds), { level: 6 }) },
    ],
    seconds,
  );
}

function ar(members: readonly { readonly name: string; readonly body: Buffer }[], seconds: number): Buffer {
  const pieces: Buffer[] = [Buffer.from('!<arch>\n')];
  for (const { name, body } of members) {
    const head = `${name.padEnd(16)}${String(seconds).padEnd(12)}${'0'.padEnd(6)}${'0'.padEnd(6)}${'100644'.padEnd(8)}${String(body.length).padEnd(10)}\`\n`;
    pieces.push(Buffer.from(head), body, Buffer.alloc(body.length % 2, '\n'));
  }
  return Buffer.concat(pieces);
}

/** A tar archive (POSIX.1-1988 ustar), owned by root. */
export function tar(files: readonly PackedFile[], seconds: number): Buffer {
  const pieces: Buffer[] = [];
  const made = new Set<string>();
  for (const { path, mode, body } of files) {
    const parts = path.split('/').slice(0, -1);
    for (let depth = 1; depth <= parts.length; depth++) {
      const folder = `./${parts.slice(0, depth).join('/')}/`;
      if (made.has(folder)) continue;
      made.add(folder);
      pieces.push(header(folder, 0o755, 0, '5', seconds));
    }
    pieces.push(
      header(`./${path}`, mode, body.length, '0', seconds),
      body,
      Buffer.alloc((512 - (body.length % 512)) % 512),
    );
  }
  return Buffer.concat([...pieces, Buffer.alloc(1024)]);
}

function header(name: string, mode: number, size: number, type: string, seconds: number): Buffer {
  if (Buffer.byteLength(name) > 100) throw new Error(`The name ${name} is too long for a tar header.`);
  const block = Buffer.alloc(512);
  const octal = (value: number, width: number) => value.toString(8).padStart(width - 1, '0');
  const put = (text: string, at: number) => block.write(text, at, 'utf8');
  put(name, 0);
  put(octal(mode, 8), 100);
  put(octal(0, 8), 108);
  put(octal(0, 8), 116);
  put(octal(size, 12), 124);
  put(octal(seconds, 12), 136);
  put('        ', 148);
  put(type, 156);
  put('ustar\0', 257);
  put('00', 263);
  put('root', 265);
  put('root', 297);
  const sum = block.reduce((total, byte) => total + byte, 0);
  put(`${octal(sum, 7)}\0 `, 148);
  return block;
}

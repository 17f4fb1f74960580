import { randomBytes } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { HaidangError } from '../errors.ts';
import type { App } from '../services.ts';

/** Media type of files that are sent. */
export const FILE_TYPE = 'application/octet-stream';

/** Registers routes whose bodies are files: these come as streams, and nothing holds them in memory. */
export function fileRoutes(app: App, register: (scope: App) => void): void {
  app.register(async (scope) => {
    scope.addContentTypeParser(FILE_TYPE, (_request, payload, done) => done(null, payload));
    register(scope as unknown as App);
  });
}

/** Writes a body to a new file of a folder and gives its path. @throws HaidangError `HD_TOO_LARGE`, `HD_BAD_REQUEST` */
export async function receiveFile(body: unknown, folder: string, mostBytes: number): Promise<string> {
  if (!(body instanceof Readable)) throw new HaidangError('HD_BAD_REQUEST', `Send the file as ${FILE_TYPE}.`);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const path = join(folder, `${randomBytes(8).toString('hex')}.sent`);
  let bytes = 0;
  const counted = new Transform({
    transform(piece: Buffer, _encoding, done) {
      bytes += piece.length;
      if (bytes <= mostBytes) return done(null, piece);
      done(new HaidangError('HD_TOO_LARGE', `The file is longer than ${mostBytes} bytes.`));
    },
  });
  try {
    await pipeline(body, counted, createWriteStream(path, { mode: 0o600, flags: 'wx' }));
    if (bytes === 0) throw new HaidangError('HD_BAD_REQUEST', 'The file is empty.');
    return path;
  } catch (error) {
    await rm(path, { force: true });
    throw error;
  }
}

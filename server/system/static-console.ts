import { createHash } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import fastifyStatic from '@fastify/static';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { HaidangError } from '../errors.ts';
import type { App } from '../services.ts';

const MISSING = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Hải Đăng</title>
<h1>Hải Đăng</h1>
<p>The server runs, but the console is not built. Run <code>npm run build:console</code>, then reload this page.</p>
</html>
`;

/**
 * Serves the built console: hashed assets for a year, everything else fresh, and `index.html` for the addresses of its
 * pages. Where it is not built, a page that says so.
 */
export async function serveConsole(app: App, folder: string): Promise<void> {
  const kept = keepFolder(folder);
  await app.register(fastifyStatic, {
    root: folder,
    cacheControl: false,
    index: false,
    dotfiles: 'deny',
    allowedPath: (path: string) => kept.has(path),
    suppressMissingFolderWarning: true,
    setHeaders: (reply, path) => {
      const hashed = path.startsWith(join(folder, 'assets') + sep);
      reply.header('cache-control', hashed ? 'public, max-age=31536000, immutable' : 'no-cache');
    },
  } as Parameters<typeof fastifyStatic>[1]);

  const page = async (request: FastifyRequest, reply: FastifyReply) => {
    const index = await kept.index();
    reply.type('text/html; charset=utf-8');
    if (!index) return reply.code(503).header('cache-control', 'no-store').send(MISSING);
    reply.header('cache-control', 'no-cache').header('etag', index.etag);
    if (request.headers['if-none-match'] === index.etag) return reply.code(304).send();
    return reply.send(index.bytes);
  };
  app.get('/', { schema: { hide: true } }, page);

  app.setNotFoundHandler((request, reply) => {
    const path = request.url.split('?', 1)[0] ?? '/';
    const isRead = request.method === 'GET' || request.method === 'HEAD';
    if (!isRead || NO_PAGE.test(path))
      throw new HaidangError('HD_NOT_FOUND', `There is nothing at ${path.slice(0, 200)}.`);
    return page(request, reply);
  });
}

/** What is no address of a page: the API, a file, and whatever would lead out of the folder (`..`, also encoded). */
const NO_PAGE = /^\/(?:api|assets)\/|\.\w+$|(?:\/|%2f|%5c|\\)(?:\.|%2e){2}(?:\/|%2f|%5c|\\|$)/i;

/** How old what is known of the folder may be: a console that is built while the server runs is there at the next reload. */
const KEPT_MS = 1_000;

interface Page {
  readonly bytes: Buffer;
  readonly etag: string;
  /** Tells one state of the file from another. */
  readonly mark: string;
}

/**
 * The built console as it is known in memory, looked at once a second: any address that somebody invents leads to its page, and a disk
 * access for each would let a flood of them take the threads that passwords and the store need.
 */
function keepFolder(folder: string) {
  const path = join(folder, 'index.html');
  let page: Page | undefined;
  let files: ReadonlySet<string> = new Set();
  let pageAt = Number.NEGATIVE_INFINITY;
  let filesAt = Number.NEGATIVE_INFINITY;
  let looking: Promise<Page | undefined> | undefined;

  async function look(): Promise<Page | undefined> {
    const before = page?.mark;
    page = await readPage(path, page);
    // A new page names new files.
    if (page?.mark !== before) filesAt = Number.NEGATIVE_INFINITY;
    pageAt = page ? performance.now() : Number.NEGATIVE_INFINITY;
    return page;
  }

  return {
    /** The page of all addresses; undefined where the console is not built. */
    async index(): Promise<Page | undefined> {
      if (performance.now() - pageAt < KEPT_MS) return page;
      looking ??= look().finally(() => {
        looking = undefined;
      });
      return looking;
    },
    /** Whether a path below the folder is that of a file. */
    has(asked: string): boolean {
      const name = asked.replace(/^\/+/, '');
      if (files.has(name)) return true;
      if (performance.now() - filesAt < KEPT_MS) return false;
      files = filesOf(folder);
      filesAt = performance.now();
      return files.has(name);
    },
  };
}

async function readPage(path: string, before: Page | undefined): Promise<Page | undefined> {
  try {
    const { mtimeMs, size, ino } = await stat(path);
    const mark = `${mtimeMs} ${size} ${ino}`;
    if (before?.mark === mark) return before;
    const bytes = await readFile(path);
    return { bytes, mark, etag: `"${createHash('sha256').update(bytes).digest('base64url').slice(0, 22)}"` };
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw error;
  }
}

function filesOf(folder: string): ReadonlySet<string> {
  try {
    const entries = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    return new Set(
      entries.map(({ parentPath, name }) => relative(folder, join(parentPath, name)).replaceAll(sep, '/')),
    );
  } catch (error) {
    if (isAbsent(error)) return new Set();
    throw error;
  }
}

function isAbsent(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'ENOENT' || code === 'ENOTDIR';
}

import { existsSync } from 'node:fs';
import { join, sep } from 'node:path';
import fastifyStatic from '@fastify/static';
import type { FastifyReply } from 'fastify';
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
  const index = join(folder, 'index.html');
  await app.register(fastifyStatic, {
    root: folder,
    cacheControl: false,
    index: false,
    dotfiles: 'deny',
    suppressMissingFolderWarning: true,
    setHeaders: (reply, path) => {
      const hashed = path.startsWith(join(folder, 'assets') + sep);
      reply.header('cache-control', hashed ? 'public, max-age=31536000, immutable' : 'no-cache');
    },
  } as Parameters<typeof fastifyStatic>[1]);

  const page = (reply: FastifyReply) => {
    // Asked each time: a console that is built while the server runs is there at the next reload.
    if (existsSync(index)) return reply.sendFile('index.html', folder);
    return reply.code(503).type('text/html; charset=utf-8').header('cache-control', 'no-store').send(MISSING);
  };
  app.get('/', { schema: { hide: true } }, (_request, reply) => page(reply));

  app.setNotFoundHandler((request, reply) => {
    const path = request.url.split('?', 1)[0] ?? '/';
    const isPage = (request.method === 'GET' || request.method === 'HEAD') && !/^\/(api|assets)\/|\.\w+$/.test(path);
    if (!isPage) throw new HaidangError('HD_NOT_FOUND', `There is nothing at ${path.slice(0, 200)}.`);
    return page(reply);
  });
}

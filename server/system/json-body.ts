import { HaidangError } from '../errors.ts';
import type { App } from '../services.ts';
import { problems } from './answers.ts';

/** No request that this API describes is nested deeper than a handful. */
const DEEPEST = 64;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/**
 * Reads JSON bodies: not nested deeper than makes sense, as what is would exhaust the stack of whoever walks it, and
 * without the keys that change what objects inherit (`__proto__`, `constructor.prototype`).
 */
export function jsonBodies(app: App): void {
  // Whatever has a body may be too long, also where none is expected.
  app.addHook('onRoute', (route) => {
    const { method, schema } = route;
    const takesNone = method === 'GET' || method === 'HEAD';
    if (takesNone || !route.url.startsWith('/api/v1/') || schema === undefined || schema.hide) return;
    route.schema = { ...schema, response: { ...problems(413), ...(schema.response as object | undefined) } };
  });
  const parse = app.getDefaultJsonParser('error', 'error');
  // Of the two that Fastify reads by itself only JSON is ours: a form of another site can send text without asking first.
  app.removeContentTypeParser(['application/json', 'text/plain']);
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) => {
    if (depthOf(String(body)) > DEEPEST) {
      done(new HaidangError('HD_BAD_REQUEST', `The body is nested deeper than ${DEEPEST} levels.`), undefined);
      return;
    }
    parse(request, String(body), done);
  });
}

/** How deep brackets and braces of a JSON text nest, strings left out; for what is no JSON at least not less. */
export function depthOf(json: string): number {
  let depth = 0;
  let deepest = 0;
  let inString = false;
  for (let at = 0; at < json.length; at += 1) {
    const code = json.charCodeAt(at);
    if (inString) {
      if (code === BACKSLASH) at += 1;
      else if (code === QUOTE) inString = false;
    } else if (code === QUOTE) inString = true;
    else if (code === 0x5b || code === 0x7b) {
      depth += 1;
      if (depth > deepest) deepest = depth;
    } else if (code === 0x5d || code === 0x7d) depth -= 1;
  }
  return deepest;
}

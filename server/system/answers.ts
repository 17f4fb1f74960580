import { Problem } from '../schema.ts';

type Status = 400 | 401 | 403 | 404 | 409 | 410 | 413 | 429 | 503;

/** The problem answers of a route, for its `response` schema; 431 and 500, which any request may meet, are always among them. */
export function problems<S extends Status>(...statuses: S[]): Record<S | 431 | 500, typeof Problem> {
  const answer = { description: 'RFC 9457 problem', content: { 'application/problem+json': { schema: Problem } } };
  const entries = [...statuses, 431, 500].map((status) => [status, answer]);
  // For types an answer is its schema; at run time Fastify and OpenAPI want the media type around it.
  return Object.fromEntries(entries) as Record<S | 431 | 500, typeof Problem>;
}

import type { FastifyReply } from 'fastify';
import { toProblem } from '../problem.ts';
import { problems } from '../system/answers.ts';
import { CHALLENGE } from './basic-auth.ts';
import { TAXII_TYPE } from './media-type.ts';
import { TaxiiError } from './schema.ts';
import type { PageAnswer } from './thread-calls.ts';

/** Error statuses that endpoints name. */
export type Failure = 400 | 401 | 403 | 404 | 405 | 406 | 413 | 415 | 422 | 429;

/**
 * The error answers of a route, for its `response` schema; 431, 500 and 503 are always among them. Headers that are too
 * long (431) are refused before anybody knows that TAXII is meant.
 */
export function taxiiErrors<S extends Failure>(...statuses: S[]): Record<S | 500 | 503, typeof TaxiiError> {
  const answer = { description: 'TAXII error message', content: { [TAXII_TYPE]: { schema: TaxiiError } } };
  const entries = [...statuses, 500, 503].map((status) => [status, answer]);
  // For types an answer is its schema; at run time Fastify and OpenAPI want the media type around it.
  return { ...problems(), ...Object.fromEntries(entries) } as Record<S | 500 | 503, typeof TaxiiError>;
}

/** A response schema with TAXII's media type around it. */
export function taxiiAnswer<Schema>(description: string, schema: Schema): Schema {
  return { description, content: { [TAXII_TYPE]: { schema } } } as Schema;
}

/** Sends JSON that is text already; as bytes, so that nothing is added to the media type. */
export function sendTaxii(reply: FastifyReply, status: number, body: string | Uint8Array): FastifyReply {
  const bytes =
    typeof body === 'string' ? Buffer.from(body) : Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  return reply.code(status).header('content-type', TAXII_TYPE).send(bytes);
}

/** Sends a page with the times of its first and last object (TAXII 2.1 §3.2). */
export function sendPage(reply: FastifyReply, { body, first, last }: PageAnswer): FastifyReply {
  if (first !== undefined) reply.header('x-taxii-date-added-first', first);
  if (last !== undefined) reply.header('x-taxii-date-added-last', last);
  return sendTaxii(reply, 200, body);
}

/** Sends what was thrown as an error message (TAXII 2.1 §3.6.1); gives whether the fault is the server's own. */
export function sendError(reply: FastifyReply, error: unknown): { readonly fault: boolean } {
  const { body, retryAfter, fault } = toProblem(error);
  if (retryAfter !== undefined) reply.header('retry-after', retryAfter);
  if (body.status === 401) reply.header('www-authenticate', CHALLENGE);
  const message: TaxiiError = {
    // The title that clients and public test suites know from the reference server.
    title: body.status < 500 ? 'ProcessingError' : body.title,
    description:
      body.status === 422 ? `While processing supplied content, an error occurred: ${body.detail}` : body.detail,
    error_code: body.code,
    http_status: String(body.status),
  };
  sendTaxii(reply, body.status, JSON.stringify(message));
  return { fault };
}

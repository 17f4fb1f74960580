import type { FastifyRequest } from 'fastify';
import { browserName } from './browser-name.ts';
import type { Client } from './sessions.ts';

/** Where a request comes from, as a session keeps it. */
export function clientOf(request: FastifyRequest): Client {
  return { address: request.ip.slice(0, 64), browser: browserName(request.headers['user-agent']) };
}

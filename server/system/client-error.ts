import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { HaidangError } from '../errors.ts';
import { toProblem } from '../problem.ts';

/** Answers what is not HTTP enough to become a request, with a problem document like any other, and closes the connection. */
export function answerClientError(error: Error & { readonly code?: string }, socket: Socket): void {
  // A connection that the other side closed, or that has had an answer already, has nothing to be told.
  if (error.code === 'ECONNRESET' || !socket.writable || hasAnswer(socket)) {
    socket.destroy();
    return;
  }
  const { body } = toProblem(clientProblem(error.code));
  const text = JSON.stringify(body);
  socket.end(
    [
      `HTTP/1.1 ${body.status} ${STATUS_CODES[body.status] ?? ''}`,
      'content-type: application/problem+json',
      `content-length: ${Buffer.byteLength(text)}`,
      'cache-control: no-store',
      'connection: close',
      '',
      text,
    ].join('\r\n'),
  );
}

function clientProblem(code: string | undefined): HaidangError {
  if (code === 'HPE_HEADER_OVERFLOW')
    return new HaidangError('HD_HEADERS_TOO_LARGE', 'Address and headers together are longer than 16 KiB.');
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT')
    return new HaidangError('HD_BAD_REQUEST', 'The request was not whole in time.');
  return new HaidangError('HD_BAD_REQUEST', 'This is no HTTP/1.1 request.');
}

/** Node keeps the answer under way on the socket; a second one into the same stream would garble it. */
function hasAnswer(socket: Socket & { readonly _httpMessage?: { readonly headersSent: boolean } | null }): boolean {
  return socket._httpMessage?.headersSent === true;
}

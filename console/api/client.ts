// biome-ignore lint/style/noRestrictedImports: the problem document is a type of the API like those of server/*/schema.ts.
import type { Problem } from '../../server/schema.ts';

/** An answer that is no success: the server's RFC 9457 problem, or one made here where the server was not reached. */
export class ProblemError extends Error {
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(problem.detail);
    this.name = 'ProblemError';
    this.problem = problem;
  }
}

/** A problem of which only the code is known, for showing its texts. */
export function codeAlone(code: string): ProblemError {
  return made(code, 0, code, '');
}

/** Whether an error is the server's problem of this code. */
export function isProblem(error: unknown, code: string): boolean {
  return error instanceof ProblemError && error.problem.code === code;
}

/** What to show of any error at all. */
export function problemOf(error: unknown): Problem {
  if (error instanceof ProblemError) return error.problem;
  const detail = error instanceof Error ? error.message : String(error);
  return { type: 'about:blank', title: 'Fault in the console', status: 0, code: 'HD_CONSOLE', detail, advice: '' };
}

function made(code: string, status: number, title: string, detail: string): ProblemError {
  return new ProblemError({ type: 'about:blank', title, status, code, detail, advice: '' });
}

function isProblemDocument(value: unknown): value is Problem {
  if (typeof value !== 'object' || value === null) return false;
  const { title, detail, code } = value as Record<string, unknown>;
  return typeof title === 'string' && typeof detail === 'string' && typeof code === 'string';
}

/** Query parameters; empty and absent ones are left out. */
export type QueryParameters = Readonly<Record<string, string | number | undefined>>;

/** Address of an API path with its query. */
export function apiAddress(path: string, query: QueryParameters = {}): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined && value !== '') parameters.set(name, String(value));
  }
  const text = parameters.toString();
  return `/api/v1${path}${text === '' ? '' : `?${text}`}`;
}

async function ask(method: string, address: string, body: unknown, signal: AbortSignal | undefined): Promise<unknown> {
  let response: Response;
  try {
    response = await fetch(address, {
      method,
      credentials: 'same-origin',
      cache: 'no-store',
      headers: {
        accept: 'application/json',
        ...(body === undefined
          ? {}
          : { 'content-type': body instanceof Blob ? 'application/octet-stream' : 'application/json' }),
      },
      ...(body === undefined ? {} : { body: body instanceof Blob ? body : JSON.stringify(body) }),
      ...(signal === undefined ? {} : { signal }),
    });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw made('HD_NETWORK', 0, 'Server not reached', error instanceof Error ? error.message : String(error));
  }
  const text = await response.text();
  let answer: unknown;
  try {
    answer = text === '' ? undefined : JSON.parse(text);
  } catch {
    answer = undefined;
  }
  if (response.ok) return answer;
  if (isProblemDocument(answer)) throw new ProblemError({ ...answer, advice: answer.advice ?? '' });
  throw made('HD_ANSWER', response.status, `HTTP ${response.status}`, `${method} ${address.split('?')[0]}`);
}

/** `GET`; throws ProblemError, or the abort reason where `signal` fired. */
export async function getJson<T>(path: string, query?: QueryParameters, signal?: AbortSignal): Promise<T> {
  return (await ask('GET', apiAddress(path, query), undefined, signal)) as T;
}

/** `POST` with a JSON body; throws ProblemError. */
export async function postJson<T>(path: string, body: unknown, signal?: AbortSignal): Promise<T> {
  return (await ask('POST', apiAddress(path), body, signal)) as T;
}

/** `POST` with a file as the body; throws ProblemError. */
export async function postFile<T>(path: string, query: QueryParameters, file: Blob): Promise<T> {
  return (await ask('POST', apiAddress(path, query), file, undefined)) as T;
}

/** `PUT` with a JSON body; throws ProblemError. */
export async function putJson<T>(path: string, body: unknown): Promise<T> {
  return (await ask('PUT', apiAddress(path), body, undefined)) as T;
}

/** `DELETE`; throws ProblemError. */
export async function deleteResource(path: string): Promise<void> {
  await ask('DELETE', apiAddress(path), undefined, undefined);
}

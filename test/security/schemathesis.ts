import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROLES, type Role } from '../../server/identity.ts';
import { type InboundSource, inboundSources } from '../../server/inbound/settings.ts';
import { NO_SHARING, type Recipient } from '../../server/sharing/settings.ts';
import { answerClientError } from '../../server/system/client-error.ts';
import { type Bench, openBench } from '../server/api/harness.ts';
import { RULE } from '../server/api/rule.ts';
import { failures, storeEvents } from '../server/search/events.ts';
import { pythonWith } from '../server/taxii/python.ts';

const PACKAGES = ['schemathesis==4.32.5'];
/** Header by which the test says as whom to ask; the server itself knows nothing of it. */
const ROLE_HEADER = 'x-as';
/** Where a random id leads to nothing, every second one is one of these: the rest of the route is tried too. */
const HOOKS = `
import json, os, schemathesis
KNOWN = json.loads(os.environ['KNOWN_IDS'])
SAME = {'recipient': 'a05', 'number': 1, 'source': 'center', 'group': 'default'}

@schemathesis.hook
def before_call(ctx, case, kwargs):
    # These addresses are the TAXII server's for who asks for TAXII, and the console's for everybody else.
    if case.operation.path.startswith('/{root}'):
        case.headers = {**(case.headers or {}), 'Accept': 'application/taxii+json;version=2.1'}

@schemathesis.hook
def map_path_parameters(ctx, path_parameters):
    path = ctx.operation.path if ctx.operation is not None else ''
    if isinstance(path_parameters, dict):
        for name, value in list(path_parameters.items()):
            known = next((ids for prefix, ids in KNOWN.items() if path.startswith(prefix)), None)
            if name in SAME and sum(map(ord, str(value))) % 2 == 0:
                path_parameters[name] = SAME[name]
            if known and name == 'id' and sum(map(ord, str(value))) % 2 == 0:
                path_parameters[name] = known[len(str(value)) % len(known)]
    return path_parameters
`;
/** Signs out, or gives others the session that the rest is asked with; tried by tests of their own. */
const LEFT_OUT = ['/api/v1/live'];
const CHECKS = [
  'not_a_server_error',
  'status_code_conformance',
  'content_type_conformance',
  'response_headers_conformance',
  'response_schema_conformance',
];

/** Folder of the tool; undefined where it cannot be had, and a failure with `CI=true`. */
export function schemathesis(): Promise<string | undefined> {
  return pythonWith(PACKAGES);
}

const A05: Recipient = { id: 'a05', name: 'A05', tlp: 'amber+strict', channel: { kind: 'archive', folder: undefined } };
/** Nobody listens there. */
const [CENTER] = inboundSources([
  { id: 'center', name: 'Center', root: 'http://127.0.0.1:9/api/', collection: 'all', takes: ['indicators', 'tasks'] },
]) as [InboundSource];

/** A server with some of everything, which asks as whoever the header says. */
export interface Target {
  readonly url: string;
  readonly known: Readonly<Record<string, readonly string[]>>;
  /** What was answered with 5xx since the last call: method, address, body and the fault behind it, to be found again by. */
  faults(): readonly string[];
  close(): Promise<void>;
}

/** Starts the application with a session of every role, each made anew where a request ended it. */
export async function startTarget(): Promise<Target> {
  const bench = await openBench({
    rules: [RULE],
    requestsPerMinute: 1_000_000,
    sharing: { ...NO_SHARING, reporterId: 'soc', reporterName: 'SOC', recipients: [A05] },
    whole: { inbound: [CENTER] },
  });
  const faults = collectFaults(bench);
  await bench.addAgency('one');
  await bench.addAgency('two');
  for (const id of ['a1', 'a2', 'a3', 'a4']) await bench.addAlert(id, { rule: RULE.id, groupKey: id });
  await storeEvents(bench.events, failures(50));
  const cookies = new Map<Role, string>();
  const turns = new Map<Role, Promise<string>>();
  let made = 0;
  const freshCookie = async (role: Role) => {
    const cookie = cookies.get(role);
    const token = cookie?.split('=')[1];
    if (cookie !== undefined && token !== undefined && (await bench.accounts.sessions.find(token))) return cookie;
    const agencies = role === 'agency-officer' ? ['one'] : ('all' as const);
    // Another account each time: the one before may have been locked or taken its rights.
    made += 1;
    const fresh = await bench.signIn({ user: `${role}-${made}`, role, agencies });
    cookies.set(role, fresh);
    return fresh;
  };
  /** One after the other: where a request ended the session, the two that come next must not both make the next account. */
  const cookieOf = (role: Role) => {
    const next = (turns.get(role) ?? Promise.resolve('')).catch(() => '').then(() => freshCookie(role));
    turns.set(role, next);
    return next;
  };
  const known = await someOfEverything(bench);
  await bench.app.ready();
  const server = createServer((request, response) => {
    const role = ROLES.find((one) => one === request.headers[ROLE_HEADER]);
    request.headers.origin = `http://${request.headers.host}`;
    const go = (cookie: string | undefined) => {
      if (cookie !== undefined) request.headers.cookie = cookie;
      else delete request.headers.cookie;
      bench.app.routing(request, response);
    };
    if (role === undefined) go(undefined);
    else
      cookieOf(role).then(go, (error: Error) => {
        response.statusCode = 599;
        response.end(error.message);
      });
  });
  // What is no request is answered as the real server answers it.
  server.on('clientError', (error, socket) => answerClientError(error, socket as Socket));
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    known,
    faults: () => faults.splice(0),
    async close() {
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
      await bench.close();
    },
  };
}

const MOST_FAULTS = 50;

/** Writes down each request that was answered with 5xx, with the error that the server's log would tell. */
function collectFaults({ app }: Bench): string[] {
  const faults: string[] = [];
  const errors = new WeakMap<object, Error>();
  app.addHook('onError', async (request, _reply, error) => {
    errors.set(request, error);
  });
  app.addHook('onResponse', async (request, { statusCode }) => {
    if (statusCode < 500 || faults.length >= MOST_FAULTS) return;
    const { method, url, body, headers, who } = request;
    const asked = `${method} ${url} (${headers['content-type'] ?? 'no body'}) as ${who?.identity.name ?? 'nobody'}`;
    const sent = Buffer.isBuffer(body) ? body.toString('base64') : JSON.stringify(body);
    faults.push(`${statusCode} ${asked}\n  body: ${sent?.slice(0, 4_000)}\n  ${traced(errors.get(request))}`);
  });
  return faults;
}

function traced(error: unknown): string {
  if (!(error instanceof Error)) return 'no error was thrown';
  return `${error.stack}${error.cause === undefined ? '' : `\n  because of ${traced(error.cause)}`}`;
}

async function someOfEverything(bench: Bench): Promise<Readonly<Record<string, readonly string[]>>> {
  const cookie = await bench.signIn({ user: 'maker', role: 'administrator' });
  const host = '127.0.0.1';
  const ask = async (method: 'GET' | 'POST', url: string, payload?: object) => {
    const headers = { host, origin: `http://${host}`, cookie };
    const answer = await bench.app.inject({ method, url, headers, ...(payload ? { payload } : {}) });
    if (answer.statusCode >= 300) throw new Error(`${url}: ${answer.statusCode} ${answer.payload}`);
    return answer.json();
  };
  const post = (url: string, payload: object) => ask('POST', url, payload);
  const incidents: string[] = [];
  for (const alert of ['a1', 'a2', 'a3'])
    incidents.push((await post('/api/v1/incidents', { alerts: [alert] })).incident.id);
  const sharing = `/api/v1/incidents/${incidents[0]}/sharing`;
  const { version, sha256 } = await ask('GET', `${sharing}/${A05.id}/preview`);
  await post(sharing, { recipient: A05.id, version, sha256, textsRead: true, minimal: false });
  const search = { name: 'x', kql: '', from: 'now-1h', to: 'now', by: null, shared: true };
  const asset = { kind: 'host', value: 'web1', level: 3, name: 'x', agency: null };
  return {
    '/api/v1/alerts': ['a1', 'a2', 'a3', 'a4'],
    '/api/v1/incidents': incidents,
    '/api/v1/rules': [RULE.id],
    '/api/v1/agencies': ['one', 'two'],
    '/api/v1/users': ['maker'],
    '/api/v1/searches': [(await post('/api/v1/searches', search)).id],
    '/api/v1/assets': [(await post('/api/v1/assets', asset)).id],
    '/api/v1/shifts': [(await post('/api/v1/shifts', { kind: 'note', text: 'x', alerts: [], to: null })).id],
  };
}

/** CPython before 3.11.8 counts the depth of two threads that parse at once as one (gh-106905): the tool's fault, not the server's. */
const PYTHON_FAULT = 'AST constructor recursion depth mismatch';

/** Whether the tool ended badly and names nothing that the server did: it was killed, or its Python fell over. */
function failedByItself({ code, out }: { readonly code: number; readonly out: string }): boolean {
  return code !== 0 && (out.includes(PYTHON_FAULT) || !/^=+ (?:FAILURES|ERRORS) =+$/m.test(out));
}

/** How much of everything: `phases` as the tool names them, `fuzzing` or also `coverage`, which takes ten times as long. */
export interface AttackOptions {
  readonly examples: number;
  readonly seed: number;
  readonly seconds: number;
  readonly phases: 'fuzzing' | 'coverage,fuzzing';
}

/** Runs the tool over the whole document as one role, or as nobody; its findings, empty where all is well. */
export async function attack(
  folder: string,
  target: Target,
  role: Role | undefined,
  { examples, seed, seconds, phases }: AttackOptions,
): Promise<{ readonly findings: string; readonly cases: number }> {
  const work = await mkdtemp(join(tmpdir(), 'haidang-schemathesis-'));
  try {
    await writeFile(join(work, 'haidang_hooks.py'), HOOKS);
    const args = [
      ...['-m', 'schemathesis.cli', 'run', `${target.url}/openapi.json`],
      ...['--checks', CHECKS.join(','), '--phases', phases, '--max-examples', String(examples)],
      ...['--seed', String(seed), '--generation-deterministic', '--no-shrink'],
      ...['--request-timeout', '60', '--continue-on-failure', '--no-color', '--suppress-health-check', 'all'],
      ...LEFT_OUT.flatMap((path) => ['--exclude-path', path]),
      ...(role === undefined ? [] : ['--header', `${ROLE_HEADER}: ${role}`]),
    ];
    const env = {
      ...process.env,
      PYTHONPATH: `${folder}:${work}`,
      PYTHONHASHSEED: '0',
      PYTHONDONTWRITEBYTECODE: '1',
      SCHEMATHESIS_HOOKS: 'haidang_hooks',
      KNOWN_IDS: JSON.stringify(target.known),
    };
    const go = (workers: number) =>
      run([...args, '--workers', String(workers)], { cwd: work, env, timeout: seconds * 1000 });
    const first = await go(2);
    const { code, out } = failedByItself(first) ? await go(1) : first;
    const cases = Number(/(\d+) generated/.exec(out)?.[1] ?? 0);
    const faults = target.faults().join('\n');
    if (code === 0) return { findings: faults, cases };
    return { findings: `${out.slice(-60_000)}\nended with ${code}\n${faults}`, cases };
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

function run(
  args: readonly string[],
  options: { readonly cwd: string; readonly env: NodeJS.ProcessEnv; readonly timeout: number },
): Promise<{ readonly code: number; readonly out: string }> {
  return new Promise((done) => {
    execFile('python3', args, { ...options, maxBuffer: 256 * 1024 * 1024 }, (error, out, err) =>
      done({ code: error ? Number(error.code ?? -1) : 0, out: out + err }),
    );
  });
}

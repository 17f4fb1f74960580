import { safeJson } from '../../ecs/safe-json.ts';
import type { NewUser } from '../accounts/schema.ts';
import { loadConfig, type ServerConfig } from '../config.ts';
import { type FirstRun, type FirstRunChange, STEPS, type Step } from '../first-run/schema.ts';
import { run as runAgency } from './agency.ts';
import { readArguments, UsageError } from './arguments.ts';
import { run as runCollectors } from './collectors.ts';
import { connect } from './connection.ts';
import { readPassword } from './read-password.ts';
import { count, plain, table } from './terminal.ts';

const HELP = `Usage: haidang first-run [--json] [--config FILE]
       haidang first-run administrator NAME [--display-name TEXT]
       haidang first-run province NAME
       haidang first-run agencies FILE.csv [--dry-run]
       haidang first-run store | tls
       haidang first-run collector --agency ID
       haidang first-run STEP --done | --skip | --open

The first steps of a new installation, as the page of the console has them, for a machine that has no browser. Without a step it
shows what is there and what is open (exit code 1 while something is). "administrator" asks for a password as "haidang user add" does;
"agencies" takes the table of "haidang agency import"; "collector" makes the one-time token of "haidang collector token". "store" and
"tls" say what to write into the configuration. --done, --skip and --open put on record what you decided.`;

/** `haidang first-run` */
export async function run(args: readonly string[]): Promise<number> {
  const flag = { type: 'boolean' } as const;
  const text = { type: 'string' } as const;
  const { values, positionals } = readArguments(args, {
    json: flag,
    'dry-run': flag,
    done: flag,
    skip: flag,
    open: flag,
    'display-name': text,
    agency: text,
    config: text,
  });
  if (values.help) {
    console.log(HELP);
    return 0;
  }
  const [name, subject, ...more] = positionals;
  const step = STEPS.find((one) => one === name);
  if (more.length > 0 || (name !== undefined && !step))
    throw new UsageError(`the steps are ${STEPS.join(', ')}; --help tells more.`);
  const config = await loadConfig(values.config);
  if (!step) return show(config, values.json === true);
  const decided = [values.done && 'done', values.skip && 'skipped', values.open && 'open'].filter(Boolean);
  if (decided.length > 0) {
    const [state] = decided as FirstRunChange['state'][];
    if (decided.length > 1 || state === undefined || subject !== undefined)
      throw new UsageError('say one of --done, --skip and --open, and nothing else of the step.');
    if (step === 'province' && state === 'done')
      throw new UsageError('the province is done once it has a name: haidang first-run province NAME.');
    return decide(config, { step, state });
  }
  const own = values.config === undefined ? [] : ['--config', values.config];
  switch (step) {
    case 'administrator':
      return addAdministrator(config, must(step, subject, 'NAME'), values['display-name']);
    case 'province':
      return decide(config, { step, state: 'done', province: must(step, subject, 'NAME').trim() });
    case 'agencies':
      return runAgency([
        'import',
        must(step, subject, 'FILE.csv'),
        ...(values['dry-run'] ? ['--dry-run'] : []),
        ...own,
      ]);
    case 'collector':
      if (values.agency === undefined)
        throw new UsageError(
          'say whose collector it is: haidang first-run collector --agency ID; haidang agency list shows them.',
        );
      return runCollectors(['token', '--agency', values.agency, ...own]);
    default:
      return tell(config, step);
  }
}

/** @throws UsageError */
function must(step: Step, subject: string | undefined, what: string): string {
  if (subject !== undefined && subject.trim() !== '') return subject;
  throw new UsageError(`say "haidang first-run ${step} ${what}"; --help tells more.`);
}

async function asking<T>(
  config: ServerConfig,
  method: 'GET' | 'PUT' | 'POST',
  path: string,
  body?: unknown,
): Promise<T> {
  const connection = await connect(config);
  try {
    return await connection.ask<T>(method, path, body);
  } finally {
    await connection.close();
  }
}

async function show(config: ServerConfig, isJson: boolean): Promise<number> {
  const found = await asking<FirstRun>(config, 'GET', '/api/v1/first-run');
  if (isJson) console.log(safeJson(found));
  else {
    const rows = found.steps.map(({ step, state }, place) => [
      String(place + 1),
      step,
      STATES[state],
      there(step, found),
    ]);
    console.log(table(['', 'step', 'state', 'what is there'], rows));
    const next = found.steps.find(({ state }) => state === 'open');
    console.log(next ? `\nNext: ${HOW[next.step]}` : '\nNothing is open any more.');
  }
  return found.finished ? 0 : 1;
}

const STATES = { open: 'open', done: 'done', skipped: 'put aside' } as const;

const HOW: Readonly<Record<Step, string>> = {
  administrator: 'haidang first-run administrator NAME, and set up a second factor in the console.',
  province: 'haidang first-run province NAME',
  agencies: 'haidang first-run agencies FILE.csv',
  store: 'haidang first-run store',
  tls: 'haidang first-run tls',
  collector: 'haidang first-run collector --agency ID',
};

function there(step: Step, { facts, province }: FirstRun): string {
  switch (step) {
    case 'administrator':
      return `${count(facts.administrators, 'administrator')}, ${facts.secondFactor ? 'with' : 'without'} a second factor`;
    case 'province':
      return plain(province);
    case 'agencies':
      return facts.agencies === 1 ? '1 agency' : `${facts.agencies} agencies`;
    case 'store':
      return facts.store;
    case 'tls':
      return facts.tls ? 'on' : 'off: this machine alone reaches the console';
    default:
      return count(facts.collectors, 'collector');
  }
}

async function decide(config: ServerConfig, change: FirstRunChange): Promise<number> {
  const { steps } = await asking<FirstRun>(config, 'PUT', '/api/v1/first-run', change);
  const state = steps.find(({ step }) => step === change.step)?.state ?? change.state;
  console.log(`${change.step}: ${STATES[state]}.`);
  return 0;
}

async function addAdministrator(config: ServerConfig, user: string, displayName = user): Promise<number> {
  const password = await readPassword(`Password for ${user}: `);
  const wanted: NewUser = { user, displayName, role: 'administrator', agencies: 'all', password };
  await asking(config, 'POST', '/api/v1/users', wanted);
  console.log(plain(`${user} is an administrator; set up the second factor at the first sign-in.`));
  return 0;
}

/** Store and TLS are the operator's files to change: the same words as in the documentation. */
async function tell(config: ServerConfig, step: 'store' | 'tls'): Promise<number> {
  const { facts } = await asking<FirstRun>(config, 'GET', '/api/v1/first-run');
  if (step === 'store') {
    console.log(
      facts.store === 'opensearch'
        ? 'OpenSearch is in use.'
        : 'The embedded store is in use, which serves one machine. To keep it: haidang first-run store --done. To move to OpenSearch:\nstop the server, set OPENSEARCH_URL, run "haidang migrate --to opensearch", and start it again.',
    );
    return 0;
  }
  console.log(
    facts.tls
      ? 'TLS is on.'
      : 'To open the console to other machines, write this into the configuration file with your own name, and start the server again; a\ncertificate is made by itself. Browsers must trust authority/ca.crt of the data folder.\n\nhost: 0.0.0.0\nallowed_hosts: [soc.example.vn]',
  );
  return 0;
}

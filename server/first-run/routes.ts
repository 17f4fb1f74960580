import type { SignedIn } from '../accounts/sessions.ts';
import { HaidangError } from '../errors.ts';
import { SYSTEM } from '../identity.ts';
import type { App, Services } from '../services.ts';
import type { UserRecord } from '../store/record-kinds.ts';
import type { RecordView } from '../store/record-store.ts';
import { problems } from '../system/answers.ts';
import { FirstRun, FirstRunChange, STEPS, type Step } from './schema.ts';

const ID = 'first-run';
const TRIES = 5;

/** What people decided, kept among the settings. */
interface Kept {
  readonly province: string;
  readonly steps: Partial<Readonly<Record<Step, 'open' | 'done' | 'skipped'>>>;
}

/** The first steps of a new installation; what is done is found out, what was put aside is kept. */
export function firstRunRoutes(app: App, services: Services): void {
  const { records, accounts } = services;
  const view = records.as(SYSTEM);
  const access = 'setup.manage';

  app.get(
    '/api/v1/first-run',
    { config: { access }, schema: { tags: ['system'], response: { 200: FirstRun, ...problems(401, 403, 503) } } },
    async (request) => answer(services, provincial(request.signedIn())),
  );

  app.put(
    '/api/v1/first-run',
    {
      config: { access },
      schema: {
        tags: ['system'],
        body: FirstRunChange,
        response: { 200: FirstRun, ...problems(400, 401, 403, 409, 503) },
      },
    },
    async (request) => {
      const who = provincial(request.signedIn());
      const { step, state, province } = request.body;
      await change(view, ({ steps, province: before }) => ({
        province: province ?? before,
        steps: { ...steps, [step]: state },
      }));
      const detail = { state, ...(province === undefined ? {} : { province }) };
      await accounts.audit.record({ actor: who.identity.name, act: 'setup.step', target: step, detail });
      return answer(services, who);
    },
  );
}

/** @throws HaidangError `HD_FORBIDDEN` */
function provincial(who: SignedIn): SignedIn {
  if (who.identity.agencies === 'all') return who;
  throw new HaidangError(
    'HD_FORBIDDEN',
    'The installation is that of all agencies; this takes an account that sees all.',
  );
}

async function kept(view: RecordView): Promise<{ readonly value: Kept; readonly version: number | undefined }> {
  const found = await view.get('setting', ID);
  return { value: (found?.document.value as Kept | undefined) ?? { province: '', steps: {} }, version: found?.version };
}

async function change(view: RecordView, decide: (before: Kept) => Kept): Promise<void> {
  for (let tries = 1; ; tries++) {
    const { value, version } = await kept(view);
    try {
      if (version === undefined) await view.create('setting', ID, { value: decide(value) });
      else await view.replace('setting', ID, { value: decide(value) }, version);
      return;
    } catch (error) {
      const code = error instanceof HaidangError ? error.code : undefined;
      const isRace = code === 'HD_RECORD_CONFLICT' || code === 'HD_RECORD_EXISTS';
      if (!isRace || tries === TRIES) throw error;
    }
  }
}

async function anySecondFactor(view: RecordView): Promise<boolean> {
  let after: string | undefined;
  do {
    const page = await view.find('user', { limit: 500, ...(after === undefined ? {} : { after }) });
    const has = ({ role, disabled, secondFactor }: UserRecord) =>
      role === 'administrator' && !disabled && secondFactor && secondFactor.lostAt === undefined;
    if (page.records.some(({ document }) => has(document))) return true;
    after = page.next ?? undefined;
  } while (after !== undefined);
  return false;
}

async function answer(
  { records, accounts, settings }: Services,
  { identity, secondFactor }: SignedIn,
): Promise<FirstRun> {
  const view = records.as(SYSTEM);
  const [{ value }, agencies, collectors, { users }] = await Promise.all([
    kept(view),
    view.count('agency'),
    view.count('collector'),
    accounts.users.list(identity),
  ]);
  const facts = {
    administrators: users.filter(({ role, disabled }) => role === 'administrator' && !disabled).length,
    // On the server itself nobody in particular asks.
    secondFactor: identity.kind === 'local' ? await anySecondFactor(view) : (secondFactor?.on ?? false),
    agencies,
    collectors,
    store: settings.store ?? 'embedded',
    tls: settings.secureCookies,
  } as const;
  // The machine itself is an agency and, with `haidang up`, a collector: those do not count.
  const found: Readonly<Record<Step, boolean>> = {
    administrator: facts.secondFactor,
    province: value.province !== '',
    agencies: agencies > 1,
    store: facts.store === 'opensearch',
    tls: facts.tls,
    collector: collectors > 1,
  };
  const steps = STEPS.map((step) => ({ step, state: found[step] ? ('done' as const) : (value.steps[step] ?? 'open') }));
  return { steps, finished: steps.every(({ state }) => state !== 'open'), province: value.province, facts };
}

import { type FormEvent, type ReactNode, useState } from 'react';
import { Link } from 'wouter';
import type { Session } from '../../server/accounts/schema.ts';
import type { FirstRun, FirstRunChange } from '../../server/first-run/schema.ts';
import { ImportForm } from '../agencies/import-card.tsx';
import { TokenForm } from '../fleet/token-form.tsx';
import { useText } from '../i18n/language.tsx';
import { Field } from '../parts/dialog.tsx';
import { SecondFactorCard } from '../users/second-factor.tsx';
import { NewUserForm } from '../users/user-form.tsx';

/** What a step is given. */
export interface StepProps {
  readonly step: FirstRun['steps'][number]['step'];
  readonly state: FirstRun['steps'][number]['state'];
  readonly run: FirstRun;
  readonly me: Session;
  readonly busy: boolean;
  readonly decide: (change: FirstRunChange) => Promise<void>;
  /** Something was made: the server is asked again what is there. */
  readonly look: () => void;
}

/** What there is to do in a step, done on the spot where a page can do it, else what to write into the configuration. */
export function StepBody(props: StepProps): ReactNode {
  const Body = BODIES[props.step];
  return <Body {...props} />;
}

function Administrator({ run: { facts }, me, look }: StepProps) {
  const t = useText();
  // Stays once it was shown: it holds the recovery codes that are shown a single time.
  const [asks] = useState(!facts.secondFactor);
  return (
    <div className="space-y-3">
      <Way to="/account" text={t('firstRun.toAccount')}>
        {t('firstRun.administrators', { count: facts.administrators })}
      </Way>
      {asks && <SecondFactorCard me={me} done={look} />}
      <Fold title={t('firstRun.secondAdministrator')}>
        <NewUserForm first="administrator" done={look} />
      </Fold>
    </div>
  );
}

function Province({ run, decide, busy }: StepProps) {
  const t = useText();
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    const province = String(new FormData(event.currentTarget).get('province')).trim();
    void decide({ step: 'province', state: 'done', province });
  };
  return (
    <form onSubmit={submit} className="flex max-w-md flex-wrap items-end gap-2">
      <div className="min-w-0 flex-1 basis-56">
        <Field label={t('firstRun.provinceName')}>
          <input
            name="province"
            className="field"
            defaultValue={run.province}
            required
            maxLength={200}
            pattern=".*\S.*"
          />
        </Field>
      </div>
      <button type="submit" className="button" disabled={busy}>
        {t('users.save')}
      </button>
    </form>
  );
}

function Agencies({ state, run: { facts }, look }: StepProps) {
  const t = useText();
  return (
    <div className="space-y-3">
      <Way to="/agencies" text={t('firstRun.toAgencies')}>
        {t('firstRun.agencyCount', { count: facts.agencies })}
      </Way>
      <Fold title={t('agencies.import')} open={state === 'open'}>
        <ImportForm done={look} />
        <Code text="haidang agency import co-quan.csv" />
      </Fold>
    </div>
  );
}

function Store({ state, run: { facts }, decide, busy }: StepProps) {
  const t = useText();
  return (
    <div className="space-y-3">
      <p className="text-muted">{t(`firstRun.store.${facts.store}`)}</p>
      {facts.store === 'embedded' && (
        <Fold title="OpenSearch">
          <p>{t('firstRun.store.move')}</p>
          <Code text={'OPENSEARCH_URL=https://user:password@opensearch:9200\nhaidang migrate --to opensearch'} />
        </Fold>
      )}
      {facts.store === 'embedded' && state === 'open' && (
        <button
          type="button"
          className="button button-primary"
          disabled={busy}
          onClick={() => void decide({ step: 'store', state: 'done' })}
        >
          {t('firstRun.store.keep')}
        </button>
      )}
    </div>
  );
}

const EXAMPLE = 'soc.example.vn';

function Tls({ run: { facts } }: StepProps) {
  const t = useText();
  const [written, setWritten] = useState('');
  // What cannot stand in a name is left out: the text is copied into a YAML file.
  const name = written.replace(/[^A-Za-z0-9.:-]/g, '') || EXAMPLE;
  if (facts.tls) return <p className="text-muted">{t('firstRun.tlsOn')}</p>;
  return (
    <div className="space-y-3">
      <div className="max-w-md">
        <Field label={t('firstRun.tls.name')}>
          <input
            name="host"
            className="field"
            placeholder={EXAMPLE}
            maxLength={253}
            autoCapitalize="none"
            value={written}
            onChange={(event) => setWritten(event.target.value)}
          />
        </Field>
      </div>
      <Code text={`host: 0.0.0.0\nallowed_hosts: ["${name}"]`} />
      <p className="text-muted">{t('firstRun.tls.trust', { name })}</p>
    </div>
  );
}

function Collector({ state, run: { facts } }: StepProps) {
  const t = useText();
  return (
    <div className="space-y-3">
      <Way to="/fleet" text={t('firstRun.toFleet')}>
        {t('firstRun.collectorCount', { count: facts.collectors })}
      </Way>
      <Fold title={t('fleet.makeToken')} open={state === 'open'}>
        <TokenForm />
      </Fold>
    </div>
  );
}

const BODIES = {
  administrator: Administrator,
  province: Province,
  agencies: Agencies,
  store: Store,
  tls: Tls,
  collector: Collector,
} as const satisfies Record<StepProps['step'], (props: StepProps) => ReactNode>;

function Way({ to, text, children }: { readonly to: string; readonly text: string; readonly children: ReactNode }) {
  return (
    <p className="flex flex-wrap items-center gap-x-4 gap-y-2">
      <span className="text-muted">{children}</span>
      <Link href={to} className="link">
        {text}
      </Link>
    </p>
  );
}

function Fold({
  title,
  open = false,
  children,
}: {
  readonly title: string;
  readonly open?: boolean;
  readonly children: ReactNode;
}) {
  // Open to begin with; from then on it is the reader's, and not shut under their hands by what the server finds.
  const [begins] = useState(open);
  return (
    <details open={begins}>
      <summary className="link cursor-pointer">{title}</summary>
      <div className="mt-3 space-y-3">{children}</div>
    </details>
  );
}

function Code({ text }: { readonly text: string }) {
  return (
    <pre className="overflow-x-auto rounded-md border border-line p-3 font-mono text-small whitespace-pre-wrap">
      {text}
    </pre>
  );
}

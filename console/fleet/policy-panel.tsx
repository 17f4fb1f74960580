import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import type { Policy, PolicyCheck, PolicyFault, PolicyVersions } from '../../server/fleet/schema.ts';
import { getJson, postJson, putJson } from '../api/client.ts';
import { useText } from '../i18n/language.tsx';
import { Field } from '../parts/dialog.tsx';
import { Visible } from '../parts/log-text.tsx';
import { ProblemNotice } from '../parts/states.tsx';
import { Time } from '../parts/time.tsx';
import { useToast } from '../parts/toasts.tsx';
import { useAttempt } from '../parts/use-attempt.ts';
import { Difference } from '../rule-list/versions-card.tsx';
import { Yaml } from '../rule-list/yaml.tsx';

type Version = PolicyVersions['versions'][number];

const FIRST = 'inputs:\n  - type: file\n    paths: [/var/log/auth.log]\n';

/** The policy of a group: its text to change, every version that is kept, and bringing one back. */
export function PolicyPanel({
  group,
  hasPolicy,
  mayManage,
}: {
  readonly group: string;
  readonly hasPolicy: boolean;
  readonly mayManage: boolean;
}) {
  const t = useText();
  const path = `/collectors/policies/${encodeURIComponent(group)}`;
  const found = useQuery({
    queryKey: ['fleet', 'policy', group],
    queryFn: ({ signal }) => getJson<PolicyVersions>(`${path}/versions`, {}, signal),
    enabled: hasPolicy,
  });
  if (hasPolicy && found.isError) return <ProblemNotice error={found.error} retry={() => found.refetch()} />;
  if (hasPolicy && !found.data) return null;
  const versions = found.data?.versions ?? [];
  const [latest] = versions;
  return (
    <div className="mt-3 space-y-4">
      {mayManage ? (
        // Another version in force is another text to begin with.
        <Editor key={latest?.version ?? 0} path={path} group={group} yaml={latest?.yaml ?? FIRST} />
      ) : (
        latest && <Yaml text={latest.yaml} label={group} />
      )}
      {versions.length > 0 && (
        <section aria-label={`${group}: ${t('fleet.versions')}`}>
          <ol className="divide-y divide-line rounded border border-line">
            {versions.map((version, place) => (
              <VersionRow
                key={version.version}
                path={path}
                version={version}
                before={versions[place + 1]}
                isInForce={place === 0}
                mayManage={mayManage}
              />
            ))}
          </ol>
        </section>
      )}
    </div>
  );
}

function Editor({ path, group, yaml }: { readonly path: string; readonly group: string; readonly yaml: string }) {
  const t = useText();
  const { run, busy, error } = useAct();
  const [text, setText] = useState(yaml);
  const [faults, setFaults] = useState<readonly PolicyFault[]>();
  const check = async (): Promise<boolean> => {
    const answer = await postJson<PolicyCheck>('/collectors/policies/check', { yaml: text });
    setFaults(answer.faults);
    return answer.faults.length === 0;
  };
  const save = async (): Promise<number | undefined> => {
    if (!(await check())) return undefined;
    return (await putJson<Policy>(path, { yaml: text })).version;
  };
  return (
    <div className="space-y-3">
      <Field label={t('fleet.policyText')} hint={t('fleet.policyHint')}>
        <textarea
          className="field min-h-48 w-full font-mono text-small"
          name={`policy-${group}`}
          spellCheck={false}
          value={text}
          onChange={(event) => {
            setText(event.target.value);
            setFaults(undefined);
          }}
        />
      </Field>
      {error !== undefined && <ProblemNotice error={error} />}
      {faults?.length === 0 && <p role="status">{t('fleet.policyGood')}</p>}
      {faults !== undefined && faults.length > 0 && (
        <div role="alert">
          <ul className="space-y-1 text-critical">
            {faults.map(({ line, code, detail }) => (
              <li key={`${line} ${code} ${detail}`} className="break-words" data-line={line}>
                {t('fleet.line', { line })}: {t(`fleet.fault.${code}`)}{' '}
                {detail !== '' && code !== 'bandwidth' && (
                  <code lang="en">
                    <Visible text={detail} prose />
                  </code>
                )}
              </li>
            ))}
          </ul>
        </div>
      )}
      <div className="flex flex-wrap gap-2">
        <button
          type="button"
          className="button"
          disabled={busy}
          onClick={() =>
            void run(async () => {
              await check();
              return undefined;
            })
          }
        >
          {t('fleet.check')}
        </button>
        <button
          type="button"
          name="save-policy"
          className="button button-primary"
          disabled={busy}
          onClick={() => void run(save)}
        >
          {t('fleet.savePolicy')}
        </button>
      </div>
    </div>
  );
}

function VersionRow({
  path,
  version: { version, yaml, at, by, restores },
  before,
  isInForce,
  mayManage,
}: {
  readonly path: string;
  readonly version: Version;
  readonly before: Version | undefined;
  readonly isInForce: boolean;
  readonly mayManage: boolean;
}) {
  const t = useText();
  const { run, busy, error } = useAct();
  const [isOpen, setOpen] = useState(false);
  const label = t('fleet.version', { version });
  return (
    <li data-policy-version={version}>
      <div className="flex flex-wrap items-center gap-x-4 gap-y-2 px-4 py-2 text-small">
        <p className="min-w-0 flex-1 basis-56">
          {label} · <Time at={at} as="brief" /> · <Visible text={by} />
          {restores !== null && ` · ${t('fleet.restores', { version: restores })}`}
          {isInForce && <span className="ml-2 font-semibold text-good">{t('fleet.inForce')}</span>}
        </p>
        <button type="button" className="button text-small" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
          {t('rules.diff.show')}
        </button>
        {mayManage && !isInForce && (
          <button
            type="button"
            className="button text-small"
            disabled={busy}
            aria-label={t('fleet.rollbackOne', { version })}
            onClick={() => void run(async () => (await postJson<Policy>(`${path}/rollback`, { version })).version)}
          >
            {t('fleet.rollback')}
          </button>
        )}
      </div>
      {error !== undefined && <ProblemNotice error={error} />}
      {isOpen &&
        (before ? <Difference from={before.yaml} to={yaml} label={label} /> : <Yaml text={yaml} label={label} />)}
    </li>
  );
}

/** Does something, and says which version is in force where it made one. */
function useAct() {
  const t = useText();
  const toast = useToast();
  const queries = useQueryClient();
  const { busy, error, run: attempt } = useAttempt();
  const run = async (act: () => Promise<number | undefined>): Promise<void> => {
    await attempt(async () => {
      const version = await act();
      if (typeof version === 'number') {
        toast({ text: t('fleet.policySaved', { version }) });
        await queries.invalidateQueries({ queryKey: ['fleet'] });
      }
    });
  };
  return { run, busy, error };
}

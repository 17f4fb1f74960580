import { useQuery } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import type { PolicyGroups } from '../../server/fleet/schema.ts';
import { getJson } from '../api/client.ts';
import { useFormat, useText } from '../i18n/language.tsx';
import { Field } from '../parts/dialog.tsx';
import { Visible } from '../parts/log-text.tsx';
import { ProblemNotice } from '../parts/states.tsx';
import { Time } from '../parts/time.tsx';
import { PolicyPanel } from './policy-panel.tsx';

const STATES = ['broken', 'attention', 'well', 'revoked'] as const;
const REFRESH_MS = 10_000;
type Group = PolicyGroups['groups'][number];

/** Each group of collectors: how they are, which version of its policy each runs, and the policy itself. */
export function GroupsCard({ mayManage }: { readonly mayManage: boolean }) {
  const t = useText();
  const [further, setFurther] = useState<string[]>([]);
  const groups = useQuery({
    queryKey: ['fleet', 'groups'],
    queryFn: ({ signal }) => getJson<PolicyGroups>('/collectors/policies', {}, signal),
    refetchInterval: REFRESH_MS,
  });
  const known = groups.data?.groups ?? [];
  const unknown = further.filter((name) => known.every(({ group }) => group !== name));
  const open = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    const name = String(new FormData(event.currentTarget).get('group') ?? '');
    setFurther([...new Set([...further, name])]);
    event.currentTarget.reset();
  };
  return (
    <section className="card" aria-labelledby="groups">
      <h2 id="groups" className="px-4 pt-3 font-semibold">
        {t('fleet.groups')}
      </h2>
      <p className="px-4 pb-3 text-small text-muted">{t('fleet.groupsExplain')}</p>
      {groups.isError && <ProblemNotice error={groups.error} retry={() => groups.refetch()} />}
      <ul className="divide-y divide-line border-t border-line">
        {known.map((one) => (
          <GroupRow key={one.group} group={one} mayManage={mayManage} />
        ))}
        {unknown.map((name) => (
          <li key={name} className="px-4 py-3" data-group={name}>
            <h3 className="font-medium">{name}</h3>
            <PolicyPanel group={name} hasPolicy={false} mayManage={mayManage} />
          </li>
        ))}
      </ul>
      {mayManage && (
        <form onSubmit={open} className="flex flex-wrap items-end gap-2 border-t border-line px-4 py-3">
          <Field label={t('fleet.newGroup')}>
            <input
              name="group"
              className="field"
              required
              pattern="[a-z0-9][a-z0-9\-]{0,31}"
              autoComplete="off"
              spellCheck={false}
            />
          </Field>
          <button type="submit" className="button">
            {t('fleet.newGroupOpen')}
          </button>
        </form>
      )}
    </section>
  );
}

function GroupRow({ group: one, mayManage }: { readonly group: Group; readonly mayManage: boolean }) {
  const t = useText();
  const format = useFormat();
  const [isOpen, setOpen] = useState(false);
  const { group, version, at, by, states, running, failed } = one;
  const counts = STATES.filter((state) => states[state] > 0);
  return (
    <li className="px-4 py-3" data-group={group}>
      <div className="flex flex-wrap items-start gap-x-6 gap-y-2">
        <div className="min-w-0 flex-1 basis-64">
          <h3 className="font-medium">{group}</h3>
          <p className="text-small text-muted">
            {t('fleet.members', { count: format.number(one.collectors) })}
            {counts.map((state) => ` · ${t(`fleet.state.${state}`)}: ${format.number(states[state])}`).join('')}
            {` · ${t('fleet.waiting')}: ${format.number(one.waitingEvents)}`}
          </p>
        </div>
        <div className="min-w-0 flex-1 basis-56 text-small">
          {version === null ? (
            <p>{t('fleet.noPolicy')}</p>
          ) : (
            <p>
              {t('fleet.version', { version })}
              {at !== null && (
                <>
                  {' · '}
                  <Time at={at} as="brief" />
                </>
              )}
              {by !== null && (
                <>
                  {' · '}
                  <Visible text={by} />
                </>
              )}
            </p>
          )}
        </div>
        {(mayManage || version !== null) && (
          <button
            type="button"
            className="button text-small"
            aria-expanded={isOpen}
            aria-label={t('fleet.editOne', { group })}
            onClick={() => setOpen(!isOpen)}
          >
            {t('fleet.edit')}
          </button>
        )}
      </div>
      <ul className="mt-1 space-y-1 text-small">
        {running.map((run) => (
          <li key={run.version ?? 'own'} className="break-words" data-running={run.version ?? 'own'}>
            {run.version === null ? t('fleet.own') : t('fleet.version', { version: run.version })}
            {': '}
            <Visible text={run.collectors.slice(0, 20).join(', ')} prose />
            {run.collectors.length > 20 && ` … (${format.number(run.collectors.length)})`}
          </li>
        ))}
        {failed.map(({ id, name, version: tried, reason }) => (
          <li key={id} className="break-words text-critical">
            <Visible text={name} prose /> · {t('fleet.wentBack', { version: tried })}: <Visible text={reason} prose />
          </li>
        ))}
      </ul>
      {isOpen && <PolicyPanel group={group} hasPolicy={version !== null} mayManage={mayManage} />}
    </li>
  );
}

import { useQuery, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useEffect, useState } from 'react';
import { Link } from 'wouter';
import type { Session } from '../../server/accounts/schema.ts';
import type { IndicatorList, IndicatorLists, ListImport } from '../../server/indicators/schema.ts';
import { deleteResource, getJson, isProblem, postFile, postJson } from '../api/client.ts';
import { useFormat, useText } from '../i18n/language.tsx';
import { Dialog, Field } from '../parts/dialog.tsx';
import { SeverityMark } from '../parts/icons.tsx';
import { Visible } from '../parts/log-text.tsx';
import { SEVERITIES } from '../parts/severity.ts';
import { Empty, FirstFetch, PageTitle, ProblemNotice } from '../parts/states.tsx';
import { Time } from '../parts/time.tsx';
import { useAttempt } from '../parts/use-attempt.ts';

const LOOK_MS = 500;
const MIB = 1024 * 1024;
const MARKS = ['clear', 'green', 'amber', 'amber+strict', 'red'] as const;

/** `/indicators`: lists of what is known to be bad, which events are compared with as they come. */
export function IndicatorsPage({ me }: { readonly me: Session }) {
  const t = useText();
  const format = useFormat();
  const lists = useQuery({
    queryKey: ['indicators'],
    queryFn: ({ signal }) => getJson<IndicatorLists>('/indicators', {}, signal),
  });
  const mayChange = me.permissions.includes('indicators.change') && me.agencies === 'all';
  return (
    <>
      <PageTitle title="indicators.title">
        {lists.data && (
          <span className="text-muted">
            {t('indicators.sum', { count: lists.data.indicators })} · {format.number(Math.ceil(lists.data.bytes / MIB))}{' '}
            MiB
          </span>
        )}
      </PageTitle>
      <FirstFetch query={lists} />
      <div className="min-h-0 max-w-6xl flex-1 space-y-4 overflow-auto px-4 pb-6">
        {lists.isError && <ProblemNotice error={lists.error} retry={() => lists.refetch()} />}
        <p className="max-w-3xl text-muted">{t('indicators.hint')}</p>
        {lists.data?.lists.length === 0 && (
          <Empty title={t('indicators.none')}>{mayChange && t('indicators.noneHint')}</Empty>
        )}
        {lists.data && lists.data.lists.length > 0 && (
          <ul className="card divide-y divide-line" aria-label={t('indicators.title')}>
            {lists.data.lists.map((list) => (
              <List key={list.id} list={list} mayChange={mayChange} />
            ))}
          </ul>
        )}
        {mayChange && <NewList lists={lists.data?.lists ?? []} />}
      </div>
    </>
  );
}

function List({ list, mayChange }: { readonly list: IndicatorList; readonly mayChange: boolean }) {
  const t = useText();
  const [removing, setRemoving] = useState(false);
  const { id, rule, name, source, tlp, severity, count, refused, skipped, expires, at, by, problem } = list;
  return (
    <li className="flex flex-wrap items-start gap-x-4 gap-y-1 px-4 py-3">
      <div className="min-w-0 flex-1">
        <Link href={`/rules/${encodeURIComponent(rule)}`} className="font-medium break-words hover:underline">
          <Visible text={name} />
        </Link>
        <p className="flex flex-wrap gap-x-4">
          <SeverityMark severity={severity} />
          <span>{t('indicators.sum', { count })}</span>
          <span>TLP:{tlp.toUpperCase()}</span>
          {expires !== null && Date.parse(expires) < Date.now() ? (
            <span className="font-semibold text-high">
              {t('indicators.over')}: <Time at={expires} />
            </span>
          ) : (
            <span>
              {t('indicators.ends')}: {expires === null ? t('indicators.never') : <Time at={expires} />}
            </span>
          )}
        </p>
        <p className="text-small text-muted">
          <code>{id}</code> · <Visible text={source} /> · <Visible text={by} />, <Time at={at} />
          {refused > 0 && ` · ${t('indicators.refused', { count: refused })}`}
          {skipped > 0 && ` · ${t('indicators.skipped', { count: skipped })}`}
        </p>
        {problem !== null && (
          <p className="text-critical" lang="en">
            <Visible text={problem} />
          </p>
        )}
      </div>
      {mayChange && (
        <button type="button" className="button" onClick={() => setRemoving(true)}>
          {t('indicators.remove')}
        </button>
      )}
      {removing && <RemoveDialog list={list} close={() => setRemoving(false)} />}
    </li>
  );
}

function RemoveDialog({ list, close }: { readonly list: IndicatorList; readonly close: () => void }) {
  const t = useText();
  const queries = useQueryClient();
  const [error, setError] = useState<unknown>();
  const remove = async (): Promise<void> => {
    try {
      await deleteResource(`/indicators/${encodeURIComponent(list.id)}`);
      close();
      await queries.invalidateQueries({ queryKey: ['indicators'] });
    } catch (problem) {
      setError(problem);
    }
  };
  return (
    <Dialog title={t('indicators.remove')} close={close}>
      <p className="mb-3 break-words">
        {t('indicators.removeSure')} <Visible text={list.name} />
      </p>
      {error !== undefined && <ProblemNotice error={error} />}
      <button type="button" className="button button-primary" onClick={() => void remove()}>
        {t('indicators.remove')}
      </button>
    </Dialog>
  );
}

function NewList({ lists }: { readonly lists: readonly IndicatorList[] }) {
  const t = useText();
  const queries = useQueryClient();
  const { error, run } = useAttempt();
  const job = useQuery({
    queryKey: ['indicator-import'],
    queryFn: async ({ signal }) => {
      try {
        return await getJson<ListImport>('/indicators/imports/current', {}, signal);
      } catch (problem) {
        if (isProblem(problem, 'HD_NOT_FOUND')) return null;
        throw problem;
      }
    },
    refetchInterval: ({ state }) => (state.data?.state === 'running' ? LOOK_MS : false),
  });
  const state = job.data?.state;
  useEffect(() => {
    if (state === 'done') void queries.invalidateQueries({ queryKey: ['indicators'] });
  }, [state, queries]);
  const act = async (doing: () => Promise<ListImport>): Promise<void> => {
    await run(async () => {
      queries.setQueryData(['indicator-import'], await doing());
    });
  };
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const file = form.get('file');
    if (!(file instanceof File)) return;
    const query = Object.fromEntries(
      ['id', 'name', 'source', 'tlp', 'severity', 'days'].map((name) => [name, String(form.get(name) ?? '').trim()]),
    );
    void act(() => postFile('/indicators/imports/file', query, file));
  };
  return (
    <section className="card" aria-labelledby="new-list">
      <h2 id="new-list" className="px-4 pt-3 pb-2 font-semibold">
        {t('indicators.import')}
      </h2>
      <form className="grid gap-3 px-4 pb-4 sm:grid-cols-2" onSubmit={submit}>
        <Field label={t('indicators.file')} hint={t('indicators.fileHint')}>
          <input name="file" type="file" className="field" accept=".json,.csv,.txt" required />
        </Field>
        <Field label={t('indicators.replaces')}>
          <select name="id" className="field">
            <option value="">{t('indicators.newList')}</option>
            {lists.map(({ id, name }) => (
              <option key={id} value={id}>
                {name}
              </option>
            ))}
          </select>
        </Field>
        <Field label={t('indicators.name')}>
          <input name="name" className="field" required maxLength={100} />
        </Field>
        <Field label={t('indicators.source')}>
          <input name="source" className="field" required maxLength={200} />
        </Field>
        <Field label="TLP">
          <select name="tlp" className="field" defaultValue="amber">
            {MARKS.map((mark) => (
              <option key={mark} value={mark}>
                TLP:{mark.toUpperCase()}
              </option>
            ))}
          </select>
        </Field>
        <Field label={t('alert.severity')}>
          <select name="severity" className="field" defaultValue="high">
            {SEVERITIES.map((severity) => (
              <option key={severity} value={severity}>
                {t(`severity.${severity}`)}
              </option>
            ))}
          </select>
        </Field>
        <Field label={t('indicators.days')} hint={t('indicators.daysHint')}>
          <input name="days" type="number" className="field" min={1} max={3650} defaultValue={90} />
        </Field>
        <div className="flex items-end gap-2">
          <button type="submit" className="button button-primary" disabled={state === 'running'}>
            {t('indicators.take')}
          </button>
          {state === 'running' && (
            <button
              type="button"
              className="button"
              onClick={() => void act(() => postJson('/indicators/imports/current/cancel', {}))}
            >
              {t('common.cancel')}
            </button>
          )}
        </div>
      </form>
      {error !== undefined && <ProblemNotice error={error} />}
      {job.data && <Imported job={job.data} />}
    </section>
  );
}

function Imported({ job }: { readonly job: ListImport }) {
  const t = useText();
  return (
    <div role="status" className="border-t border-line px-4 py-3">
      <p>
        {t(`indicators.state.${job.state}`)} <Visible text={job.from} /> ·{' '}
        {t('indicators.sum', { count: job.state === 'running' ? job.done : job.count })}
        {job.refused > 0 && ` · ${t('indicators.refused', { count: job.refused })}`}
      </p>
      {job.error !== null && (
        <p className="text-critical break-words" lang="en">
          <Visible text={job.error} />
        </p>
      )}
      {job.problems.length > 0 && (
        <details className="mt-1">
          <summary>{t('indicators.refusedWhy')}</summary>
          <ul className="text-small" lang="en">
            {job.problems.map(({ at, what }) => (
              <li key={`${at} ${what}`} className="break-words">
                {at}: <Visible text={what} />
              </li>
            ))}
          </ul>
        </details>
      )}
    </div>
  );
}

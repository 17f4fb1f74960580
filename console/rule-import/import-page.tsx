import { useQuery, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { Link } from 'wouter';
import type { ImportJob, ImportReport, ImportRow, TakeOver } from '../../server/rules/schema.ts';
import { getJson, isProblem, postFile, postJson } from '../api/client.ts';
import { useFormat, useText } from '../i18n/language.tsx';
import { Field } from '../parts/dialog.tsx';
import { SeverityMark } from '../parts/icons.tsx';
import { LogText, Visible } from '../parts/log-text.tsx';
import { PageTitle, ProblemNotice, Progress } from '../parts/states.tsx';
import { useToast } from '../parts/toasts.tsx';
import { useAttempt } from '../parts/use-attempt.ts';

const LOOK_MS = 500;
const PAGE = 200;
const STATES = ['runs', 'no-data', 'present', 'refused'] as const;
const MOST = 1_000;

/** `/rules/import`: rules of an archive, what of them runs and what does not, and taking them over. */
export function ImportPage() {
  const t = useText();
  const queries = useQueryClient();
  const { busy, error, run } = useAttempt();
  const job = useQuery({
    queryKey: ['rule-import'],
    queryFn: async ({ signal }) => {
      try {
        return await getJson<ImportJob>('/rules/imports/current', {}, signal);
      } catch (problem) {
        if (isProblem(problem, 'HD_NOT_FOUND')) return null;
        throw problem;
      }
    },
    refetchInterval: ({ state }) => (['running', 'taking'].includes(state.data?.state ?? '') ? LOOK_MS : false),
  });
  const act = async (doing: () => Promise<ImportJob>): Promise<void> => {
    await run(async () => {
      queries.setQueryData(['rule-import'], await doing());
    });
  };
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    const file = new FormData(event.currentTarget).get('file');
    if (file instanceof File) void act(() => postFile('/rules/imports/file', { name: file.name }, file));
  };
  const current = job.data;
  return (
    <>
      <PageTitle title="import.title">
        <Link href="/rules" className="button">
          {t('rules.back')}
        </Link>
      </PageTitle>
      <div className="min-h-0 max-w-6xl flex-1 space-y-4 overflow-auto px-4 pb-6">
        <section className="card p-4" aria-label={t('import.title')}>
          <p className="mb-3 max-w-3xl text-muted">{t('import.hint')}</p>
          <form className="flex flex-wrap items-end gap-3" onSubmit={submit}>
            <Field label={t('import.file')}>
              <input name="file" type="file" className="field" accept=".zip,.yml,.yaml" required />
            </Field>
            <button type="submit" className="button button-primary" disabled={busy || current?.state === 'running'}>
              {t('import.read')}
            </button>
          </form>
        </section>
        <Progress busy={busy || job.isPending} />
        {(error ?? job.error) != null && <ProblemNotice error={error ?? job.error} />}
        {current && <Job job={current} busy={busy} act={act} />}
      </div>
    </>
  );
}

type Act = (doing: () => Promise<ImportJob>) => Promise<void>;

function Job({ job, busy, act }: { readonly job: ImportJob; readonly busy: boolean; readonly act: Act }) {
  const t = useText();
  const format = useFormat();
  const { state, from, progress, counts, looked, taken } = job;
  return (
    <section className="card" aria-labelledby="import-job">
      <h2 id="import-job" className="px-4 pt-3 pb-2 font-semibold break-words">
        <LogText text={from} />
      </h2>
      <div role="status" className="flex flex-wrap items-center gap-3 px-4 pb-3">
        {t(`import.state.${state}`)}
        {state === 'running' && (
          <>
            <progress value={progress.done} max={Math.max(1, progress.files)} aria-label={t('import.state.running')} />
            {format.number(progress.done)} / {format.number(progress.files)}
          </>
        )}
        {taken && t(`import.taken.${taken.as}`, { count: taken.rules })}
        {taken && taken.rules > 0 && (
          <Link href={taken.as === 'draft' ? '/rules?state=draft' : '/rules'} className="link">
            {t(taken.as === 'draft' ? 'import.toDrafts' : 'rules.back')}
          </Link>
        )}
        {job.error !== null && (
          <span className="text-critical" lang="en">
            <Visible text={job.error} />
          </span>
        )}
        {(state === 'running' || state === 'ready') && (
          <button
            type="button"
            className="button"
            disabled={busy}
            onClick={() => void act(() => postJson('/rules/imports/current/cancel', {}))}
          >
            {t(state === 'running' ? 'common.cancel' : 'import.forget')}
          </button>
        )}
      </div>
      {counts && state !== 'cancelled' && (
        <>
          <p className="px-4 pb-2 text-small text-muted">{t('import.looked', { count: looked })}</p>
          <Report job={job} counts={counts} />
        </>
      )}
      {state === 'ready' && counts && counts.runs + counts['no-data'] > 0 && <Take busy={busy} act={act} />}
    </section>
  );
}

function Report({ job, counts }: { readonly job: ImportJob; readonly counts: NonNullable<ImportJob['counts']> }) {
  const t = useText();
  const format = useFormat();
  const [state, setState] = useState<ImportRow['state']>('runs');
  const [limit, setLimit] = useState(PAGE);
  const report = useQuery({
    queryKey: ['rule-import', job.id, state, limit],
    queryFn: ({ signal }) =>
      getJson<ImportReport>(
        '/rules/imports/current/report',
        { state, offset: 0, limit: Math.min(limit, MOST) },
        signal,
      ),
    placeholderData: (before) => before,
  });
  return (
    <>
      <fieldset className="flex flex-wrap gap-2 px-4 pb-2" aria-label={t('rules.state')}>
        {STATES.map((one) => (
          <button
            key={one}
            type="button"
            className="button aria-pressed:bg-selected aria-pressed:font-semibold"
            aria-pressed={state === one}
            onClick={() => {
              setState(one);
              setLimit(PAGE);
            }}
          >
            {t(`import.rows.${one}`)} · {format.number(counts[one])}
          </button>
        ))}
      </fieldset>
      <p className="max-w-3xl px-4 pb-3 text-muted">{t(`import.means.${state}`)}</p>
      <Progress busy={report.isFetching && (report.isPending || report.isPlaceholderData)} />
      {report.isError && (
        <div className="px-4 pb-3">
          <ProblemNotice error={report.error} retry={() => report.refetch()} />
        </div>
      )}
      {report.data?.total === 0 && <p className="border-t border-line px-4 py-3">{t('import.noRows')}</p>}
      <ul className="divide-y divide-line border-t border-line empty:hidden">
        {(report.data?.rows ?? []).map((row) => (
          <Row key={`${row.file}:${row.line}:${row.column}:${row.code}:${row.id}`} row={row} />
        ))}
      </ul>
      {report.data && report.data.total > MOST && limit >= MOST && (
        <p className="border-t border-line px-4 py-3 text-muted">
          {t('import.rest', { count: report.data.total - report.data.rows.length })}
        </p>
      )}
      {report.data && report.data.total > report.data.rows.length && limit < MOST && (
        <div className="px-4 py-3">
          <button type="button" className="button" onClick={() => setLimit(MOST)}>
            {t('import.more')}
          </button>
        </div>
      )}
    </>
  );
}

function Row({ row }: { readonly row: ImportRow }) {
  const t = useText();
  const { title, level, file, line, column, reasons, fields, code, message, replaces } = row;
  return (
    <li className="px-4 py-2">
      <p className="flex flex-wrap items-center gap-x-4">
        {level && <SeverityMark severity={level} />}
        <span className="min-w-0 break-words" lang="en">
          <Visible text={message ?? title} />
        </span>
      </p>
      <p className="text-small text-muted">
        <LogText text={code === null ? file : `${file}:${line}:${column}`} />
        {code !== null && ` · ${code}`}
        {reasons.map((reason) => ` · ${t(`import.reason.${reason}`)}`)}
        {fields.length > 0 && `: ${fields.join(', ')}`}
        {replaces && ` · ${t('import.replaces')}`}
      </p>
    </li>
  );
}

function Take({ busy, act }: { readonly busy: boolean; readonly act: Act }) {
  const t = useText();
  const toast = useToast();
  const queries = useQueryClient();
  const [as, setAs] = useState<TakeOver['as']>('draft');
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const states: TakeOver['states'] = form.get('all') === 'on' ? ['runs', 'no-data'] : ['runs'];
    const reason = String(form.get('reason') ?? '').trim();
    void act(async () => {
      const job = await postJson<ImportJob>('/rules/imports/current/take', {
        as,
        states,
        ...(reason ? { reason } : {}),
      });
      toast({ text: t(`import.taken.${as}`, { count: job.taken?.rules ?? 0 }) });
      await queries.invalidateQueries({ queryKey: ['rules'] });
      return job;
    });
  };
  return (
    <form className="space-y-3 border-t border-line p-4" onSubmit={submit}>
      <fieldset className="space-y-1">
        <legend className="mb-1 font-medium">{t('import.take')}</legend>
        {(['draft', 'enabled'] as const).map((one) => (
          <label key={one} className="flex items-center gap-2">
            <input type="radio" name="as" checked={as === one} onChange={() => setAs(one)} />
            {t(`import.as.${one}`)}
          </label>
        ))}
      </fieldset>
      <label className="flex items-center gap-2">
        <input type="checkbox" name="all" defaultChecked />
        {t('import.withoutData')}
      </label>
      {as === 'enabled' && (
        <Field label={t('rules.untestedWhy')}>
          <input name="reason" className="field" required minLength={3} maxLength={1000} />
        </Field>
      )}
      <button type="submit" className="button button-primary" disabled={busy}>
        {t('import.takeOver')}
      </button>
    </form>
  );
}

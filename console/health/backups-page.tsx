import { useQuery, useQueryClient } from '@tanstack/react-query';
import type { FormEvent } from 'react';
import type { Backups, NewRestoreDrill } from '../../server/backup/schema.ts';
import { getJson, postJson } from '../api/client.ts';
import { useText } from '../i18n/language.tsx';
import { Field } from '../parts/dialog.tsx';
import { Visible } from '../parts/log-text.tsx';
import { PageTitle, Partial, ProblemNotice, Progress } from '../parts/states.tsx';
import { Time } from '../parts/time.tsx';
import { useToast } from '../parts/toasts.tsx';
import { useAttempt } from '../parts/use-attempt.ts';

const EVERY_MS = 5_000;

/** `/backups`, for administrators: what lies at the configured place, a new one, and the last restore that was tried. */
export function BackupsPage() {
  const t = useText();
  const queries = useQueryClient();
  const toast = useToast();
  const { busy, error, run } = useAttempt();
  const backups = useQuery({
    queryKey: ['backups'],
    queryFn: ({ signal }) => getJson<Backups>('/backups', {}, signal),
    refetchInterval: EVERY_MS,
  });
  const send = async (path: string, body: object, done: string): Promise<boolean> => {
    const isDone = await run(async () => {
      await postJson(path, body);
      toast({ text: done });
      await queries.invalidateQueries({ queryKey: ['backups'] });
      return true;
    });
    return isDone ?? false;
  };
  const { data } = backups;
  return (
    <>
      <PageTitle title="nav.backups" />
      <Progress busy={backups.isPending} cancel={() => queries.cancelQueries({ queryKey: ['backups'] })} />
      <div className="min-h-0 flex-1 space-y-4 overflow-auto px-4 pb-6">
        {backups.isError && <ProblemNotice error={backups.error} retry={() => backups.refetch()} />}
        {error !== undefined && <ProblemNotice error={error} />}
        {data && (
          <div className="grid max-w-[88rem] gap-4 lg:grid-cols-2">
            <section className="card h-fit space-y-3 p-4" aria-labelledby="kept">
              <h2 id="kept" className="font-semibold">
                {t('backups.list')}
              </h2>
              {data.to === null ? (
                <Partial>{t('backups.noTarget')}</Partial>
              ) : (
                <>
                  <p className="break-words text-muted">
                    {t('backups.to')}: <Visible text={data.to} />
                  </p>
                  {data.problem !== null && (
                    <Partial>
                      <Visible text={data.problem} />
                    </Partial>
                  )}
                  <Current backups={data} />
                  <button
                    type="button"
                    className="button button-primary"
                    disabled={busy || data.current?.state === 'running'}
                    onClick={() => send('/backups/configured', {}, t('backups.started'))}
                  >
                    {t('backups.start')}
                  </button>
                  {data.kept.length === 0 && data.problem === null && <p className="text-muted">{t('backups.none')}</p>}
                  <ul className="divide-y divide-line">
                    {data.kept.map(({ id, at }) => (
                      <li key={id} className="flex flex-wrap justify-between gap-x-4 py-1.5">
                        <Time at={at} />
                        <span className="font-mono text-small text-muted">{id}</span>
                      </li>
                    ))}
                  </ul>
                </>
              )}
            </section>
            <Drill backups={data} busy={busy} send={send} />
          </div>
        )}
      </div>
    </>
  );
}

function Current({ backups: { current } }: { readonly backups: Backups }) {
  const t = useText();
  if (!current) return null;
  const { state, startedAt, progress, error } = current;
  const percent = progress.totalBytes > 0 ? Math.floor((progress.doneBytes / progress.totalBytes) * 100) : 0;
  return (
    <p className={state === 'failed' ? 'text-critical' : ''}>
      {t(`health.backup.${state}`)} <Time at={startedAt} as="brief" />
      {state === 'running' && ` · ${percent} %`}
      {error !== null && (
        <>
          {' · '}
          <Visible text={error} />
        </>
      )}
    </p>
  );
}

function Drill({
  backups: { drill, kept },
  busy,
  send,
}: {
  readonly backups: Backups;
  readonly busy: boolean;
  readonly send: (path: string, body: object, done: string) => Promise<boolean>;
}) {
  const t = useText();
  const submit = async (event: FormEvent<HTMLFormElement>): Promise<void> => {
    event.preventDefault();
    const element = event.currentTarget;
    const form = new FormData(element);
    const body: NewRestoreDrill = { backup: String(form.get('backup')), note: String(form.get('note')).trim() };
    if (await send('/backups/drills', body, t('backups.recorded'))) element.reset();
  };
  return (
    <section className="card h-fit space-y-3 p-4" aria-labelledby="drill">
      <h2 id="drill" className="font-semibold">
        {t('backups.drill')}
      </h2>
      <p>{t('backups.drillText')}</p>
      {drill === null ? (
        <p className="font-semibold text-high">{t('backups.neverDrilled')}</p>
      ) : (
        <p className="break-words">
          {t('backups.lastDrill')}: <Time at={drill.at} as="brief" /> · <Visible text={drill.by} /> ·{' '}
          <Visible text={drill.note} prose />
        </p>
      )}
      {kept.length > 0 && (
        <form onSubmit={submit} className="space-y-3">
          <Field label={t('backups.which')}>
            <select name="backup" className="field">
              {kept.map(({ id }) => (
                <option key={id} value={id}>
                  {id}
                </option>
              ))}
            </select>
          </Field>
          <Field label={t('backups.note')}>
            <input name="note" className="field" required maxLength={500} pattern=".*\S.*" />
          </Field>
          <button type="submit" className="button" disabled={busy}>
            {t('backups.record')}
          </button>
        </form>
      )}
    </section>
  );
}

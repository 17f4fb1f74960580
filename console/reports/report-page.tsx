import { useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useEffect, useState } from 'react';
import { Link } from 'wouter';
import type { Session } from '../../server/accounts/schema.ts';
import type { ReportDraft, ReportVersion } from '../../server/reports/schema.ts';
import { postJson } from '../api/client.ts';
import { useText } from '../i18n/language.tsx';
import type { TextKey } from '../i18n/messages.ts';
import { Card } from '../parts/card.tsx';
import { WayBack } from '../parts/record-page.tsx';
import { FirstFetch, ProblemNotice } from '../parts/states.tsx';
import { useAttempt } from '../parts/use-attempt.ts';
import { FieldInputs, readFields } from './field-inputs.tsx';
import { type ReportKind, reportsPath, useReportDraft } from './queries.ts';
import { ReportLine } from './reports-card.tsx';

/** `/incidents/:id/report/:kind`: a report as the incident fills it in, for a person to complete and export. */
export function ReportPage({
  incident,
  kind,
  me,
}: {
  readonly incident: string;
  readonly kind: ReportKind;
  readonly me: Session;
}) {
  const t = useText();
  const draft = useReportDraft(incident, kind);
  const title = `${t('report.title')}: ${t(`report.kind.${kind}`)}`;
  useEffect(() => {
    document.title = `${title} · Hải Đăng`;
  }, [title]);
  return (
    <div className="min-h-0 flex-1 overflow-auto" data-scroller="report">
      <WayBack to={`/incidents/${encodeURIComponent(incident)}`}>{incident}</WayBack>
      <FirstFetch query={draft} cancels={['report-draft', incident]} />
      <article className="max-w-[64rem] px-4 pt-2 pb-6">
        <h1 className="text-title font-semibold">{title}</h1>
        <p className="mt-1 mb-4 text-muted">{t('report.explain')}</p>
        {draft.isError && <ProblemNotice error={draft.error} retry={() => draft.refetch()} />}
        {draft.data && <ReportEditor incident={incident} draft={draft.data} me={me} />}
      </article>
    </div>
  );
}

function ReportEditor({
  incident,
  draft,
  me,
}: {
  readonly incident: string;
  readonly draft: ReportDraft;
  readonly me: Session;
}) {
  const t = useText();
  const queries = useQueryClient();
  const { busy, error, run } = useAttempt();
  const [made, setMade] = useState<ReportVersion>();
  const names = draft.parts.flatMap(({ fields }) => fields);
  const submit = async (event: FormEvent<HTMLFormElement>): Promise<void> => {
    event.preventDefault();
    const fields = readFields(event.currentTarget, names);
    await run(async () => {
      setMade(await postJson<ReportVersion>(reportsPath(incident), { kind: draft.kind, fields }));
      queries.invalidateQueries({ queryKey: ['reports', incident] });
      queries.invalidateQueries({ queryKey: ['incident', incident] });
    });
  };
  return (
    <form onSubmit={submit} className="space-y-4">
      {me.permissions.includes('setup.manage') && me.agencies === 'all' && (
        <p>
          <Link href="/reports/form" className="link">
            {t('report.form')}
          </Link>
        </p>
      )}
      {draft.parts.map(({ id, fields }) => (
        <Card key={id} title={t(`report.part.${id}` as TextKey)}>
          <div className="space-y-3">
            <FieldInputs names={fields} fields={draft.fields} />
          </div>
        </Card>
      ))}
      {error !== undefined && <ProblemNotice error={error} />}
      <button type="submit" className="button button-primary" disabled={busy}>
        {t('report.export')}
      </button>
      {made && (
        <section className="card p-4" role="status" data-report={made.number}>
          <ReportLine version={made} mayRead />
          <p className="mt-1 text-small text-muted">{t('report.printHint')}</p>
        </section>
      )}
    </form>
  );
}

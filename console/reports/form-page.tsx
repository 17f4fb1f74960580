import { useQueryClient } from '@tanstack/react-query';
import type { FormEvent } from 'react';
import type { ReportForm } from '../../server/reports/schema.ts';
import { putJson } from '../api/client.ts';
import { useText } from '../i18n/language.tsx';
import { FirstFetch, PageTitle, ProblemNotice } from '../parts/states.tsx';
import { useToast } from '../parts/toasts.tsx';
import { useAttempt } from '../parts/use-attempt.ts';
import { FieldInputs, readFields } from './field-inputs.tsx';
import { useReportForm } from './queries.ts';

/** `/reports/form`: letterhead, legal basis and signature, the same in every report of the province. */
export function ReportFormPage() {
  const t = useText();
  const toast = useToast();
  const queries = useQueryClient();
  const form = useReportForm();
  const { busy, error, run } = useAttempt();
  const submit = async (event: FormEvent<HTMLFormElement>): Promise<void> => {
    event.preventDefault();
    const fields = readFields(event.currentTarget, form.data?.names ?? []);
    await run(async () => {
      queries.setQueryData(['report-form'], await putJson<ReportForm>('/reports/form', { fields }));
      toast({ text: t('incident.saved') });
    });
  };
  return (
    <>
      <PageTitle title="report.form" />
      <FirstFetch query={form} />
      <div className="min-h-0 flex-1 overflow-auto px-4 pb-6">
        <p className="mb-4 max-w-[64rem] text-muted">{t('report.formExplain')}</p>
        {form.isError && <ProblemNotice error={form.error} retry={() => form.refetch()} />}
        {form.data && (
          <form onSubmit={submit} className="card max-w-[64rem] space-y-3 p-4">
            <FieldInputs names={form.data.names} fields={form.data.fields} />
            {error !== undefined && <ProblemNotice error={error} />}
            <button type="submit" className="button button-primary" disabled={busy}>
              {t('incident.save')}
            </button>
          </form>
        )}
      </div>
    </>
  );
}

import { useQueryClient } from '@tanstack/react-query';
import { type ChangeEvent, useRef, useState } from 'react';
import type { AgencyImportReport, ImportedAgency } from '../../server/agencies/schema.ts';
import { postJson } from '../api/client.ts';
import { useText } from '../i18n/language.tsx';
import { Field } from '../parts/dialog.tsx';
import { Visible } from '../parts/log-text.tsx';
import { ProblemNotice, Progress } from '../parts/states.tsx';
import { useToast } from '../parts/toasts.tsx';
import { useAttempt } from '../parts/use-attempt.ts';

const MOST_BYTES = 1024 * 1024;
const MOST_ROWS = 200;

/** The card around taking a table of agencies. */
export function ImportCard() {
  const t = useText();
  return (
    <section className="card p-4" aria-labelledby="import-agencies">
      <h2 id="import-agencies" className="mb-2 font-semibold">
        {t('agencies.import')}
      </h2>
      <ImportForm />
    </section>
  );
}

/** Takes a table of agencies: it is looked at first, each fault is shown with its line, and nothing is changed before the second step. */
export function ImportForm({ done }: { readonly done?: () => void }) {
  const t = useText();
  const toast = useToast();
  const queries = useQueryClient();
  const file = useRef<HTMLInputElement>(null);
  const [csv, setCsv] = useState('');
  const [report, setReport] = useState<AgencyImportReport>();
  const { busy, error, run } = useAttempt();
  const [tooLarge, setTooLarge] = useState(false);

  const send = async (text: string, apply: boolean): Promise<void> => {
    await run(async () => {
      const next = await postJson<AgencyImportReport>('/agencies/import', { csv: text, apply });
      setReport(next);
      if (next.applied) {
        toast({ text: t('agencies.imported', { count: next.added + next.changed }) });
        setCsv('');
        setReport(undefined);
        if (file.current) file.current.value = '';
        await queries.invalidateQueries({ queryKey: ['agencies'] });
        done?.();
      }
    });
  };
  const choose = async (event: ChangeEvent<HTMLInputElement>): Promise<void> => {
    const chosen = event.target.files?.[0];
    setReport(undefined);
    setTooLarge(chosen !== undefined && chosen.size > MOST_BYTES);
    if (!chosen || chosen.size > MOST_BYTES) return;
    const text = await chosen.text();
    setCsv(text);
    await send(text, false);
  };
  return (
    <>
      <p className="mb-3 max-w-[64rem] text-muted">{t('agencies.importExplain')}</p>
      <p className="mb-3 rounded bg-ground p-2 font-mono text-small break-all">
        id,name,parent,networks,sources,level,person,phone,email,address
      </p>
      <Field label={t('agencies.file')}>
        <input ref={file} type="file" accept=".csv,text/csv,text/plain" className="field" onChange={choose} />
      </Field>
      {tooLarge && (
        <p role="alert" className="mt-2 text-critical">
          {t('agencies.fileLarge')}
        </p>
      )}
      {busy && <Progress busy />}
      {error !== undefined && <ProblemNotice error={error} />}
      {report && (
        <div className="mt-4 space-y-3" data-import={report.wrong > 0 ? 'wrong' : 'right'}>
          <p role="status" className="font-medium">
            {t('agencies.report', {
              added: report.added,
              changed: report.changed,
              same: report.same,
              wrong: report.wrong,
            })}
          </p>
          <ul className="divide-y divide-line rounded border border-line">
            {shownRows(report.rows).map((row) => (
              <ImportRow key={row.line} row={row} />
            ))}
          </ul>
          {report.wrong > 0 ? (
            <p>{t('agencies.mend')}</p>
          ) : (
            <button
              type="button"
              className="button button-primary"
              disabled={busy || report.added + report.changed === 0}
              onClick={() => void send(csv, true)}
            >
              {t('agencies.apply', { count: report.added + report.changed })}
            </button>
          )}
        </div>
      )}
    </>
  );
}

/** Those that are wrong first; what stays as it was says nothing. */
function shownRows(rows: readonly ImportedAgency[]): readonly ImportedAgency[] {
  const wrong = rows.filter(({ act }) => act === 'wrong');
  const moved = rows.filter(({ act }) => act === 'add' || act === 'change');
  return [...wrong, ...moved].slice(0, MOST_ROWS);
}

function ImportRow({ row: { line, id, name, act, problems } }: { readonly row: ImportedAgency }) {
  const t = useText();
  return (
    <li className="flex flex-wrap gap-x-4 px-3 py-2 text-small" data-line={line}>
      <span className="text-muted">{t('agencies.line', { line })}</span>
      <span className="min-w-0 break-words">
        <Visible text={id} /> <Visible text={name} prose />
      </span>
      {problems.length === 0 ? (
        <span className="text-muted">{t(act === 'add' ? 'agencies.willAdd' : 'agencies.willChange')}</span>
      ) : (
        <span className="min-w-0 basis-full text-critical">
          {problems.map(({ problem, value }) => (
            <span key={`${problem} ${value}`} className="block break-words">
              {t(`agencies.problem.${problem}`)}
              {value !== '' && (
                <>
                  {': '}
                  <Visible text={value} />
                </>
              )}
            </span>
          ))}
        </span>
      )}
    </li>
  );
}

import { Link } from 'wouter';
import type { Session } from '../../server/accounts/schema.ts';
import type { ReportVersion } from '../../server/reports/schema.ts';
import { useText } from '../i18n/language.tsx';
import { Visible } from '../parts/log-text.tsx';
import { ProblemNotice } from '../parts/states.tsx';
import { Time } from '../parts/time.tsx';
import { REPORT_KINDS, reportAddress, useReports } from './queries.ts';

/** On an incident: the reports that were written of it, and the way to write one. */
export function ReportsCard({
  incident,
  open,
  me,
}: {
  readonly incident: string;
  /** Not part of another incident. */
  readonly open: boolean;
  readonly me: Session;
}) {
  const t = useText();
  const reports = useReports(incident);
  const mayWrite = me.permissions.includes('reports.write');
  const versions = reports.data?.versions ?? [];
  return (
    <section className="card p-4" data-reports-card>
      <h2 className="mb-2 font-semibold">{t('report.title')}</h2>
      {reports.isError && <ProblemNotice error={reports.error} retry={() => reports.refetch()} />}
      {reports.data && versions.length === 0 && <p className="text-muted">{t('report.none')}</p>}
      <ul className="divide-y divide-line">
        {versions.map((version) => (
          <li key={`${version.incident} ${version.number}`} className="py-2">
            <ReportLine version={version} mayRead={mayWrite} />
          </li>
        ))}
      </ul>
      {mayWrite && open && (
        <p className="mt-3 flex flex-wrap gap-2">
          {REPORT_KINDS.map((kind) => (
            <Link key={kind} href={`/incidents/${encodeURIComponent(incident)}/report/${kind}`} className="button">
              {t('report.write', { kind: t(`report.kind.${kind}`) })}
            </Link>
          ))}
        </p>
      )}
    </section>
  );
}

/** One report that was exported, with the ways to it. */
export function ReportLine({ version, mayRead }: { readonly version: ReportVersion; readonly mayRead: boolean }) {
  const t = useText();
  const { incident, number, kind, at, by, label, html, docx } = version;
  return (
    <>
      <p className="break-words">
        <span className="font-medium">
          {t('report.number', { number })} · {t(`report.kind.${kind}`)}
        </span>{' '}
        {label !== '' && <Visible text={label} prose />}
        <span className="text-small text-muted">
          {' '}
          · {by} · <Time at={at} />
        </span>
      </p>
      {mayRead && (
        <p className="flex flex-wrap gap-x-4">
          <a className="link" href={reportAddress(incident, number, 'html')} target="_blank" rel="noreferrer">
            {t('report.print')}
          </a>
          <a className="link" href={reportAddress(incident, number, 'docx')} download>
            {t('report.docx')}
          </a>
        </p>
      )}
      <details>
        <summary className="cursor-pointer text-small text-muted">SHA-256</summary>
        <p className="log text-small break-all text-muted">HTML {html.sha256}</p>
        <p className="log text-small break-all text-muted">DOCX {docx.sha256}</p>
      </details>
    </>
  );
}

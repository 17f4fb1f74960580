import { Link } from 'wouter';
import type { Session } from '../../server/accounts/schema.ts';
import type { AlertRow } from '../../server/alerts/schema.ts';
import type { ShiftEntry } from '../../server/shifts/schema.ts';
import { postJson } from '../api/client.ts';
import { useLanguage, useText } from '../i18n/language.tsx';
import { pickText } from '../i18n/messages.ts';
import { SeverityMark } from '../parts/icons.tsx';
import { Visible } from '../parts/log-text.tsx';
import { Time } from '../parts/time.tsx';
import { useToldAttempt } from '../parts/use-attempt.ts';

/** An alert of a hand-over: by title while it is open, by id afterwards. */
function HandedAlert({ id, alert }: { readonly id: string; readonly alert: AlertRow | undefined }) {
  const { language } = useLanguage();
  const title = alert && pickText(alert.title, language);
  return (
    <Link href={`/alerts/${encodeURIComponent(id)}`} className="flex flex-wrap gap-x-3 px-3 py-1 hover:bg-hover">
      {alert && (
        <span className="w-24">
          <SeverityMark severity={alert.severity} />
        </span>
      )}
      <span className="link min-w-0 flex-1 break-words" lang={title?.language}>
        <Visible text={title?.text ?? id} prose />
      </span>
      {alert && <span className="text-muted">{alert.owner}</span>}
    </Link>
  );
}

/** One entry of the shift log, with the taking over of a hand-over. */
export function Entry({
  entry,
  me,
  known,
}: {
  readonly entry: ShiftEntry;
  readonly me: Session;
  /** Alerts that are open now, by id: their titles stand for the ids. */
  readonly known: ReadonlyMap<string, AlertRow>;
}) {
  const t = useText();
  const { busy, run } = useToldAttempt(['shifts', 'open-alerts']);
  const forMe = entry.to === null || entry.to === me.user;
  const mayAccept =
    entry.kind === 'handover' &&
    entry.acceptedAt === null &&
    forMe &&
    entry.by !== me.user &&
    me.permissions.includes('shifts.write');
  const accept = () =>
    run(
      () => postJson<ShiftEntry>(`/shifts/${encodeURIComponent(entry.id)}/accept`, {}),
      t('shift.accepted', { count: entry.alerts.length }),
    );
  return (
    <li className={`card p-4 ${mayAccept ? 'border-accent' : ''}`}>
      <p className="flex flex-wrap gap-x-3 text-muted">
        <span className="font-semibold text-text">{t(`shift.kind.${entry.kind}`)}</span>
        <span>{entry.by}</span>
        {entry.kind === 'handover' && <span>→ {entry.to ?? t('shift.next')}</span>}
        <Time at={entry.at} />
      </p>
      <p className="mt-1 break-words whitespace-pre-wrap">
        <Visible text={entry.text} prose />
      </p>
      {entry.alerts.length > 0 && (
        <details className="mt-2">
          <summary className="link">{t('shift.alerts', { count: entry.alerts.length })}</summary>
          <ul className="mt-1 divide-y divide-line rounded-md border border-line text-small">
            {entry.alerts.map((id) => (
              <li key={id}>
                <HandedAlert id={id} alert={known.get(id)} />
              </li>
            ))}
          </ul>
        </details>
      )}
      {entry.acceptedAt !== null && (
        <p className="mt-2 text-small text-good">
          {t('shift.acceptedBy', { by: entry.acceptedBy ?? '' })} <Time at={entry.acceptedAt} />
        </p>
      )}
      {entry.kind === 'handover' && entry.acceptedAt === null && !mayAccept && (
        <p className="mt-2 text-small text-medium">{t('shift.waiting')}</p>
      )}
      {mayAccept && (
        <button type="button" className="button button-primary mt-3" disabled={busy} onClick={accept}>
          {t('shift.accept', { count: entry.alerts.length })}
        </button>
      )}
    </li>
  );
}

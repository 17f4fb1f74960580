import { useQueryClient } from '@tanstack/react-query';
import type { RuleDetail } from '../../server/rules/schema.ts';
import { postJson } from '../api/client.ts';
import { useAgencies } from '../api/queries.ts';
import { useFormat, useText } from '../i18n/language.tsx';
import { KeyHint } from '../parts/key-hint.tsx';
import { Visible } from '../parts/log-text.tsx';
import { ProblemNotice } from '../parts/states.tsx';
import { Time } from '../parts/time.tsx';
import { useAttempt } from '../parts/use-attempt.ts';
import { ExceptionForm } from './exception-form.tsx';

type Exception = RuleDetail['exceptions'][number];

/** What a rule keeps silent about, for how long, and how much that was; and a form for more, begun with `kql`. */
export function ExceptionsCard({
  detail,
  mayChange,
  kql,
}: {
  readonly detail: RuleDetail;
  readonly mayChange: boolean;
  readonly kql: string;
}) {
  const t = useText();
  const queries = useQueryClient();
  const { error, run } = useAttempt();
  const path = `/rules/${encodeURIComponent(detail.rule.id)}/exceptions`;
  const again = () => queries.invalidateQueries({ queryKey: ['rules'] });
  const end = (id: string) =>
    run(async () => {
      await postJson(`${path}/${id}/end`, {});
      await again();
    });
  return (
    <section className="card" aria-labelledby="exceptions">
      <h2 id="exceptions" className="px-4 pt-3 pb-2 font-semibold">
        {t('rules.exceptions')}
        <KeyHint keys="x" />
      </h2>
      {detail.exceptions.length === 0 && <p className="px-4 pb-3 text-muted">{t('rules.noExceptions')}</p>}
      <ul className="divide-y divide-line border-line empty:hidden">
        {detail.exceptions.map((one) => (
          <ExceptionRow
            key={one.id}
            exception={one}
            end={mayChange && one.active ? () => void end(one.id) : undefined}
          />
        ))}
      </ul>
      {error !== undefined && (
        <div className="px-4 pb-3">
          <ProblemNotice error={error} />
        </div>
      )}
      {mayChange && detail.rule.enabled && <ExceptionForm path={path} kql={kql} added={again} />}
      {mayChange && !detail.rule.enabled && (
        <p className="border-t border-line px-4 py-3 text-muted">{t('rules.exception.off')}</p>
      )}
    </section>
  );
}

function ExceptionRow({ exception, end }: { readonly exception: Exception; readonly end: (() => void) | undefined }) {
  const t = useText();
  const format = useFormat();
  const agencies = useAgencies().data?.agencies ?? [];
  const { active, kql, agency, reason, createdBy, createdAt, endedAt, endedBy, expires, hidden, lastHidden } =
    exception;
  return (
    <li className={`flex flex-wrap items-start gap-x-4 gap-y-1 px-4 py-2 ${active ? '' : 'text-muted'}`}>
      <div className="min-w-0 flex-1">
        <code className="break-words">
          <Visible text={kql} />
        </code>
        <p className="break-words">
          <Visible text={reason} prose />
        </p>
        <p className="text-small text-muted">
          {agency !== null && (
            <>
              <Visible text={agencies.find(({ id }) => id === agency)?.name ?? agency} prose /> ·{' '}
            </>
          )}
          {t('rules.exception.by')}: <Visible text={createdBy} />, <Time at={createdAt} /> ·{' '}
          {endedAt === null ? t('rules.exception.expires') : t('rules.exception.ended')}:{' '}
          <Time at={endedAt ?? expires} />
          {endedBy !== null && (
            <>
              , <Visible text={endedBy} />
            </>
          )}{' '}
          · {t('rules.exception.hidden')}: {format.number(hidden)}
          {lastHidden !== null && (
            <>
              {' '}
              (<Time at={lastHidden} as="relative" />)
            </>
          )}
        </p>
      </div>
      {end && (
        <button type="button" className="button" onClick={end}>
          {t('rules.exception.end')}
        </button>
      )}
    </li>
  );
}

import { Link } from 'wouter';
import type { SourceRow } from '../../server/inbound/schema.ts';
import { useText } from '../i18n/language.tsx';
import { Icon } from '../parts/icons.tsx';
import { LogText, Visible } from '../parts/log-text.tsx';
import { Partial, ProblemNotice } from '../parts/states.tsx';
import { Time } from '../parts/time.tsx';
import { usePoll } from './queries.ts';

/** One collection that is polled: when it answered, what stands in the way, and what came of it. */
export function SourceCard({ source, mayPoll }: { readonly source: SourceRow; readonly mayPoll: boolean }) {
  const t = useText();
  const { busy, error, poll } = usePoll(source.id);
  const { id, name, root, collection, takes, everySeconds, answeredAt, nextAt, problem, warning, warningKind, lists } =
    source;
  const state = problem === null ? (answeredAt === null ? 'waiting' : 'well') : 'broken';
  return (
    <section className="card p-4" data-source={id} data-source-state={state} aria-label={name}>
      <div className="flex flex-wrap items-start gap-x-3 gap-y-1">
        <h3 className="min-w-0 flex-1 font-medium break-words">
          <Visible text={name} prose />
        </h3>
        {mayPoll && (
          <button
            type="button"
            className="button text-small"
            disabled={busy}
            aria-label={t('tasks.pollOne', { name })}
            onClick={() => void poll()}
          >
            {t('tasks.poll')}
          </button>
        )}
      </div>
      <p className="text-small break-all text-muted">
        <LogText text={`${root} ${collection}`} />
      </p>
      <p className="text-small text-muted">
        {takes.map((one) => t(`tasks.takes.${one}`)).join(' · ')} · {t('tasks.every', { count: everySeconds })}
      </p>
      <p className="mt-1 inline-flex items-start gap-1.5 text-small">
        <Icon
          name={{ well: 'check', broken: 'broken', waiting: 'wait' }[state] as 'check' | 'broken' | 'wait'}
          className={`mt-0.5 size-3.5 ${state === 'well' ? 'text-good' : state === 'broken' ? 'text-critical' : ''}`}
        />
        <span>
          {answeredAt === null ? (
            t('tasks.neverAnswered')
          ) : (
            <>
              {t('tasks.answered')} <Time at={answeredAt} as="relative" />
            </>
          )}
          {nextAt !== null && (
            <>
              {' · '}
              {t('tasks.next')} <Time at={nextAt} as="relative" />
            </>
          )}
        </span>
      </p>
      {problem !== null && <Problem source={source} problem={problem} />}
      {warning !== null && (
        <div className="mt-2 text-small">
          <Partial>
            {warningKind === null ? <Visible text={warning} prose /> : t(`tasks.warning.${warningKind}`)}
          </Partial>
        </div>
      )}
      {error !== undefined && <ProblemNotice error={error} />}
      {lists.length > 0 && (
        <div className="mt-2 text-small">
          <p className="text-muted">{t('tasks.lists')}</p>
          <ul>
            {lists.map(({ id: list, tlp, count }) => (
              <li key={list}>
                <Link href="/indicators" className="link">
                  {list}
                </Link>{' '}
                · TLP:{tlp.toUpperCase()} · {t('indicators.sum', { count })}
              </li>
            ))}
          </ul>
        </div>
      )}
    </section>
  );
}

/** Why it was not read: in plain words and what to do, and as the server said it. */
function Problem({
  source: { problemKind, failures },
  problem,
}: {
  readonly source: SourceRow;
  readonly problem: string;
}) {
  const t = useText();
  const kind = problemKind ?? 'other';
  return (
    <div className="mt-2 rounded-md bg-warn-ground px-3 py-2 text-small" data-problem={kind}>
      <p className="font-semibold">{t(`tasks.problem.${kind}`)}</p>
      <p>{t(`tasks.advice.${kind}`)}</p>
      <p className="mt-1 break-words text-muted">
        {t('tasks.failures', { count: failures })}{' '}
        <span lang="en">
          <Visible text={problem} prose />
        </span>
      </p>
    </div>
  );
}

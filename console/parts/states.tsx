import { type QueryKey, type UseQueryResult, useQueryClient } from '@tanstack/react-query';
import { type ReactNode, useEffect, useState } from 'react';
import { problemOf } from '../api/client.ts';
import { useText } from '../i18n/language.tsx';
import type { TextKey } from '../i18n/messages.ts';
import { Icon } from './icons.tsx';
import { Visible } from './log-text.tsx';
import { PROBLEM_TEXTS } from './problems.ts';

/** A problem document in the reader's language where its code is known, with the server's own detail. */
export function ProblemNotice({ error, retry }: { readonly error: unknown; readonly retry?: () => void }) {
  const t = useText();
  const problem = problemOf(error);
  const known = PROBLEM_TEXTS[problem.code];
  return (
    <div
      role="alert"
      className="flex flex-wrap items-start gap-3 rounded-lg border border-critical bg-critical-ground p-3"
    >
      <Icon name="warning" className="mt-0.5 text-critical" />
      <div className="min-w-0 flex-1">
        <p className="font-semibold">{known ? t(known.title) : problem.title}</p>
        {problem.detail !== '' && (
          <p className="break-words" lang="en">
            <Visible text={problem.detail} />
          </p>
        )}
        <p>{known ? t(known.advice) : problem.advice}</p>
        <p className="text-small text-muted">{problem.code}</p>
      </div>
      {retry && (
        <button type="button" className="button" onClick={retry}>
          {t('common.retry')}
        </button>
      )}
    </div>
  );
}

/** True once something has taken longer than a second. */
export function useSlow(busy: boolean): boolean {
  const [slow, setSlow] = useState(false);
  useEffect(() => {
    setSlow(false);
    if (!busy) return;
    const timer = setTimeout(() => setSlow(true), 1_000);
    return () => clearTimeout(timer);
  }, [busy]);
  return slow && busy;
}

/** A thin bar while something runs; after a second it says so and can be cancelled. */
export function Progress({ busy, cancel }: { readonly busy: boolean; readonly cancel?: () => void }) {
  const t = useText();
  const slow = useSlow(busy);
  return (
    <div role="status" className="min-h-0.5">
      {busy && (
        <div className="h-0.5 overflow-hidden bg-line">
          <div className="progress-bar h-full w-1/4 bg-accent" />
        </div>
      )}
      {slow && (
        <div className="flex items-center gap-3 px-4 py-2 text-muted">
          <span>{t('common.stillWorking')}</span>
          {cancel && (
            <button type="button" className="button" onClick={cancel}>
              {t('common.cancel')}
            </button>
          )}
        </div>
      )}
    </div>
  );
}

/** The bar while something is fetched that is not there yet; what is kept under `cancels` can be cancelled. */
export function FirstFetch({
  query: { isPending, fetchStatus },
  cancels,
}: {
  readonly query: Pick<UseQueryResult, 'isPending' | 'fetchStatus'>;
  readonly cancels?: QueryKey;
}) {
  const queries = useQueryClient();
  const cancel = cancels && { cancel: () => queries.cancelQueries({ queryKey: cancels }) };
  return <Progress busy={isPending && fetchStatus === 'fetching'} {...cancel} />;
}

/** What a list says where it has nothing. */
export function Empty({ title, children }: { readonly title: string; readonly children?: ReactNode }) {
  return (
    <div className="mx-auto max-w-xl px-4 py-10 text-center">
      <p className="text-title font-semibold">{title}</p>
      {children && <div className="mt-2 text-muted">{children}</div>}
    </div>
  );
}

/** A remark that part of what is shown is missing or not to be relied on. */
export function Partial({ children }: { readonly children: ReactNode }) {
  return (
    <p className="flex items-start gap-2 rounded-md bg-warn-ground px-3 py-2">
      <Icon name="warning" className="mt-0.5 text-medium" />
      <span className="min-w-0">{children}</span>
    </p>
  );
}

/** The heading of a page, which also names the document. */
export function PageTitle({ title, children }: { readonly title: TextKey; readonly children?: ReactNode }) {
  const t = useText();
  useEffect(() => {
    document.title = `${t(title)} · Hải Đăng`;
  }, [t, title]);
  return (
    <div className="flex min-h-12 flex-wrap items-center gap-x-4 gap-y-2 px-4 py-2">
      <h1 className="text-title font-semibold">{t(title)}</h1>
      {children}
    </div>
  );
}

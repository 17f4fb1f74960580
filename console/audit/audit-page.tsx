import { type FormEvent, useState } from 'react';
import type { AuditEntry, AuditPage as Page } from '../../server/audit/schema.ts';
import { usePages } from '../api/pages.ts';
import { useText } from '../i18n/language.tsx';
import { Field } from '../parts/dialog.tsx';
import { Visible } from '../parts/log-text.tsx';
import { MoreButton } from '../parts/more-button.tsx';
import { Empty, FirstFetch, PageTitle, ProblemNotice } from '../parts/states.tsx';
import { Time } from '../parts/time.tsx';

const PAGE = 100;
/** Beginnings of acts that the filter offers. */
const GROUPS = [
  'session',
  'access',
  'user',
  'token',
  'break-glass',
  'events',
  'alert',
  'incident',
  'request',
  'report',
  'rule',
  'retention',
  'audit',
] as const;

interface Asked {
  readonly actor: string;
  readonly act: string;
}

/** `/audit`, for auditors and administrators of the whole province: who did what, newest first. Nothing here changes it. */
export function AuditPage() {
  const t = useText();
  const [asked, setAsked] = useState<Asked>({ actor: '', act: '' });
  const log = usePages<Page>(['audit', asked], '/audit', { ...asked, limit: PAGE });
  const entries = log.data?.pages.flatMap((page) => page.entries) ?? [];
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    setAsked({ actor: String(form.get('actor')).trim(), act: String(form.get('act')) });
  };
  return (
    <>
      <PageTitle title="nav.audit" />
      <FirstFetch query={log} cancels={['audit']} />
      <div className="min-h-0 flex-1 overflow-auto px-4 pb-6">
        <p className="mb-3 max-w-3xl text-muted">{t('audit.explain')}</p>
        <form onSubmit={submit} className="mb-4 flex max-w-3xl flex-wrap items-end gap-3">
          <Field label={t('audit.actor')}>
            <input name="actor" className="field" autoCapitalize="none" autoComplete="off" maxLength={300} />
          </Field>
          <Field label={t('audit.act')}>
            <select name="act" className="field" defaultValue="">
              <option value="">{t('audit.every')}</option>
              {GROUPS.map((group) => (
                <option key={group} value={group}>
                  {t(`audit.group.${group}`)}
                </option>
              ))}
            </select>
          </Field>
          <button type="submit" className="button">
            {t('audit.show')}
          </button>
        </form>
        {log.isError && <ProblemNotice error={log.error} retry={() => log.refetch()} />}
        {log.data && entries.length === 0 && log.data.pages.at(-1)?.next === null && <Empty title={t('audit.none')} />}
        {entries.length > 0 && (
          <ul className="card max-w-[88rem] divide-y divide-line">
            {entries.map((entry) => (
              <Act key={entry.id} entry={entry} />
            ))}
          </ul>
        )}
        <MoreButton list={log} />
      </div>
    </>
  );
}

function Act({ entry }: { readonly entry: AuditEntry }) {
  const t = useText();
  const { at, actor, act, target, detail, number } = entry;
  const facts = Object.entries(detail).map(([name, value]) => `${name}: ${textOf(value)}`);
  return (
    <li className="flex flex-wrap gap-x-6 gap-y-1 px-4 py-2">
      <p className="w-44 shrink-0 text-small text-muted tabular-nums">
        <Time at={at} />
      </p>
      <div className="min-w-0 flex-1 basis-72">
        <p className="break-words">
          <span className="font-medium">
            <Visible text={actor} />
          </span>{' '}
          <span className="font-mono text-small">{act}</span> <Visible text={target} />
        </p>
        {facts.length > 0 && (
          <p className="text-small break-words text-muted">
            <Visible text={facts.join(' · ')} />
          </p>
        )}
      </div>
      {number !== undefined && (
        <p className="shrink-0 text-small text-muted tabular-nums" title={t('audit.number')}>
          № {number}
        </p>
      )}
    </li>
  );
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

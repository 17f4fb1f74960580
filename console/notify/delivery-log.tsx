import { useState } from 'react';
import type { NoticeLogRow } from '../../server/notify/schema.ts';
import { postJson } from '../api/client.ts';
import { useLanguage, useText } from '../i18n/language.tsx';
import { pickText } from '../i18n/messages.ts';
import { Icon } from '../parts/icons.tsx';
import { Visible } from '../parts/log-text.tsx';
import { ProblemNotice } from '../parts/states.tsx';
import { Time } from '../parts/time.tsx';
import { type ShownLog, useNoticeActs, useNoticeLog } from './queries.ts';

const SHOWS: readonly ShownLog[] = ['all', 'waiting', 'dead'];

/** What became of notices by mail and web hook, and why; what was given up can be sent again. */
export function DeliveryLog() {
  const t = useText();
  const [show, setShow] = useState<ShownLog>('all');
  const log = useNoticeLog(show, true);
  const { notices = [], ways } = log.data ?? {};
  return (
    <section className="card p-4" aria-labelledby="notice-log">
      <div className="mb-2 flex flex-wrap items-center gap-3">
        <h2 id="notice-log" className="font-semibold">
          {t('notices.log')}
        </h2>
        <select
          className="field w-auto text-small"
          aria-label={t('notices.logFilter')}
          value={show}
          onChange={(event) => setShow(SHOWS.find((one) => one === event.target.value) ?? 'all')}
        >
          {SHOWS.map((one) => (
            <option key={one} value={one}>
              {t(`notices.show.${one}`)}
              {log.data && one !== 'all' && ` (${log.data[one]})`}
            </option>
          ))}
        </select>
      </div>
      {ways && (
        <p className="mb-2 text-small break-words text-muted">
          {t('notices.byMail')}: {ways.mail ?? t('notices.notSet')} · {t('notices.byHook')}:{' '}
          {ways.webhooks.length === 0 ? t('notices.notSet') : ways.webhooks.map(({ id }) => id).join(', ')} ·{' '}
          {t('notices.onCall')}: {ways.onCall.length === 0 ? t('alert.nobody') : ways.onCall.join(', ')}
        </p>
      )}
      {log.isError && <ProblemNotice error={log.error} retry={() => log.refetch()} />}
      {log.data && notices.length === 0 && <p className="text-muted">{t('notices.logEmpty')}</p>}
      <ul className="divide-y divide-line">
        {notices.map((row) => (
          <LogLine key={row.id} row={row} />
        ))}
      </ul>
    </section>
  );
}

const STATES = {
  waiting: { colour: 'text-medium', icon: 'wait' },
  delivered: { colour: 'text-good', icon: 'check' },
  dead: { colour: 'text-critical', icon: 'broken' },
} as const;

function LogLine({ row }: { readonly row: NoticeLogRow }) {
  const t = useText();
  const { language } = useLanguage();
  const acts = useNoticeActs();
  const found = pickText(row.texts, language);
  const isDead = row.deliveries.some(({ state }) => state === 'dead');
  return (
    <li className="py-2" data-logged={row.id}>
      <p className="break-words" lang={found?.language}>
        <span className="text-small text-muted">
          <Time at={row.at} as="brief" />
        </span>{' '}
        <Visible text={found?.text.title ?? ''} prose />
      </p>
      <p className="text-small break-words text-muted">
        {t('notices.people')}:{' '}
        {row.people.length === 0
          ? t('alert.nobody')
          : row.people.map(({ user, readAt }) => (readAt === null ? user : `${user} ✓`)).join(', ')}
      </p>
      <ul>
        {row.deliveries.map((one) => (
          <li key={`${one.channel} ${one.to}`} className="flex flex-wrap items-start gap-x-2 text-small">
            <span className={`inline-flex items-center gap-1 font-semibold ${STATES[one.state].colour}`}>
              <Icon name={STATES[one.state].icon} className="size-3.5" />
              {t(`notices.state.${one.state}`)}
            </span>
            <span className="min-w-0 break-words">
              {t(one.channel === 'email' ? 'notices.byMail' : 'notices.byHook')}: {one.to} ({one.address})
              {one.deliveredAt !== null && (
                <>
                  {' · '}
                  <Time at={one.deliveredAt} as="brief" />
                </>
              )}
            </span>
            {one.problem !== null && (
              <span className="w-full break-words" lang="en">
                {t('notices.attempts', { count: one.attempts })}: <Visible text={one.problem} />
              </span>
            )}
          </li>
        ))}
      </ul>
      {acts.error !== undefined && <ProblemNotice error={acts.error} />}
      {isDead && (
        <button
          type="button"
          className="button mt-1 text-small"
          disabled={acts.busy}
          onClick={() => acts.run(() => postJson(`/notices/${encodeURIComponent(row.id)}/resend`, {}))}
        >
          {t('notices.resend')}
        </button>
      )}
    </li>
  );
}

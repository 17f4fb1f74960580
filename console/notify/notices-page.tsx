import { Link } from 'wouter';
import type { Session } from '../../server/accounts/schema.ts';
import type { NoticeRow } from '../../server/notify/schema.ts';
import { postJson } from '../api/client.ts';
import { useLanguage, useText } from '../i18n/language.tsx';
import { pickText } from '../i18n/messages.ts';
import { Icon } from '../parts/icons.tsx';
import { Visible } from '../parts/log-text.tsx';
import { Empty, FirstFetch, PageTitle, ProblemNotice } from '../parts/states.tsx';
import { Time } from '../parts/time.tsx';
import { AddressCard } from './address-card.tsx';
import { DeliveryLog } from './delivery-log.tsx';
import { useNoticeActs, useOwnNotices } from './queries.ts';

/** `/notices`: what one was told, how one hears of it, and for who looks after them what became of each notice. */
export function NoticesPage({ me }: { readonly me: Session }) {
  const t = useText();
  const own = useOwnNotices();
  const acts = useNoticeActs();
  const rows = own.data?.notices ?? [];
  const unread = own.data?.unread ?? 0;
  return (
    <>
      <PageTitle title="nav.notices">
        <span className="text-muted">
          {own.data && (unread === 0 ? t('notices.noneUnread') : t('notices.unread', { count: unread }))}
        </span>
        <span className="flex-1" />
        <button
          type="button"
          className="button"
          disabled={acts.busy || unread === 0}
          onClick={() => acts.run(() => postJson('/session/notices/read', {}))}
        >
          {t('notices.readAll')}
        </button>
      </PageTitle>
      <FirstFetch query={own} />
      <div className="min-h-0 flex-1 overflow-auto px-4 pb-6" data-scroller="notices">
        {own.isError && <ProblemNotice error={own.error} retry={() => own.refetch()} />}
        {acts.error !== undefined && <ProblemNotice error={acts.error} />}
        <div className="grid max-w-[88rem] gap-4 xl:grid-cols-[minmax(0,1fr)_24rem]">
          <div className="min-w-0 space-y-4">
            {own.data && rows.length === 0 && (
              <Empty title={t('notices.none')}>
                <p>{t('notices.noneHint')}</p>
              </Empty>
            )}
            {rows.length > 0 && (
              <ul className="card divide-y divide-line">
                {rows.map((row) => (
                  <NoticeLine
                    key={row.id}
                    row={row}
                    read={() => acts.run(() => postJson('/session/notices/read', { ids: [row.id] }))}
                  />
                ))}
              </ul>
            )}
            {me.permissions.includes('notices.manage') && <DeliveryLog />}
          </div>
          <AddressCard />
        </div>
      </div>
    </>
  );
}

const LEVELS = {
  info: { colour: 'text-muted', icon: 'mail' },
  warning: { colour: 'text-medium', icon: 'warning' },
  critical: { colour: 'text-critical', icon: 'warning' },
} as const;

/** Shape, word and colour of a notice's level. */
export function LevelMark({ level }: { readonly level: NoticeRow['level'] }) {
  const t = useText();
  const { colour, icon } = LEVELS[level];
  return (
    <span className={`inline-flex items-center gap-1.5 font-semibold whitespace-nowrap ${colour}`}>
      <Icon name={icon} className="size-3.5" />
      {t(`notices.level.${level}`)}
    </span>
  );
}

function NoticeLine({ row, read }: { readonly row: NoticeRow; readonly read: () => void }) {
  const t = useText();
  const { language } = useLanguage();
  const found = pickText(row.texts, language);
  const isNew = row.readAt === null;
  const title = <Visible text={found?.text.title ?? ''} prose />;
  return (
    <li className="flex flex-wrap items-start gap-x-4 gap-y-1 px-4 py-2" data-notice={row.id} data-new={isNew}>
      <span className="w-32 text-small">
        <LevelMark level={row.level} />
        <span className="block text-muted">
          <Time at={row.at} as="brief" />
        </span>
      </span>
      <span className="min-w-0 flex-1 basis-64 break-words" lang={found?.language}>
        <span className={`block ${isNew ? 'font-semibold' : ''}`}>
          {row.path === null ? (
            title
          ) : (
            <Link href={row.path} className="link" onClick={isNew ? read : undefined}>
              {title}
            </Link>
          )}
        </span>
        <span className="block text-small text-muted">
          <Visible text={found?.text.text ?? ''} prose />
        </span>
      </span>
      {isNew && (
        <button type="button" className="button text-small" onClick={read}>
          {t('notices.read')}
        </button>
      )}
    </li>
  );
}

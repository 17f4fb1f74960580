import { type ReactNode, useEffect, useRef, useState } from 'react';
import { Link, useLocation } from 'wouter';
import type { Session } from '../../server/accounts/schema.ts';
import { EmergencyBanner } from '../account/emergency-banner.tsx';
import { useOverview } from '../api/queries.ts';
import { useFormat, useText } from '../i18n/language.tsx';
import { NoticeBell } from '../notify/notice-bell.tsx';
import { type NavigationEntry, navigation } from '../routes.ts';
import { AlarmSwitch } from './alarm-switch.tsx';
import { Icon } from './icons.tsx';
import { KeysDialog } from './keys-dialog.tsx';
import { LiveMark } from './live-mark.tsx';
import { Account, LanguageSelect, ThemeSelect } from './settings.tsx';
import { useKeys } from './use-keys.ts';

function Navigation({ pages, chosen }: { readonly pages: readonly NavigationEntry[]; readonly chosen?: () => void }) {
  const t = useText();
  const format = useFormat();
  const [location] = useLocation();
  const waiting = useOverview().data?.waiting;
  return (
    <ul className="space-y-1">
      {pages.map(({ path, label, key, waits }) => {
        const count = waits === undefined ? 0 : (waiting?.[waits] ?? 0);
        const here = location === path || location.startsWith(`${path}/`);
        return (
          <li key={path}>
            <Link
              href={path}
              aria-current={here ? 'page' : undefined}
              aria-keyshortcuts={`g ${key}`}
              onClick={chosen}
              className={`flex min-h-8 items-center rounded-md px-3 py-1 ${here ? 'bg-selected font-semibold' : 'text-muted hover:bg-hover hover:text-text'}`}
            >
              {t(label)}
              {count > 0 && (
                <span className="ml-auto pl-2 text-small font-semibold text-text" data-waits={waits}>
                  <span aria-hidden="true">{format.number(count)}</span>
                  <span className="sr-only">{t('nav.waiting', { count })}</span>
                </span>
              )}
            </Link>
          </li>
        );
      })}
    </ul>
  );
}

/** The disk filling up concerns every page: collectors will soon have to hold their events. */
function DiskWarning() {
  const t = useText();
  const disk = useOverview().data?.disk;
  if (!disk || disk.state === 'ok') return null;
  const days = disk.daysLeft;
  return (
    <p role="alert" className="flex items-center gap-2 border-b border-line bg-warn-ground px-4 py-2">
      <Icon name="warning" className="text-medium" />
      <span>
        {t(disk.state === 'stopped' ? 'disk.stopped' : 'disk.warning', { percent: Math.round(disk.usedPercent) })}{' '}
        {days !== null && t('disk.daysLeft', { count: Math.floor(days) })}{' '}
        <Link href="/ledger" className="link">
          {t('nav.ledger')}
        </Link>
      </span>
    </p>
  );
}

/** Head, navigation and the place for a page. */
export function Frame({ session, children }: { readonly session: Session; readonly children: ReactNode }) {
  const t = useText();
  const [location, go] = useLocation();
  const [showKeys, setShowKeys] = useState(false);
  const menu = useRef<HTMLDivElement>(null);
  const main = useRef<HTMLElement>(null);
  const pages = navigation(session, useOverview().data?.role);
  useKeys({
    ...Object.fromEntries(pages.map(({ path, key }) => [`g ${key}`, () => go(path)])),
    '?': () => setShowKeys(true),
    '/': () => {
      const box = main.current?.querySelector<HTMLElement>('input[type="search"]');
      if (box) box.focus();
      else go('/search');
    },
  });
  const lastLocation = useRef(location);
  useEffect(() => {
    if (lastLocation.current === location) return;
    lastLocation.current = location;
    main.current?.focus({ preventScroll: true });
  }, [location]);
  const closeMenu = (): void => menu.current?.hidePopover();
  return (
    <div className="flex h-full flex-col">
      <a href="#main" className="button absolute top-2 left-2 z-40 -translate-y-20 focus:translate-y-0">
        {t('app.skip')}
      </a>
      <header className="flex min-h-12 items-center gap-2 border-b border-line bg-surface px-4">
        <button type="button" className="button button-quiet -ml-2 xl:hidden" popoverTarget="menu">
          <Icon name="menu" />
          <span className="sr-only">{t('nav.menu')}</span>
        </button>
        <Link href="/alerts" className="flex items-center gap-2 font-semibold whitespace-nowrap" lang="vi">
          <img src="/favicon.svg" alt="" className="size-5" />
          Hải Đăng
        </Link>
        <div className="flex-1" />
        <LiveMark />
        <NoticeBell />
        <AlarmSwitch />
        <div className="hidden items-center gap-2 xl:flex">
          <LanguageSelect />
          <ThemeSelect />
          <Account session={session} />
        </div>
      </header>
      <div id="menu" ref={menu} popover="auto" className="over fixed top-12 right-auto bottom-auto left-2 m-0 w-72 p-3">
        <nav aria-label={t('nav.label')}>
          <Navigation pages={pages} chosen={closeMenu} />
        </nav>
        <div className="mt-3 flex flex-col gap-2 border-t border-line pt-3">
          <LanguageSelect />
          <ThemeSelect />
          <Account session={session} opened={closeMenu} />
        </div>
      </div>
      <div className="flex min-h-0 flex-1">
        <nav
          aria-label={t('nav.label')}
          className="hidden w-48 shrink-0 overflow-y-auto border-r border-line bg-surface p-3 xl:block"
        >
          <Navigation pages={pages} />
          <button
            type="button"
            className="button button-quiet mt-4 text-small text-muted"
            onClick={() => setShowKeys(true)}
          >
            <kbd className="rounded border border-line-strong px-1">?</kbd>
            {t('keys.title')}
          </button>
        </nav>
        <main id="main" ref={main} tabIndex={-1} className="flex min-w-0 flex-1 flex-col outline-none">
          <EmergencyBanner />
          <DiskWarning />
          {children}
        </main>
      </div>
      {showKeys && <KeysDialog pages={pages} close={() => setShowKeys(false)} />}
    </div>
  );
}

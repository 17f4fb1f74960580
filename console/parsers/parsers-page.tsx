import { useRef } from 'react';
import { Link, useLocation } from 'wouter';
import type { Session } from '../../server/accounts/schema.ts';
import type { NotUnderstood } from '../../server/parsers/schema.ts';
import { useText } from '../i18n/language.tsx';
import { LogText, Visible } from '../parts/log-text.tsx';
import { FirstFetch, PageTitle, Partial, ProblemNotice } from '../parts/states.tsx';
import { Time } from '../parts/time.tsx';
import { useKeys } from '../parts/use-keys.ts';
import { useNotUnderstood, useParsers } from './queries.ts';

/** `/parsers`: the parsers written here, and lines that wait for one. */
export function ParsersPage({ me }: { readonly me: Session }) {
  const t = useText();
  const [, go] = useLocation();
  const parsers = useParsers();
  const list = useRef<HTMLUListElement>(null);
  const mayWrite = me.permissions.includes('parsers.write');
  useKeys({ j: () => move(list.current, 1), k: () => move(list.current, -1), n: () => mayWrite && go('/parsers/new') });
  const rows = parsers.data?.parsers ?? [];
  return (
    <>
      <PageTitle title="nav.parsers">
        {mayWrite && (
          <Link href="/parsers/new" className="button button-primary">
            {t('parsers.new')}
          </Link>
        )}
      </PageTitle>
      <FirstFetch query={parsers} />
      <div className="min-h-0 flex-1 overflow-auto px-4 pb-6">
        <p className="mb-4 max-w-[64rem] text-muted">{t('parsers.explain')}</p>
        <div className="grid max-w-[88rem] items-start gap-4 lg:grid-cols-2">
          <section aria-labelledby="parsers" className="min-w-0">
            <h2 id="parsers" className="mb-2 font-semibold">
              {t('parsers.list')}
            </h2>
            {parsers.isError && <ProblemNotice error={parsers.error} retry={() => parsers.refetch()} />}
            {parsers.data && rows.length === 0 && <p className="card p-4">{t('parsers.none')}</p>}
            {rows.length > 0 && (
              <ul className="card divide-y divide-line" ref={list}>
                {rows.map(({ name, title, dataset, version, groups, updatedAt, updatedBy }) => (
                  <li key={name}>
                    <Link href={`/parsers/${name}`} className="block px-4 py-3 hover:bg-hover" data-parser={name}>
                      <span className="font-medium break-words">
                        <Visible text={title} prose />
                      </span>{' '}
                      <code className="text-small text-muted">{name}</code>
                      <span className="block text-small text-muted">
                        <code>{dataset}</code> · {t('parsers.version', { version })} · <Visible text={updatedBy} /> ·{' '}
                        <Time at={updatedAt} />
                      </span>
                      <span className="block text-small">
                        {groups.length === 0
                          ? t('parsers.noGroups')
                          : t('parsers.goesTo', { groups: groups.join(', ') })}
                      </span>
                    </Link>
                  </li>
                ))}
              </ul>
            )}
          </section>
          {me.permissions.includes('events.read') && <Waiting mayWrite={mayWrite} />}
        </div>
      </div>
    </>
  );
}

/** Moves the focus along the list. */
function move(list: HTMLElement | null, by: 1 | -1): boolean {
  const links = [...(list?.querySelectorAll<HTMLElement>('a') ?? [])];
  const at = links.indexOf(document.activeElement as HTMLElement);
  const next = links[at < 0 ? 0 : at + by];
  next?.focus();
  return next !== undefined;
}

function Waiting({ mayWrite }: { readonly mayWrite: boolean }) {
  const t = useText();
  const found = useNotUnderstood();
  return (
    <section aria-labelledby="not-understood" className="min-w-0">
      <h2 id="not-understood" className="mb-2 font-semibold">
        {t('parsers.waitingLines')}
      </h2>
      {found.isError && <ProblemNotice error={found.error} retry={() => found.refetch()} />}
      {found.data?.sources.length === 0 && <p className="card p-4">{t('parsers.allUnderstood')}</p>}
      {found.data && !found.data.complete && <Partial>{t('parsers.newestOnly')}</Partial>}
      <ul className="space-y-3">
        {found.data?.sources.map((source) => (
          <Source key={`${source.agency} ${source.source}`} source={source} mayWrite={mayWrite} />
        ))}
      </ul>
    </section>
  );
}

function Source({
  source: { source, agency, count, lines },
  mayWrite,
}: {
  readonly source: NotUnderstood['sources'][number];
  readonly mayWrite: boolean;
}) {
  const t = useText();
  return (
    <li className="card p-4" data-source={source}>
      <h3 className="font-medium break-words">
        <LogText text={source} />
      </h3>
      <p className="text-small text-muted">
        <Visible text={agency} /> · {t('parsers.lineCount', { count })}
      </p>
      <ul className="my-2 space-y-1">
        {lines.map((line) => (
          <li key={line} className="border-t border-line pt-1">
            <LogText text={line.slice(0, 300)} />
          </li>
        ))}
      </ul>
      {mayWrite && (
        <Link href="/parsers/new" state={{ lines }} className="button text-small">
          {t('parsers.begin')}
        </Link>
      )}
    </li>
  );
}

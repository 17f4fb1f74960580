import { useState } from 'react';
import type { Session } from '../../server/accounts/schema.ts';
import type { Agency } from '../../server/agencies/schema.ts';
import { useAgencies } from '../api/queries.ts';
import { useText } from '../i18n/language.tsx';
import { Dialog } from '../parts/dialog.tsx';
import { Visible } from '../parts/log-text.tsx';
import { FirstFetch, PageTitle, ProblemNotice } from '../parts/states.tsx';
import { AgencyForm } from './agency-form.tsx';
import { ImportCard } from './import-card.tsx';
import { inTree } from './in-tree.ts';

/** `/agencies`: who is watched, who is above whom, whom to call, and what of shared machines is whose. */
export function AgenciesPage({ me }: { readonly me: Session }) {
  const t = useText();
  const agencies = useAgencies();
  const [wanted, setWanted] = useState('');
  const [changing, setChanging] = useState<Agency | 'new'>();
  const mayChange = me.permissions.includes('agencies.change');
  const isProvincial = me.agencies === 'all';
  const list = agencies.data?.agencies ?? [];
  const rows = inTree(list).filter(({ agency }) => fits(agency, wanted));
  return (
    <>
      <PageTitle title="nav.agencies">
        {mayChange && isProvincial && (
          <button type="button" className="button button-primary" onClick={() => setChanging('new')}>
            {t('agencies.add')}
          </button>
        )}
      </PageTitle>
      <FirstFetch query={agencies} cancels={['agencies']} />
      <div className="min-h-0 flex-1 overflow-auto px-4 pb-6">
        <p className="mb-4 max-w-[64rem] text-muted">{t('agencies.explain')}</p>
        <div className="grid max-w-[88rem] grid-cols-[minmax(0,1fr)] gap-4">
          <section aria-labelledby="agencies" className="min-w-0">
            <h2 id="agencies" className="sr-only">
              {t('agencies.list')}
            </h2>
            {agencies.isError && <ProblemNotice error={agencies.error} retry={() => agencies.refetch()} />}
            {agencies.data && (
              <div className="mb-3 flex flex-wrap items-center gap-3">
                <input
                  type="search"
                  className="field max-w-80"
                  value={wanted}
                  aria-label={t('agencies.find')}
                  placeholder={t('agencies.find')}
                  onChange={(event) => setWanted(event.target.value)}
                />
                <p role="status" className="text-muted">
                  {t('agencies.count', { count: rows.length })}
                </p>
              </div>
            )}
            {rows.length > 0 && (
              <ul className="card divide-y divide-line">
                {rows.map(({ agency, depth }) => (
                  <AgencyRow
                    key={agency.id}
                    agency={agency}
                    depth={wanted === '' ? depth : 0}
                    above={list.find(({ id }) => id === agency.parent)?.name}
                    change={mayChange ? () => setChanging(agency) : undefined}
                  />
                ))}
              </ul>
            )}
          </section>
          {mayChange && isProvincial && <ImportCard />}
        </div>
      </div>
      {changing !== undefined && (
        <Dialog
          title={changing === 'new' ? t('agencies.add') : t('agencies.changeOne', { name: changing.name })}
          close={() => setChanging(undefined)}
        >
          <AgencyForm
            agency={changing === 'new' ? undefined : changing}
            agencies={list}
            mayPlace={isProvincial}
            done={() => setChanging(undefined)}
          />
        </Dialog>
      )}
    </>
  );
}

/** Room to the left by level; past the fourth no further, as a telephone is narrow. */
const INDENTS = ['', 'ml-4', 'ml-8', 'ml-12'] as const;

function AgencyRow({
  agency,
  depth,
  above,
  change,
}: {
  readonly agency: Agency;
  readonly depth: number;
  readonly above: string | undefined;
  readonly change: (() => void) | undefined;
}) {
  const t = useText();
  const { id, name, contact, securityLevel, networks = [], sources = [] } = agency;
  const reach = [contact.person, contact.phone, contact.email].filter((one) => one !== '').join(' · ');
  return (
    <li className="flex flex-wrap items-start gap-x-6 gap-y-2 px-4 py-3" data-agency={id}>
      <div className={`min-w-0 flex-1 basis-64 ${INDENTS[Math.min(depth, INDENTS.length - 1)]}`}>
        <h3 className="font-medium break-words">
          <Visible text={name} prose />
        </h3>
        <p className="text-small break-words text-muted">
          <Visible text={id} />
          {above !== undefined && (
            <>
              {' · '}
              {t('agencies.below')} <Visible text={above} prose />
            </>
          )}
        </p>
      </div>
      <div className="min-w-0 flex-1 basis-56 text-small">
        <p className="break-words">{reach === '' ? t('agencies.noContact') : <Visible text={reach} prose />}</p>
        <p className="text-muted">{t('asset.level', { level: securityLevel })}</p>
      </div>
      <div className="min-w-0 flex-1 basis-56 text-small">
        {[...networks, ...sources].length === 0 ? (
          <p className="text-muted">{t('agencies.noNetworks')}</p>
        ) : (
          <p className="break-all">
            <Visible text={[...networks, ...sources].slice(0, MOST_SHOWN).join('  ')} />
            {networks.length + sources.length > MOST_SHOWN && ` +${networks.length + sources.length - MOST_SHOWN}`}
          </p>
        )}
      </div>
      {change && (
        <button
          type="button"
          className="button text-small"
          aria-label={t('agencies.changeOne', { name })}
          onClick={change}
        >
          {t('agencies.change')}
        </button>
      )}
    </li>
  );
}

const MOST_SHOWN = 6;

function fits({ id, name, contact, networks = [], sources = [] }: Agency, wanted: string): boolean {
  const words = wanted.normalize('NFC').toLowerCase().trim();
  const own = [id, name, contact.person, contact.phone, contact.email, ...networks, ...sources];
  return words === '' || own.some((one) => one.normalize('NFC').toLowerCase().includes(words));
}

import { useQuery, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import type { Session } from '../../server/accounts/schema.ts';
import type { Asset, Assets, NewAsset } from '../../server/assets/schema.ts';
import { deleteResource, getJson, postJson } from '../api/client.ts';
import { useAgencies } from '../api/queries.ts';
import { useText } from '../i18n/language.tsx';
import { AgencyOptions } from '../parts/agency-options.tsx';
import { Field } from '../parts/dialog.tsx';
import { Visible } from '../parts/log-text.tsx';
import { FirstFetch, PageTitle, ProblemNotice } from '../parts/states.tsx';
import { useToast } from '../parts/toasts.tsx';
import { useAttempt } from '../parts/use-attempt.ts';

const KINDS = ['network', 'host', 'agency'] as const;
const LEVELS = [5, 4, 3, 2, 1] as const;

/** `/assets`: which systems are of which security level, so that alerts about them weigh more or less. */
export function AssetsPage({ me }: { readonly me: Session }) {
  const t = useText();
  const assets = useQuery({
    queryKey: ['assets'],
    queryFn: ({ signal }) => getJson<Assets>('/assets', {}, signal),
  });
  const mayChange = me.permissions.includes('assets.change');
  const list = assets.data?.assets ?? [];
  return (
    <>
      <PageTitle title="nav.assets" />
      <FirstFetch query={assets} cancels={['assets']} />
      <div className="min-h-0 flex-1 overflow-auto px-4 pb-6">
        <p className="mb-4 max-w-[64rem] text-muted">{t('asset.explain')}</p>
        <div className="grid max-w-[88rem] gap-4 lg:grid-cols-[minmax(0,1fr)_24rem]">
          <section aria-labelledby="assets" className="min-w-0">
            <h2 id="assets" className="sr-only">
              {t('asset.list')}
            </h2>
            {assets.isError && <ProblemNotice error={assets.error} retry={() => assets.refetch()} />}
            {assets.data && list.length === 0 && (
              <div className="card p-4">
                <p className="font-medium">{t('asset.none')}</p>
                {mayChange && <p className="text-muted">{t('asset.noneHint')}</p>}
              </div>
            )}
            {list.length > 0 && (
              <ul className="card divide-y divide-line">
                {[...list]
                  .sort((a, b) => b.level - a.level)
                  .map((asset) => (
                    <AssetRow key={asset.id} asset={asset} mayChange={mayChange} />
                  ))}
              </ul>
            )}
          </section>
          {mayChange && (
            <section className="card h-fit p-4" aria-labelledby="new-asset">
              <h2 id="new-asset" className="mb-3 font-semibold">
                {t('asset.add')}
              </h2>
              <AssetForm provincial={me.agencies === 'all'} />
            </section>
          )}
        </div>
      </div>
    </>
  );
}

function AssetRow({ asset, mayChange }: { readonly asset: Asset; readonly mayChange: boolean }) {
  const t = useText();
  const { send, busy, error } = useChange();
  const agencies = useAgencies().data?.agencies ?? [];
  const { id: _, ...again } = asset;
  const agency = agencies.find(({ id }) => id === asset.agency)?.name ?? asset.agency;
  return (
    <li className="flex flex-wrap items-center gap-x-6 gap-y-2 px-4 py-3" data-asset={asset.id}>
      <div className="min-w-0 flex-1 basis-64">
        <h3 className="font-medium break-words">
          <Visible text={asset.kind === 'agency' ? (agency ?? asset.value) : asset.value} prose />
        </h3>
        <p className="text-small break-words text-muted">
          {t(`asset.kind.${asset.kind}`)}
          {asset.name !== '' && (
            <>
              {' · '}
              <Visible text={asset.name} prose />
            </>
          )}
        </p>
      </div>
      <div className="min-w-0 flex-1 basis-56 text-small">
        <p>{t('asset.level', { level: asset.level })}</p>
        <p className="break-words text-muted">
          {agency === null ? t('queue.allAgencies') : <Visible text={agency} prose />}
        </p>
      </div>
      {mayChange && (
        <button
          type="button"
          className="button text-small"
          disabled={busy}
          aria-label={t('asset.removeOne', { value: asset.value })}
          onClick={() =>
            void send(
              () => deleteResource(`/assets/${encodeURIComponent(asset.id)}`),
              'asset.removed',
              () => undefined,
              // Nothing of it is kept elsewhere: what stood here can be put back as it was.
              () => void send(() => postJson<Asset>('/assets', again), 'asset.added'),
            )
          }
        >
          {t('asset.remove')}
        </button>
      )}
      {error !== undefined && <ProblemNotice error={error} />}
    </li>
  );
}

function AssetForm({ provincial }: { readonly provincial: boolean }) {
  const t = useText();
  const { send, busy, error } = useChange();
  const [kind, setKind] = useState<NewAsset['kind']>('network');
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    const form = event.currentTarget;
    const fields = new FormData(form);
    const text = (name: string) => String(fields.get(name) ?? '').trim();
    const agency = text('agency') || null;
    const value = kind === 'agency' ? (agency ?? '') : text('value');
    const body: NewAsset = { kind, value, level: Number(text('level')), name: text('name'), agency };
    void send(
      () => postJson<Asset>('/assets', body),
      'asset.added',
      () => form.reset(),
    );
  };
  return (
    <form onSubmit={submit} className="space-y-4">
      <Field label={t('asset.kind')}>
        <select
          name="kind"
          className="field"
          value={kind}
          onChange={(event) => setKind(event.target.value as NewAsset['kind'])}
        >
          {KINDS.map((one) => (
            <option key={one} value={one}>
              {t(`asset.kind.${one}`)}
            </option>
          ))}
        </select>
      </Field>
      {kind !== 'agency' && (
        <Field label={t('asset.value')} hint={t(`asset.value.${kind}`)}>
          <input name="value" className="field" required maxLength={255} autoComplete="off" spellCheck={false} />
        </Field>
      )}
      <Field label={t('asset.agency')}>
        <select name="agency" className="field" defaultValue="" required={kind === 'agency' || !provincial}>
          {kind === 'agency' || !provincial ? <option value="" /> : <option value="">{t('queue.allAgencies')}</option>}
          <AgencyOptions />
        </select>
      </Field>
      <Field label={t('asset.levelOf')}>
        <select name="level" className="field" defaultValue="4">
          {LEVELS.map((level) => (
            <option key={level} value={level}>
              {t(`asset.effect.${level}`)}
            </option>
          ))}
        </select>
      </Field>
      <Field label={t('asset.name')}>
        <input name="name" className="field" maxLength={200} autoComplete="off" />
      </Field>
      {error !== undefined && <ProblemNotice error={error} />}
      <button type="submit" className="button button-primary" disabled={busy}>
        {t('asset.add')}
      </button>
    </form>
  );
}

/** Sends a change, says that it was done and looks again at what it may have changed. */
function useChange() {
  const t = useText();
  const toast = useToast();
  const queries = useQueryClient();
  const { busy, error, run } = useAttempt();
  const send = async (
    act: () => Promise<unknown>,
    done: 'asset.added' | 'asset.removed',
    after: () => void = () => undefined,
    undo?: () => void,
  ): Promise<void> => {
    await run(async () => {
      await act();
      toast({ text: t(done), ...(undo ? { undo } : {}) });
      after();
      await queries.invalidateQueries({ queryKey: ['assets'] });
    });
  };
  return { send, busy, error };
}

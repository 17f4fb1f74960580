import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import type { NewSavedSearch, SavedSearch, SavedSearches } from '../../server/search/schema.ts';
import { deleteResource, getJson, postJson, putJson } from '../api/client.ts';
import { useText } from '../i18n/language.tsx';
import { Dialog, Field } from '../parts/dialog.tsx';
import { ProblemNotice, Progress } from '../parts/states.tsx';
import { useToast } from '../parts/toasts.tsx';

/** What is looked at now, to be kept. */
export type ToSave = Pick<NewSavedSearch, 'kql' | 'from' | 'to' | 'by'>;

const KEY = ['searches'] as const;

/** Saved searches in a dialog: open one, keep this one, rename, share, delete. */
export function SavedSearchesDialog({
  now,
  open,
  close,
}: {
  readonly now: ToSave;
  readonly open: (search: ToSave) => void;
  readonly close: () => void;
}) {
  const t = useText();
  const list = useQuery({
    queryKey: KEY,
    queryFn: ({ signal }) => getJson<SavedSearches>('/searches', {}, signal),
  });
  const own = list.data?.searches.filter((search) => search.own) ?? [];
  const others = list.data?.searches.filter((search) => !search.own) ?? [];
  return (
    <Dialog title={t('saved.title')} close={close}>
      <SaveForm now={now} />
      <Progress busy={list.isPending} />
      {list.isError && <ProblemNotice error={list.error} retry={() => list.refetch()} />}
      {list.isSuccess && own.length + others.length === 0 && <p className="mt-4 text-muted">{t('saved.none')}</p>}
      <div className="max-h-96 overflow-y-auto">
        <Group title={t('saved.own')} searches={own} open={open} />
        <Group title={t('saved.shared')} searches={others} open={open} />
      </div>
    </Dialog>
  );
}

function SaveForm({ now }: { readonly now: ToSave }) {
  const t = useText();
  const toast = useToast();
  const queries = useQueryClient();
  const save = useMutation({
    mutationFn: (search: NewSavedSearch) => postJson<SavedSearch>('/searches', search),
    onSuccess: async ({ name }) => {
      toast({ text: t('saved.done', { name }) });
      await queries.invalidateQueries({ queryKey: KEY });
    },
  });
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    const element = event.currentTarget;
    const form = new FormData(element);
    const name = String(form.get('name')).trim();
    if (name === '') return;
    save.mutate({ ...now, name, shared: form.get('shared') !== null }, { onSuccess: () => element.reset() });
  };
  return (
    <form onSubmit={submit} className="space-y-2 border-b border-line pb-4">
      <p className="rounded-md bg-surface px-2 py-1">
        <code className="log" dir="ltr" lang="und">
          {now.kql === '' ? '*' : now.kql}
        </code>
      </p>
      <div className="flex flex-wrap items-end gap-2">
        <div className="min-w-48 flex-1">
          <Field label={t('saved.name')}>
            <input name="name" className="field" maxLength={120} required autoComplete="off" />
          </Field>
        </div>
        <button type="submit" className="button button-primary" disabled={save.isPending}>
          {t('saved.save')}
        </button>
      </div>
      <label className="flex items-start gap-2">
        <input type="checkbox" name="shared" className="mt-1" />
        <span>{t('saved.share')}</span>
      </label>
      {save.isError && <ProblemNotice error={save.error} />}
    </form>
  );
}

function Group({
  title,
  searches,
  open,
}: {
  readonly title: string;
  readonly searches: readonly SavedSearch[];
  readonly open: (search: ToSave) => void;
}) {
  if (searches.length === 0) return null;
  return (
    <section aria-label={title} className="mt-4">
      <h3 className="font-semibold">{title}</h3>
      <ul>
        {searches.map((search) => (
          <SearchRow key={search.id} search={search} open={open} />
        ))}
      </ul>
    </section>
  );
}

function SearchRow({ search, open }: { readonly search: SavedSearch; readonly open: (search: ToSave) => void }) {
  const t = useText();
  const queries = useQueryClient();
  const [act, setAct] = useState<'rename' | 'delete'>();
  const again = () => queries.invalidateQueries({ queryKey: KEY });
  const change = useMutation({
    mutationFn: (changed: Partial<NewSavedSearch>) => {
      const { name, kql, from, to, by, shared, version } = { ...search, ...changed };
      return putJson<SavedSearch>(`/searches/${search.id}`, { name, kql, from, to, by, shared, version });
    },
    onSuccess: () => setAct(undefined),
    onSettled: again,
  });
  const remove = useMutation({ mutationFn: () => deleteResource(`/searches/${search.id}`), onSettled: again });
  const rename = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    const name = String(new FormData(event.currentTarget).get('name')).trim();
    if (name !== '') change.mutate({ name });
  };
  const failed = change.error ?? remove.error;
  return (
    <li className="border-b border-line py-2">
      <div className="flex flex-wrap items-center gap-2">
        <button type="button" className="link min-w-0 flex-1 text-left break-words" onClick={() => open(search)}>
          {search.name}
        </button>
        {!search.own && <span className="text-small text-muted">{search.owner}</span>}
        {search.own && search.shared && <span className="text-small text-muted">{t('saved.isShared')}</span>}
        {search.canChange && (
          <>
            <button type="button" className="button button-quiet text-small" onClick={() => setAct('rename')}>
              {t('saved.rename')}
            </button>
            <button type="button" className="button button-quiet text-small" onClick={() => setAct('delete')}>
              {t('saved.delete')}
            </button>
          </>
        )}
      </div>
      <p className="truncate">
        <code className="log !whitespace-nowrap text-muted" dir="ltr" lang="und">
          {search.kql === '' ? '*' : search.kql.slice(0, 200)}
        </code>
      </p>
      {act === 'rename' && (
        <form onSubmit={rename} className="mt-2 flex flex-wrap items-center gap-2">
          <input
            name="name"
            className="field w-auto min-w-40 flex-1"
            defaultValue={search.name}
            aria-label={t('saved.name')}
            maxLength={120}
            required
          />
          <button type="submit" className="button" disabled={change.isPending}>
            {t('saved.save')}
          </button>
          <button type="button" className="button button-quiet" onClick={() => setAct(undefined)}>
            {t('common.cancel')}
          </button>
        </form>
      )}
      {act === 'delete' && (
        <p className="mt-2 flex flex-wrap items-center gap-2">
          <span>{t('saved.sure')}</span>
          <button type="button" className="button" disabled={remove.isPending} onClick={() => remove.mutate()}>
            {t('saved.delete')}
          </button>
          <button type="button" className="button button-quiet" onClick={() => setAct(undefined)}>
            {t('common.cancel')}
          </button>
        </p>
      )}
      {failed && <ProblemNotice error={failed} />}
    </li>
  );
}

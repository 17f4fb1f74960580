import { useQueryClient } from '@tanstack/react-query';
import type { FormEvent } from 'react';
import type { Agency } from '../../server/agencies/schema.ts';
import { postJson, putJson } from '../api/client.ts';
import { useText } from '../i18n/language.tsx';
import { Field } from '../parts/dialog.tsx';
import { ProblemNotice, Progress } from '../parts/states.tsx';
import { useToast } from '../parts/toasts.tsx';
import { useAttempt } from '../parts/use-attempt.ts';
import { inTree } from './in-tree.ts';

const LEVELS = [1, 2, 3, 4, 5] as const;

/** Adds an agency, or changes one; `mayPlace`: also where it stands and what of shared machines is its own. */
export function AgencyForm({
  agency,
  agencies,
  mayPlace,
  done,
}: {
  readonly agency: Agency | undefined;
  readonly agencies: readonly Agency[];
  readonly mayPlace: boolean;
  readonly done: () => void;
}) {
  const t = useText();
  const toast = useToast();
  const queries = useQueryClient();
  const { busy, error, run } = useAttempt();
  const submit = async (event: FormEvent<HTMLFormElement>): Promise<void> => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const text = (name: string) => String(form.get(name) ?? '').trim();
    const list = (name: string) => [
      ...new Set(
        text(name)
          .split(/[\s,;]+/)
          .filter(Boolean),
      ),
    ];
    const parent = mayPlace ? text('parent') : (agency?.parent ?? '');
    const wanted: Agency = {
      id: agency?.id ?? text('id'),
      name: text('name'),
      contact: { person: text('person'), phone: text('phone'), email: text('email'), address: text('address') },
      securityLevel: Number(text('level')),
      ...(parent === '' ? {} : { parent }),
      ...(mayPlace ? { networks: list('networks'), sources: list('sources') } : {}),
    };
    await run(async () => {
      if (agency) await putJson<Agency>(`/agencies/${encodeURIComponent(agency.id)}`, wanted);
      else await postJson<Agency>('/agencies', wanted);
      toast({ text: t(agency ? 'agencies.changed' : 'agencies.added', { name: wanted.name }) });
      await queries.invalidateQueries({ queryKey: ['agencies'] });
      done();
    });
  };
  const contact = agency?.contact;
  const line = { className: 'field', autoComplete: 'off' } as const;
  return (
    <form onSubmit={submit} className="space-y-4">
      {!agency && (
        <Field label={t('agencies.id')} hint={t('agencies.idHint')}>
          <input
            name="id"
            pattern="[a-z0-9][a-z0-9\-]{0,63}"
            required
            autoCapitalize="none"
            spellCheck={false}
            {...line}
          />
        </Field>
      )}
      <Field label={t('agencies.name')}>
        <input name="name" defaultValue={agency?.name} required maxLength={200} pattern=".*\S.*" {...line} />
      </Field>
      {mayPlace && (
        <Field label={t('agencies.parent')} hint={t('agencies.parentHint')}>
          <select name="parent" className="field" defaultValue={agency?.parent ?? ''}>
            <option value="">{t('agencies.province')}</option>
            {inTree(agencies)
              .filter(({ agency: { id } }) => id !== agency?.id)
              .map(({ agency: { id, name }, depth }) => (
                <option key={id} value={id}>
                  {`${'– '.repeat(depth)}${name}`}
                </option>
              ))}
          </select>
        </Field>
      )}
      <Field label={t('agencies.level')}>
        <select name="level" className="field" defaultValue={String(agency?.securityLevel ?? 3)}>
          {LEVELS.map((level) => (
            <option key={level} value={level}>
              {t('asset.level', { level })}
            </option>
          ))}
        </select>
      </Field>
      <Field label={t('agencies.person')}>
        <input name="person" defaultValue={contact?.person} maxLength={200} {...line} />
      </Field>
      <Field label={t('agencies.phone')}>
        <input name="phone" type="tel" defaultValue={contact?.phone} maxLength={50} {...line} />
      </Field>
      <Field label={t('agencies.email')}>
        <input name="email" type="email" defaultValue={contact?.email} maxLength={200} {...line} />
      </Field>
      <Field label={t('agencies.address')}>
        <input name="address" defaultValue={contact?.address} maxLength={500} {...line} />
      </Field>
      {mayPlace && (
        <>
          <Field label={t('agencies.networks')} hint={t('agencies.networksHint')}>
            <textarea
              name="networks"
              className="field font-mono"
              rows={3}
              spellCheck={false}
              defaultValue={(agency?.networks ?? []).join('\n')}
            />
          </Field>
          <Field label={t('agencies.sources')} hint={t('agencies.sourcesHint')}>
            <textarea
              name="sources"
              className="field font-mono"
              rows={2}
              spellCheck={false}
              defaultValue={(agency?.sources ?? []).join('\n')}
            />
          </Field>
        </>
      )}
      {error !== undefined && <ProblemNotice error={error} />}
      <button type="submit" className="button button-primary" disabled={busy}>
        {t('agencies.save')}
      </button>
      {busy && <Progress busy />}
    </form>
  );
}

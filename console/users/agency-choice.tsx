import { useState } from 'react';
import type { User } from '../../server/accounts/schema.ts';
import { useAgencies } from '../api/queries.ts';
import { useText } from '../i18n/language.tsx';
import { Visible } from '../parts/log-text.tsx';

export type Agencies = NonNullable<User['agencies']>;

/** From so many agencies on, a box to filter them by. */
const MANY = 12;

/** All agencies, or a list of them; at least one. */
export function AgencyChoice({
  chosen,
  choose,
}: {
  readonly chosen: Agencies;
  readonly choose: (agencies: Agencies) => void;
}) {
  const t = useText();
  const known = useAgencies().data?.agencies ?? [];
  const [text, setText] = useState('');
  const all = chosen === 'all';
  const list = all ? [] : chosen;
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  const shown = known.filter(({ id, name }) => words.every((word) => `${id} ${name}`.toLowerCase().includes(word)));
  const toggle = (id: string): void => choose(list.includes(id) ? list.filter((one) => one !== id) : [...list, id]);
  return (
    <fieldset>
      <legend className="mb-1 font-medium">{t('users.agencies')}</legend>
      <div className="flex flex-wrap gap-x-6 gap-y-1">
        <label className="flex items-center gap-2">
          <input type="radio" checked={all} onChange={() => choose('all')} />
          {t('queue.allAgencies')}
        </label>
        <label className="flex items-center gap-2">
          <input type="radio" checked={!all} onChange={() => choose([])} />
          {t('users.someAgencies')}
        </label>
      </div>
      {!all && (
        <div className="mt-2 space-y-2">
          {known.length > MANY && (
            <input
              type="text"
              className="field"
              aria-label={t('users.agencyFilter')}
              placeholder={t('users.agencyFilter')}
              value={text}
              onChange={(event) => setText(event.target.value)}
            />
          )}
          {known.length === 0 && <p className="text-muted">{t('users.noAgencies')}</p>}
          <ul className="max-h-48 divide-y divide-line overflow-auto rounded-md border border-line empty:hidden">
            {shown.map(({ id, name }) => (
              <li key={id}>
                <label className="flex items-start gap-2 px-3 py-1.5 hover:bg-hover">
                  <input
                    type="checkbox"
                    className="mt-1"
                    checked={list.includes(id)}
                    required={list.length === 0}
                    onChange={() => toggle(id)}
                  />
                  <span className="min-w-0 break-words">
                    <Visible text={name} prose /> <span className="text-small text-muted">{id}</span>
                  </span>
                </label>
              </li>
            ))}
          </ul>
          <p className="text-small text-muted">{t('users.agencyCount', { count: list.length })}</p>
        </div>
      )}
    </fieldset>
  );
}

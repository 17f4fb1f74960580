import { useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import type { MadeApiToken, NewApiToken, Session } from '../../server/accounts/schema.ts';
import { postJson } from '../api/client.ts';
import { useText } from '../i18n/language.tsx';
import { Field } from '../parts/dialog.tsx';
import { ProblemNotice, Progress } from '../parts/states.tsx';
import { useAttempt } from '../parts/use-attempt.ts';
import { type Agencies, AgencyChoice } from '../users/agency-choice.tsx';

type Permission = Session['permissions'][number];

/** Makes a token for a program, with some of one's own rights, and shows it once. */
export function TokenForm({ me }: { readonly me: Session }) {
  const t = useText();
  const queries = useQueryClient();
  const { busy, error, run } = useAttempt();
  const [chosen, setChosen] = useState<readonly Permission[]>([]);
  const [agencies, setAgencies] = useState<Agencies>(me.agencies);
  const [made, setMade] = useState<MadeApiToken>();
  const submit = async (event: FormEvent<HTMLFormElement>): Promise<void> => {
    event.preventDefault();
    const element = event.currentTarget;
    const form = new FormData(element);
    const body: NewApiToken = {
      name: String(form.get('name')).trim(),
      permissions: [...chosen],
      agencies,
      days: Number(form.get('days')),
    };
    setMade(undefined);
    await run(async () => {
      setMade(await postJson<MadeApiToken>('/session/tokens', body));
      element.reset();
      setChosen([]);
      await queries.invalidateQueries({ queryKey: ['tokens'] });
    });
  };
  const toggle = (permission: Permission): void =>
    setChosen((before) =>
      before.includes(permission) ? before.filter((one) => one !== permission) : [...before, permission],
    );
  return (
    <form onSubmit={submit} className="space-y-4" autoComplete="off">
      {made && (
        <div role="status" className="rounded-lg border border-accent p-3">
          <p className="mb-2">{t('tokens.once')}</p>
          <p className="font-mono break-all" data-secret>
            {made.token}
          </p>
        </div>
      )}
      <Field label={t('tokens.name')} hint={t('tokens.nameHint')}>
        <input name="name" className="field" required maxLength={100} pattern=".*\S.*" />
      </Field>
      <Field label={t('tokens.days')}>
        <input name="days" type="number" className="field" defaultValue={90} min={1} max={366} required />
      </Field>
      <fieldset>
        <legend className="mb-1 font-medium">{t('tokens.permissions')}</legend>
        <ul className="grid max-h-56 grid-cols-[repeat(auto-fill,minmax(11rem,1fr))] gap-x-4 overflow-auto rounded-md border border-line p-2">
          {me.permissions.map((permission) => (
            <li key={permission}>
              <label className="flex items-center gap-2 py-0.5 font-mono text-small">
                <input
                  type="checkbox"
                  checked={chosen.includes(permission)}
                  required={chosen.length === 0}
                  onChange={() => toggle(permission)}
                />
                {permission}
              </label>
            </li>
          ))}
        </ul>
      </fieldset>
      {me.agencies === 'all' && <AgencyChoice chosen={agencies} choose={setAgencies} />}
      {error !== undefined && <ProblemNotice error={error} />}
      <button type="submit" className="button button-primary" disabled={busy}>
        {t('tokens.create')}
      </button>
      <Progress busy={busy} />
    </form>
  );
}

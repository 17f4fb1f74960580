import { useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import type { ParserChanged, ParserRow } from '../../server/parsers/schema.ts';
import { putJson } from '../api/client.ts';
import { useText } from '../i18n/language.tsx';
import { Field } from '../parts/dialog.tsx';
import { ProblemNotice } from '../parts/states.tsx';
import { useToast } from '../parts/toasts.tsx';
import { useAttempt } from '../parts/use-attempt.ts';

/** Which groups of collectors get a parser with their policy. */
export function GroupsCard({
  parser,
  groups,
  mayDeliver,
}: {
  readonly parser: Pick<ParserRow, 'name' | 'groups'>;
  /** Those that have a policy. */
  readonly groups: readonly string[];
  readonly mayDeliver: boolean;
}) {
  const t = useText();
  const toast = useToast();
  const queries = useQueryClient();
  const { busy, error, run } = useAttempt();
  const [waiting, setWaiting] = useState<readonly string[]>([]);
  const known = [...new Set([...groups, ...parser.groups, 'default'])].sort();
  const submit = async (event: FormEvent<HTMLFormElement>): Promise<void> => {
    event.preventDefault();
    const fields = new FormData(event.currentTarget);
    const more = String(fields.get('more') ?? '')
      .split(/[\s,]+/)
      .filter((one) => one !== '');
    await run(async () => {
      const body = { groups: [...fields.getAll('group').map(String), ...more] };
      const changed = await putJson<ParserChanged>(`/parsers/${encodeURIComponent(parser.name)}/groups`, body);
      setWaiting(changed.waiting);
      toast({ text: t('parsers.delivered') });
      await queries.invalidateQueries({ queryKey: ['parsers'] });
    });
  };
  return (
    <section className="card p-4" aria-labelledby="parser-groups">
      <h2 id="parser-groups" className="mb-1 font-semibold">
        {t('parsers.groups')}
      </h2>
      <p className="mb-3 text-small text-muted">{t('parsers.groupsHint', { name: parser.name })}</p>
      {mayDeliver ? (
        <form onSubmit={(event) => void submit(event)} className="space-y-3" key={parser.groups.join(' ')}>
          <fieldset className="flex flex-wrap gap-x-5 gap-y-2">
            <legend className="sr-only">{t('parsers.groups')}</legend>
            {known.map((group) => (
              <label key={group} className="flex min-h-8 items-center gap-2">
                <input type="checkbox" name="group" value={group} defaultChecked={parser.groups.includes(group)} />
                <span className="font-mono text-small">{group}</span>
              </label>
            ))}
          </fieldset>
          <Field label={t('parsers.moreGroups')}>
            <input name="more" className="field" maxLength={200} autoComplete="off" spellCheck={false} />
          </Field>
          {error !== undefined && <ProblemNotice error={error} />}
          {waiting.length > 0 && <p role="status">{t('parsers.waiting', { groups: waiting.join(', ') })}</p>}
          <button type="submit" className="button" disabled={busy}>
            {t('parsers.deliver')}
          </button>
        </form>
      ) : (
        <p>{parser.groups.length === 0 ? t('parsers.noGroups') : parser.groups.join(', ')}</p>
      )}
    </section>
  );
}

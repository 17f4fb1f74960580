import { type FormEvent, useRef, useState } from 'react';
import type { NewToken, Token } from '../../server/fleet/schema.ts';
import { postJson } from '../api/client.ts';
import { useText } from '../i18n/language.tsx';
import { AgencyOptions } from '../parts/agency-options.tsx';
import { Field } from '../parts/dialog.tsx';
import { ProblemNotice } from '../parts/states.tsx';
import { Time } from '../parts/time.tsx';
import { useToast } from '../parts/toasts.tsx';
import { useAttempt } from '../parts/use-attempt.ts';

const HOURS = [1, 24, 168] as const;

/** Makes a one-time token for a new collector; it is shown here and nowhere again. */
export function TokenForm() {
  const t = useText();
  const [made, setMade] = useState<Token>();
  const { busy, error, run } = useAttempt();
  const toast = useToast();
  const line = useRef<HTMLPreElement>(null);
  const copy = async (text: string): Promise<void> => {
    try {
      await navigator.clipboard.writeText(text);
      toast({ text: t('fleet.copied') });
    } catch {
      // Browsers let pages without TLS copy nothing: what is marked can be copied with a key.
      if (line.current) window.getSelection()?.selectAllChildren(line.current);
      toast({ text: t('fleet.copyByHand') });
    }
  };
  const submit = async (event: FormEvent<HTMLFormElement>): Promise<void> => {
    event.preventDefault();
    const fields = new FormData(event.currentTarget);
    const body: NewToken = { agency: String(fields.get('agency')), agencies: [], hours: Number(fields.get('hours')) };
    await run(async () => {
      setMade(await postJson<Token>('/collectors/tokens', body));
    });
  };
  return (
    <form onSubmit={(event) => void submit(event)} className="space-y-4">
      <p className="text-small text-muted">{t('fleet.addExplain')}</p>
      <Field label={t('fleet.agency')}>
        <select name="agency" className="field" required>
          <AgencyOptions />
        </select>
      </Field>
      <Field label={t('fleet.valid')}>
        <select name="hours" className="field" defaultValue={24}>
          {HOURS.map((hours) => (
            <option key={hours} value={hours}>
              {t(`fleet.valid.${hours}`)}
            </option>
          ))}
        </select>
      </Field>
      {error !== undefined && <ProblemNotice error={error} />}
      <button type="submit" className="button button-primary" disabled={busy}>
        {t('fleet.makeToken')}
      </button>
      {made && (
        <div className="space-y-2 border-t border-line pt-3" role="status">
          <p className="font-medium">{t('fleet.tokenMade')}</p>
          <pre ref={line} className="field overflow-auto text-small break-all whitespace-pre-wrap" data-token>
            {installLine(made)}
          </pre>
          <button type="button" className="button text-small" name="copy" onClick={() => void copy(installLine(made))}>
            {t('fleet.copy')}
          </button>
          <p className="text-small text-muted">
            {t('fleet.tokenUntil')} <Time at={made.expires} />
          </p>
        </div>
      )}
    </form>
  );
}

/** Package, enrolment and service in one line, as the installation page has it. */
function installLine({ server, token }: Token): string {
  const enrol = `haidang-collector enrol --server ${server} --token ${token}`;
  return `apt install ./haidang-collector_*.deb && ${enrol} && systemctl enable --now haidang-collector`;
}

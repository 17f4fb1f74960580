import { type ReactNode, useMemo } from 'react';
import { useText } from '../i18n/language.tsx';
import type { TextKey } from '../i18n/messages.ts';
import { rsitName } from '../incidents/rsit-name.ts';
import { LogText, Visible } from '../parts/log-text.tsx';
import { SEVERITIES } from '../parts/severity.ts';
import { Time } from '../parts/time.tsx';
import { bundleFacts } from './bundle-facts.ts';

/** Values of one kind that are drawn; the bytes below hold all. */
const MOST_SHOWN = 50;

/** The bytes that leave, in words: what a person reads before they let it go. */
export function ContentView({ body }: { readonly body: string }) {
  const t = useText();
  const facts = useMemo(() => bundleFacts(body), [body]);
  const { mark, severity, rsit, detectedAt } = facts;
  return (
    <dl className="space-y-2" data-content>
      <Row name={t('incident.title')}>
        <Visible text={facts.title} prose />
      </Row>
      {mark !== undefined && <Row name={t('incident.tlp')}>{mark}</Row>}
      {SEVERITIES.some((one) => one === severity) && (
        <Row name={t('alert.severity')}>{t(`severity.${severity}` as TextKey)}</Row>
      )}
      {rsit !== undefined && <Row name={t('incident.rsit')}>{rsitName(t, rsit)}</Row>}
      {detectedAt !== undefined && (
        <Row name={t('incident.detected')}>
          <Time at={detectedAt} />
        </Row>
      )}
      {facts.notes.map(({ id, kind, text }) => (
        <Row key={id} name={kind === 'Answer' ? t('sharing.answer') : t('incident.summary')}>
          <span className="whitespace-pre-wrap">
            <Visible text={text} prose />
          </span>
        </Row>
      ))}
      <Values name={t('incident.agencies')} values={facts.organisations} />
      <Values
        name={t('incident.systems')}
        values={facts.systems.map(({ name, level }) => `${name} · ${t('incident.levelOf', { level })}`)}
      />
      <Values name={t('incident.indicators')} values={facts.indicators} code />
      <Values name={t('incident.techniques')} values={facts.techniques} code />
      <Values name={t('nav.rules')} values={facts.rules} />
      {facts.revoked > 0 && <Row name={t('sharing.revoked')}>{t('sharing.objects', { count: facts.revoked })}</Row>}
    </dl>
  );
}

function Row({ name, children }: { readonly name: string; readonly children: ReactNode }) {
  return (
    <div>
      <dt className="text-small text-muted">{name}</dt>
      <dd className="break-words">{children}</dd>
    </div>
  );
}

function Values({
  name,
  values,
  code = false,
}: {
  readonly name: string;
  readonly values: readonly string[];
  readonly code?: boolean;
}) {
  const t = useText();
  if (values.length === 0) return null;
  return (
    <Row name={name}>
      <ul>
        {values.slice(0, MOST_SHOWN).map((value, place) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: values may be the same, and the list is drawn whole.
          <li key={place} className={code ? 'break-all' : ''}>
            {code ? <LogText text={value} /> : <Visible text={value} prose />}
          </li>
        ))}
      </ul>
      {values.length > MOST_SHOWN && (
        <p className="text-muted">{t('common.andMore', { count: values.length - MOST_SHOWN })}</p>
      )}
    </Row>
  );
}

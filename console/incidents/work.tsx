import { type FormEvent, useState } from 'react';
import type { AlertEvents } from '../../server/alerts/schema.ts';
import type { IncidentDetail } from '../../server/incidents/schema.ts';
import { apiAddress, getJson, postFile } from '../api/client.ts';
import { useFormat, useText } from '../i18n/language.tsx';
import type { TextKey } from '../i18n/messages.ts';
import { Card } from '../parts/card.tsx';
import { FileButton } from '../parts/file-button.tsx';
import { Visible } from '../parts/log-text.tsx';
import { Partial, ProblemNotice } from '../parts/states.tsx';
import { Time } from '../parts/time.tsx';
import { AddForm } from './forms.tsx';
import { Via } from './lists.tsx';
import type { IncidentActs } from './queries.ts';

/** Events of one snapshot: as many as the server takes. */
const MOST_KEPT = 200;

interface WorkProperties {
  readonly detail: IncidentDetail;
  readonly acts: IncidentActs;
  readonly mayAct: boolean;
}

/** What people say about it. */
export function CommentsCard({ detail, acts, mayAct }: WorkProperties) {
  const t = useText();
  return (
    <Card title={t('incident.comments')}>
      {detail.comments.length === 0 && <p className="text-muted">{t('incident.noComments')}</p>}
      <ul className="space-y-3">
        {detail.comments.map(({ id, at, by, text, via }) => (
          <li key={id}>
            <p className="text-small text-muted">
              {by} · <Time at={at} />
              <Via via={via} />
            </p>
            <p className="break-words whitespace-pre-wrap">
              <Visible text={text} prose />
            </p>
          </li>
        ))}
      </ul>
      {mayAct && (
        <AddForm
          long
          label={t('incident.comment')}
          button={t('incident.addComment')}
          busy={acts.busy}
          send={(field) => acts.change({ comment: field('text') })}
        />
      )}
    </Card>
  );
}

/** Files and snapshots of events, each with who had it in hand. */
export function EvidenceCard({ detail, acts, mayAct }: WorkProperties) {
  const t = useText();
  const format = useFormat();
  const path = `/incidents/${encodeURIComponent(detail.incident.id)}/evidence`;
  const add = (file: File) => acts.run(() => postFile<IncidentDetail>(path, { name: file.name.slice(0, 255) }, file));
  return (
    <Card title={t('incident.evidence')}>
      {detail.evidence.length === 0 && <p className="text-muted">{t('incident.noEvidence')}</p>}
      <ul className="divide-y divide-line">
        {detail.evidence.map((piece) => (
          <li key={piece.id} className="py-2">
            <p className="break-words">
              <Visible text={piece.name} prose />
              <span className="text-small text-muted">
                {' '}
                · {format.bytes(piece.bytes)}
                {piece.events !== undefined && ` · ${t('incident.snapshot', { count: piece.events })}`}
              </span>
              <Via via={piece.via} />{' '}
              {mayAct && (
                <a className="link text-small" href={apiAddress(`${path}/${encodeURIComponent(piece.id)}`)} download>
                  {t('incident.download')}
                </a>
              )}
            </p>
            {piece.note !== '' && (
              <p className="text-small break-words">
                <Visible text={piece.note} prose />
              </p>
            )}
            <p className="log text-small break-all text-muted">SHA-256 {piece.sha256}</p>
            {!piece.custodyHolds && <Partial>{t('incident.custodyBroken')}</Partial>}
            <details>
              <summary className="cursor-pointer text-small text-muted">
                {t('incident.custody', { count: piece.custody.length })}
              </summary>
              <ul className="text-small">
                {piece.custody.map(({ at, by, act, note, mark }) => (
                  <li key={mark}>
                    <Time at={at} /> · {t(`incident.custody.${act}` as TextKey, { by })}
                    {note !== '' && (
                      <>
                        {' · '}
                        <Visible text={note} prose />
                      </>
                    )}
                  </li>
                ))}
              </ul>
              {mayAct && (
                <AddForm
                  label={t('incident.handOver')}
                  button={t('incident.handOverDo')}
                  busy={acts.busy}
                  send={(field) => acts.change({ handOver: { evidence: piece.id, note: field('text') } })}
                />
              )}
            </details>
          </li>
        ))}
      </ul>
      {mayAct && <FileButton label={t('incident.addFile')} busy={acts.busy} add={add} />}
      {mayAct && detail.alerts.length > 0 && <KeepEvents detail={detail} acts={acts} />}
    </Card>
  );
}

/** Keeps what an alert is made of, before retention takes it. */
function KeepEvents({ detail, acts }: Pick<WorkProperties, 'detail' | 'acts'>) {
  const t = useText();
  const [gone, setGone] = useState(false);
  const [problem, setProblem] = useState<unknown>();
  const keep = async (event: FormEvent<HTMLFormElement>): Promise<void> => {
    event.preventDefault();
    const form = event.currentTarget;
    const alert = detail.alerts.find(({ id }) => id === new FormData(form).get('alert'));
    if (!alert) return;
    setGone(false);
    setProblem(undefined);
    try {
      const path = `/alerts/${encodeURIComponent(alert.id)}/events`;
      const { events } = await getJson<AlertEvents>(path, { limit: MOST_KEPT });
      if (events.length === 0) setGone(true);
      else {
        const snapshot = { events: events.map(({ id }) => id), note: alert.title.slice(0, 1_000) };
        if (await acts.change({ snapshot })) form.reset();
      }
    } catch (error) {
      setProblem(error);
    }
  };
  return (
    <form onSubmit={keep} className="mt-3 flex flex-wrap items-end gap-2" data-keep-events>
      <label className="block min-w-0 flex-1 basis-56">
        <span className="mb-1 block text-small">{t('incident.keepEvents', { most: MOST_KEPT })}</span>
        <select name="alert" className="field" required defaultValue="">
          <option value="">{t('incident.whichAlert')}</option>
          {detail.alerts.map(({ id, title }) => (
            <option key={id} value={id}>
              {title}
            </option>
          ))}
        </select>
      </label>
      <button type="submit" className="button" disabled={acts.busy}>
        {t('incident.keepEventsDo')}
      </button>
      {gone && <p role="alert">{t('incident.noEvents')}</p>}
      {problem !== undefined && <ProblemNotice error={problem} />}
    </form>
  );
}

import { type FormEvent, useState } from 'react';
import { Link } from 'wouter';
import type { IncidentDetail } from '../../server/incidents/schema.ts';
import { postJson } from '../api/client.ts';
import { useText } from '../i18n/language.tsx';
import { Card } from '../parts/card.tsx';
import { Visible } from '../parts/log-text.tsx';
import { Via } from './lists.tsx';
import { type IncidentActs, OPEN_STATUSES, useIncidents } from './queries.ts';

/** Other incidents that became part of this one, and making or undoing that. */
export function MergeCard({
  detail,
  acts,
  mayAct,
}: {
  readonly detail: IncidentDetail;
  readonly acts: IncidentActs;
  readonly mayAct: boolean;
}) {
  const t = useText();
  const { id, version } = detail.incident;
  const [chosen, setChosen] = useState('');
  const others = (useIncidents({ status: OPEN_STATUSES.join(',') }).data?.incidents ?? []).filter(
    (one) => one.id !== id,
  );
  const path = `/incidents/${encodeURIComponent(id)}`;
  const merge = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    const from = others.find((one) => one.id === chosen);
    if (!from) return;
    const body = { version, from: from.id, fromVersion: from.version };
    if (await acts.run(() => postJson<IncidentDetail>(`${path}/merge`, body))) setChosen('');
  };
  if (detail.merged.length === 0 && !mayAct) return null;
  return (
    <Card title={t('incident.merged')}>
      <ul className="divide-y divide-line">
        {detail.merged.map((one) => (
          <li key={one.id} className="flex flex-wrap items-center gap-x-3 py-1">
            <span className="min-w-0 flex-1 break-words">
              <Link href={`/incidents/${encodeURIComponent(one.id)}`} className="link">
                {one.id}
              </Link>{' '}
              <Visible text={one.title} prose />
              <Via via={one.via} />
            </span>
            {mayAct && one.via === undefined && (
              <button
                type="button"
                className="button text-small"
                disabled={acts.busy}
                onClick={() => void acts.run(() => postJson<IncidentDetail>(`${path}/part`, { version, from: one.id }))}
              >
                {t('incident.part')}
              </button>
            )}
          </li>
        ))}
      </ul>
      {mayAct && (
        <form onSubmit={merge} className="mt-2 flex flex-wrap items-end gap-2">
          <label className="block min-w-0 flex-1 basis-56">
            <span className="mb-1 block text-small">{t('incident.merge')}</span>
            <select className="field" value={chosen} onChange={(event) => setChosen(event.target.value)} required>
              <option value="">{t('incident.mergeWhich')}</option>
              {others.map((one) => (
                <option key={one.id} value={one.id}>
                  {one.id} · {one.title}
                </option>
              ))}
            </select>
          </label>
          <button type="submit" className="button" disabled={acts.busy}>
            {t('incident.mergeDo')}
          </button>
        </form>
      )}
    </Card>
  );
}

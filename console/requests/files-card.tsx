import type { RequestDetail } from '../../server/requests/schema.ts';
import { apiAddress, postFile } from '../api/client.ts';
import { useFormat, useText } from '../i18n/language.tsx';
import type { TextKey } from '../i18n/messages.ts';
import { Card } from '../parts/card.tsx';
import { FileButton } from '../parts/file-button.tsx';
import { Visible } from '../parts/log-text.tsx';
import { Partial, ProblemNotice } from '../parts/states.tsx';
import { Time } from '../parts/time.tsx';
import { requestPath, useRequestActs } from './queries.ts';

/** Files that came with an answer, each with who had it in hand. */
export function FilesCard({
  detail,
  mayAdd,
  mayRead,
}: {
  readonly detail: RequestDetail;
  readonly mayAdd: boolean;
  readonly mayRead: boolean;
}) {
  const t = useText();
  const format = useFormat();
  const acts = useRequestActs();
  const path = requestPath(detail.request.id, 'files');
  const add = (file: File) =>
    acts.run(() => postFile<RequestDetail>(path, { name: file.name.slice(0, 255) }, file), 'request.fileSent');
  return (
    <Card title={t('request.files')}>
      {detail.files.length === 0 && <p className="text-muted">{t('request.noFiles')}</p>}
      <ul className="divide-y divide-line">
        {detail.files.map((file) => (
          <li key={file.id} className="py-2" data-file={file.name}>
            <p className="break-words">
              <Visible text={file.name} prose />
              <span className="text-small text-muted">
                {' '}
                · {format.bytes(file.bytes)} · {file.by} · <Time at={file.at} />
                {file.placed && ` · ${t('request.placed')}`}
              </span>{' '}
              {mayRead && (
                <a
                  className="link text-small"
                  href={apiAddress(requestPath(detail.request.id, 'files', file.id))}
                  download
                >
                  {t('incident.download')}
                </a>
              )}
            </p>
            <p className="log text-small break-all text-muted">SHA-256 {file.sha256}</p>
            {!file.custodyHolds && <Partial>{t('incident.custodyBroken')}</Partial>}
            <details>
              <summary className="cursor-pointer text-small text-muted">
                {t('incident.custody', { count: file.custody.length })}
              </summary>
              <ul className="text-small">
                {file.custody.map(({ at, by, act, mark }) => (
                  <li key={mark}>
                    <Time at={at} /> · {t(`incident.custody.${act}` as TextKey, { by })}
                  </li>
                ))}
              </ul>
            </details>
          </li>
        ))}
      </ul>
      {mayAdd && <FileButton label={t('request.addFile')} busy={acts.busy} add={add} />}
      {acts.error !== undefined && <ProblemNotice error={acts.error} />}
    </Card>
  );
}

import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef } from 'react';
import { Link } from 'wouter';
import type { Session } from '../../server/accounts/schema.ts';
import type { RequestDetail } from '../../server/requests/schema.ts';
import { postJson } from '../api/client.ts';
import { useText } from '../i18n/language.tsx';
import { Card } from '../parts/card.tsx';
import { Fact } from '../parts/fact.tsx';
import { Visible } from '../parts/log-text.tsx';
import { RecordPage } from '../parts/record-page.tsx';
import { Partial } from '../parts/states.tsx';
import { Time } from '../parts/time.tsx';
import { AnswerCard, AskerCard } from './answer-card.tsx';
import { FilesCard } from './files-card.tsx';
import { requestPath, useRequest } from './queries.ts';
import { RequestStateMark } from './request-line.tsx';

/** `/requests/:id`: the question, the answers, their files; for an agency's officer all that there is to do. */
export function RequestPage({ id, me }: { readonly id: string; readonly me: Session }) {
  const request = useRequest(id);
  useRead(request.data, me);
  return (
    <RecordPage
      queryKey={['request', id]}
      query={request}
      title={request.data?.request.subject}
      back={{ to: '/requests', text: 'nav.requests' }}
    >
      {request.data && <RequestBody detail={request.data} me={me} />}
    </RecordPage>
  );
}

/** Says once that somebody of the agency has opened it. */
function useRead(detail: RequestDetail | undefined, me: Session): void {
  const queries = useQueryClient();
  const told = useRef<string>(undefined);
  const unread = detail?.request.side === 'agency' && detail.request.readAt === null ? detail.request : undefined;
  const id = unread?.state === 'closed' ? undefined : unread?.id;
  const mark = id === undefined ? undefined : `${id} ${unread?.askedAt} ${unread?.due}`;
  const may = me.permissions.includes('requests.answer');
  useEffect(() => {
    if (id === undefined || !may || told.current === mark) return;
    told.current = mark;
    postJson<RequestDetail>(requestPath(id, 'read'), {})
      .then((read) => queries.setQueryData(['request', id], read))
      // It stays unread, and the next visit says it again.
      .catch(() => undefined);
  }, [id, mark, may, queries]);
}

function RequestBody({ detail, me }: { readonly detail: RequestDetail; readonly me: Session }) {
  const t = useText();
  const { request, messages } = detail;
  const mayAnswer = me.permissions.includes('requests.answer') && request.state !== 'closed';
  const mayAsk = me.permissions.includes('requests.ask') && request.side === 'asker';
  return (
    <article className="max-w-[64rem] px-4 pt-2 pb-6">
      <h1 className="text-title font-semibold break-words">
        <Visible text={request.subject} prose />
      </h1>
      <dl className="mt-2 flex flex-wrap gap-x-8 gap-y-2">
        <Fact name={t('request.number')}>{request.id}</Fact>
        <Fact name={t('alert.status')}>
          <RequestStateMark row={request} />
        </Fact>
        <Fact name={t('request.agency')}>
          <Visible text={request.agencyName} prose />
        </Fact>
        <Fact name={t('request.due')}>
          <Time at={request.due} />
          {request.state !== 'answered' && request.state !== 'closed' && (
            <>
              {' · '}
              <Time at={request.due} as="relative" />
            </>
          )}
        </Fact>
        <About detail={detail} />
        {request.readAt !== null && (
          <Fact name={t('request.readAt')}>
            <Time at={request.readAt} />
          </Fact>
        )}
      </dl>
      <div className="mt-3 space-y-4">
        {detail.officers === 0 && <Partial>{t('request.noOfficer')}</Partial>}
        <Card title={t('request.messages')}>
          <ol className="space-y-4">
            {messages.map(({ id, at, by, kind, text }) => (
              <li key={id} className={kind === 'answer' ? 'border-l-4 border-l-accent pl-3' : ''}>
                <p className="text-small text-muted">
                  {t(`request.kind.${kind}`)} · {by} · <Time at={at} />
                </p>
                <p className="break-words whitespace-pre-wrap">
                  <Visible text={text} prose />
                </p>
              </li>
            ))}
          </ol>
          {detail.closedBy !== null && (
            <p className="mt-3 text-small text-muted">
              {t('request.closedBy', { by: detail.closedBy })}
              {detail.closeNote !== '' && (
                <>
                  {' · '}
                  <Visible text={detail.closeNote} prose />
                </>
              )}
            </p>
          )}
        </Card>
        <FilesCard detail={detail} mayAdd={mayAnswer} mayRead={me.permissions.includes('requests.answer')} />
        {mayAsk && <AskerCard detail={detail} />}
        {mayAnswer && <AnswerCard detail={detail} />}
      </div>
    </article>
  );
}

function About({ detail: { request } }: { readonly detail: RequestDetail }) {
  const t = useText();
  if (request.incident === null && request.alert === null) return null;
  const [path, word] =
    request.incident === null
      ? [`/alerts/${encodeURIComponent(request.alert ?? '')}`, t('request.openAlert')]
      : [`/incidents/${encodeURIComponent(request.incident)}`, request.incident];
  return (
    <Fact name={t('request.about')}>
      <Link href={path} className="link">
        {word}
      </Link>
    </Fact>
  );
}

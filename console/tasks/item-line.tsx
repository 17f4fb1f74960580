import { Link, useLocation } from 'wouter';
import type { InboundItem } from '../../server/inbound/schema.ts';
import { DueMark } from '../board/marks.tsx';
import { useText } from '../i18n/language.tsx';
import { AddForm } from '../incidents/forms.tsx';
import { LogText, Visible } from '../parts/log-text.tsx';
import { ProblemNotice } from '../parts/states.tsx';
import { Time } from '../parts/time.tsx';
import { useAnswer } from './queries.ts';

/** Texts of this many characters are folded up, so that one does not fill the page. */
const SHORT = 400;
/** As many characters as an answer may have. */
const MOST_ANSWER = 4_000;

/** One task, remark or advisory: who sent it, what they wrote, by when, and the incident that it is about. */
export function ItemLine({
  item,
  answersTo,
  mayAnswer,
  focused,
}: {
  readonly item: InboundItem;
  /** The recipient by which answers go back, for whoever may share with it. */
  readonly answersTo: string | undefined;
  readonly mayAnswer: boolean;
  readonly focused: () => void;
}) {
  const t = useText();
  const { id, kind, incident, title, text, tlp, due, link, state, sourceName, publishedAt, receivedAt } = item;
  const name = title === '' ? t(`tasks.kind.${kind}`) : title;
  const isOpen = state === 'open';
  return (
    <li data-item={state} className="px-4 py-2">
      <div className="flex flex-wrap items-start gap-x-4 gap-y-1">
        <div className="min-w-0 flex-1 basis-64">
          <p className="font-medium break-words">
            {incident === null ? (
              <span id={`item-${id}`} tabIndex={-1}>
                <Visible text={name} prose />
              </span>
            ) : (
              <Link
                href={`/incidents/${encodeURIComponent(incident)}`}
                id={`item-${id}`}
                onFocus={focused}
                className="link"
              >
                <Visible text={name} prose />
              </Link>
            )}
          </p>
          <p className="text-small break-words text-muted">
            {t(`tasks.kind.${kind}`)} · <Visible text={sourceName} prose /> · TLP:{tlp.toUpperCase()}
            {incident !== null && ` · ${incident}`}
          </p>
        </div>
        <div className="w-52 text-small">
          {kind === 'task' && (
            <p className={isOpen ? 'font-semibold' : ''}>
              {t(isOpen ? 'tasks.state.open' : `tasks.state.${state === 'withdrawn' ? 'withdrawn' : 'answered'}`)}
            </p>
          )}
          {kind !== 'task' && state === 'withdrawn' && <p>{t('tasks.state.withdrawn')}</p>}
          {isOpen && due !== null && <DueMark due={due} />}
          <p className="text-muted" title={t('tasks.published')}>
            <Time at={kind === 'advisory' ? publishedAt : receivedAt} as="relative" />
          </p>
        </div>
      </div>
      <ItemText text={text} />
      {link !== null && (
        <p className="mt-1 text-small">
          {t('tasks.more')} <LogText text={link} />
        </p>
      )}
      {isOpen && mayAnswer && <AnswerForm item={item} answersTo={answersTo} />}
      {state === 'answered' && incident !== null && answersTo !== undefined && (
        <p className="mt-1 text-small">
          <Link href={sharePath(incident, answersTo)} className="link">
            {t('tasks.share')}
          </Link>
        </p>
      )}
    </li>
  );
}

function sharePath(incident: string, recipient: string): string {
  return `/incidents/${encodeURIComponent(incident)}/share/${encodeURIComponent(recipient)}`;
}

/** Answers a task here. Nothing has left then: the way goes on to where the incident's next version is shared. */
function AnswerForm({
  item: { id, sourceName },
  answersTo,
}: {
  readonly item: InboundItem;
  readonly answersTo: string | undefined;
}) {
  const t = useText();
  const [, go] = useLocation();
  const submit = async (text: string): Promise<boolean> => {
    const answered = await answer(text);
    if (answered?.incident && answersTo !== undefined) go(sharePath(answered.incident, answersTo));
    return answered !== undefined;
  };
  const { busy, error, answer } = useAnswer(id);
  return (
    <details>
      <summary className="cursor-pointer text-small text-muted">{t('task.answerTo', { name: sourceName })}</summary>
      <AddForm
        long
        most={MOST_ANSWER}
        label={t('task.answerTo', { name: sourceName })}
        button={t('task.send')}
        busy={busy}
        send={(field) => submit(field('text'))}
      />
      {error !== undefined && <ProblemNotice error={error} />}
      <p className="mt-1 text-small text-muted">{t('task.leaves')}</p>
    </details>
  );
}

function ItemText({ text }: { readonly text: string }) {
  const t = useText();
  if (text === '') return null;
  const whole = (
    <p className="mt-1 break-words whitespace-pre-wrap">
      <Visible text={text} prose />
    </p>
  );
  if (text.length <= SHORT) return whole;
  return (
    <details>
      <summary className="cursor-pointer text-small text-muted">{t('tasks.text')}</summary>
      {whole}
    </details>
  );
}

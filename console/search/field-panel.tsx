import { type MouseEvent, useDeferredValue, useRef, useState } from 'react';
import type { FieldsAnswer, ValuesAnswer } from '../../server/search/schema.ts';
import { useFormat, useText } from '../i18n/language.tsx';
import { Icon } from '../parts/icons.tsx';
import { LogText, Visible } from '../parts/log-text.tsx';
import { ProblemNotice, Progress } from '../parts/states.tsx';
import { useKeys } from '../parts/use-keys.ts';
import { type Asked, useFields, useValues } from './use-search.ts';

/** Adds a clause on a field to the query; without a value, that the field is there. */
export type AddClause = (field: string, value: string | undefined, negate: boolean) => void;

interface PanelActs {
  readonly add: AddClause;
  /** The field that divides the histogram. */
  readonly by: string | undefined;
  readonly divide: (field: string | undefined) => void;
}

const SHOWN = 200;

/** The fields of the events found: each opens to its most frequent values, a click on which narrows the search. */
export function FieldPanel({ asked, acts }: { readonly asked: Asked; readonly acts: PanelActs }) {
  const t = useText();
  const fields = useFields(asked);
  const [wanted, setWanted] = useState('');
  const [open, setOpen] = useState<ReadonlySet<string>>(new Set());
  const filter = useRef<HTMLInputElement>(null);
  useKeys({ f: () => filter.current?.focus() });
  const words = useDeferredValue(wanted).trim().toLowerCase();
  const all = fields.data?.fields ?? [];
  const shown = all.filter(({ name }) => name.toLowerCase().includes(words)).slice(0, SHOWN);
  const toggle = (name: string): void =>
    setOpen((before) => {
      const after = new Set(before);
      if (!after.delete(name)) after.add(name);
      return after;
    });
  return (
    <section aria-label={t('search.fields')} className="flex min-h-0 flex-1 flex-col">
      <div className="px-3 pb-2">
        <input
          ref={filter}
          type="text"
          className="field"
          value={wanted}
          aria-label={t('search.fieldsFilter')}
          aria-keyshortcuts="f"
          placeholder={t('search.fieldsFilter')}
          maxLength={100}
          spellCheck={false}
          autoComplete="off"
          onChange={(event) => setWanted(event.target.value)}
        />
        {fields.data && <Coverage answer={fields.data} />}
      </div>
      <Progress busy={fields.isFetching} />
      {fields.isError && (
        <div className="px-3">
          <ProblemNotice error={fields.error} retry={() => fields.refetch()} />
        </div>
      )}
      <div className="min-h-0 flex-1 overflow-y-auto">
        <ul>
          {shown.map(({ name, events }) => (
            <FieldRow
              key={name}
              name={name}
              part={events / Math.max(1, fields.data?.looked ?? 1)}
              isOpen={open.has(name)}
              toggle={() => toggle(name)}
              asked={asked}
              acts={acts}
            />
          ))}
        </ul>
        {fields.isSuccess && shown.length === 0 && <p className="px-3 py-2 text-muted">{t('search.fieldsNone')}</p>}
        {all.length > SHOWN && shown.length === SHOWN && (
          <p className="px-3 py-2 text-small text-muted">{t('search.fieldsMore', { count: SHOWN })}</p>
        )}
      </div>
    </section>
  );
}

function Coverage({ answer }: { readonly answer: FieldsAnswer }) {
  const t = useText();
  const key = answer.complete ? 'search.fieldsAll' : 'search.fieldsSample';
  return <p className="mt-1 text-small text-muted">{t(key, { count: answer.looked })}</p>;
}

function FieldRow({
  name,
  part,
  isOpen,
  toggle,
  asked,
  acts,
}: {
  readonly name: string;
  readonly part: number;
  readonly isOpen: boolean;
  readonly toggle: () => void;
  readonly asked: Asked;
  readonly acts: PanelActs;
}) {
  const t = useText();
  const format = useFormat();
  const percent = part > 0 && part < 0.01 ? '<1' : format.number(Math.round(100 * part));
  const isDividing = acts.by === name;
  return (
    <li>
      <button
        type="button"
        aria-expanded={isOpen}
        className={`flex min-h-8 w-full items-center gap-2 px-3 py-1 text-left hover:bg-hover ${isDividing ? 'bg-selected' : ''}`}
        onClick={toggle}
      >
        <Icon name={isOpen ? 'down' : 'right'} className="text-muted" />
        <span className="min-w-0 flex-1 text-small break-words" lang="und" dir="ltr">
          <Visible text={name} />
        </span>
        <span className="shrink-0 text-small text-muted" title={t('search.coverage', { percent: `${percent}%` })}>
          {percent}%
        </span>
      </button>
      {isOpen && (
        <div className="border-y border-line bg-surface py-2">
          <Values asked={asked} field={name} add={acts.add} />
          <div className="flex flex-wrap gap-2 px-3 pt-2">
            <button
              type="button"
              className="chip"
              aria-pressed={isDividing}
              onClick={() => acts.divide(isDividing ? undefined : name)}
            >
              {t('search.divide')}
            </button>
            <button type="button" className="chip" onClick={() => acts.add(name, undefined, false)}>
              {t('search.withField')}
            </button>
          </div>
        </div>
      )}
    </li>
  );
}

function Values({ asked, field, add }: { readonly asked: Asked; readonly field: string; readonly add: AddClause }) {
  const t = useText();
  const values = useValues(asked, field);
  if (values.isPending) return <Progress busy />;
  if (values.isError) {
    return (
      <div className="px-3">
        <ProblemNotice error={values.error} retry={() => values.refetch()} />
      </div>
    );
  }
  const { data } = values;
  return (
    <>
      <ul aria-label={t('search.values', { field })}>
        {data.values.map(({ value, count }) => (
          <ValueRow key={value} field={field} value={value} count={count} looked={data.looked} add={add} />
        ))}
      </ul>
      <Rest answer={data} />
    </>
  );
}

/** What the list leaves out, and how far it can be relied on. */
function Rest({ answer }: { readonly answer: ValuesAnswer }) {
  const t = useText();
  const { other, absent, looked, complete } = answer;
  return (
    <div className="px-3 pt-1 text-small text-muted">
      {other > 0 && <p>{t('search.otherValues', { count: other })}</p>}
      {absent > 0 && <p>{t('search.absent', { count: absent })}</p>}
      {answer.values.length === 0 && looked === 0 && <p>{t('search.none')}</p>}
      {!complete && <p>{t('search.valuesSample', { count: looked })}</p>}
      {answer.approximate && <p>{t('search.valuesApproximate')}</p>}
      {answer.values.length > 0 && <p className="mt-1">{t('search.clickHint')}</p>}
    </div>
  );
}

function ValueRow({
  field,
  value,
  count,
  looked,
  add,
}: {
  readonly field: string;
  readonly value: string;
  readonly count: number;
  readonly looked: number;
  readonly add: AddClause;
}) {
  const t = useText();
  const format = useFormat();
  const part = Math.min(1, count / Math.max(1, looked));
  const click = (event: MouseEvent): void => add(field, value, event.altKey || event.shiftKey);
  return (
    <li className="flex items-start pr-1 pl-3 hover:bg-hover">
      <button type="button" className="min-w-0 flex-1 py-1 text-left" title={t('event.only')} onClick={click}>
        <span className="flex items-baseline gap-2">
          <span className="line-clamp-2 min-w-0 flex-1 break-all">
            <LogText text={value === '' ? '""' : value.slice(0, 200)} />
          </span>
          <span className="shrink-0 text-small text-muted">{format.number(count)}</span>
        </span>
        <span className="mt-0.5 block h-1 rounded-full bg-line" aria-hidden="true">
          <span className="block h-1 rounded-full bg-accent" style={{ width: `${Math.max(1, 100 * part)}%` }} />
        </span>
      </button>
      <button
        type="button"
        className="rounded p-2 hover:bg-hover"
        title={t('event.without')}
        aria-label={`${t('event.without')}: ${value.slice(0, 100)}`}
        onClick={() => add(field, value, true)}
      >
        <Icon name="minus" className="size-3" />
      </button>
    </li>
  );
}

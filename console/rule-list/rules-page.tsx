import { useRef, useState } from 'react';
import { Link, useSearchParams } from 'wouter';
import type { Session } from '../../server/accounts/schema.ts';
import type { RuleList } from '../../server/rules/schema.ts';
import { useRules } from '../api/queries.ts';
import { useLanguage, useText } from '../i18n/language.tsx';
import { pickText } from '../i18n/messages.ts';
import { SeverityMark } from '../parts/icons.tsx';
import { LogText } from '../parts/log-text.tsx';
import { ScrollRegion } from '../parts/scroll-region.tsx';
import { SEVERITIES } from '../parts/severity.ts';
import { Empty, FirstFetch, PageTitle, ProblemNotice } from '../parts/states.tsx';
import { Time } from '../parts/time.tsx';
import { useKeys } from '../parts/use-keys.ts';
import { useNarrow } from '../parts/use-narrow.ts';
import { HealthMark, RULE_STATES, stateOf } from './health-mark.tsx';

type ListedRule = RuleList['rules'][number];

function matches(rule: ListedRule, text: string): boolean {
  const where = [rule.id, rule.file, ...Object.values(rule.title), ...rule.tags].join('\n').toLowerCase();
  return text
    .toLowerCase()
    .split(/\s+/)
    .every((word) => where.includes(word));
}

/** Thousands of rules are imported at once: more are drawn when asked for. */
const SHOWN_AT_FIRST = 200;

/** From this width, rem, the five columns have room. */
const TABLE_FROM = 64;

/** `/rules`: what is watched for, and which rules were refused and why. */
export function RulesPage({ me }: { readonly me: Session }) {
  const { t, language } = useLanguage();
  const [parameters, setParameters] = useSearchParams();
  const text = parameters.get('text') ?? '';
  const state = parameters.get('state') ?? '';
  const rules = useRules();
  const narrow = useNarrow(TABLE_FROM);
  const [most, setMost] = useState(SHOWN_AT_FIRST);
  const list = useRef<HTMLDivElement>(null);
  useKeys({ j: () => move(list.current, 1), k: () => move(list.current, -1) });
  const order = new Map(SEVERITIES.map((severity, place) => [severity, place]));
  const title = (rule: ListedRule): string => pickText(rule.title, language)?.text ?? rule.id;
  const set = (name: string, value: string): void =>
    setParameters(
      (before) => {
        const next = new URLSearchParams(before);
        if (value === '') next.delete(name);
        else next.set(name, value);
        return next;
      },
      { replace: true },
    );
  const found = (rules.data?.rules ?? [])
    .filter((rule) => matches(rule, text) && (state === '' || stateOf(rule) === state))
    .sort(
      (a, b) =>
        // What cannot fire first: nothing else would tell of it.
        Number(stateOf(b) === 'dead') - Number(stateOf(a) === 'dead') ||
        (order.get(a.level) ?? 9) - (order.get(b.level) ?? 9) ||
        title(a).localeCompare(title(b), language),
    );
  const shown = found.slice(0, most);
  return (
    <>
      <PageTitle title="nav.rules">
        {rules.data && (
          <span className="text-muted">
            {t('rules.enabled', { count: rules.data.rules.filter(({ enabled }) => enabled).length })}
          </span>
        )}
        <input
          type="search"
          className="field w-full text-small sm:w-72"
          aria-label={t('rules.text')}
          placeholder={t('rules.text')}
          value={text}
          onChange={(event) => set('text', event.target.value)}
        />
        <select
          className="field w-auto text-small"
          aria-label={t('rules.state')}
          value={state}
          onChange={(event) => set('state', event.target.value)}
        >
          <option value="">{t('rules.anyState')}</option>
          {RULE_STATES.map((one) => (
            <option key={one} value={one}>
              {t(one === 'draft' || one === 'tested' ? `rules.stage.${one}` : `rules.state.${one}`)}
            </option>
          ))}
        </select>
        <Link href="/rules/attack" className="button">
          {t('rules.attack')}
        </Link>
        {me.permissions.includes('rules.change') && me.agencies === 'all' && (
          <>
            <Link href="/rules/new" className="button">
              {t('rules.new')}
            </Link>
            <Link href="/rules/import" className="button">
              {t('import.title')}
            </Link>
          </>
        )}
      </PageTitle>
      <FirstFetch query={rules} cancels={['rules']} />
      <div ref={list} className="min-h-0 max-w-[104rem] flex-1 space-y-4 overflow-auto px-4 pb-6">
        {(rules.isError || (rules.isPending && rules.fetchStatus === 'idle')) && (
          <ProblemNotice error={rules.error ?? new Error(t('common.cancelled'))} retry={() => rules.refetch()} />
        )}
        {rules.data && rules.data.problems.length > 0 && <Refused problems={rules.data.problems} />}
        {rules.data && shown.length === 0 && <Empty title={t('rules.none')}>{t('rules.noneHint')}</Empty>}
        {(text !== '' || state !== '') && shown.length > 0 && (
          <p role="status" className="text-small text-muted">
            {t('rules.found', { count: found.length })}
          </p>
        )}
        {shown.length > 0 && narrow && (
          <ul className="card divide-y divide-line" aria-label={t('nav.rules')}>
            {shown.map((rule) => (
              <RuleCard key={rule.id} rule={rule} />
            ))}
          </ul>
        )}
        {shown.length > 0 && !narrow && (
          <ScrollRegion className="card overflow-x-auto" label={t('nav.rules')}>
            <table className="data-table w-full min-w-[56rem]">
              <thead>
                <tr>
                  <th scope="col">{t('alert.severity')}</th>
                  <th scope="col">{t('rules.rule')}</th>
                  <th scope="col">{t('rules.state')}</th>
                  <th scope="col">{t('rules.lastMatch')}</th>
                  <th scope="col">MITRE ATT&CK</th>
                  <th scope="col">{t('rules.file')}</th>
                </tr>
              </thead>
              <tbody>
                {shown.map((rule) => (
                  <RuleRow key={rule.id} rule={rule} />
                ))}
              </tbody>
            </table>
          </ScrollRegion>
        )}
        {found.length > shown.length && (
          <button type="button" className="button" onClick={() => setMost(most * 4)}>
            {t('common.loadMore')}
          </button>
        )}
      </div>
    </>
  );
}

/** Takes the keyboard to the next rule of the list, or the one before. */
function move(list: HTMLElement | null, step: 1 | -1): boolean {
  const links = [...(list?.querySelectorAll<HTMLElement>('a[data-rule]') ?? [])];
  const place = links.indexOf(document.activeElement as HTMLElement);
  const next = links[place < 0 ? 0 : place + step];
  if (!next) return false;
  next.focus();
  next.scrollIntoView({ block: 'nearest' });
  return true;
}

function techniquesOf(rule: ListedRule): string {
  const tags = rule.tags.filter((tag) => /^attack\.t\d/i.test(tag));
  return tags.map((tag) => tag.slice(7).toUpperCase()).join(', ');
}

/** The page of a rule, by its title. */
function RuleLink({ rule }: { readonly rule: ListedRule }) {
  const { language } = useLanguage();
  const title = pickText(rule.title, language);
  return (
    <Link
      href={`/rules/${encodeURIComponent(rule.id)}`}
      data-rule={rule.id}
      className="text-body font-medium break-words hover:underline"
      lang={title?.language}
    >
      {title?.text ?? rule.id}
    </Link>
  );
}

/** One rule where there is no room for a table. */
function RuleCard({ rule }: { readonly rule: ListedRule }) {
  return (
    <li className="space-y-1 px-4 py-3">
      <RuleLink rule={rule} />
      <p className="flex flex-wrap gap-x-4 text-small">
        <SeverityMark severity={rule.level} />
        <HealthMark rule={rule} />
        <span>{techniquesOf(rule)}</span>
      </p>
      <p className="text-small text-muted">
        <LogText text={rule.file} />
      </p>
    </li>
  );
}

function RuleRow({ rule }: { readonly rule: ListedRule }) {
  const t = useText();
  return (
    <tr>
      <td>
        <SeverityMark severity={rule.level} />
      </td>
      <th scope="row" className="!bg-transparent align-top !font-normal !text-text">
        <RuleLink rule={rule} />
      </th>
      <td className="whitespace-nowrap">
        <HealthMark rule={rule} />
      </td>
      <td className="text-small whitespace-nowrap">
        {rule.health?.lastMatch ? <Time at={rule.health.lastMatch} as="relative" /> : t('rules.never')}
      </td>
      <td className="text-small">{techniquesOf(rule)}</td>
      <td className="text-small text-muted">
        <LogText text={rule.file} />
      </td>
    </tr>
  );
}

function Refused({ problems }: { readonly problems: RuleList['problems'] }) {
  const t = useText();
  return (
    <section className="card border-high" aria-labelledby="refused">
      <h2 id="refused" className="px-4 pt-3 pb-2 font-semibold text-high">
        {t('rules.refused', { count: problems.length })}
      </h2>
      <ul>
        {problems.map(({ file, line, column, code, message }) => (
          <li key={`${file}:${line}:${column}:${code}:${message}`} className="border-t border-line px-4 py-2">
            <p className="break-words" lang="en">
              {message}
            </p>
            <p className="text-small text-muted">
              <LogText text={`${file}:${line}:${column}`} /> · {code}
            </p>
          </li>
        ))}
      </ul>
    </section>
  );
}

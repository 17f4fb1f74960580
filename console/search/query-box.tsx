import { useQuery } from '@tanstack/react-query';
import { type KeyboardEvent, type RefObject, useEffect, useId, useState } from 'react';
import type { SuggestAnswer } from '../../server/search/schema.ts';
import { getJson } from '../api/client.ts';
import { useText } from '../i18n/language.tsx';
import { LogText } from '../parts/log-text.tsx';
import { complete, type KqlToken, tokenAt } from './kql-token.ts';
import type { SearchRange } from './range.ts';

const PAUSE_MS = 150;

interface Begun {
  readonly token: KqlToken;
  readonly caret: number;
}

/** What is begun, once somebody has paused. */
function useSettled(begun: Begun | undefined): Begun | undefined {
  const [settled, setSettled] = useState(begun);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(begun), PAUSE_MS);
    return () => clearTimeout(timer);
  }, [begun]);
  return begun === undefined ? undefined : settled;
}

/** The query, with suggestions of field names and values while it is written; arrows choose, Enter or Tab takes. */
export function QueryBox({
  box,
  kql,
  range,
}: {
  readonly box: RefObject<HTMLInputElement | null>;
  readonly kql: string;
  readonly range: SearchRange;
}) {
  const t = useText();
  const id = useId();
  const [begun, setBegun] = useState<Begun>();
  const [chosen, setChosen] = useState<string>();
  const token = useSettled(begun)?.token;
  const asked = token !== undefined && (token.field !== undefined || token.prefix !== '');
  const { data } = useQuery({
    queryKey: ['suggest', token?.field, token?.prefix, range.from, range.to],
    queryFn: ({ signal }) => {
      const { field, prefix } = token ?? {};
      return getJson<SuggestAnswer>('/events/suggest', { field, prefix, from: range.from, to: range.to }, signal);
    },
    enabled: asked,
    retry: false,
    staleTime: 30_000,
  });
  // What was answered for less than is written now is no suggestion for it: keys would take what nobody reads.
  const fits = (one: string): boolean =>
    begun !== undefined &&
    begun.token.field === token?.field &&
    one !== begun.token.prefix &&
    one.toLowerCase().startsWith(begun.token.prefix.toLowerCase());
  const suggestions = asked ? (data?.suggestions.filter(fits).slice(0, 12) ?? []) : [];
  const isOpen = suggestions.length > 0;
  const active = chosen === undefined ? -1 : suggestions.indexOf(chosen);

  const look = (): void => {
    const element = box.current;
    const caret = element?.selectionStart ?? null;
    const found = element && caret !== null ? tokenAt(element.value, caret) : undefined;
    setChosen(undefined);
    setBegun(found && caret !== null ? { token: found, caret } : undefined);
  };
  const take = (taken: string): void => {
    const element = box.current;
    if (!element || !begun) return;
    const made = complete(element.value, begun.caret, begun.token, taken);
    element.value = made.text;
    element.focus();
    element.setSelectionRange(made.caret, made.caret);
    // After a name its values are next.
    look();
  };
  const hear = (event: KeyboardEvent): void => {
    if (!isOpen) return;
    const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0;
    const taken = suggestions[active];
    const next = (active + step + suggestions.length + (active < 0 && step < 0 ? 1 : 0)) % suggestions.length;
    if (step !== 0) setChosen(suggestions[next]);
    else if (event.key === 'Escape') setBegun(undefined);
    else if (taken !== undefined && (event.key === 'Enter' || event.key === 'Tab')) take(taken);
    else return;
    event.preventDefault();
  };
  return (
    <div className="relative min-w-56 flex-1">
      <input
        ref={box}
        type="search"
        role="combobox"
        aria-label={t('search.box')}
        aria-autocomplete="list"
        aria-expanded={isOpen}
        aria-controls={`${id}-list`}
        aria-activedescendant={isOpen && active >= 0 ? `${id}-${active}` : undefined}
        placeholder={t('search.placeholder')}
        className="field font-mono"
        defaultValue={kql}
        maxLength={4000}
        spellCheck={false}
        autoComplete="off"
        onInput={look}
        onKeyDown={hear}
        onBlur={() => setBegun(undefined)}
      />
      <div
        id={`${id}-list`}
        role="listbox"
        aria-label={t('search.suggestions')}
        className={`over absolute inset-x-0 top-full z-30 mt-1 max-h-80 overflow-auto py-1 ${isOpen ? '' : 'hidden'}`}
      >
        {suggestions.map((suggestion, at) => (
          <div
            key={suggestion}
            id={`${id}-${at}`}
            role="option"
            tabIndex={-1}
            aria-selected={at === active}
            className={`cursor-pointer px-3 py-1 ${at === active ? 'bg-selected' : 'hover:bg-hover'}`}
            onPointerDown={(event) => {
              event.preventDefault();
              take(suggestion);
            }}
          >
            <LogText text={suggestion.slice(0, 200)} />
          </div>
        ))}
      </div>
    </div>
  );
}

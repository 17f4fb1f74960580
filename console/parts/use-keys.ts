import { useEffect, useRef } from 'react';

/** Keys by name as `KeyboardEvent.key` has them, or two in a row as `g a`; a run gives `false` where it did nothing. */
export type KeyMap = Readonly<Record<string, (event: KeyboardEvent) => unknown>>;

const FOLLOWS_WITHIN_MS = 1_500;
/** All maps of the page; one listener serves them, so that the `a` of `g a` is never taken for a lone `a`. */
const maps = new Set<{ readonly current: KeyMap }>();
let first: { readonly key: string; readonly at: number } | undefined;

function writing(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target instanceof HTMLInputElement) return !['checkbox', 'radio', 'button', 'submit'].includes(target.type);
  return target.isContentEditable || target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement;
}

function find(name: string): ((event: KeyboardEvent) => unknown) | undefined {
  for (const { current } of maps) {
    const run = current[name];
    if (run) return run;
  }
  return undefined;
}

function begins(key: string): boolean {
  return [...maps].some(({ current }) => Object.keys(current).some((name) => name.startsWith(`${key} `)));
}

function hear(event: KeyboardEvent): void {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  if (event.key === 'Shift' || writing(event.target) || document.querySelector('dialog[open]')) return;
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  const before = first && event.timeStamp - first.at < FOLLOWS_WITHIN_MS ? first.key : undefined;
  first = undefined;
  const run = before === undefined ? find(key) : find(`${before} ${key}`);
  if (run) {
    if (run(event) !== false) event.preventDefault();
  } else if (before === undefined && begins(key)) first = { key, at: event.timeStamp };
}

/** Hears keys anywhere on the page, but not while somebody writes or a dialog is open. */
export function useKeys(keys: KeyMap): void {
  const current = useRef(keys);
  current.current = keys;
  useEffect(() => {
    if (maps.size === 0) addEventListener('keydown', hear);
    maps.add(current);
    return () => {
      maps.delete(current);
      if (maps.size === 0) removeEventListener('keydown', hear);
    };
  }, []);
}

import { compileCaptures, prefixesOf } from '../../rules/query/capture-regex.ts';
import { REGEX_INPUT_CHARACTERS } from '../../rules/query/safe-regex.ts';
import { expandGrok } from './grok.ts';
import type { ReadStep, StepForm } from './step.ts';

/** A pattern with its place in the document. */
export interface PatternSource {
  readonly text: string;
  readonly kind: 'grok' | 'regex';
}

/**
 * Several patterns, tried in order: the first that fits the whole text holds. @throws Error where one cannot be used; its
 * message says why, its `pattern` (from 0) which.
 */
export function patternStep(sources: readonly PatternSource[], own: ReadonlyMap<string, string>): StepForm {
  const all = sources.map(({ text, kind }) => {
    const regex = kind === 'grok' ? expandGrok(text, own) : text;
    return { regex, compiled: compileCaptures(regex) };
  });
  const names = [...new Set(all.flatMap(({ compiled }) => compiled.names))];
  return {
    names,
    open: false,
    quickUpTo: Math.min(...all.map(({ compiled }) => compiled.quickUpTo)),
    bind: (placeOf): ReadStep => {
      const tried = all.map(({ compiled }) => ({
        exec: compiled.exec,
        places: compiled.names.map(placeOf),
      }));
      const why = tried.length === 1 ? 'the pattern does not fit' : `none of the ${tried.length} patterns fits`;
      return (text, found) => {
        if (text.length > REGEX_INPUT_CHARACTERS) return `it is longer than ${REGEX_INPUT_CHARACTERS} characters`;
        for (const { exec, places } of tried) {
          const groups = exec(text);
          if (!groups) continue;
          for (let at = 0; at < places.length; at++) {
            const value = groups[at + 1];
            // Alternatives of one pattern may give a name twice; the one that took part holds.
            if (value !== undefined) found[places[at] as number] = value;
          }
          return undefined;
        }
        return why;
      };
    },
    explain(text) {
      let best: { column: number; part: string } | undefined;
      for (const { regex } of all) {
        const prefixes = prefixesOf(regex);
        // The longer the beginning of a pattern, the fewer texts it fits: halving finds the part that ends it.
        let [fits, fails] = [0, prefixes.parts + 1];
        while (fails - fits > 1) {
          const parts = (fits + fails) >> 1;
          if (prefixes.fits(text, parts) >= 0) fits = parts;
          else fails = parts;
        }
        const column = Math.max(0, prefixes.fits(text, fits)) + 1;
        if (!best || column > best.column) best = { column, part: prefixes.nameOf(fits) };
      }
      return best;
    },
  };
}

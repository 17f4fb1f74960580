import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { safeJson } from '../../ecs/safe-json.ts';
import { examine, type Finding } from '../doctor/examine.ts';
import { CHECK_TEXT, DOCTOR_WORDS, FAULT_TEXT } from '../text/doctor.ts';
import { type Language, languageOf } from '../text/language.ts';
import { asTyped } from '../text/program.ts';
import { collectorFolder } from './enrol.ts';

const USAGE = `Usage: haidang collector doctor [--config FILE] [--folder DIR] [--json] [--lang vi|en|km]

Looks at the program itself, name, connection, certificates, clock, disk and inputs, and says what is wrong and what to do.
Exit code 1 where something is.`;

/** `haidang collector doctor`: 0 where all is well, 1 where something is wrong, 2 on bad usage. */
export async function run(args: readonly string[]): Promise<number> {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean' } as const;
  let given: { config?: string; folder?: string; lang?: string; json?: boolean; help?: boolean };
  try {
    const options = { config: text, folder: text, lang: text, json: flag, help: { ...flag, short: 'h' } } as const;
    given = parseArgs({ args: [...args], options, allowPositionals: false }).values as typeof given;
  } catch (error) {
    console.error(asTyped(`haidang collector doctor: ${(error as Error).message}`));
    return 2;
  }
  if (given.help) {
    console.log(asTyped(USAGE));
    return 0;
  }
  const found = await examine(given.config ?? join(collectorFolder(given.folder), 'collector.yaml'));
  const language = languageOf(given.lang);
  if (given.json) for (const one of found) console.log(safeJson({ ...one, ...said(one, language) }));
  else console.log(report(found, language));
  return found.some(({ state }) => state === 'bad') ? 1 : 0;
}

function said({ fault }: Finding, language: Language): { readonly what?: string; readonly todo?: string } {
  if (fault === undefined) return {};
  const { what, todo } = FAULT_TEXT[language][fault];
  return { what, todo: asTyped(todo) };
}

/** The findings as lines to read. */
export function report(found: readonly Finding[], language: Language): string {
  const words = DOCTOR_WORDS[language];
  const lines = found.flatMap((one) => {
    const { check, name, state, detail } = one;
    const title = name === undefined ? CHECK_TEXT[language][check] : `${CHECK_TEXT[language][check]} ${name}`;
    const { what, todo } = said(one, language);
    const rest = detail === '' ? '' : ` (${detail.replace(/\p{Cc}/gu, ' ')})`;
    if (what === undefined) return [`[${words[state]}] ${title}${rest}`];
    return [`[${words[state]}] ${title}: ${what}${rest}`, `    ${words.todo}: ${todo}`];
  });
  if (found.every(({ state, fault }) => state !== 'bad' && fault !== 'stopped')) lines.push(words.all);
  return lines.join('\n');
}

/** The parsers that are documents, each with lines of its own form, for the bench of parsers. */
import { readFileSync } from 'node:fs';
import { openOwnParsers } from '../../collector/custom-parsers/own-parsers.ts';
import type { OwnParsers } from '../../collector/parsers/index.ts';

const KINDS = ['dissect', 'grok', 'regex', 'kv', 'csv', 'json'] as const;

/** A document by its way of taking lines apart. */
export interface CustomBench {
  readonly kind: string;
  readonly parser: string;
  readonly own: OwnParsers;
  line(at: number): string;
}

const clock = (at: number): string =>
  `08:${String(10 + (Math.floor(at / 12_000) % 50))}:${String(Math.floor(at / 200) % 60).padStart(2, '0')}`;
const address = (at: number): string => `203.0.113.${1 + (at % 250)}`;

const LINES: Readonly<Record<(typeof KINDS)[number], (at: number) => string>> = {
  dissect: accessLine,
  grok: accessLine,
  regex: (at) =>
    `2026-11-22 ${clock(at)},123 INFO [worker-${at % 9}] deliver id=4f2a${at} to=ngsp.example ms=${at % 900}`,
  kv: (at) =>
    `22/11/2026 ${clock(at)} PAYGW PAY result=OK ip=${address(at)} user=an amount=${at}000 order=HD-${at} note="two words"`,
  csv: (at) => `2026-11-22 ${clock(at)};an;${address(at)}:51000;update;"17;4";x;detail ${at}`,
  json: (at) =>
    `{"at":${1_795_309_262_123 + at},"who":{"login":"AN","ip":"${address(at)}"},"op":"R","ok":true,"doc":{"id":${at},"bytes":4096,"tags":["a"]}}`,
};

/** An access line in the combined format, as portals write it. */
export function accessLine(at: number): string {
  return `${address(at)} - - [22/Nov/2026:${clock(at)} +0700] "GET /dich-vu-cong/ho-so/${at}?trang=${at % 30} HTTP/1.1" 200 ${1_000 + at} "https://cong.example.gov.vn/" "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0 Safari/537.36"`;
}

/** Opens the documents of the fixtures. */
export function customBenches(): readonly CustomBench[] {
  return KINDS.map((kind) => {
    const file = new URL(`../fixtures/custom-parsers/${kind}.yml`, import.meta.url);
    const own = openOwnParsers([{ from: kind, text: readFileSync(file, 'utf8') }]);
    return { kind, parser: [...own.byName.keys()][0] as string, own, line: LINES[kind] };
  });
}

import { plain } from '../commands/terminal.ts';
import { KIND_TITLES, type ReportFieldName, type ReportKind, sectionsOf } from './form.ts';
import type { ReportFields } from './record.ts';

/** One numbered line of the body. */
export interface ReportRow {
  readonly label: string;
  readonly lines: readonly string[];
  /** Sentences that a person wrote; else each line is one thing of a list. */
  readonly prose: boolean;
}

/** A report as it is set, for paper and for a word processor alike; an empty list of lines is a dotted line. */
export interface ReportLayout {
  readonly superior: string;
  readonly organization: string;
  /** `Số: 12/BC-SOC`, dots where there is none. */
  readonly number: string;
  /** Place and day, dots where they are not known. */
  readonly placed: string;
  readonly subject: string;
  readonly recipient: string;
  readonly basis: readonly string[];
  readonly sections: readonly {
    readonly title: string;
    readonly rows: readonly ReportRow[];
  }[];
  readonly copies: readonly string[];
  readonly signerTitle: string;
  readonly signerName: string;
}

/** The country's name and motto, which head every official paper. */
export const COUNTRY = 'CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM';
export const MOTTO = 'Độc lập - Tự do - Hạnh phúc';
export const PAPER = 'BÁO CÁO';
const PROSE = new Set<ReportFieldName>(['description', 'impact', 'cause', 'result', 'lessons', 'proposals']);
const DOTS = '…………';

/** Sets the fields of a report. */
export function layoutOf(kind: ReportKind, fields: ReportFields): ReportLayout {
  const one = (name: ReportFieldName) => clean(fields[name]).join(' ');
  return {
    superior: one('superior').toUpperCase(),
    organization: one('organization').toUpperCase(),
    number: `Số: ${one('number') || DOTS}/${one('symbol') || DOTS}`,
    placed: `${one('place') || DOTS}, ${spelledDay(fields.date ?? '')}`,
    subject: KIND_TITLES[kind],
    recipient: one('recipient'),
    basis: clean(fields.basis),
    sections: sectionsOf(kind).map(({ title, rows }, at) => ({
      title: `${ROMAN[at] ?? at + 1}. ${title}`,
      rows: rows.map(({ name, label }, place) => {
        return { label: `${place + 1}. ${label}`, lines: clean(fields[name]), prose: PROSE.has(name) };
      }),
    })),
    copies: clean(fields.copies),
    signerTitle: one('signerTitle').toUpperCase(),
    signerName: one('signerName'),
  };
}

const ROMAN = ['I', 'II', 'III', 'IV', 'V', 'VI'];

function spelledDay(day: string): string {
  const [, year, month, date] = /^(\d{4})-(\d{2})-(\d{2})$/.exec(day) ?? [];
  return `ngày ${date ?? '……'} tháng ${month ?? '……'} năm ${year ?? '………'}`;
}

/** Lines without what a page or a word processor would obey or refuse; texts come from logs and from people. */
function clean(text: string | undefined): readonly string[] {
  const lines = (text ?? '')
    .toWellFormed()
    .replaceAll(/[\ufffe\uffff]/g, '\ufffd')
    .split(/\r\n|\r|\n/);
  return lines.map((line) => plain(line).trim()).filter((line) => line !== '');
}

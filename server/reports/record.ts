import type { ReportFieldName, ReportKind } from './form.ts';

/** What stands in a report, by field; what is absent or empty is a dotted line. */
export type ReportFields = Readonly<Partial<Record<ReportFieldName, string>>>;

/** Bytes that were written, kept under their SHA-256 with the evidence of incidents. */
export interface ReportFile {
  readonly sha256: string;
  readonly bytes: number;
}

/** One report as it was exported; nothing of it changes afterwards. The record's id is `<incident>~<number>`. */
export interface IncidentReportRecord {
  readonly incident: string;
  /** Counted from 1 within the incident. */
  readonly number: number;
  readonly kind: ReportKind;
  readonly at: string;
  readonly by: string;
  /** The incident's revision that was looked at. */
  readonly revision: number;
  readonly fields: ReportFields;
  readonly html: ReportFile;
  readonly docx: ReportFile;
  /** 0 until the incident's history tells of it. */
  readonly told: 0 | 1;
}

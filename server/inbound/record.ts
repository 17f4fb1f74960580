import type { Tlp } from '../incidents/record.ts';

/** What came from outside: a task, that an incident of ours was seen, a remark about one, or an advisory. */
export type InboundKind = 'task' | 'acknowledgement' | 'note' | 'advisory';

/** One of them in its latest version; the record's id is `<source>:<STIX id>`. */
export interface InboundItemRecord {
  readonly source: string;
  readonly kind: InboundKind;
  /** STIX id and version. */
  readonly object: string;
  readonly version: string;
  /** The incident of ours that it is about, or that was made of it. */
  readonly incident: string | null;
  readonly title: string;
  readonly text: string;
  readonly tlp: Tlp;
  /** ISO 8601. */
  readonly due: string | null;
  /** Of an advisory: where more is written. */
  readonly link: string | null;
  /** Of a task; `listed` for all else. */
  readonly state: 'open' | 'answered' | 'withdrawn' | 'listed';
  /** 1 where a task waits. */
  readonly open: 0 | 1;
  readonly publishedAt: string;
  readonly receivedAt: string;
}

/** Id of the record of an object of a source. */
export function inboundId(source: string, object: string): string {
  return `${source}:${object}`;
}

import type { AgencyId } from '../identity.ts';

/** What a notice is about. */
export const NOTICE_KINDS = ['clock', 'alert', 'collector', 'request', 'sharing', 'test'] as const;
export type NoticeKind = (typeof NOTICE_KINDS)[number];
export const NOTICE_LEVELS = ['info', 'warning', 'critical'] as const;
export type NoticeLevel = (typeof NOTICE_LEVELS)[number];

/** One wording. */
export interface NoticeText {
  readonly title: string;
  readonly text: string;
}

/** The same in each language of the product. */
export interface NoticeTexts {
  readonly vi: NoticeText;
  readonly en: NoticeText;
  readonly km: NoticeText;
}

/** One notice on its way to one mailbox or web hook. */
export interface Delivery {
  readonly channel: 'email' | 'webhook';
  /** The person, or the id of the web hook. */
  readonly to: string;
  readonly address: string;
  readonly language: keyof NoticeTexts;
  readonly state: 'waiting' | 'delivered' | 'dead';
  readonly attempts: number;
  /** When the attempts began; giving up counts from here. */
  readonly since: string;
  /** Of what waits: when the next attempt is. */
  readonly dueAt: string | null;
  /** Why the last attempt failed. */
  readonly problem: string | null;
  readonly deliveredAt: string | null;
  /** What the other side answered. */
  readonly answer: string | null;
}

/** A notice to people, with what became of it on each way. */
export interface NoticeRecord {
  readonly agency: AgencyId;
  readonly kind: NoticeKind;
  readonly level: NoticeLevel;
  readonly at: string;
  /** Where in the console to go. */
  readonly path: string | null;
  readonly texts: NoticeTexts;
  /** Names of the users whom it is for. */
  readonly people: readonly string[];
  /** When each of them read it. */
  readonly read: Readonly<Record<string, string>>;
  readonly deliveries: readonly Delivery[];
  /** 1 where something waits to be sent. */
  readonly due: 0 | 1;
  readonly dueAt: string | null;
  /** 1 where something was given up. */
  readonly dead: 0 | 1;
}

/** How a person wants to hear of notices; the record's id is the user's name. */
export interface NoticeAddressRecord {
  readonly email: string | null;
  readonly language: keyof NoticeTexts;
  /** The least level that comes by mail. */
  readonly mailFrom: NoticeLevel;
}

/** The record with what follows from its deliveries. */
export function settleNotice(record: NoticeRecord): NoticeRecord {
  const waiting = record.deliveries.flatMap(({ state, dueAt }) => (state === 'waiting' && dueAt !== null ? dueAt : []));
  return {
    ...record,
    due: waiting.length > 0 ? 1 : 0,
    dueAt: waiting.sort()[0] ?? null,
    dead: record.deliveries.some(({ state }) => state === 'dead') ? 1 : 0,
  };
}

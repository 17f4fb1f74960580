import type { EcsEvent } from '../../ecs/event.ts';
import { unparsed } from '../intake.ts';
import type { Draft } from '../parsers/draft.ts';
import { endpoint, finish, newDraft } from '../parsers/draft.ts';
import { objectAt, parseObject, takeCount, takeNumber, takeString } from '../parsers/json-object.ts';
import { put } from '../parsers/put.ts';
import { setUrl } from '../parsers/url.ts';

/** What one look at a site found; the record whose text is kept as `event.original`. */
export interface SiteRecord {
  readonly type: 'web_check';
  readonly url: string;
  /** ISO 8601. */
  readonly checked: string;
  readonly milliseconds: number;
  readonly reachable: boolean;
  readonly error?: string;
  readonly status?: number;
  readonly address?: string;
  readonly port?: number;
  readonly content_type?: string;
  readonly bytes?: number;
  readonly title?: string;
  readonly title_before?: string;
  readonly fingerprint?: string;
  readonly fingerprint_before?: string;
  /** How alike the page is to the one before, 0 to 1. */
  readonly likeness?: number;
  /** Words that must be there and are not. */
  readonly missing?: readonly string[];
  /** Words that must not be there and are. */
  readonly forbidden?: readonly string[];
  readonly redirected_to?: string;
  readonly certificate?: {
    readonly subject: string;
    readonly issuer: string;
    readonly not_after: string;
    readonly version?: string;
    readonly fault?: string;
  };
}

/** Below this likeness a page is another page: news come and go, its frame stays. */
export const OTHER_PAGE = 0.5;
/** Days before its end from which a certificate is to be renewed. */
export const SOON_DAYS = 14;
const DAY_MS = 86_400_000;

/**
 * The worst that a look found: `site-down`, `page-words` (a word that must not be there, or none that must), `page-replaced`,
 * `certificate-invalid`, `certificate-expiring`, `page-changed`, `site-up`.
 */
export function findingOf(record: SiteRecord): string {
  const { certificate, likeness } = record;
  if (!record.reachable) return 'site-down';
  if ((record.forbidden?.length ?? 0) > 0 || (record.missing?.length ?? 0) > 0) return 'page-words';
  if (likeness !== undefined && likeness < OTHER_PAGE) return 'page-replaced';
  if (certificate?.fault !== undefined) return 'certificate-invalid';
  if (certificate && daysLeft(record) < SOON_DAYS) return 'certificate-expiring';
  return record.fingerprint_before === undefined || record.fingerprint_before === record.fingerprint
    ? 'site-up'
    : 'page-changed';
}

function daysLeft({ checked, certificate }: SiteRecord): number {
  return Math.floor((Date.parse(certificate?.not_after ?? '') - Date.parse(checked)) / DAY_MS);
}

const GOOD = new Set(['site-up', 'page-changed', 'certificate-expiring']);

/** Makes the event of a record's text; fields by ECS, what ECS has no name for under `webcheck`. */
export function siteEvent(line: string, now: number): EcsEvent {
  const record = parseObject(line);
  const found = record as unknown as SiteRecord | undefined;
  const checked = Date.parse(typeof record?.['checked'] === 'string' ? record['checked'] : '');
  if (!record || !found || record['type'] !== 'web_check' || Number.isNaN(checked))
    return unparsed(line, now, 'This is no look at a site.');
  const draft: Draft = newDraft(line, line, 'webcheck.site', { now, timeZone: 'UTC' }, checked);
  const finding = findingOf(found);
  draft.event.category = ['web'];
  draft.event.type = [GOOD.has(finding) ? 'info' : 'error'];
  draft.event.action = finding;
  draft.event.outcome = GOOD.has(finding) ? 'success' : 'failure';
  const url = takeString(record, 'url');
  if (url !== undefined) setUrl(draft, url);
  const milliseconds = takeCount(record, 'milliseconds');
  if (milliseconds !== undefined) put(draft, 'event.duration', milliseconds * 1_000_000);
  const error = takeString(record, 'error');
  put(draft, 'event.reason', error);
  put(draft, 'http.response.status_code', takeCount(record, 'status'));
  put(draft, 'http.response.mime_type', takeString(record, 'content_type')?.split(';')[0]?.trim());
  put(draft, 'http.response.body.bytes', takeCount(record, 'bytes'));
  const end = endpoint(takeString(record, 'address') ?? '', takeCount(record, 'port'));
  if (end) draft.destination = end;
  const certificate = objectAt(record, 'certificate');
  if (certificate) {
    put(draft, 'tls.server.subject', takeString(certificate, 'subject'));
    put(draft, 'tls.server.issuer', takeString(certificate, 'issuer'));
    put(draft, 'tls.server.not_after', takeString(certificate, 'not_after'));
    put(draft, 'tls.version', takeString(certificate, 'version'));
    put(draft, 'webcheck.certificate_fault', takeString(certificate, 'fault'));
    put(draft, 'webcheck.certificate_days', daysLeft(found));
  }
  for (const name of ['title', 'title_before', 'fingerprint', 'fingerprint_before', 'redirected_to'])
    put(draft, `webcheck.${name}`, takeString(record, name));
  put(draft, 'webcheck.likeness', takeNumber(record, 'likeness'));
  for (const name of ['missing', 'forbidden'])
    if (Array.isArray(record[name])) put(draft, `webcheck.${name}`, record[name]);
  draft.message = `${url ?? ''}: ${error ?? finding}`;
  return finish(draft);
}

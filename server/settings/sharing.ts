import {
  type ClockSettings,
  clockTerms,
  TERMS,
  type Term,
  WARN_PERCENT,
  warnPercent,
  YEARLY,
  type YearlyTerm,
  yearlyTerm,
} from '../clocks/terms.ts';
import { type InboundSource, inboundSources } from '../inbound/settings.ts';
import {
  NO_SHARING,
  type Preauthorised,
  preauthorised,
  type Recipient,
  recipients,
  reporterId,
} from '../sharing/settings.ts';
import { integer, text } from '../system/setting-readers.ts';
import { setting } from './setting.ts';

/** What goes to others and comes from them, and by when the law wants it. */
export const SHARING_SETTINGS = {
  'sharing.reporter_id': setting({
    fallback: NO_SHARING.reporterId,
    does: 'Id of this center in what it shares, never changed once something has left. See sharing.md.',
    read: reporterId,
  }),
  'sharing.reporter_name': setting({ fallback: NO_SHARING.reporterName, does: 'Its name there.', read: text(1, 200) }),
  'sharing.recipients': setting<readonly Recipient[]>({
    fallback: [],
    fallbackText: 'none',
    does: 'To whom incidents may go: a list of recipients with `id`, `name`, `tlp` (the strictest mark) and `channel`; sharing.md shows each channel.',
    read: recipients,
  }),
  'sharing.preauthorised': setting<Preauthorised | undefined>({
    fallback: undefined,
    fallbackText: 'none',
    does: 'What may leave at once in its minimal form, without a second person, and is reviewed the next day: `{severity, classes}`.',
    read: preauthorised,
  }),
  'sharing.alone_minutes': setting({
    fallback: NO_SHARING.aloneMinutes,
    does: 'Minutes before a term ends from which a lead may release alone, with a reason.',
    read: integer(0, 1_440),
  }),
  'sharing.give_up_hours': setting({
    fallback: NO_SHARING.giveUpHours,
    does: 'Hours after which what could not be sent is set aside for a person to decide.',
    read: integer(1, 9_000),
  }),
  'inbound.sources': setting<readonly InboundSource[]>({
    fallback: [],
    fallbackText: 'none',
    does: 'TAXII collections that are polled for indicators, advisories and tasks of the national center: a list of sources with `id`, `name`, `root`, `collection` and `takes`; see inbound.md.',
    read: inboundSources,
  }),
  'clocks.terms': setting<readonly Term[]>({
    fallback: TERMS,
    fallbackText: '1 h (critical), 24 h, 72 h and 30 days (high), 72 h (personal data), from detection',
    does: 'Terms of the law for reporting incidents: a list of `{id, hours, severity, classes, until, source, name}`; what is near its term leaves first. See clocks.md.',
    read: clockTerms,
  }),
  'clocks.warn_percent': setting<ClockSettings['warnPercent']>({
    fallback: WARN_PERCENT,
    fallbackText: '`[50, 80]`',
    does: 'Percent of a term after which people are warned the first and the second time; they are told once more when it is over.',
    read: warnPercent,
  }),
  'clocks.yearly': setting<YearlyTerm | undefined>({
    fallback: YEARLY,
    fallbackText: '25 December',
    does: 'The yearly report: `{day: "12-25", notice_days: 45, source: …}`, or `false` for none.',
    read: yearlyTerm,
  }),
} as const;

import type { IncidentDetail } from '../incidents/schema.ts';
import type { RequestRow } from '../requests/schema.ts';
import { partsOf, type ReportKind } from './form.ts';
import type { ReportFields } from './record.ts';
import { CLASS_WORDS, OUTCOME_WORDS, REQUEST_WORDS, SEVERITY_WORDS, STATUS_WORDS } from './words.ts';

/** What a report is written from: the incident as its reader may see it, and nothing else. */
export interface ReportSources {
  readonly detail: IncidentDetail;
  /** What the province set up once. */
  readonly letterhead: ReportFields;
  readonly requests: readonly RequestRow[];
  /** To whom it went, with the time of the receipt. */
  readonly delivered: readonly { readonly to: string; readonly at: string }[];
  /** The initial report that was exported last. */
  readonly initial: { readonly fields: ReportFields } | undefined;
  readonly agencyNames: ReadonlyMap<string, string>;
  readonly timeZone: string;
  readonly now: string;
}

/** Lines of one list in a report, letters of one line, and of one field: a report is read by people, and takes what it gave. */
const MOST_LINES = 60;
const MOST_OF_A_LINE = 400;
const MOST_OF_A_FIELD = 18_000;
/** Acts that belong to the story; the others are bookkeeping. */
const TOLD = new Set(['created', 'status', 'alert', 'merged', 'unmerged', 'evidence', 'request', 'request-answered']);

/** What the incident says of itself, for a person to complete: what it does not say stays empty. */
export function prefill(kind: ReportKind, sources: ReportSources): ReportFields {
  const { detail, letterhead, initial, timeZone, now } = sources;
  const { incident } = detail;
  const time = (at: string) => timeOf(at, timeZone);
  const all: ReportFields = {
    ...letterhead,
    date: dayOf(now, timeZone),
    initialNumber: initial ? [initial.fields.number ?? '', initial.fields.symbol ?? ''].filter(Boolean).join('/') : '',
    initialDate: initial ? spellDay(initial.fields.date ?? '') : '',
    operator: lines(operatorsOf(sources)),
    systems: lines(detail.systems.map(({ name }) => name)),
    level: lines(detail.systems.map(({ name, level }) => `${name}: cấp độ ${level}`)),
    title: incident.title,
    code: incident.id,
    class: classOf(incident.rsit),
    severity: SEVERITY_WORDS[incident.severity],
    detectedAt: time(detectionOf(detail)),
    method: methodOf(detail),
    description: detail.summary,
    timeline: timelineOf(detail, time),
    indicators: lines(detail.indicators.map(({ type, defanged }) => `${type}: ${defanged}`)),
    techniques: lines(
      detail.techniques.map(({ technique, name }) => (name === technique ? technique : `${technique} – ${name}`)),
    ),
    measures: lines([...movesOf(detail, time), ...doneTasks(detail, time)]),
    remaining: lines(openTasks(detail, time)),
    notified: notifiedOf(sources, time),
    result: resultOf(detail),
    closedAt: incident.closedAt === null ? '' : time(incident.closedAt),
    attachments: lines(detail.evidence.map(({ name, bytes, sha256 }) => `${name} (${bytes} byte, SHA-256 ${sha256})`)),
  };
  const names = new Set(partsOf(kind).flatMap(({ fields }) => fields));
  return Object.fromEntries(Object.entries(all).filter(([name, value]) => names.has(name as never) && value !== ''));
}

/** `23/11/2026` of a day as it is kept, `2026-11-23`; what is no day is nothing. */
export function spellDay(day: string): string {
  const parts = /^(\d{4})-(\d{2})-(\d{2})$/.exec(day);
  return parts ? `${parts[3]}/${parts[2]}/${parts[1]}` : '';
}

function dayOf(at: string, timeZone: string): string {
  return new Intl.DateTimeFormat('en-CA', { timeZone, dateStyle: 'short' }).format(new Date(at));
}

function timeOf(at: string, timeZone: string): string {
  const clock = { timeZone, hour: '2-digit', minute: '2-digit', hourCycle: 'h23' } as const;
  const text = new Intl.DateTimeFormat('en-GB', clock).format(new Date(at));
  return `${text} ngày ${spellDay(dayOf(at, timeZone))}`;
}

function lines(all: readonly string[]): string {
  const shown: string[] = [];
  let room = MOST_OF_A_FIELD;
  for (const line of all.slice(0, MOST_LINES).map(cut)) {
    room -= line.length + 1;
    if (room < 0) break;
    shown.push(line);
  }
  const more = all.length - shown.length;
  return [...shown, ...(more > 0 ? [`(và ${more} mục khác trong hồ sơ sự cố)`] : [])].join('\n');
}

/** One line of a list, whatever it was; an address can be thousands of letters long. */
function cut(text: string): string {
  const line = text.replaceAll(/\s*[\r\n]+\s*/g, ' ');
  return line.length > MOST_OF_A_LINE ? `${line.slice(0, MOST_OF_A_LINE).toWellFormed()}…` : line;
}

/** T0: the earliest of the incident and of what is part of it. */
function detectionOf({ incident, merged }: IncidentDetail): string {
  return (
    [incident.detectedAt, ...merged.flatMap(({ detectedAt }) => detectedAt ?? [])].sort()[0] ?? incident.detectedAt
  );
}

function operatorsOf({ detail, agencyNames }: ReportSources): readonly string[] {
  const ofSystems = detail.systems.flatMap(({ agency }) =>
    agency === null ? [] : [agencyNames.get(agency) ?? agency],
  );
  return [...new Set([...ofSystems, ...detail.incident.agencies.map(({ name }) => name)])];
}

function classOf(rsit: string | null): string {
  if (rsit === null) return '';
  const [name = ''] = rsit.split('/');
  return `${CLASS_WORDS[name] ?? name} (RSIT: ${rsit})`;
}

function methodOf({ incident, alerts }: IncidentDetail): string {
  if (alerts.length === 0) return incident.origin === 'hand' ? '' : 'Hệ thống giám sát an ninh mạng của tỉnh';
  const counts = new Map<string, number>();
  for (const { title } of alerts) counts.set(title, (counts.get(title) ?? 0) + 1);
  const named = [...counts].map(([title, count]) => (count === 1 ? `“${title}”` : `“${title}” (${count} cảnh báo)`));
  if (named.length === 1) return cut(`Hệ thống giám sát an ninh mạng của tỉnh, cảnh báo ${named[0]}`);
  return lines(named.map((one) => `Hệ thống giám sát an ninh mạng của tỉnh, cảnh báo ${one}`));
}

function timelineOf({ timeline }: IncidentDetail, time: (at: string) => string): string {
  const told = timeline.filter(({ kind, act }) => kind === 'event' || TOLD.has(act));
  const first = Math.max(0, told.length - MOST_LINES + 1);
  const before = first > 0 ? [`(${first} mục trước đó trong hồ sơ sự cố)`] : [];
  return lines([...before, ...told.slice(first).map((step) => `${time(step.at)}: ${sentence(step)}`)]);
}

function sentence({ kind, act, to, note = '' }: IncidentDetail['timeline'][number]): string {
  if (kind === 'event')
    return act === 'last' ? `sự kiện cuối của cảnh báo “${note}”` : `sự kiện đầu của cảnh báo “${note}”`;
  switch (act) {
    case 'created':
      return 'lập hồ sơ sự cố';
    case 'status':
      return `chuyển trạng thái: ${STATUS_WORDS[to as keyof typeof STATUS_WORDS] ?? to ?? ''}${note === '' ? '' : ` – ${note}`}`;
    case 'alert':
      return `đưa cảnh báo “${note}” vào hồ sơ`;
    case 'merged':
      return `gộp sự cố “${note}”`;
    case 'unmerged':
      return `tách lại sự cố “${note}”`;
    case 'evidence':
      return `thu thập chứng cứ “${to ?? ''}”`;
    case 'request':
      return `yêu cầu đơn vị cung cấp thông tin: ${note} (${to ?? ''})`;
    default:
      return `đơn vị trả lời yêu cầu ${to ?? ''}`;
  }
}

function movesOf({ timeline }: IncidentDetail, time: (at: string) => string): string[] {
  const isMove = ({ act, to }: IncidentDetail['timeline'][number]) =>
    act === 'status' && (to === 'contained' || to === 'resolved');
  return timeline.filter(isMove).map((step) => `${time(step.at)}: ${sentence(step)}`);
}

function doneTasks({ tasks }: IncidentDetail, time: (at: string) => string): string[] {
  return tasks.flatMap(({ title, doneAt }) => (doneAt === null ? [] : [`${title} (xong lúc ${time(doneAt)})`]));
}

function openTasks({ tasks }: IncidentDetail, time: (at: string) => string): string[] {
  const open = tasks.filter(({ doneAt }) => doneAt === null);
  return open.map(({ title, due }) => (due === null ? title : `${title} (hạn ${time(due)})`));
}

function notifiedOf({ requests, delivered }: ReportSources, time: (at: string) => string): string {
  return lines([
    ...delivered.map(({ to, at }) => `${to}, ${time(at)}`),
    ...requests.map(
      ({ id, agencyName, askedAt, state }) => `${agencyName}, ${time(askedAt)}, yêu cầu ${id}: ${REQUEST_WORDS[state]}`,
    ),
  ]);
}

function resultOf({ incident, timeline }: IncidentDetail): string {
  const closing = timeline.findLast(({ act, to }) => act === 'status' && to === 'closed');
  if (incident.outcome === null) return `Trạng thái: ${STATUS_WORDS[incident.status]}`;
  return lines([OUTCOME_WORDS[incident.outcome], ...(closing?.note ? closing.note.split('\n') : [])]);
}

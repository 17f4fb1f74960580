import type { EcsEvent } from '../../ecs/event.ts';
import type { RecordParser } from '../intake.ts';

/** One entry of the journal as `journalctl -o json` writes it: text, bytes as numbers, several values, or null. */
export type JournalEntry = Readonly<Record<string, string | readonly number[] | readonly unknown[] | null>>;

/** Reads one line of `journalctl -o json`; undefined where it is none. */
export function readJournalEntry(line: string): JournalEntry | undefined {
  try {
    const entry: unknown = JSON.parse(line);
    return entry !== null && typeof entry === 'object' && !Array.isArray(entry) ? (entry as JournalEntry) : undefined;
  } catch {
    return undefined;
  }
}

/** A field as text: the first of several values; bytes are decoded as UTF-8 with replacement. */
export function journalText(entry: JournalEntry, field: string): string | undefined {
  const value = Object.hasOwn(entry, field) ? entry[field] : undefined;
  if (typeof value === 'string') return value;
  if (!Array.isArray(value)) return undefined;
  const bytes = journalBytes(entry, field);
  if (bytes) return bytes.toString('utf8');
  const first: unknown = value[0];
  if (typeof first === 'string') return first;
  return Array.isArray(first) && first.every(isByte) ? Buffer.from(first as number[]).toString('utf8') : undefined;
}

/** A binary field's bytes; undefined where the field is text. */
export function journalBytes(entry: JournalEntry, field: string): Buffer | undefined {
  const value = Object.hasOwn(entry, field) ? entry[field] : undefined;
  return Array.isArray(value) && value.length > 0 && value.every(isByte) ? Buffer.from(value as number[]) : undefined;
}

function isByte(value: unknown): boolean {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= 255;
}

function whole(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,16}$/.test(text) ? Number(text) : undefined;
}

function fill(event: EcsEvent, group: string, fields: Readonly<Record<string, unknown>>): void {
  const own = event[group];
  const kept = own !== null && typeof own === 'object' && !Array.isArray(own) ? own : {};
  const known = Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
  if (Object.keys(known).length > 0 || own !== undefined) event[group] = { ...known, ...kept };
}

/**
 * The event of a journal entry. The message goes through the parsers as the program's own line; time, host, process
 * and syslog fields come from the journal's trusted fields (systemd.journal-fields(7)).
 */
export function journalEvent(entry: JournalEntry, message: string, now: number, parse: RecordParser): EcsEvent {
  const program = journalText(entry, 'SYSLOG_IDENTIFIER') ?? journalText(entry, '_COMM');
  const event = parse(message, now, program);
  if (event.event.kind === 'pipeline_error') {
    // The journal has told us all that a syslog header would: a message of any wording is understood.
    event.event = { kind: 'event', module: 'system', dataset: 'system.syslog', original: message };
    event.message = message;
    delete event['error'];
  }
  const micros = whole(journalText(entry, '_SOURCE_REALTIME_TIMESTAMP') ?? journalText(entry, '__REALTIME_TIMESTAMP'));
  if (micros !== undefined) event['@timestamp'] = new Date(Math.floor(micros / 1_000)).toISOString();
  const host = journalText(entry, '_HOSTNAME');
  const pid = whole(journalText(entry, 'SYSLOG_PID') ?? journalText(entry, '_PID'));
  fill(event, 'host', { name: host, hostname: host });
  fill(event, 'process', { name: program, pid });
  const severity = whole(journalText(entry, 'PRIORITY'));
  const facility = whole(journalText(entry, 'SYSLOG_FACILITY'));
  const syslog = {
    ...(severity === undefined ? {} : { severity: { code: severity } }),
    ...(facility === undefined ? {} : { facility: { code: facility } }),
  };
  if (Object.keys(syslog).length > 0) fill(event, 'log', { syslog });
  fill(event, 'journald', { unit: journalText(entry, '_SYSTEMD_UNIT'), transport: journalText(entry, '_TRANSPORT') });
  return event;
}

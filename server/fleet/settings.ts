import { SYSTEM } from '../identity.ts';
import type { RecordStore } from '../store/record-store.ts';
import type { FleetSettings } from './schema.ts';

const ID = 'fleet';

/** What was decided about all collectors. */
export async function readSettings(records: RecordStore): Promise<FleetSettings> {
  const found = await records.as(SYSTEM).get('setting', ID);
  return (found?.document.value as FleetSettings | undefined) ?? { silence: [] };
}

/** Replaces it whole. @throws HaidangError `HD_RECORD_CONFLICT` */
export async function writeSettings(records: RecordStore, value: FleetSettings): Promise<void> {
  const view = records.as(SYSTEM);
  const found = await view.get('setting', ID);
  if (found) await view.replace('setting', ID, { value }, found.version);
  else await view.create('setting', ID, { value });
}

/** Minutes for which a source may be silent as somebody set it; undefined where nobody did. */
export function silenceOf({ silence }: FleetSettings, collector: string, source: string): number | undefined {
  return silence.find((one) => fits(one.collector, collector) && fits(one.source, source))?.minutes;
}

/** `*` stands for any characters; no regular expression is made of what people write. */
export function fits(pattern: string, text: string): boolean {
  const parts = pattern.split('*');
  const first = parts[0] ?? '';
  if (parts.length === 1) return pattern === text;
  const last = parts.at(-1) ?? '';
  if (!text.startsWith(first) || !text.endsWith(last) || text.length < first.length + last.length) return false;
  let at = first.length;
  const end = text.length - last.length;
  for (const part of parts.slice(1, -1)) {
    const found = text.indexOf(part, at);
    if (found < 0 || found + part.length > end) return false;
    at = found + part.length;
  }
  return true;
}

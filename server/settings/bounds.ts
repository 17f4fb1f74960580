import { SMALLEST_COUNT } from '../feed/withhold.ts';
import { integer, percent } from '../system/setting-readers.ts';
import { setting } from './setting.ts';

/** How much the server takes, and how much it gives out. */
export const BOUNDS_SETTINGS = {
  'disk.warn_percent': setting({
    fallback: 85,
    does: 'Disk use from which the server warns, with the days left.',
    read: percent,
  }),
  'disk.stop_percent': setting({
    fallback: 95,
    does: 'Disk use from which collectors are asked to hold their events; triage goes on.',
    read: percent,
  }),
  'export.max_events': setting({
    fallback: 1_000_000,
    does: 'Most events of one export of a search (CSV or NDJSON); larger ones are refused.',
    read: integer(1, 100_000_000),
  }),
  'feed.smallest_count': setting({
    fallback: SMALLEST_COUNT,
    does: 'Smaller counts are withheld from finer breakdowns of the figures for the operations center; see feed.md.',
    read: integer(2, 100),
  }),
} as const;

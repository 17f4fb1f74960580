/**
 * Reads that stand in the audit log, by route: what shows raw log lines and the values in them, or the log itself. `by` are
 * the parts of the query that tell one read from another; the same one again within a minute is the same act. An export
 * records itself, with how much of it went out.
 */
export const SENSITIVE_READS: Readonly<Record<string, { readonly act: string; readonly by: readonly string[] }>> = {
  'GET /api/v1/events': { act: 'events.search', by: ['kql', 'from', 'to'] },
  'GET /api/v1/events/histogram': { act: 'events.histogram', by: ['kql'] },
  'GET /api/v1/events/fields': { act: 'events.fields', by: ['kql'] },
  'GET /api/v1/events/values': { act: 'events.values', by: ['kql', 'field'] },
  'GET /api/v1/events/suggest': { act: 'events.suggest', by: ['field'] },
  'GET /api/v1/events/:id': { act: 'events.open', by: [] },
  'GET /api/v1/parsers/not-understood': { act: 'events.search', by: [] },
  'GET /api/v1/alerts/:id/events': { act: 'alert.events', by: [] },
  'GET /api/v1/audit': { act: 'audit.read', by: ['actor', 'act', 'from', 'to'] },
};

import type { Static } from 'typebox';
import { may } from '../accounts/permissions.ts';
import { countShown } from '../alerts/seen.ts';
import type { Identity } from '../identity.ts';
import type { Services } from '../services.ts';
import type { Overview } from './schema.ts';

/** What is watched and when it last spoke, within the caller's agencies. */
export async function overview(services: Services, identity: Identity): Promise<Static<typeof Overview>> {
  const { records, rules, settings } = services;
  const view = records.as(identity);
  const isWhole = identity.agencies === 'all';
  const [ledger, collectors, tasks, reports, opened] = await Promise.all([
    services.ledger(identity, false),
    view.find('collector', { limit: 1000 }),
    isWhole && may(identity, 'inbound.read') ? view.count('inbound-item', { where: { open: [1] } }) : 0,
    isWhole && services.national !== undefined && may(identity, 'board.read')
      ? view.count('national-incident', { where: { acknowledged: [0] } })
      : 0,
    Promise.all(
      ['new', 'in_progress'].map(async (status) => [status, await countShown(view, identity, { status: [status] })]),
    ),
  ]);
  const { state, usedPercent, daysLeft } = ledger.disk;
  return {
    version: settings.version,
    now: new Date().toISOString(),
    timeZone: settings.timeZone,
    role: services.national === undefined ? 'province' : 'national',
    waiting: { tasks, reports },
    openAlerts: Object.fromEntries(opened) as Record<string, number>,
    eventsStored: ledger.rows.reduce((sum, row) => sum + row.stored, 0),
    rulesEnabled: rules.rules.length,
    rulesRefused: rules.problems.length,
    collectors: collectors.records.map(({ id, document }) => ({
      id,
      name: document.name,
      agency: document.agency,
      lastSeenAt: document.lastSeenAt,
      sources: document.status?.sources.length ?? document.counters.length,
    })),
    disk: { state, usedPercent, daysLeft },
  };
}

import type { Identity } from '../identity.ts';
import type { Services } from '../services.ts';
import { threadStates } from '../system/threads.ts';
import type { HealthCertificate, SystemHealth } from './schema.ts';

const DAY_MS = 86_400_000;
/** Days before the end from which a certificate is worth a look: collectors renew theirs ten days before. */
const SOON_DAYS = { authority: 30, console: 30, collector: 5 } as const;
const MOST_COLLECTORS = 10;
const startedAt = new Date(Date.now() - process.uptime() * 1000).toISOString();

/** How the server is, counted now; `now` in milliseconds. */
export async function systemHealth(services: Services, identity: Identity, now: number): Promise<SystemHealth> {
  const [ledger, parts, days, certificates] = await Promise.all([
    services.ledger(identity, false),
    services.readiness(),
    services.events.days(),
    allCertificates(services, identity, now),
  ]);
  const sum = (of: (row: (typeof ledger.rows)[number]) => number) => ledger.rows.reduce((all, row) => all + of(row), 0);
  const { lagEvents, trouble } = services.detection();
  const { totalBytes, freeBytes, usedPercent, state, daysLeft } = ledger.disk;
  const job = services.backups.current();
  const first = days.map(({ day }) => day).sort()[0];
  return {
    at: new Date(now).toISOString(),
    version: services.settings.version,
    startedAt,
    memoryBytes: process.memoryUsage.rss(),
    parts: Object.entries(parts).map(([name, is]) => ({ name, state: is })),
    workers: threadStates(),
    queues: {
      detection: lagEvents,
      trouble: trouble?.what ?? null,
      collectors: sum(({ waiting }) => waiting),
      deadLettered: sum(({ deadLettered }) => deadLettered),
      consoles: services.live.clients(),
    },
    store: { events: sum(({ stored }) => stored), days: days.length, since: first ?? null },
    disk: { totalBytes, freeBytes, usedPercent, state, daysLeft },
    certificates,
    backup: job ? { state: job.state, to: job.to, startedAt: job.startedAt, error: job.error } : null,
    restoredAt: ledger.restored?.at ?? null,
  };
}

async function allCertificates(services: Services, identity: Identity, now: number): Promise<HealthCertificate[]> {
  const judged = (what: HealthCertificate['what'], name: string, notAfter: string): HealthCertificate => {
    const left = Date.parse(notAfter) - now;
    const state = left <= 0 ? 'over' : left < SOON_DAYS[what] * DAY_MS ? 'soon' : 'ok';
    return { what, name, notAfter, state };
  };
  const own = (services.certificates?.() ?? []).map(({ what, notAfter }) => judged(what, '', notAfter));
  const collectors: HealthCertificate[] = [];
  const view = services.records.as(identity);
  let after: string | undefined;
  do {
    const page = await view.find('collector', { limit: 500, ...(after === undefined ? {} : { after }) });
    for (const { document } of page.records)
      if (!document.revoked) collectors.push(judged('collector', document.name, document.notAfter));
    after = page.next ?? undefined;
  } while (after !== undefined);
  const byEnd = (a: HealthCertificate, b: HealthCertificate) => a.notAfter.localeCompare(b.notAfter);
  return [...own, ...collectors.sort(byEnd).slice(0, MOST_COLLECTORS)].sort(byEnd);
}

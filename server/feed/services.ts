import { readField } from '../../ecs/event.ts';
import { parseKql } from '../../rules/query/kql.ts';
import { SYSTEM } from '../identity.ts';
import type { EventStore } from '../store/event-store.ts';
import type { ServiceState } from './schema.ts';

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
/** Clocks of machines that look may be ahead of ours. */
const AHEAD_MS = 600_000;
/** Sites told of. */
const MOST_SERVICES = 500;
const PAGE = 1_000;
const MOST_PAGES = 10;
const CHECKS = 'event.dataset: "webcheck.site"';

type State = ServiceState['state'];
/** What each finding of a web check (`collector/inputs/web-check-event.ts`) means for who uses the site. */
const STATES: Readonly<Record<string, State>> = {
  'site-up': 'up',
  'page-changed': 'up',
  'certificate-expiring': 'up',
  'certificate-invalid': 'degraded',
  'page-words': 'altered',
  'page-replaced': 'altered',
  'site-down': 'down',
};

/** The state of each site that a collector looks at, by its address; `now` in milliseconds. */
export async function serviceStates(events: EventStore, now: number, smallest: number): Promise<ServiceState[]> {
  const view = events.as(SYSTEM);
  const range = { from: new Date(now - DAY_MS).toISOString(), to: new Date(now + AHEAD_MS).toISOString() };
  const ask = (kql: string) =>
    view.topValues({ range, condition: parseKql(kql), field: 'url.original', limit: MOST_SERVICES });
  const [all, down] = await Promise.all([ask(CHECKS), ask(`${CHECKS} and event.action: "site-down"`)]);
  const failed = new Map(down.values.map(({ value, count }) => [value, count]));
  const isWhole = all.complete && down.complete && !all.approximate && !down.approximate;
  const latest = await latestLooks(events, now, all.values.length);
  const services = new Map<string, Watched>();
  for (const { value, count } of all.values) {
    // Addresses that differ in what is not shown are one service here.
    const service = withoutQuery(value);
    const one = services.get(service) ?? { looks: [], checks: 0, down: 0 };
    one.looks.push(latest.get(value) ?? UNSEEN);
    one.checks += count;
    one.down += failed.get(value) ?? 0;
    services.set(service, one);
  }
  const shown = [...services].map(([service, { looks, checks, down: without }]): ServiceState => {
    const share = 100 * (1 - without / checks);
    const days = looks.flatMap(({ certificateDays }) => certificateDays ?? []);
    return {
      service,
      state: WORST.find((state) => looks.some((look) => look.state === state)) ?? 'unknown',
      checkedAt: looks.flatMap(({ at }) => at ?? []).reduce<string | null>(later, null),
      checksLastDay: checks,
      availabilityLastDay: isWhole && checks >= smallest ? Math.floor(share * 100) / 100 : null,
      certificateDays: days.length === 0 ? null : Math.min(...days),
    };
  });
  return shown.sort((a, b) => (a.service < b.service ? -1 : a.service > b.service ? 1 : 0));
}

interface Watched {
  readonly looks: Look[];
  checks: number;
  down: number;
}

/** Where several looks are of one service, the worst counts. */
const WORST: readonly State[] = ['altered', 'down', 'degraded', 'unknown', 'up'];

function later(one: string | null, other: string): string {
  return one !== null && one > other ? one : other;
}

interface Look {
  readonly at: string | null;
  readonly state: State;
  readonly certificateDays: number | null;
}

const UNSEEN: Look = { at: null, state: 'unknown', certificateDays: null };

/** The latest look of the last hour at each site, until there is one of each. */
async function latestLooks(events: EventStore, now: number, sites: number): Promise<ReadonlyMap<string, Look>> {
  const view = events.as(SYSTEM);
  const range = { from: new Date(now - HOUR_MS).toISOString(), to: new Date(now + AHEAD_MS).toISOString() };
  const found = new Map<string, Look>();
  let after: string | undefined;
  for (let pages = 0; pages < MOST_PAGES && found.size < sites; pages += 1) {
    const page = await view.search({
      range,
      condition: parseKql(CHECKS),
      limit: PAGE,
      ...(after === undefined ? {} : { after }),
    });
    for (const { event } of page.events) {
      const site = readField(event, 'url.original');
      if (typeof site !== 'string' || found.has(site)) continue;
      const days = readField(event, 'webcheck.certificate_days');
      found.set(site, {
        at: String(readField(event, '@timestamp')),
        state: STATES[String(readField(event, 'event.action'))] ?? 'unknown',
        certificateDays: typeof days === 'number' && Number.isInteger(days) ? days : null,
      });
    }
    if (page.next === null) break;
    after = page.next;
  }
  return found;
}

/** An address as it may be shown to anybody: no account, no query, no fragment. */
function withoutQuery(address: string): string {
  if (!URL.canParse(address)) return address.replace(/[?#].*$/s, '').slice(0, 300);
  const { protocol, host, pathname } = new URL(address);
  return `${protocol}//${host}${pathname}`.slice(0, 300);
}

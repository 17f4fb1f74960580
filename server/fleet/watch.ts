import { alertId, groupKey } from '../alerts/keys.ts';
import { HaidangError } from '../errors.ts';
import { SYSTEM } from '../identity.ts';
import type { Log } from '../log.ts';
import { newAlert } from '../store/alert-record.ts';
import type { CollectorRecord } from '../store/record-kinds.ts';
import type { RecordStore } from '../store/record-store.ts';
import { FLEET_LIMITS, judge } from './judge.ts';
import { allCollectors } from './list.ts';
import type { SourceRhythmRecord } from './record.ts';
import { learn, silentSources, WALL_OFFSET_MS } from './rhythm.ts';
import type { Finding } from './schema.ts';
import { readSettings } from './settings.ts';

const EVERY_MS = 30_000;
const SEVERITY_RANK = { medium: 3, high: 4 } as const;

/** The rules under which the server speaks of its collectors: `rules/packs/haidang/`. */
const RULES = {
  dead: { id: '5d0a2e0a-7e0b-4f5b-9d59-6b1f0c8e7a01', title: 'A collector stopped reporting', severity: 'high' },
  source_silent: { id: '5d0a2e0a-7e0b-4f5b-9d59-6b1f0c8e7a02', title: 'A log source fell silent', severity: 'medium' },
  copied: {
    id: '5d0a2e0a-7e0b-4f5b-9d59-6b1f0c8e7a03',
    title: 'Certificate of a collector used in two places',
    severity: 'high',
  },
} as const;

export interface FleetWatchOptions {
  readonly records: RecordStore;
  readonly log: Log;
  readonly onAlerts: () => void;
  readonly now?: () => number;
  readonly everyMs?: number;
}

/** Looks after the collectors: raises alerts, and learns when sources usually speak. */
export interface FleetWatch {
  /** One look; gives how many alerts were raised. */
  look(): Promise<number>;
  stop(): Promise<void>;
}

/** Begins to look twice a minute. Several servers of one cluster raise the same alerts: their ids are the same. */
export function startFleetWatch(options: FleetWatchOptions): FleetWatch {
  const { records, log, onAlerts } = options;
  const now = options.now ?? Date.now;
  const startedAt = now();
  let looking: Promise<unknown> = Promise.resolve();

  const look = async (): Promise<number> => {
    const settings = await readSettings(records);
    let raised = 0;
    for (const { id, document } of await allCollectors(records, SYSTEM)) {
      const rhythm = await learnRhythm(records, id, document, now());
      // After a start of this server nobody has had the time to report: what stands there is from before.
      if (now() - startedAt < FLEET_LIMITS.deadMs) continue;
      const silent = silentSources(id, document, rhythm, settings, now());
      for (const finding of judge(document, silent, now())) {
        if (await raise(records, id, document, finding, now())) raised++;
      }
    }
    if (raised > 0) onAlerts();
    return raised;
  };
  const next = () => {
    looking = looking.then(look).catch((err) => log.warn({ err }, 'The collectors could not be looked after.'));
    return looking;
  };
  const timer = setInterval(next, options.everyMs ?? EVERY_MS);
  timer.unref();
  return {
    look,
    async stop() {
      clearInterval(timer);
      await looking;
    },
  };
}

async function learnRhythm(
  records: RecordStore,
  id: string,
  { agency, status, lastSeenAt }: CollectorRecord,
  now: number,
): Promise<SourceRhythmRecord | undefined> {
  const view = records.as(SYSTEM);
  const found = await view.get('source-rhythm', id);
  const before = found?.document;
  // A dead collector's sources are not silent: nobody knows.
  if (!status || lastSeenAt === null || now - Date.parse(lastSeenAt) > FLEET_LIMITS.deadMs) return before;
  const sources = { ...before?.sources };
  let isChanged = false;
  for (const { source, lastReadAt } of status.sources) {
    const known = sources[source];
    const learned = learn(known, lastReadAt === null ? null : Date.parse(lastReadAt), now, WALL_OFFSET_MS);
    if (learned === known) continue;
    sources[source] = learned;
    isChanged = true;
  }
  if (!isChanged) return before;
  const document = { agency, sources };
  try {
    if (found) await view.replace('source-rhythm', id, document, found.version);
    else await view.create('source-rhythm', id, document);
  } catch (error) {
    // Another server counted this hour.
    if (!(error instanceof HaidangError)) throw error;
  }
  return document;
}

/** Raises an alert once for what began at a time; gives whether it is new. */
async function raise(
  records: RecordStore,
  id: string,
  { agency, name }: CollectorRecord,
  { what, source, at }: Finding,
  now: number,
): Promise<boolean> {
  const rule = Object.hasOwn(RULES, what) ? RULES[what as keyof typeof RULES] : undefined;
  if (!rule || at === null) return false;
  const group = { 'host.name': name, 'file.path': source ?? '', 'agent.id': id };
  const key = groupKey(rule.id, agency, group);
  const alert = alertId(key, Math.floor(Date.parse(at) / 1000));
  const seen = new Date(now).toISOString();
  const values = (value: string) => ({ values: [value], total: 1 });
  const record = newAlert({
    agency,
    rule: rule.id,
    ruleTitle: rule.title,
    severity: rule.severity,
    severityRank: SEVERITY_RANK[rule.severity],
    group,
    groupKey: key,
    count: 1,
    first: at,
    last: seen,
    createdAt: seen,
    updatedAt: seen,
    entities: { 'host.name': values(name), ...(source === null ? {} : { 'file.path': values(source) }) },
    events: [],
    tags: [],
  });
  const view = records.as(SYSTEM);
  if (await view.get('alert', alert)) return false;
  try {
    await view.create('alert', alert, record);
    return true;
  } catch (error) {
    if (error instanceof HaidangError && error.code === 'HD_RECORD_EXISTS') return false;
    throw error;
  }
}

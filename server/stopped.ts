import { join } from 'node:path';
import { openAccounts } from './accounts/accounts.ts';
import { openAgencyBook } from './agencies/names.ts';
import { ruleBook } from './alerts/queries.ts';
import { buildApp } from './app.ts';
import { openAuthority } from './authority/authority.ts';
import { recentlyRestored, refuseHalfRestored } from './backup/restored.ts';
import type { ServerConfig } from './config.ts';
import { lockFolder } from './control/lock.ts';
import { controlRequests } from './control/socket.ts';
import { openFleet } from './fleet/fleet.ts';
import { buildLedger } from './ledger/ledger.ts';
import type { Log } from './log.ts';
import { mustBeWhole } from './migrate/marker.ts';
import {
  auditOf,
  backupJobsOf,
  inboundOf,
  incidentsOf,
  nationalOf,
  noticesOf,
  requestsOf,
  rulesOf,
  settingsOf,
  sharingOf,
  taxiiOf,
  trialsOf,
} from './parts.ts';
import { openLiveFeed } from './realtime/live-feed.ts';
import { openRetention } from './retention/retention.ts';
import { RULES_AT_REST } from './rules/at-rest.ts';
import { loadRulesAside, ruleFolders } from './rules/load-aside.ts';
import type { App } from './services.ts';
import { stopAll } from './stop-all.ts';
import { openStore } from './store/open.ts';
import { watchDisk } from './system/disk.ts';

/** The API over the store of a server that does not run, for the command line. */
export interface StoppedServer {
  /** A text is JSON, bytes are a file. */
  send(method: string, path: string, body: string | Buffer | undefined): Promise<{ status: number; bytes: Buffer }>;
  close(): Promise<void>;
}

/** Opens the data folder for one command: no listener, no detection; the same routes and rights as over the socket. */
export async function openStopped(config: ServerConfig, log: Log): Promise<StoppedServer> {
  const stops: (() => unknown)[] = [];
  const close = () => stopAll(stops, log);
  try {
    stops.push(lockFolder(config.data));
    refuseHalfRestored(config.data);
    const restored = recentlyRestored(config.data, Date.now());
    const { events, records } = await openStore(config, log);
    stops.push(() => Promise.all([events.close(), records.close()]));
    await mustBeWhole(records);
    const folders = ruleFolders(config.data);
    const loaded = await loadRulesAside(folders);
    const { rules, indicators } = await rulesOf(config.data, { folders, records, loaded, log }, stops);
    const agencies = openAgencyBook(records);
    const live = openLiveFeed({ records, rules: ruleBook(rules.rules), agencies, log });
    stops.push(() => live.stop());
    const retention = openRetention({ events, records, agencies, log, ...config.retention });
    stops.push(() => retention.stop());
    const disk = await watchDisk({ path: config.data, ...config.disk, days: () => events.days(), log });
    stops.push(() => disk.stop());
    const cursor = await records.detectionCursor();
    const detection = { cursor, gaps: [], lagEvents: (await events.lastSequence()) - cursor };
    const backups = backupJobsOf(config, log);
    stops.push(() => backups.stop());
    const trials = await trialsOf(config, { registry: rules, folders, events, records, log }, stops);
    const control = controlRequests();
    const { audit, unfinished } = await auditOf(config, records, log, stops);
    const accounts = openAccounts({
      records,
      folder: config.data,
      shared: config.openSearchUrl !== undefined,
      audit,
      secondFactor: config.secondFactor,
      session: config.session,
      breachedPasswords: config.breachedPasswords,
      duties: config.duties,
    });
    await accounts.keys.verify();
    const authority = await openAuthority(join(config.data, 'authority'), { names: config.ingest.names });
    const incidents = await incidentsOf(config, { events, records, audit: accounts.audit, rules, live, log });
    const sharing = await sharingOf(
      config,
      { records, incidents, agencies, rules, audit: accounts.audit, authority, log },
      stops,
    );
    const { clocks, notices } = noticesOf(
      config,
      { records, incidents, agencies, audit: accounts.audit, live, log },
      stops,
    );
    const national = await taxiiOf(config, accounts, log, stops);
    const app = await buildApp({
      inbound: inboundOf(config, { records, incidents, indicators, audit: accounts.audit, log }, stops),
      ...(await nationalOf(config, { ...national, records, audit: accounts.audit, log }, stops)),
      incidents,
      clocks,
      notices,
      requests: requestsOf({ records, incidents, audit: accounts.audit, live, log }, stops),
      sharing,
      fleet: openFleet({ records, authority, audit: accounts.audit, log }),
      ...national,
      settings: settingsOf(config),
      log,
      events,
      records,
      accounts,
      unfinished,
      agencies,
      rules,
      ...RULES_AT_REST,
      ...trials,
      indicators,
      live,
      backups,
      retention,
      explain: () => [],
      detection: () => detection,
      disk: () => disk.state(),
      stored: () => ({ events: 0, duplicates: 0 }),
      ledger: (identity, full) =>
        buildLedger({ events, records, detection, disk: disk.state(), identity, full, log, restored }),
      readiness: async () => ({ server: 'not running' }),
      trusted: () => control.local,
    });
    stops.push(() => app.close());
    return { send: (method, path, body) => inject(app, method, path, body), close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function inject(app: App, method: string, path: string, body: string | Buffer | undefined) {
  const type = typeof body === 'string' ? 'application/json' : 'application/octet-stream';
  const headers = body === undefined ? {} : { 'content-type': type };
  const answer = await app.inject({
    method: method as 'GET',
    url: path,
    headers,
    ...(body === undefined ? {} : { payload: body }),
  });
  return { status: answer.statusCode, bytes: answer.rawPayload };
}

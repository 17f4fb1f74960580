import { X509Certificate } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import type { Server } from 'node:http';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { openAccounts } from './accounts/accounts.ts';
import { openProvider } from './accounts/oidc/provider.ts';
import { openAgencyBook } from './agencies/names.ts';
import { ensureOwnAgency } from './agencies/own.ts';
import { startPruning } from './alerts/prune-signals.ts';
import { ruleBook } from './alerts/queries.ts';
import { buildApp } from './app.ts';
import { openAuthority } from './authority/authority.ts';
import { ensureLocalCollector, type LocalCollector } from './authority/local-collector.ts';
import { recentlyRestored, refuseHalfRestored } from './backup/restored.ts';
import type { ServerConfig } from './config.ts';
import { lockFolder } from './control/lock.ts';
import { controlRequests, listenOnControlSocket } from './control/socket.ts';
import { type LoadedRules, startDetection } from './detection/detection.ts';
import { openGroupingDuty } from './detection/grouping-duty.ts';
import { evaluateFor } from './detection/stand-in.ts';
import { openFleet } from './fleet/fleet.ts';
import { startFleetWatch } from './fleet/watch.ts';
import type { Identity } from './identity.ts';
import { type Ingest, startIngest } from './ingest/ingest.ts';
import { startNightlyJobs, startSweeps } from './jobs.ts';
import { openMembership } from './leases/membership.ts';
import { stopTakenOver } from './leases/takeover.ts';
import { buildLedger } from './ledger/ledger.ts';
import type { Log } from './log.ts';
import { mustBeWhole } from './migrate/marker.ts';
import {
  auditOf,
  backupJobsOf,
  consoleCredentialsOf,
  inboundOf,
  incidentsByRule,
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
import { auditRules, startLiveRules } from './rules/live-rules.ts';
import { loadRulesAside, ruleFolders } from './rules/load-aside.ts';
import type { Services } from './services.ts';
import { stopAll } from './stop-all.ts';
import { openStore } from './store/open.ts';
import type { RecordStore } from './store/record-store.ts';
import { countAppends } from './system/count-appends.ts';
import { watchDisk } from './system/disk.ts';
import { shareByScope } from './system/share-by-scope.ts';
import { consoleServer } from './tls/console-server.ts';
import { consoleAddress, refuseUnsafe } from './tls/shape.ts';

const LIVE_LOOK_MS = 1_000;
/** Consoles that look at the same moment share one recount of the ledger. */
const LEDGER_KEPT_MS = 1_000;

/** A server that is up. */
export interface RunningServer {
  /** Where the console is, `http://127.0.0.1:8080`. */
  readonly address: string;
  /** Where this machine's own collector connects. */
  readonly ingestAddress: string;
  /** To be shown once, at the terminal alone; undefined where an administrator exists. */
  readonly setupLink: string | undefined;
  /** Certificate and record of this machine's own collector; renewed where the certificate ends soon. */
  localCollector(): Promise<LocalCollector>;
  /** Stops listening, then detection, then the store. */
  stop(): Promise<void>;
}

/** Starts the server and gives it once everything listens; `loading` may be under way already. Stops what it had started where a part fails. */
export async function startServer(
  config: ServerConfig,
  log: Log,
  loading: Promise<LoadedRules> = loadRulesAside(ruleFolders(config.data)),
): Promise<RunningServer> {
  const stops: (() => unknown)[] = [];
  const stop = () => stopAll(stops, log);
  try {
    await refuseUnsafe(config);
    await mkdir(config.data, { recursive: true, mode: 0o700 });
    stops.push(lockFolder(config.data));
    refuseHalfRestored(config.data);
    const restored = recentlyRestored(config.data, Date.now());
    // Of a store that other servers use too, each works for its own events, and for those of one that is gone.
    const membership =
      config.openSearchUrl === undefined
        ? undefined
        : openMembership({ node: config.openSearch.node, data: config.data, log, onLost: () => stopTakenOver(log) });
    const [{ events, records }, authority, loaded] = await Promise.all([
      openStore(config, log, membership),
      openAuthority(join(config.data, 'authority'), { names: config.ingest.names }),
      loading,
    ]);
    stops.push(() => Promise.all([events.close(), records.close()]));
    await mustBeWhole(records);

    const { audit, unfinished } = await auditOf(config, records, log, stops);
    const agencies = openAgencyBook(records);
    const accounts = openAccounts({
      records,
      agencies,
      folder: config.data,
      shared: config.openSearchUrl !== undefined,
      audit,
      secondFactor: config.secondFactor,
      session: config.session,
      breachedPasswords: config.breachedPasswords,
      duties: config.duties,
      oidc: config.oidc && { settings: config.oidc, provider: openProvider(config.oidc, log, config.outbound) },
    });
    // Before anything seals or opens a secret: two servers with different keys would make what the other cannot read.
    await accounts.keys.verify();
    if (config.adminPassword !== undefined) await accounts.ensureAdministrator(config.adminPassword);
    await ensureOwnAgency(records, config.agency);
    const folders = ruleFolders(config.data);
    const audited = auditRules(accounts.audit, log);
    const grouping = openGroupingDuty();
    const onChange: typeof audited = (report, by) => {
      audited(report, by);
      grouping.beginAgain();
    };
    const { rules, indicators } = await rulesOf(config.data, { folders, records, loaded, log, onChange }, stops);
    const live = openLiveFeed({ records, rules: () => ruleBook(rules.rules), agencies, log });
    stops.push(() => live.stop());

    const alone = membership ? { alone: membership.alone } : {};
    const retention = openRetention({ events, records, agencies, log, ...config.retention, ...alone });
    stops.push(() => retention.stop());
    await retention.recover();
    const disk = await watchDisk({ path: config.data, ...config.disk, days: () => events.days(), log });
    stops.push(() => disk.stop());
    const { matches } = records;
    const detection = await startDetection({
      events,
      records,
      rules,
      log,
      onAlertsChanged: () => live.wake(),
      onMatches: () => grouping.wake(),
      ...(membership ? { node: config.openSearch.node } : {}),
    });
    stops.push(() => membership?.leave(detection.state().unevaluated === 0));
    stops.push(() => detection.stop());
    const node = membership && config.openSearch.node;
    const liveRules = await startLiveRules({ registry: rules, detection, records, folders, log, node });
    stops.push(() => liveRules.stop());
    if (membership && matches) {
      grouping.serve(membership, {
        ...{ matches, events, records, log, rules: () => rules.rules },
        onAlertsChanged: () => live.wake(),
        onGrouped: (done) => detection.grouped(done[config.openSearch.node]),
      });
      // Alerts come from the server that groups for all: the consoles of this one look for them.
      const looking = setInterval(() => live.wake(), LIVE_LOOK_MS);
      stops.push(() => clearInterval(looking.unref()));
    }
    membership?.watch((node, lease, end) => evaluateFor(node, lease, end, { config, rules, log, live }));

    const pruning = startPruning({
      records,
      rules: () => rules.rules,
      lateDays: config.evidence.closeAfterDays,
      busy: () => detection.refills().length > 0,
      log,
      ...(membership ? { turn: membership.turn } : {}),
    });
    stops.push(() => pruning.stop());

    const backups = backupJobsOf(config, log);
    stops.push(() => backups.stop());
    const trials = await trialsOf(config, { registry: rules, folders, events, records, log }, stops);

    let ingest: Ingest | undefined;
    let ready = false;
    const recount = (identity: Identity, full: boolean) =>
      buildLedger({
        events,
        records,
        detection: detection.state(),
        disk: disk.state(),
        identity,
        full,
        log,
        restored,
        ...(ingest === undefined ? {} : { counters: ingest.counters }),
      });
    const shared = shareByScope(LEDGER_KEPT_MS, (identity: Identity) => recount(identity, false));
    const { counted, totals } = countAppends(events);
    const control = controlRequests();
    const fleet = openFleet({ records, authority, audit: accounts.audit, log });
    const national = await taxiiOf(config, accounts, log, stops);
    const incidents = await incidentsOf(config, { events, records, audit: accounts.audit, rules, live, log });
    incidentsByRule({ records, incidents, log }, stops);
    const requests = requestsOf({ records, incidents, audit: accounts.audit, live, log }, stops);
    const sharing = await sharingOf(
      config,
      { records, incidents, agencies, rules, audit: accounts.audit, authority, log },
      stops,
    );
    const { startNotices, ...told } = noticesOf(
      config,
      { records, incidents, agencies, audit: accounts.audit, live, log },
      stops,
    );
    const inbound = inboundOf(config, { records, incidents, indicators, audit: accounts.audit, log }, stops);
    const board = await nationalOf(config, { ...national, records, audit: accounts.audit, log }, stops);
    const credentials = await consoleCredentialsOf(config, authority, log, stops);
    const services: Services = {
      ...national,
      ...board,
      inbound,
      ...told,
      incidents,
      requests,
      sharing,
      settings: settingsOf(config),
      log,
      events,
      records,
      accounts,
      unfinished,
      agencies,
      rules,
      ruleHealth: liveRules.health,
      ruleRuns: detection,
      ...trials,
      indicators,
      fleet,
      ingestAddress: () => `https://${config.ingest.names[0] ?? hostname()}:${ingest?.port ?? config.ingest.port}`,
      ingestWaits: () => ingest?.waits() ?? new Map(),
      live,
      backups,
      retention,
      explain: (rule, event) => detection.explain(rule, event),
      certificates: () => [
        { what: 'authority', notAfter: new Date(new X509Certificate(authority.certificate).validTo).toISOString() },
        ...(credentials ? [{ what: 'console' as const, notAfter: credentials.notAfter() }] : []),
      ],
      detection: () => detection.state(),
      disk: () => disk.state(),
      stored: totals,
      ledger: (identity, full) => (full ? recount(identity, true) : shared(identity)),
      readiness: async () => ({
        ...(await readiness(records)),
        detection: detection.state().trouble?.what ?? 'ok',
        server: ready ? 'ok' : 'starts',
      }),
      trusted: control.identity,
    };
    const app = await buildApp(
      services,
      consoleServer(credentials, undefined, { asksCertificates: config.tls.clientCertificates === true }),
    );
    // Fastify knows nothing of the TLS that the server was made with.
    const listenTextResolver = (at: string) =>
      `The console listens at ${credentials ? at.replace('http:', 'https:') : at}.`;
    const listening = await app.listen({ host: config.host, port: config.port, listenTextResolver });
    const address = consoleAddress(listening, config);
    stops.push(() => app.close());
    const socket = await listenOnControlSocket(config.data, app, control);
    stops.push(() => closeServer(socket));

    const listener = await startIngest({
      ...config.ingest,
      authority,
      events: counted,
      records,
      onStored: (batch) => detection.offer(batch),
      diskState: () => disk.state().state,
      evaluation: () => detection.state(),
      restored,
      fleet,
      agencies,
      log,
    });
    ingest = listener;
    stops.push(() => listener.stop());

    sharing.start(membership);
    inbound.start(membership);
    board.national?.start(membership);
    startNotices(membership);
    requests.start();

    const fleetWatch = startFleetWatch({ records, log, onAlerts: () => live.wake() });
    stops.push(() => fleetWatch.stop());
    await startNightlyJobs(config, { events: counted, records, retention, membership, log }, stops);
    startSweeps(accounts, log, stops);
    const setupLink = await accounts.setup.make(address);
    // After the caller has said where everything is: who waits for /readyz finds it said.
    setImmediate(() => {
      ready = true;
    });
    return {
      address,
      ingestAddress: `https://127.0.0.1:${listener.port}`,
      setupLink,
      localCollector: () =>
        ensureLocalCollector({
          authority,
          records,
          folder: join(config.data, 'collector'),
          agency: config.agency.id,
          name: hostname(),
        }),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function readiness(records: RecordStore): Promise<Readonly<Record<string, string>>> {
  const late = new Promise<string>((done) => setTimeout(() => done('does not answer'), 2_000).unref());
  const store = records.lastChange().then(
    () => 'ok',
    () => 'failed; see the server log',
  );
  return { records: await Promise.race([store, late]) };
}

function closeServer(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((done) => server.close(() => done()));
}

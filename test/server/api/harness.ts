import { mkdtemp, rm } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import type { Rule } from '../../../rules/rule.ts';
import { type Accounts, openAccounts } from '../../../server/accounts/accounts.ts';
import type { DutyPolicy } from '../../../server/accounts/duties.ts';
import type { Provider } from '../../../server/accounts/oidc/provider.ts';
import type { OidcSettings } from '../../../server/accounts/oidc/settings.ts';
import type { NewUser } from '../../../server/accounts/schema.ts';
import type { SecondFactorPolicy } from '../../../server/accounts/second-factor.ts';
import { openAgencyBook } from '../../../server/agencies/names.ts';
import { ruleBook } from '../../../server/alerts/queries.ts';
import type { AlertDetected } from '../../../server/alerts/record.ts';
import { buildApp } from '../../../server/app.ts';
import { openAuthority } from '../../../server/authority/authority.ts';
import { openBackupJobs } from '../../../server/backup/jobs.ts';
import { NO_S3_SETTINGS } from '../../../server/backup/s3/settings.ts';
import type { Clocks } from '../../../server/clocks/clocks.ts';
import { TERMS, WARN_PERCENT, YEARLY } from '../../../server/clocks/terms.ts';
import { openFleet } from '../../../server/fleet/fleet.ts';
import { type AgencyId, type Identity, SYSTEM } from '../../../server/identity.ts';
import type { InboundSource } from '../../../server/inbound/settings.ts';
import { openIndicators } from '../../../server/indicators/book.ts';
import { buildLedger } from '../../../server/ledger/ledger.ts';
import type { Notices } from '../../../server/notify/notices.ts';
import { NO_NOTIFY, type NotifySettings } from '../../../server/notify/settings.ts';
import { inboundOf, incidentsOf, nationalOf, noticesOf } from '../../../server/parts.ts';
import { type LiveFeed, openLiveFeed } from '../../../server/realtime/live-feed.ts';
import { type AgencyRequests, openRequests } from '../../../server/requests/requests.ts';
import { openRetention, type Retention } from '../../../server/retention/retention.ts';
import { KEEP_DAYS, MINIMUM_MONTHS } from '../../../server/retention/settings.ts';
import { RULES_AT_REST } from '../../../server/rules/at-rest.ts';
import { openBacktests } from '../../../server/rules/backtest/backtests.ts';
import { openRuleImports } from '../../../server/rules/import/import-jobs.ts';
import { openRuleRegistry, type RuleRegistry } from '../../../server/rules/registry.ts';
import type { App } from '../../../server/services.ts';
import { NO_SHARING, type SharingSettings } from '../../../server/sharing/settings.ts';
import { openSharing, type Sharing } from '../../../server/sharing/sharing.ts';
import type { EventStore } from '../../../server/store/event-store.ts';
import type { RecordStore } from '../../../server/store/record-store.ts';
import { openTaxii } from '../../../server/taxii/taxii.ts';
import { openAnyStore } from '../store/any-store.ts';

export const PASSWORD = 'ngọn đèn biển 2026';
export const HOST = '127.0.0.1:8080';

/** The application over a real store, embedded in a temporary folder unless tests were sent to a cluster; detection and disk stand still. */
export interface Bench {
  readonly app: App;
  readonly events: EventStore;
  readonly records: RecordStore;
  readonly accounts: Accounts;
  readonly rules: RuleRegistry;
  /** Where the test asked for it. */
  readonly sharing?: Sharing;
  readonly requests: AgencyRequests;
  readonly clocks: Clocks;
  readonly notices: Notices;
  readonly live: LiveFeed;
  readonly retention: Retention;
  readonly folder: string;
  /** Milliseconds; accounts look at it. */
  clock: { now: number };
  /** Requests that count as from the control socket. */
  local: boolean;
  /** Makes a user and gives a cookie of a session. */
  signIn(user: Partial<NewUser> & { user: string }): Promise<string>;
  addAgency(id: string): Promise<AgencyId>;
  /** Writes an alert as detection would. */
  addAlert(id: string, change?: Partial<AlertDetected>, merges?: readonly string[]): Promise<void>;
  close(): Promise<void>;
}

const silent = pino({ level: 'silent' });

export async function openBench(
  options: {
    rules?: readonly Rule[];
    tickMs?: number;
    consoleFolder?: string;
    exportEvents?: number;
    requestsPerMinute?: number;
    sharing?: SharingSettings;
    /** Collectors, the national role's board and TAXII server, and these sources of what comes in: the whole API. */
    whole?: { readonly inbound: readonly InboundSource[] };
    notify?: NotifySettings;
    duties?: DutyPolicy;
    secondFactor?: SecondFactorPolicy;
    oidc?: { readonly settings: OidcSettings; readonly provider: Provider };
  } = {},
): Promise<Bench> {
  const folder = await mkdtemp(join(tmpdir(), 'haidang-api-'));
  const { events, records } = await openAnyStore(join(folder, 'store'));
  const clock = { now: Date.now() };
  const { secondFactor, oidc, duties } = options;
  const agencies = openAgencyBook(records);
  const accounts = openAccounts({
    records,
    agencies,
    folder,
    now: () => clock.now,
    ...(secondFactor === undefined ? {} : { secondFactor }),
    ...(duties === undefined ? {} : { duties }),
    oidc,
  });
  const loaded = { rules: options.rules ?? [], problems: [] };
  const folders = [join(folder, 'rules')];
  const indicators = await openIndicators({ data: folder, records, log: silent });
  const rules = await openRuleRegistry({ folders, records, loaded, log: silent, indicators });
  indicators.attach((by) => rules.reload(by, false));
  const ruleImports = openRuleImports({ data: folder, folders, registry: rules, events, log: silent });
  const timeZone = 'Asia/Ho_Chi_Minh';
  const backtests = await openBacktests({ registry: rules, events, records, timeZone, log: silent });
  const { tickMs } = options;
  const live = openLiveFeed({
    records,
    rules: () => ruleBook(rules.rules),
    agencies,
    log: silent,
    ...(tickMs === undefined ? {} : { tickMs }),
  });
  const disk = { path: folder, totalBytes: 100, freeBytes: 50, usedPercent: 50, state: 'ok' as const, daysLeft: null };
  const detection = { cursor: 0, gaps: [], lagEvents: 0 };
  const retention = openRetention({
    events,
    records,
    agencies,
    log: silent,
    minimumMonths: MINIMUM_MONTHS,
    policy: { keepDays: KEEP_DAYS, sources: [] },
    now: () => clock.now,
  });
  const local: Identity = { kind: 'local', name: 'local:0', role: 'administrator', agencies: 'all' };
  const bench = { local: false };
  const incidents = await incidentsOf(
    { data: folder },
    { events, records, audit: accounts.audit, rules, live, log: silent },
  );
  const requests = openRequests({
    records,
    incidents,
    audit: accounts.audit,
    log: silent,
    woken: () => live.wake(),
    now: () => clock.now,
  });
  const { clocks, notices } = noticesOf(
    {
      clocks: { terms: TERMS, warnPercent: WARN_PERCENT, yearly: YEARLY, timeZone },
      notify: options.notify ?? NO_NOTIFY,
      outbound: { allowPrivate: [] },
      sharing: options.sharing ?? NO_SHARING,
    },
    { records, incidents, agencies, audit: accounts.audit, live, log: silent, now: () => clock.now },
    [],
  );
  const sharing =
    options.sharing &&
    (await openSharing({
      records,
      incidents,
      agencies,
      rules: () => ruleBook(rules.rules),
      audit: accounts.audit,
      authority: { sign: (text) => Buffer.from(text).toString('base64'), certificate: 'test' },
      data: folder,
      settings: options.sharing,
      ...(duties === undefined ? {} : { duties }),
      log: silent,
      now: () => clock.now,
    }));
  const stops: (() => unknown)[] = [];
  const whole = options.whole && (await openWhole(options.whole.inbound));
  async function openWhole(inbound: readonly InboundSource[]) {
    const { audit } = accounts;
    const shared = { sharing: options.sharing ?? NO_SHARING, outbound: { allowPrivate: [] } };
    const taxii = await openTaxii({ data: folder, audit, log: silent });
    stops.push(() => taxii.close());
    return {
      taxii,
      fleet: openFleet({ records, authority: await openAuthority(join(folder, 'authority')), audit, log: silent }),
      inbound: inboundOf(
        { data: folder, inbound, ...shared },
        { records, incidents, indicators, audit, log: silent },
        stops,
      ),
      ...(await nationalOf(shared, { taxii, records, audit, log: silent }, stops)),
    };
  }
  const app = await buildApp({
    ...whole,
    incidents,
    clocks,
    notices,
    requests,
    ...(sharing ? { sharing } : {}),
    settings: {
      version: '0.0.0-test',
      timeZone: 'Asia/Ho_Chi_Minh',
      allowedHosts: [],
      secureCookies: false,
      consoleFolder: options.consoleFolder ?? join(folder, 'console'),
      exportEvents: options.exportEvents ?? 1_000_000,
      requestsPerMinute: options.requestsPerMinute ?? 1200,
    },
    log: silent,
    events,
    records,
    accounts,
    agencies,
    rules,
    ...RULES_AT_REST,
    ruleImports,
    backtests,
    indicators,
    live,
    backups: openBackupJobs({
      data: folder,
      program: '0.0.0-test',
      embedded: true,
      s3: NO_S3_SETTINGS,
      keep: 1,
      log: silent,
    }),
    retention,
    explain: () => ['source.ip'],
    detection: () => detection,
    disk: () => disk,
    stored: () => ({ events: 0, duplicates: 0 }),
    ledger: (identity, full) => buildLedger({ events, records, detection, disk, identity, full, log: silent }),
    readiness: async () => ({ records: 'ok' }),
    trusted: (_request: IncomingMessage) => (bench.local ? local : undefined),
  });
  let commits = 0;

  return Object.assign(bench, {
    app,
    ...(sharing ? { sharing } : {}),
    events,
    records,
    accounts,
    rules,
    requests,
    clocks,
    notices,
    live,
    retention,
    folder,
    clock,
    async signIn(user: Partial<NewUser> & { user: string }) {
      const full = {
        displayName: user.user,
        role: 'analyst' as const,
        agencies: 'all' as const,
        password: PASSWORD,
        ...user,
      };
      // One slow hash serves all users of a test: what is tested here is not the hash.
      hashed ??= await storedHash(accounts, records);
      const { password: _, user: name, ...rest } = full;
      const agencies = rest.agencies === 'all' ? ('all' as const) : (rest.agencies as AgencyId[]);
      const known = await records.as(SYSTEM).get('user', name);
      if (!known)
        await records.as(SYSTEM).create('user', name, {
          ...rest,
          name,
          agencies,
          password: hashed,
          createdAt: new Date(clock.now).toISOString(),
          disabled: false,
        });
      const { token } = await accounts.sessions.start(name);
      return `haidang_session=${token}`;
    },
    async addAgency(id: string) {
      const contact = { person: `Người ${id}`, phone: '0', email: `${id}@example.vn`, address: '' };
      const createdAt = new Date().toISOString();
      await records.as(SYSTEM).create('agency', id, { name: `Agency ${id}`, contact, securityLevel: 3, createdAt });
      agencies.forget();
      return id as AgencyId;
    },
    async addAlert(id: string, change: Partial<AlertDetected> = {}, merges: readonly string[] = []) {
      commits += 1;
      await records.commitDetection({
        cursor: commits,
        signals: [],
        alerts: [{ id, detected: { ...detected(), ...change }, merges }],
      });
      live.wake();
    },
    async close() {
      live.stop();
      await retention.stop();
      await requests.stop();
      await sharing?.stop();
      for (const stop of stops.reverse()) await stop();
      await Promise.all([ruleImports.stop(), backtests.stop(), indicators.stop()]);
      await app.close();
      await events.close();
      await records.close();
      await rm(folder, { recursive: true, force: true });
    },
  });
}

let hashed: string | undefined;
async function storedHash(accounts: Accounts, records: RecordStore): Promise<string> {
  const user = { user: 'hash-maker', displayName: 'x', role: 'viewer', agencies: 'all', password: PASSWORD } as const;
  await accounts.users.add(user, 'test');
  const made = await accounts.users.get('hash-maker');
  await records.as(SYSTEM).remove('user', 'hash-maker');
  return made?.password ?? '';
}

function detected(): AlertDetected {
  return {
    agency: 'one' as AgencyId,
    rule: 'rule-1',
    ruleTitle: 'Many failed sign-ins',
    severity: 'high',
    severityRank: 4,
    group: { 'host.name': 'web1' },
    groupKey: 'g',
    count: 10,
    first: '2026-11-22T01:00:00.000Z',
    last: '2026-11-22T01:05:00.000Z',
    createdAt: '2026-11-22T01:05:01.000Z',
    updatedAt: '2026-11-22T01:05:01.000Z',
    entities: { 'source.ip': { values: ['203.0.113.7'], total: 1 } },
    events: [],
    tags: ['attack.t1110'],
  };
}

import { fileURLToPath } from 'node:url';
import project from '../package.json' with { type: 'json' };
import type { Accounts } from './accounts/accounts.ts';
import type { AgencyBook } from './agencies/names.ts';
import { ruleBook } from './alerts/queries.ts';
import { type AuditLog, openAuditLog } from './audit/audit-log.ts';
import { openUnfinished, type UnfinishedChanges } from './audit/unfinished.ts';
import type { Authority } from './authority/authority.ts';
import { type BackupJobs, openBackupJobs } from './backup/jobs.ts';
import { type Clocks, openClocks } from './clocks/clocks.ts';
import { openClockWatch } from './clocks/watch.ts';
import type { ServerConfig } from './config.ts';
import { type Inbound, type InboundOptions, openInbound } from './inbound/inbound.ts';
import { type ByRule, startByRule } from './incidents/by-rule.ts';
import { type Incidents, openIncidents } from './incidents/incidents.ts';
import { type IndicatorBook, openIndicators } from './indicators/book.ts';
import type { Membership } from './leases/membership.ts';
import type { Log } from './log.ts';
import type { National } from './national/national.ts';
import { openAlertWatch } from './notify/alert-watch.ts';
import { startAnnouncer } from './notify/announce.ts';
import { openNoticeDuty } from './notify/duty.ts';
import { type Notices, openNotices } from './notify/notices.ts';
import { openOutbox } from './notify/outbox.ts';
import { openSilenceWatch } from './notify/silence-watch.ts';
import type { LiveFeed } from './realtime/live-feed.ts';
import { openRequestWatch } from './requests/notice-watch.ts';
import { type AgencyRequests, openRequests } from './requests/requests.ts';
import { type Backtests, openBacktests } from './rules/backtest/backtests.ts';
import { openRuleImports, type RuleImports } from './rules/import/import-jobs.ts';
import { openRuleRegistry, type RuleRegistry } from './rules/registry.ts';
import type { AppSettings } from './services.ts';
import { openSharing, type Sharing, type SharingOptions } from './sharing/sharing.ts';
import type { EventStore } from './store/event-store.ts';
import type { RecordStore } from './store/record-store.ts';
import { namedIn } from './system/outbound.ts';
import type { Taxii } from './taxii/taxii.ts';
import type { ConsoleCredentials } from './tls/credentials.ts';
import { consoleNames, consoleTls } from './tls/shape.ts';

const CONSOLE = fileURLToPath(new URL('../console/dist', import.meta.url));

/** The backups of a data folder. */
export function backupJobsOf({ data, openSearchUrl, s3, backup }: ServerConfig, log: Log): BackupJobs {
  const embedded = openSearchUrl === undefined;
  return openBackupJobs({ data, program: project.version, embedded, s3, keep: backup.keep, to: backup.to, log });
}

/** What the routes are told of the configuration. */
export function settingsOf(config: ServerConfig): AppSettings {
  return {
    version: project.version,
    timeZone: config.timeZone,
    allowedHosts: consoleNames(config),
    secureCookies: consoleTls(config) !== 'none',
    behindProxy: consoleTls(config) === 'proxy',
    requestsPerMinute: config.requestsPerMinute,
    consoleFolder: CONSOLE,
    store: config.openSearchUrl === undefined ? 'embedded' : 'opensearch',
    exportEvents: config.exportEvents,
    smallestCount: config.smallestCount,
  };
}

/** The signed audit log, with what the last run left unfinished; it closes before the records do. */
export async function auditOf(
  { data, openSearchUrl, openSearch }: ServerConfig,
  records: RecordStore,
  log: Log,
  stops: (() => unknown)[],
): Promise<{ readonly audit: AuditLog; readonly unfinished: UnfinishedChanges }> {
  const node = openSearchUrl === undefined ? undefined : openSearch.node;
  const audit = await openAuditLog({ data, records, node, log });
  stops.push(() => audit.close());
  const unfinished = await openUnfinished(data, audit);
  stops.push(() => unfinished.close());
  return { audit, unfinished };
}

/** What the registry of rules is opened with, beside its lists of indicators. */
type RulesOptions = Omit<Parameters<typeof openRuleRegistry>[0], 'indicators'>;

/** The rules and the lists of indicators that are rules among them; they stop with the rest. */
export async function rulesOf(
  data: string,
  options: RulesOptions,
  stops: (() => unknown)[],
): Promise<{ readonly rules: RuleRegistry; readonly indicators: IndicatorBook }> {
  const indicators = await openIndicators({ data, records: options.records, log: options.log });
  stops.push(() => indicators.stop());
  const rules = await openRuleRegistry({ ...options, indicators });
  indicators.attach((by) => rules.reload(by, false));
  stops.push(() => rules.stop());
  return { rules, indicators };
}

/** What tries rules before they are in force; it stops with the rest. */
export async function trialsOf(
  { data, timeZone }: ServerConfig,
  { registry, folders, events, records, log }: RuleTrialOptions,
  stops: (() => unknown)[],
): Promise<{ readonly ruleImports: RuleImports; readonly backtests: Backtests }> {
  const ruleImports = openRuleImports({ data, folders, registry, events, log });
  stops.push(() => ruleImports.stop());
  const backtests = await openBacktests({ registry, events, records, timeZone, log });
  stops.push(() => backtests.stop());
  return { ruleImports, backtests };
}

interface RuleTrialOptions {
  readonly registry: RuleRegistry;
  readonly folders: RulesOptions['folders'];
  readonly events: EventStore;
  readonly records: RecordStore;
  readonly log: Log;
}

/** The incidents, with what the last run of a server left to be done; `byRule` makes them of alerts while it runs. */
export async function incidentsOf(
  { data }: Pick<ServerConfig, 'data'>,
  { events, records, audit, rules, live, log }: IncidentOptions,
): Promise<Incidents> {
  const titleOf: Parameters<typeof openIncidents>[0]['titleOf'] = (alert) => {
    const rule = ruleBook(rules.rules).get(alert.rule);
    return rule?.extension.titles.vi ?? rule?.title ?? alert.ruleTitle;
  };
  const incidents = openIncidents({ records, events, audit, log, data, titleOf, woken: () => live.wake() });
  await incidents.relay.recover();
  return incidents;
}

interface IncidentOptions {
  readonly events: EventStore;
  readonly records: RecordStore;
  readonly audit: Accounts['audit'];
  readonly rules: Pick<RuleRegistry, 'rules'>;
  readonly live: Pick<LiveFeed, 'wake'>;
  readonly log: Log;
}

/** The requests to agencies; what is due is looked for once they are started. They stop with the rest. */
export function requestsOf(
  { live, ...options }: Omit<Parameters<typeof openRequests>[0], 'woken'> & { readonly live: Pick<LiveFeed, 'wake'> },
  stops: (() => unknown)[],
): AgencyRequests {
  const requests = openRequests({ ...options, woken: () => live.wake() });
  stops.push(() => requests.stop());
  return requests;
}

/** What the clocks and the notices are opened with, beside the configuration. */
interface NoticeParts {
  readonly records: RecordStore;
  readonly incidents: Incidents;
  readonly agencies: AgencyBook;
  readonly audit: Accounts['audit'];
  readonly live: Pick<LiveFeed, 'announce' | 'clients'>;
  readonly log: Log;
  readonly now?: () => number;
}

/** The legal clocks and the notices to people; nothing is watched or sent before `startNotices`. They stop with the rest. */
export function noticesOf(
  config: Pick<ServerConfig, 'clocks' | 'notify' | 'outbound' | 'sharing'>,
  { live, log, ...parts }: NoticeParts,
  stops: (() => unknown)[],
): { readonly clocks: Clocks; readonly notices: Notices; startNotices(membership: Membership | undefined): void } {
  const { records, now = Date.now } = parts;
  const { recipients } = config.sharing;
  const clocks = openClocks({ ...parts, settings: config.clocks, recipients });
  const notices = openNotices({ ...parts, settings: config.notify });
  return {
    clocks,
    notices,
    startNotices(membership) {
      const watches = [
        openClockWatch({ records, clocks, notices, log, now }),
        openAlertWatch({ records, notices, now }),
        openRequestWatch({ records, notices, now }),
        openSilenceWatch({ records, agencies: parts.agencies, notices, now }),
      ];
      const outbox = openOutbox({ records, settings: config.notify, policy: config.outbound, log, now });
      const duty = openNoticeDuty({ records, watches, outbox, log });
      duty.start(membership);
      const announcer = startAnnouncer({ records, live, log });
      stops.push(() => Promise.all([duty.stop(), announcer.stop()]));
    },
  };
}

/** Makes incidents of alerts by rule until the server stops. */
export function incidentsByRule(
  options: { readonly records: RecordStore; readonly incidents: Incidents; readonly log: Log },
  stops: (() => unknown)[],
): ByRule {
  const byRule = startByRule(options);
  stops.push(() => byRule.stop());
  return byRule;
}

/** The console's certificate and key where this server ends TLS; they are watched until the server stops. */
export async function consoleCredentialsOf(
  config: ServerConfig,
  authority: Authority,
  log: Log,
  stops: (() => unknown)[],
): Promise<ConsoleCredentials | undefined> {
  if (consoleTls(config) !== 'here') return undefined;
  const { certificateFile, keyFile } = config.tls;
  const { openConsoleCredentials } = await import('./tls/credentials.ts');
  const source =
    certificateFile === undefined || keyFile === undefined
      ? { authority, names: consoleNames(config) }
      : { certificateFile, keyFile };
  const credentials = await openConsoleCredentials(source, { log });
  stops.push(() => credentials.stop());
  return credentials;
}

/** What sharing is opened with, beside the configuration. */
type SharingParts = Omit<SharingOptions, 'data' | 'settings' | 'rules'> & {
  readonly rules: Pick<RuleRegistry, 'rules'>;
};

/** Sharing with others; nothing leaves before it is started. It stops with the rest. */
export async function sharingOf(
  { data, duties, outbound, sharing: settings }: Pick<ServerConfig, 'data' | 'duties' | 'outbound' | 'sharing'>,
  { rules, ...options }: SharingParts,
  stops: (() => unknown)[],
): Promise<Sharing> {
  const sharing = await openSharing({
    ...options,
    data,
    duties,
    outbound,
    settings,
    rules: () => ruleBook(rules.rules),
  });
  stops.push(() => sharing.stop());
  return sharing;
}

/** What comes in from outside; nothing is asked before it is started. It stops with the rest. */
export function inboundOf(
  { data, inbound: sources, sharing, outbound }: Pick<ServerConfig, 'data' | 'inbound' | 'sharing' | 'outbound'>,
  options: Pick<InboundOptions, 'records' | 'incidents' | 'indicators' | 'audit' | 'log'>,
  stops: (() => unknown)[],
): Inbound {
  const roots = sources.map(({ root }) => root);
  const policy = namedIn(outbound, roots);
  const inbound = openInbound({ ...options, data, sources, reporter: sharing.reporterId, policy });
  stops.push(() => inbound.stop());
  return inbound;
}

/** The board of the national role, over its TAXII server. It stops with the rest. */
export async function nationalOf(
  { sharing }: Pick<ServerConfig, 'sharing'>,
  { taxii, records, audit, log }: { readonly taxii?: Taxii } & Pick<InboundOptions, 'records' | 'audit' | 'log'>,
  stops: (() => unknown)[],
): Promise<{ readonly national?: National }> {
  if (!taxii) return {};
  const { openNational } = await import('./national/national.ts');
  const national = openNational({ records, taxii, audit, settings: sharing, log });
  stops.push(() => national.stop());
  return { national };
}

/** The TAXII server of the national role; nothing in the province's. It stops with the rest. */
export async function taxiiOf(
  { role, data }: ServerConfig,
  { audit }: Accounts,
  log: Log,
  stops: (() => unknown)[],
): Promise<{ readonly taxii?: Taxii }> {
  if (role !== 'national') return {};
  const { openTaxii } = await import('./taxii/taxii.ts');
  const taxii = await openTaxii({ data, audit, log });
  stops.push(() => taxii.close());
  return { taxii };
}

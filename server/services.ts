import type { IncomingMessage, ServerResponse } from 'node:http';
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type { FastifyBaseLogger, FastifyInstance, RawServerDefault } from 'fastify';
import type { Accounts } from './accounts/accounts.ts';
import type { AgencyBook } from './agencies/names.ts';
import type { UnfinishedChanges } from './audit/unfinished.ts';
import type { BackupJobs } from './backup/jobs.ts';
import type { Clocks } from './clocks/clocks.ts';
import type { Detection, DetectionState } from './detection/detection.ts';
import type { Fleet } from './fleet/fleet.ts';
import type { Identity } from './identity.ts';
import type { Inbound } from './inbound/inbound.ts';
import type { Incidents } from './incidents/incidents.ts';
import type { IndicatorBook } from './indicators/book.ts';
import type { QueueWait } from './ingest/fair-queue.ts';
import type { Ledger } from './ledger/schema.ts';
import type { Log } from './log.ts';
import type { National } from './national/national.ts';
import type { Notices } from './notify/notices.ts';
import type { LiveFeed } from './realtime/live-feed.ts';
import type { AgencyRequests } from './requests/requests.ts';
import type { Retention } from './retention/retention.ts';
import type { Backtests } from './rules/backtest/backtests.ts';
import type { RuleHealthWatch } from './rules/health.ts';
import type { RuleImports } from './rules/import/import-jobs.ts';
import type { RuleRegistry } from './rules/registry.ts';
import type { Sharing } from './sharing/sharing.ts';
import type { EventStore } from './store/event-store.ts';
import type { RecordStore } from './store/record-store.ts';
import type { Taxii } from './taxii/taxii.ts';

/** The application with the type provider that gives each route its types from its schemas. */
export type App = FastifyInstance<
  RawServerDefault,
  IncomingMessage,
  ServerResponse,
  FastifyBaseLogger,
  TypeBoxTypeProvider
>;

/** What the operator decided, as far as routes need it. */
export interface AppSettings {
  readonly version: string;
  readonly timeZone: string;
  /** Host names besides the loopback ones under which the console may be asked for. */
  readonly allowedHosts: readonly string[];
  /** Whether cookies may travel over TLS only. */
  readonly secureCookies: boolean;
  /** Whether a reverse proxy on this machine names the clients (X-Forwarded-For). */
  readonly behindProxy?: boolean;
  /** Of one person or one address; 1,200 unless set. */
  readonly requestsPerMinute?: number;
  /** Where events and records are; the embedded store unless said. */
  readonly store?: 'embedded' | 'opensearch';
  /** The built console. */
  readonly consoleFolder: string;
  /** Most events of one export. */
  readonly exportEvents: number;
  /** Counts below it are withheld from finer breakdowns of the feed; 3 unless set. */
  readonly smallestCount?: number;
}

/** What routes need of the rest of the server, as plain functions. */
export interface Services {
  readonly settings: AppSettings;
  readonly log: Log;
  readonly events: EventStore;
  readonly records: RecordStore;
  readonly accounts: Accounts;
  /** Changes under way, on disk; absent where a crash has nothing to tell, as in tests. */
  readonly unfinished?: UnfinishedChanges;
  readonly agencies: AgencyBook;
  /** The rules in force; ask for each answer anew, as they change while the server runs. */
  readonly rules: RuleRegistry;
  readonly ruleImports: RuleImports;
  readonly backtests: Backtests;
  readonly indicators: IndicatorBook;
  readonly incidents: Incidents;
  readonly requests: AgencyRequests;
  readonly clocks: Clocks;
  readonly notices: Notices;
  readonly ruleHealth: Pick<RuleHealthWatch, 'of' | 'hidden' | 'look'>;
  /** What each rule evaluated and missed. */
  readonly ruleRuns: Pick<Detection, 'spans' | 'refill' | 'refills'>;
  /** Dotted names of the fields that made a rule match an event. */
  explain(rule: string, event: object): readonly string[];
  detection(): Pick<DetectionState, 'cursor' | 'lagEvents' | 'trouble'>;
  disk(): Ledger['disk'];
  ledger(identity: Identity, full: boolean): Promise<Ledger>;
  /** Events since the start of this process: new, and seen before. */
  stored(): { readonly events: number; readonly duplicates: number };
  /** Each part that must work, by name: `ok` or what is wrong. */
  readiness(): Promise<Readonly<Record<string, string>>>;
  /** The server's own certificates; absent where no authority is open. */
  certificates?(): readonly { readonly what: 'authority' | 'console'; readonly notAfter: string }[];
  readonly live: LiveFeed;
  readonly retention: Retention;
  readonly backups: BackupJobs;
  /** Absent where no authority is open. */
  readonly fleet?: Fleet;
  /** Where collectors on other machines connect, `https://host:port`. */
  readonly ingestAddress?: () => string;
  /** How long the batches of each collector waited for the store. */
  readonly ingestWaits?: () => ReadonlyMap<string, QueueWait>;
  /** Absent where no authority is open. */
  readonly sharing?: Sharing;
  /** What comes in from outside; absent where no authority is open. */
  readonly inbound?: Inbound;
  /** In the national role alone. */
  readonly taxii?: Taxii;
  readonly national?: National;
  /** The identity of requests that come by another way than the network: the control socket. */
  trusted(request: IncomingMessage): Identity | undefined;
}

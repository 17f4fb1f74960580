import { resolve } from 'node:path';
import type { DutyPolicy } from './accounts/duties.ts';
import type { OidcSettings } from './accounts/oidc/settings.ts';
import type { SecondFactorPolicy } from './accounts/second-factor.ts';
import type { SessionPolicy } from './accounts/session-settings.ts';
import type { AgencyRecord } from './agencies/record.ts';
import type { S3Settings } from './backup/s3/settings.ts';
import { type ClockSettings, reportTerms } from './clocks/terms.ts';
import { ConfigError } from './config-error.ts';
import type { AgencyId } from './identity.ts';
import type { InboundSource } from './inbound/settings.ts';
import type { NotifySettings } from './notify/settings.ts';
import type { RetentionSettings } from './retention/settings.ts';
import { readAdminPassword } from './settings/accounts.ts';
import { notifySettings } from './settings/notify.ts';
import { oidcSettings } from './settings/oidc.ts';
import { type OpenSearchSettings, openSearchSettings, readOpenSearchUrl } from './settings/opensearch.ts';
import { retentionSettings } from './settings/retention.ts';
import { absolutePath, type Setting, type ValuesOf } from './settings/setting.ts';
import { SETTINGS } from './settings.ts';
import type { SharingSettings } from './sharing/settings.ts';
import type { Found } from './system/config-file.ts';
import type { OutboundPolicy } from './system/outbound.ts';
import { mustBeSafe } from './tls/shape.ts';

type Key = keyof typeof SETTINGS;
type Values = ValuesOf<typeof SETTINGS>;

/** What a server is: a province's monitor, or the national receiver of what provinces report. */
export type Role = 'province' | 'national';

/** The server's configuration, checked. */
export interface ServerConfig {
  /** Absolute. */
  readonly data: string;
  readonly role: Role;
  readonly host: string;
  readonly port: number;
  readonly allowedHosts: readonly string[];
  /** Of the console's port; the files come both or not at all. */
  readonly tls: {
    readonly mode: 'auto' | 'on' | 'off' | 'proxy';
    readonly certificateFile: string | undefined;
    readonly keyFile: string | undefined;
    /** Whether whoever connects is asked for a certificate. */
    readonly clientCertificates?: boolean;
  };
  /** What this server may ask outside of the public Internet. */
  readonly outbound: OutboundPolicy;
  readonly requestsPerMinute: number;
  readonly ingest: { readonly host: string; readonly port: number; readonly names: readonly string[] };
  readonly syslogPort: number;
  readonly timeZone: string;
  readonly agency: {
    readonly id: AgencyId;
    readonly name: string;
    readonly contact: AgencyRecord['contact'];
  };
  readonly disk: { readonly warnPercent: number; readonly stopPercent: number };
  readonly retention: RetentionSettings;
  /** Who takes a second factor. */
  readonly secondFactor: SecondFactorPolicy;
  /** Sign-in at a provider; undefined where none is set. */
  readonly oidc: OidcSettings | undefined;
  /** Which acts take two persons. */
  readonly duties: DutyPolicy;
  /** Sorted list of SHA-1 hashes of passwords that nobody may choose. */
  readonly breachedPasswords: string | undefined;
  /** How long sessions live. */
  readonly session: SessionPolicy;
  /** When a day is signed; `at` is `HH:MM`. */
  readonly evidence: { readonly closeAfterDays: number; readonly at: string };
  /** How many backups stay at a target. */
  readonly backup: { readonly keep: number; readonly to: string | undefined };
  /** Where backups can go besides a folder. */
  readonly s3: S3Settings;
  /** Most events of one export. */
  readonly exportEvents: number;
  /** Of the feed of figures. */
  readonly smallestCount: number;
  /** To whom incidents may go, and by which terms. */
  readonly sharing: SharingSettings;
  /** Collections that are polled. */
  readonly inbound: readonly InboundSource[];
  /** Terms of the law for reporting. */
  readonly clocks: ClockSettings;
  /** Who hears of what, and by which way. */
  readonly notify: NotifySettings;
  /** Of the local collector; without a time zone it takes the machine's own. */
  readonly collector: {
    readonly inputs: unknown;
    readonly timeZone: string | undefined;
    /** Files of addresses; absolute. */
    readonly geo: { readonly country: string | undefined; readonly as: string | undefined };
    readonly internalNetworks: readonly string[] | undefined;
  };
  readonly logLevel: string;
  /** From the environment alone, so that it is in no file: the first administrator's password. */
  readonly adminPassword: string | undefined;
  /** From the environment alone: the cluster that holds events and records; the embedded store where it is not set. */
  readonly openSearchUrl: string | undefined;
  readonly openSearch: OpenSearchSettings;
}

/** Reads the configuration: defaults, then the file, then the environment. @throws ConfigError */
export async function loadConfig(
  file: string | undefined,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): Promise<ServerConfig> {
  const found = file === undefined ? new Map<string, Found>() : await readFileSettings(file);
  const values: Record<string, unknown> = {};
  for (const key of Object.keys(SETTINGS) as Key[]) values[key] = readSetting(key, found.get(key), environment);
  try {
    return {
      ...shape(values as Values),
      adminPassword: readAdminPassword(environment['HAIDANG_ADMIN_PASSWORD'] || undefined),
      openSearchUrl: readOpenSearchUrl(environment['OPENSEARCH_URL'] || undefined),
    };
  } catch (error) {
    throw new ConfigError(error instanceof Error ? error.message : String(error));
  }
}

/** The YAML reader is loaded only where there is a file: most starts have none. */
async function readFileSettings(file: string): Promise<Map<string, Found>> {
  const { readConfigFile } = await import('./system/config-file.ts');
  try {
    return await readConfigFile(file, Object.keys(SETTINGS));
  } catch (error) {
    throw new ConfigError(error instanceof Error ? error.message : String(error));
  }
}

function readSetting(
  key: Key,
  found: Found | undefined,
  environment: Readonly<Record<string, string | undefined>>,
): unknown {
  const { env, fallback, read } = SETTINGS[key] as Setting<unknown>;
  const override = env === undefined ? undefined : environment[env];
  const [value, where] =
    override !== undefined && override !== ''
      ? [override, `Environment variable ${env}`]
      : [found?.value, found && `${found.at}: "${key}"`];
  if (where === undefined) return fallback;
  try {
    return read(value);
  } catch (error) {
    throw new ConfigError(`${where} ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** @throws Error where values do not go together */
function shape(values: Values): Omit<ServerConfig, 'adminPassword' | 'openSearchUrl'> {
  if (values['disk.warn_percent'] > values['disk.stop_percent'])
    throw new Error('"disk.warn_percent" must not be above "disk.stop_percent": warn before stopping.');
  const tls: ServerConfig['tls'] = {
    mode: values['tls.mode'] as ServerConfig['tls']['mode'],
    certificateFile: values['tls.certificate_file'],
    keyFile: values['tls.key_file'],
    clientCertificates: values['tls.client_certificates'],
  };
  mustBeSafe({ host: values.host, tls });
  return {
    data: resolve(values.data),
    role: values.role as Role,
    host: values.host,
    port: values.port,
    allowedHosts: values.allowed_hosts,
    tls,
    outbound: { allowPrivate: values['outbound.allow_private'] },
    requestsPerMinute: values['limits.requests_per_minute'],
    ingest: { host: values.ingest_host, port: values.ingest_port, names: values.ingest_names },
    syslogPort: values.syslog_port,
    timeZone: values.time_zone,
    agency: {
      id: values['agency.id'] as AgencyId,
      name: values['agency.name'],
      contact: {
        person: values['agency.person'],
        phone: values['agency.phone'],
        email: values['agency.email'],
        address: values['agency.address'],
      },
    },
    disk: { warnPercent: values['disk.warn_percent'], stopPercent: values['disk.stop_percent'] },
    retention: retentionSettings(values),
    secondFactor: {
      requiredRoles: values['accounts.mfa.required_roles'],
      graceDays: values['accounts.mfa.grace_days'],
    },
    oidc: oidcSettings(values),
    duties: { approval: values['accounts.two_persons.approval'], rules: values['accounts.two_persons.rules'] },
    breachedPasswords: values['accounts.breached_passwords'],
    session: {
      idleMs: values['accounts.session.idle_minutes'] * 60_000,
      absoluteMs: values['accounts.session.absolute_hours'] * 3_600_000,
      most: values['accounts.session.most'],
    },
    evidence: { closeAfterDays: values['evidence.close_after_days'], at: values['evidence.at'] },
    backup: { keep: values['backup.keep'], to: values['backup.to'] },
    s3: {
      endpoint: values['s3.endpoint'],
      region: values['s3.region'],
      pathStyle: values['s3.path_style'],
      caFile: values['s3.ca_file'],
      accessKeyFile: values['s3.access_key_file'],
      secretKeyFile: values['s3.secret_key_file'],
    },
    exportEvents: values['export.max_events'],
    smallestCount: values['feed.smallest_count'],
    sharing: {
      reporterId: values['sharing.reporter_id'],
      reporterName: values['sharing.reporter_name'],
      recipients: values['sharing.recipients'],
      clocks: reportTerms(values['clocks.terms']),
      preauthorised: values['sharing.preauthorised'],
      aloneMinutes: values['sharing.alone_minutes'],
      giveUpHours: values['sharing.give_up_hours'],
    },
    inbound: values['inbound.sources'],
    clocks: {
      terms: values['clocks.terms'],
      warnPercent: values['clocks.warn_percent'],
      yearly: values['clocks.yearly'],
      timeZone: values.time_zone,
    },
    notify: notifySettings(values, values.time_zone),
    collector: {
      inputs: values['collector.inputs'],
      timeZone: values['collector.time_zone'],
      geo: { country: absolutePath(values['collector.geo.country']), as: absolutePath(values['collector.geo.as']) },
      internalNetworks: values['collector.internal_networks'],
    },
    openSearch: openSearchSettings(values),
    logLevel: values.log_level,
  };
}

/** The text of `docs/configuration.md`. */
export function configurationReference(): string {
  const rows = Object.entries(SETTINGS as Record<string, Setting<unknown>>).map(
    ([key, { env, fallback, fallbackText, does }]) => {
      const standard = fallbackText ?? `\`${String(fallback)}\``;
      return `| \`${key}\` | ${env === undefined ? '' : `\`${env}\``} | ${standard} | ${does} |`;
    },
  );
  return `# Configuration of the server

Made from the table in \`server/settings.ts\`; a test keeps it current. \`haidang up\` and \`haidang server\` take a YAML file
with \`--config FILE\`; a dotted key below is a key within a section. The environment overrides the file. A wrong value stops
the start with exit code 2 and names key, file and line.

| key | environment | default | meaning |
| --- | --- | --- | --- |
${rows.join('\n')}

From the environment alone:

- \`HAIDANG_ADMIN_PASSWORD\`: at the first start makes the user \`admin\` with this password (at least 8 characters) instead of
  printing a set-up link. Later starts ignore it.
- \`AWS_ACCESS_KEY_ID\`, \`AWS_SECRET_ACCESS_KEY\` and, where there is one, \`AWS_SESSION_TOKEN\`: keys of the storage for backups
  where no files are set; see backup.md.
- \`OPENSEARCH_URL\`: keeps events and records in this OpenSearch cluster (\`https://host:9200\`, several nodes parted by
  commas) instead of the data folder; see store-opensearch.md.

\`\`\`yaml
agency:
  id: so-noi-vu
  name: Sở Nội vụ
  phone: "0292 3820 000"
disk:
  warn_percent: 80
collector:
  inputs:
    - type: file
      paths: [/var/log/nginx/*.log]
    - type: syslog
      port: 5514
\`\`\`
`;
}

import { resolve } from 'node:path';
import type { AgencyId } from './identity.ts';
import { policyProblem, type RetentionPolicy } from './retention/policy.ts';
import {
  KEEP_DAYS,
  MINIMUM_MONTHS,
  perLevel,
  type RetentionSettings,
  sourceRules,
  timeOfDay,
} from './retention/settings.ts';
import type { Found } from './system/config-file.ts';
import {
  agencyId,
  hosts,
  inputs,
  integer,
  loopback,
  nodeName,
  oneOf,
  percent,
  port,
  text,
  timeZone,
} from './system/setting-readers.ts';

/** A configuration that cannot be used: which key, where, and what to do. The command ends with exit code 2. */
export class ConfigError extends Error {
  readonly exitCode = 2;
}

interface Setting<T> {
  /** Environment variable that overrides the file. */
  readonly env?: string;
  readonly fallback: T;
  /** How the fallback reads in the documentation where it is not the value itself. */
  readonly fallbackText?: string;
  readonly does: string;
  /** Reads a value of the file or, as text, of the environment; throws an Error that says what it should be. */
  readonly read: (value: unknown) => T;
}

function setting<T>(one: Setting<T>): Setting<T> {
  return one;
}

/** Every setting of the server, with its meaning; `docs/configuration.md` is made from this table. */
export const SETTINGS = {
  data: setting({
    env: 'HAIDANG_DATA',
    fallback: './data',
    does: 'Folder of everything the server keeps: store, certificates, control socket. Relative to the working folder.',
    read: text(1, 4000),
  }),
  host: setting({
    fallback: '127.0.0.1',
    does: 'Address of the console and API. Only loopback addresses until TLS can be configured.',
    read: loopback,
  }),
  port: setting({
    env: 'HAIDANG_PORT',
    fallback: 8080,
    does: 'Port of the console, API and WebSocket; 0 takes a free one.',
    read: port,
  }),
  allowed_hosts: setting<readonly string[]>({
    fallback: [],
    fallbackText: 'none',
    does: 'Host names besides the loopback ones under which browsers may ask for the console, for a reverse proxy on this machine.',
    read: hosts,
  }),
  ingest_host: setting({
    fallback: '127.0.0.1',
    does: 'Address where collectors connect, always with mutual TLS; `0.0.0.0` or `::` for collectors on other machines.',
    read: text(2, 100),
  }),
  ingest_port: setting({
    env: 'HAIDANG_INGEST_PORT',
    fallback: 8443,
    does: 'Port where collectors connect; 0 takes a free one.',
    read: port,
  }),
  syslog_port: setting({
    env: 'HAIDANG_SYSLOG_PORT',
    fallback: 5514,
    does: 'Port of the local collector for syslog, UDP and TCP; only `haidang up` uses it.',
    read: port,
  }),
  time_zone: setting({
    fallback: 'Asia/Ho_Chi_Minh',
    does: 'Time zone of the console (IANA name).',
    read: timeZone,
  }),
  'agency.id': setting({ fallback: 'local', does: "Agency of this machine's own collector.", read: agencyId }),
  'agency.name': setting({ fallback: 'Máy chủ này (this server)', does: 'Its name.', read: text(1, 200) }),
  'agency.person': setting({
    fallback: '',
    fallbackText: 'empty',
    does: 'Whom to call: the contact card on alerts.',
    read: text(0, 200),
  }),
  'agency.phone': setting({
    fallback: '',
    fallbackText: 'empty',
    does: 'Telephone number on the contact card.',
    read: text(0, 50),
  }),
  'agency.email': setting({
    fallback: '',
    fallbackText: 'empty',
    does: 'E-mail address on the contact card.',
    read: text(0, 200),
  }),
  'agency.address': setting({
    fallback: '',
    fallbackText: 'empty',
    does: 'Postal address on the contact card.',
    read: text(0, 500),
  }),
  'disk.warn_percent': setting({
    fallback: 85,
    does: 'Disk use from which the server warns, with the days left.',
    read: percent,
  }),
  'disk.stop_percent': setting({
    fallback: 95,
    does: 'Disk use from which collectors are asked to hold their events; triage goes on.',
    read: percent,
  }),
  'export.max_events': setting({
    fallback: 1_000_000,
    does: 'Most events of one export of a search (CSV or NDJSON); larger ones are refused.',
    read: integer(1, 100_000_000),
  }),
  'retention.minimum_months': setting<readonly number[]>({
    fallback: MINIMUM_MONTHS,
    fallbackText: '`[0, 1, 3, 6, 12]`',
    does: 'Fewest months that events must be kept by law, for systems of security level 1 to 5; nothing below is accepted. See retention.md.',
    read: perLevel(1200),
  }),
  'retention.keep_days': setting<readonly number[]>({
    fallback: KEEP_DAYS,
    fallbackText: '`[92, 92, 184, 366, 731]`',
    does: 'Days that events are kept, for systems of security level 1 to 5, until another policy is set by the API.',
    read: perLevel(36_525),
  }),
  'retention.sources': setting<RetentionPolicy['sources']>({
    fallback: [],
    fallbackText: 'none',
    does: 'Other days for sources by name, the first that matches: a list of `{source: "netflow*", levels: [1, 2, 3], days: 92}`.',
    read: sourceRules,
  }),
  'retention.at': setting({
    fallback: '02:30',
    does: 'Time of day at which days that are due are deleted, in `time_zone`.',
    read: timeOfDay,
  }),
  'evidence.close_after_days': setting({
    fallback: 7,
    does: 'Full days after the end of a day until it is closed and signed; the longest that a collector holds events back. See backup.md.',
    read: integer(1, 60),
  }),
  'evidence.at': setting({
    fallback: '03:30',
    does: 'Time of day at which closed days are signed, in `time_zone`.',
    read: timeOfDay,
  }),
  'collector.inputs': setting<unknown>({
    fallback: 'auto',
    does: 'Inputs of the local collector of `haidang up`: `auto`, or a list as docs/collector.md describes.',
    read: inputs,
  }),
  'collector.time_zone': setting<string | undefined>({
    fallback: undefined,
    fallbackText: "the machine's own",
    does: 'Time zone of log lines that name none, for the local collector of `haidang up` (IANA name).',
    read: timeZone,
  }),
  'opensearch.ca_file': setting<string | undefined>({
    env: 'HAIDANG_OPENSEARCH_CA_FILE',
    fallback: undefined,
    fallbackText: "the machine's own authorities",
    does: 'PEM file of the authority that signed the certificates of the OpenSearch nodes.',
    read: text(1, 4000),
  }),
  'opensearch.user': setting<string | undefined>({
    env: 'HAIDANG_OPENSEARCH_USER',
    fallback: undefined,
    fallbackText: 'that of the address',
    does: 'User of the OpenSearch cluster; its role is server/store/opensearch/role.json.',
    read: text(1, 200),
  }),
  'opensearch.password_file': setting<string | undefined>({
    env: 'HAIDANG_OPENSEARCH_PASSWORD_FILE',
    fallback: undefined,
    fallbackText: 'the password of the address',
    does: 'File with the password of that user in its first line; read again where the cluster refuses the one before.',
    read: text(1, 4000),
  }),
  'opensearch.node': setting({
    env: 'HAIDANG_NODE',
    fallback: 'main',
    does: 'Name of this server among those that share an OpenSearch cluster, each its own: lower-case letters, digits and hyphens.',
    read: nodeName,
  }),
  'opensearch.shards': setting({
    fallback: 1,
    does: "Shards of a day's index; see scale.md.",
    read: integer(1, 100),
  }),
  'opensearch.replicas': setting({
    env: 'HAIDANG_OPENSEARCH_REPLICAS',
    fallback: 0,
    does: 'Copies of each index on other nodes: at least 1 where the cluster has more than one node.',
    read: integer(0, 5),
  }),
  log_level: setting({
    env: 'HAIDANG_LOG_LEVEL',
    fallback: 'info',
    does: 'Least level that is logged: trace, debug, info, warn, error, fatal or silent.',
    read: oneOf('trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'),
  }),
} as const;

type Key = keyof typeof SETTINGS;
type Values = { readonly [K in Key]: (typeof SETTINGS)[K]['fallback'] };

/** The server's configuration, checked. */
export interface ServerConfig {
  /** Absolute. */
  readonly data: string;
  readonly host: string;
  readonly port: number;
  readonly allowedHosts: readonly string[];
  readonly ingest: { readonly host: string; readonly port: number };
  readonly syslogPort: number;
  readonly timeZone: string;
  readonly agency: {
    readonly id: AgencyId;
    readonly name: string;
    readonly contact: {
      readonly person: string;
      readonly phone: string;
      readonly email: string;
      readonly address: string;
    };
  };
  readonly disk: { readonly warnPercent: number; readonly stopPercent: number };
  readonly retention: RetentionSettings;
  /** When a day is signed; `at` is `HH:MM`. */
  readonly evidence: { readonly closeAfterDays: number; readonly at: string };
  /** Most events of one export. */
  readonly exportEvents: number;
  /** Of the local collector; without a time zone it takes the machine's own. */
  readonly collector: { readonly inputs: unknown; readonly timeZone: string | undefined };
  readonly logLevel: string;
  /** From the environment alone, so that it is in no file: the first administrator's password. */
  readonly adminPassword: string | undefined;
  /** From the environment alone: the cluster that holds events and records; the embedded store where it is not set. */
  readonly openSearchUrl: string | undefined;
  readonly openSearch: OpenSearchSettings;
}

/** How the cluster is spoken to; without meaning for the embedded store. */
export interface OpenSearchSettings {
  readonly caFile: string | undefined;
  readonly user: string | undefined;
  readonly passwordFile: string | undefined;
  /** This server's name among those that share the cluster. */
  readonly node: string;
  readonly shards: number;
  readonly replicas: number;
}

/** Reads the configuration: defaults, then the file, then the environment. @throws ConfigError */
export async function loadConfig(
  file: string | undefined,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): Promise<ServerConfig> {
  const found = file === undefined ? new Map<string, Found>() : await readFileSettings(file);
  const values: Record<string, unknown> = {};
  for (const key of Object.keys(SETTINGS) as Key[]) values[key] = readSetting(key, found.get(key), environment);
  return {
    ...shape(values as Values, environment['HAIDANG_ADMIN_PASSWORD'] || undefined),
    openSearchUrl: openSearchUrl(environment['OPENSEARCH_URL'] || undefined),
  };
}

/** The address may hold a password, so that it is never repeated in a message. */
function openSearchUrl(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  const isAddress = (part: string) => URL.canParse(part) && /^https?:$/.test(new URL(part).protocol);
  if (text.split(',').every((part) => isAddress(part.trim()))) return text;
  throw new ConfigError(
    'OPENSEARCH_URL is no address of a cluster; write it like https://user:password@host:9200 (several nodes parted by commas), or unset it to use the embedded store.',
  );
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

function shape(values: Values, adminPassword: string | undefined): Omit<ServerConfig, 'openSearchUrl'> {
  if (values['disk.warn_percent'] > values['disk.stop_percent'])
    throw new ConfigError('"disk.warn_percent" must not be above "disk.stop_percent": warn before stopping.');
  const retention: RetentionSettings = {
    minimumMonths: values['retention.minimum_months'],
    policy: { keepDays: values['retention.keep_days'], sources: values['retention.sources'] },
    at: values['retention.at'],
  };
  const problem = policyProblem(retention.policy, retention.minimumMonths);
  if (problem !== undefined) throw new ConfigError(`"retention": ${problem}`);
  if (adminPassword !== undefined && adminPassword.length < 8)
    throw new ConfigError('HAIDANG_ADMIN_PASSWORD is shorter than 8 characters; choose a longer password.');
  return {
    data: resolve(values.data),
    host: values.host,
    port: values.port,
    allowedHosts: values.allowed_hosts,
    ingest: { host: values.ingest_host, port: values.ingest_port },
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
    retention,
    evidence: { closeAfterDays: values['evidence.close_after_days'], at: values['evidence.at'] },
    exportEvents: values['export.max_events'],
    collector: { inputs: values['collector.inputs'], timeZone: values['collector.time_zone'] },
    openSearch: {
      caFile: values['opensearch.ca_file'],
      user: values['opensearch.user'],
      passwordFile: values['opensearch.password_file'],
      node: values['opensearch.node'],
      shards: values['opensearch.shards'],
      replicas: values['opensearch.replicas'],
    },
    logLevel: values.log_level,
    adminPassword,
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

Made from the table in \`server/config.ts\`; a test keeps it current. \`haidang up\` and \`haidang server\` take a YAML file
with \`--config FILE\`; a dotted key below is a key within a section. The environment overrides the file. A wrong value stops
the start with exit code 2 and names key, file and line.

| key | environment | default | meaning |
| --- | --- | --- | --- |
${rows.join('\n')}

From the environment alone:

- \`HAIDANG_ADMIN_PASSWORD\`: at the first start makes the user \`admin\` with this password (at least 8 characters) instead of
  printing a set-up link. Later starts ignore it.
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

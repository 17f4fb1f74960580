import { isAbsolute } from 'node:path';
import { type GroupRule, groupRules, webAddress, words } from './accounts/oidc/settings.ts';
import { roleNames } from './accounts/second-factor-settings.ts';
import { isS3Address, readS3Address } from './backup/s3/address.ts';
import { endpoint, region } from './backup/s3/settings.ts';
import {
  type ClockSettings,
  clockTerms,
  TERMS,
  type Term,
  WARN_PERCENT,
  warnPercent,
  YEARLY,
  type YearlyTerm,
  yearlyTerm,
} from './clocks/terms.ts';
import { SMALLEST_COUNT } from './feed/withhold.ts';
import type { Role } from './identity.ts';
import { type InboundSource, inboundSources } from './inbound/settings.ts';
import { mailAddress, NO_NOTIFY, type OnCallEntry, onCall, type WebhookSettings, webhooks } from './notify/settings.ts';
import type { RetentionPolicy } from './retention/policy.ts';
import { KEEP_DAYS, MINIMUM_MONTHS, perLevel, sourceRules, timeOfDay } from './retention/settings.ts';
import {
  NO_SHARING,
  type Preauthorised,
  preauthorised,
  type Recipient,
  recipients,
  reporterId,
} from './sharing/settings.ts';
import {
  agencyId,
  attributeName,
  hosts,
  hostsAndNetworks,
  inputs,
  integer,
  listenAddress,
  networks,
  nodeName,
  oneOf,
  percent,
  port,
  text,
  timeZone,
  yesOrNo,
} from './system/setting-readers.ts';

/** One setting: where it may come from, what it means, and how it is read. */
export interface Setting<T> {
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

/** A place for backups. @throws Error */
function backupTarget(value: unknown): string {
  if (typeof value === 'string' && isS3Address(value)) readS3Address(value);
  else if (typeof value !== 'string' || !isAbsolute(value))
    throw new Error('must be the absolute path of a folder, or s3://bucket/prefix.');
  return value;
}

/** Every setting of the server, with its meaning; `docs/configuration.md` is made from this table. */
export const SETTINGS = {
  data: setting({
    env: 'HAIDANG_DATA',
    fallback: './data',
    does: 'Folder of everything the server keeps: store, certificates, control socket. Relative to the working folder.',
    read: text(1, 4000),
  }),
  role: setting<string>({
    env: 'HAIDANG_ROLE',
    fallback: 'province',
    does: 'What this server is: `province`, or `national` with the TAXII server to which provinces report (taxii.md). `haidang server --role` overrides it.',
    read: oneOf('province', 'national'),
  }),
  host: setting({
    env: 'HAIDANG_HOST',
    fallback: '127.0.0.1',
    does: 'Address of the console and API. Any other than a loopback address takes TLS; see tls.md.',
    read: listenAddress,
  }),
  'tls.mode': setting<string>({
    env: 'HAIDANG_TLS_MODE',
    fallback: 'auto',
    does: 'TLS of the console and API: `auto` (off loopback, or where certificate files are set), `on`, `off` (loopback alone), or `proxy` where a reverse proxy on this machine ends it.',
    read: oneOf('auto', 'on', 'off', 'proxy'),
  }),
  'tls.certificate_file': setting<string | undefined>({
    env: 'HAIDANG_TLS_CERTIFICATE_FILE',
    fallback: undefined,
    fallbackText: 'one of the built-in authority',
    does: "PEM file with the console's certificate and the chain behind it; a new one is taken into use without a restart.",
    read: text(1, 4000),
  }),
  'tls.key_file': setting<string | undefined>({
    env: 'HAIDANG_TLS_KEY_FILE',
    fallback: undefined,
    fallbackText: 'that of the built-in authority',
    does: 'PEM file with its private key, without a passphrase, not readable by everybody.',
    read: text(1, 4000),
  }),
  'tls.client_certificates': setting({
    env: 'HAIDANG_TLS_CLIENT_CERTIFICATES',
    fallback: false,
    does: 'Asks whoever connects for a client certificate, so that accounts of provinces can be bound to theirs (national role, taxii.md). Browsers that have some may ask which to show.',
    read: yesOrNo,
  }),
  'accounts.mfa.required_roles': setting<readonly Role[]>({
    fallback: ['administrator'],
    fallbackText: 'administrator',
    does: 'Roles whose accounts take the code of an authenticator application beside the password. The console asks to set it up from the first sign-in on.',
    read: roleNames,
  }),
  'accounts.mfa.grace_days': setting({
    fallback: 14,
    does: 'Days after the first sign-in within which such an account works without it; then it can do nothing but set it up. 0: from the first sign-in on.',
    read: integer(0, 365),
  }),
  'oidc.issuer': setting<string | undefined>({
    env: 'HAIDANG_OIDC_ISSUER',
    fallback: undefined,
    fallbackText: 'none',
    does: 'Address of a provider of OpenID Connect at which people sign in beside name and password; see accounts.md.',
    read: webAddress,
  }),
  'oidc.client_id': setting<string | undefined>({
    env: 'HAIDANG_OIDC_CLIENT_ID',
    fallback: undefined,
    fallbackText: 'none',
    does: 'Name of this console at the provider.',
    read: text(1, 300),
  }),
  'oidc.client_secret_file': setting<string | undefined>({
    env: 'HAIDANG_OIDC_CLIENT_SECRET_FILE',
    fallback: undefined,
    fallbackText: 'a public client',
    does: 'File with its secret in the first line.',
    read: text(1, 4000),
  }),
  'oidc.console': setting<string | undefined>({
    env: 'HAIDANG_OIDC_CONSOLE',
    fallback: undefined,
    fallbackText: 'none',
    does: 'Address at which browsers reach this console, such as `https://soc.example.vn`; the provider sends them back to `/api/v1/sign-in/return` there.',
    read: webAddress,
  }),
  'oidc.label': setting({
    fallback: 'OpenID Connect',
    does: 'What the button on the sign-in page says.',
    read: text(1, 60),
  }),
  'oidc.scopes': setting({
    fallback: 'openid profile',
    does: 'Scopes that are asked for.',
    read: text(6, 300),
  }),
  'oidc.user_claim': setting({
    fallback: 'preferred_username',
    does: 'Claim that holds the user name here.',
    read: text(1, 100),
  }),
  'oidc.groups_claim': setting({
    fallback: 'groups',
    does: 'Claim that holds the groups.',
    read: text(1, 100),
  }),
  'oidc.groups': setting<readonly GroupRule[]>({
    fallback: [],
    fallbackText: 'none',
    does: 'What members of groups are here, set anew at each sign-in, the first entry that fits: a list of `{group: soc-analysts, role: analyst, agencies: all, create: true}`. `create` makes accounts for those who have none. With a list, nobody outside these groups signs in by the provider.',
    read: groupRules,
  }),
  'oidc.link_accounts': setting({
    fallback: false,
    does: 'Whether accounts that were made here are opened to the person of the same name at the provider, at the first sign-in.',
    read: yesOrNo,
  }),
  'oidc.mfa_values': setting<readonly string[]>({
    fallback: [],
    fallbackText: 'none',
    does: 'Values of `amr` or `acr` by which the provider says that it asked for a second factor, such as `[mfa, otp]`; then none is asked for here.',
    read: words,
  }),
  'oidc.max_age_minutes': setting<number | undefined>({
    fallback: undefined,
    fallbackText: 'none',
    does: 'Minutes for which a sign-in at the provider holds: who signed in there longer ago is asked again, and the session here ends then too. The provider must tell `auth_time`.',
    read: integer(5, 10_080),
  }),
  'oidc.metadata_file': setting<string | undefined>({
    fallback: undefined,
    fallbackText: 'asked of the provider',
    does: 'JSON file with the metadata of the provider (its discovery document), where that is not to be fetched.',
    read: text(1, 4000),
  }),
  'accounts.two_persons.approval': setting({
    fallback: true,
    does: 'Whether what leaves for the national center is approved by another person than the one who prepared it.',
    read: yesOrNo,
  }),
  'accounts.two_persons.rules': setting({
    fallback: false,
    does: 'Whether a rule written in the console is put in force by another person than the one who wrote its text.',
    read: yesOrNo,
  }),
  'accounts.breached_passwords': setting<string | undefined>({
    fallback: undefined,
    fallbackText: 'none',
    does: 'File with SHA-1 hashes of passwords that were stolen somewhere, which nobody may choose here: hexadecimal, one a line, sorted; see accounts.md. Passwords that are easily guessed are refused without it.',
    read: text(1, 4000),
  }),
  'accounts.session.idle_minutes': setting({
    fallback: 480,
    does: 'Minutes without a request after which a session is over.',
    read: integer(1, 10_080),
  }),
  'accounts.session.absolute_hours': setting({
    fallback: 24,
    does: 'Hours after which a session is over in any case, and its person signs in again.',
    read: integer(1, 720),
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
    does: "Host names and addresses besides the loopback ones under which browsers may ask for the console; they stand in the built-in authority's certificate for it.",
    read: hosts,
  }),
  'outbound.allow_private': setting<readonly string[]>({
    fallback: [],
    fallbackText: 'none',
    does: 'Host names, addresses and networks (CIDR) outside of the public Internet that this server may ask: the national center, a provider of sign-ins, feeds, mail and web hooks inside the state network. Of recipients and the provider, an address in digits is allowed by standing in this file.',
    read: hostsAndNetworks,
  }),
  'limits.requests_per_minute': setting({
    fallback: 1200,
    does: 'Most requests a minute of one person, or of one address without a session; what is more is answered with 429.',
    read: integer(60, 1_000_000),
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
  ingest_names: setting<readonly string[]>({
    fallback: [],
    fallbackText: 'none',
    does: "Further host names and IPv4 addresses by which collectors reach this server, put into its certificate beside the machine's own name; `haidang collector token` prints what to do on the other machine.",
    read: hosts,
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
  'feed.smallest_count': setting({
    fallback: SMALLEST_COUNT,
    does: 'Smaller counts are withheld from finer breakdowns of the figures for the operations center; see feed.md.',
    read: integer(2, 100),
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
  'backup.keep': setting({
    fallback: 3,
    does: 'How many backups stay at a target where `haidang backup` does not say `--keep`. See backup.md.',
    read: integer(1, 1_000),
  }),
  'backup.to': setting<string | undefined>({
    env: 'HAIDANG_BACKUP_TO',
    fallback: undefined,
    fallbackText: 'none',
    does: 'Where backups go that are begun in the console: a folder (absolute path) or `s3://bucket/prefix`. The command line goes wherever `--to` says.',
    read: backupTarget,
  }),
  's3.endpoint': setting<string | undefined>({
    env: 'HAIDANG_S3_ENDPOINT',
    fallback: undefined,
    fallbackText: "Amazon's for the region",
    does: 'Address of storage that speaks S3, for backups: `https://host:port`; `http` only for this machine.',
    read: endpoint,
  }),
  's3.region': setting({
    env: 'HAIDANG_S3_REGION',
    fallback: 'us-east-1',
    does: 'Region that requests to the storage are signed for.',
    read: region,
  }),
  's3.path_style': setting({
    env: 'HAIDANG_S3_PATH_STYLE',
    fallback: true,
    does: 'Whether the bucket stands in the path of requests; `false` for storage that wants it in the host name.',
    read: yesOrNo,
  }),
  's3.ca_file': setting<string | undefined>({
    env: 'HAIDANG_S3_CA_FILE',
    fallback: undefined,
    fallbackText: "the machine's own authorities",
    does: 'PEM file of the authority that signed the certificate of the storage.',
    read: text(1, 4000),
  }),
  's3.access_key_file': setting<string | undefined>({
    env: 'HAIDANG_S3_ACCESS_KEY_FILE',
    fallback: undefined,
    fallbackText: '`AWS_ACCESS_KEY_ID`',
    does: 'File with the access key of the storage in its first line; read anew for each backup.',
    read: text(1, 4000),
  }),
  's3.secret_key_file': setting<string | undefined>({
    env: 'HAIDANG_S3_SECRET_KEY_FILE',
    fallback: undefined,
    fallbackText: '`AWS_SECRET_ACCESS_KEY`',
    does: 'File with its secret key in the first line; read anew for each backup.',
    read: text(1, 4000),
  }),
  'sharing.reporter_id': setting({
    fallback: NO_SHARING.reporterId,
    does: 'Id of this center in what it shares, never changed once something has left. See sharing.md.',
    read: reporterId,
  }),
  'sharing.reporter_name': setting({ fallback: NO_SHARING.reporterName, does: 'Its name there.', read: text(1, 200) }),
  'sharing.recipients': setting<readonly Recipient[]>({
    fallback: [],
    fallbackText: 'none',
    does: 'To whom incidents may go: a list of recipients with `id`, `name`, `tlp` (the strictest mark) and `channel`; sharing.md shows each channel.',
    read: recipients,
  }),
  'sharing.preauthorised': setting<Preauthorised | undefined>({
    fallback: undefined,
    fallbackText: 'none',
    does: 'What may leave at once in its minimal form, without a second person, and is reviewed the next day: `{severity, classes}`.',
    read: preauthorised,
  }),
  'sharing.alone_minutes': setting({
    fallback: NO_SHARING.aloneMinutes,
    does: 'Minutes before a term ends from which a lead may release alone, with a reason.',
    read: integer(0, 1_440),
  }),
  'sharing.give_up_hours': setting({
    fallback: NO_SHARING.giveUpHours,
    does: 'Hours after which what could not be sent is set aside for a person to decide.',
    read: integer(1, 9_000),
  }),
  'inbound.sources': setting<readonly InboundSource[]>({
    fallback: [],
    fallbackText: 'none',
    does: 'TAXII collections that are polled for indicators, advisories and tasks of the national center: a list of sources with `id`, `name`, `root`, `collection` and `takes`; see inbound.md.',
    read: inboundSources,
  }),
  'clocks.terms': setting<readonly Term[]>({
    fallback: TERMS,
    fallbackText: '1 h (critical), 24 h, 72 h and 30 days (high), 72 h (personal data), from detection',
    does: 'Terms of the law for reporting incidents: a list of `{id, hours, severity, classes, until, source, name}`; what is near its term leaves first. See clocks.md.',
    read: clockTerms,
  }),
  'clocks.warn_percent': setting<ClockSettings['warnPercent']>({
    fallback: WARN_PERCENT,
    fallbackText: '`[50, 80]`',
    does: 'Percent of a term after which people are warned the first and the second time; they are told once more when it is over.',
    read: warnPercent,
  }),
  'clocks.yearly': setting<YearlyTerm | undefined>({
    fallback: YEARLY,
    fallbackText: '25 December',
    does: 'The yearly report: `{day: "12-25", notice_days: 45, source: …}`, or `false` for none.',
    read: yearlyTerm,
  }),
  'notify.smtp.host': setting<string | undefined>({
    env: 'HAIDANG_SMTP_HOST',
    fallback: undefined,
    fallbackText: 'none',
    does: 'Mail server that notices leave by; none: they are seen in the console alone. See notify.md.',
    read: text(1, 253),
  }),
  'notify.smtp.port': setting({
    env: 'HAIDANG_SMTP_PORT',
    fallback: 587,
    does: 'Its port; 465 for `tls`.',
    read: integer(1, 65_535),
  }),
  'notify.smtp.security': setting<string>({
    env: 'HAIDANG_SMTP_SECURITY',
    fallback: 'starttls',
    does: '`starttls` (refused where the server does not offer it), `tls` from the first byte, or `none` to a mail server on this machine.',
    read: oneOf('starttls', 'tls', 'none'),
  }),
  'notify.smtp.user': setting<string | undefined>({
    env: 'HAIDANG_SMTP_USER',
    fallback: undefined,
    fallbackText: 'none',
    does: 'User name at the mail server.',
    read: text(1, 254),
  }),
  'notify.smtp.password_file': setting<string | undefined>({
    env: 'HAIDANG_SMTP_PASSWORD_FILE',
    fallback: undefined,
    fallbackText: 'none',
    does: 'File with the password of that user in its first line; read anew for each mail.',
    read: text(1, 4000),
  }),
  'notify.smtp.from': setting<string | undefined>({
    env: 'HAIDANG_SMTP_FROM',
    fallback: undefined,
    fallbackText: 'none',
    does: 'Address of the sender; needed with `notify.smtp.host`.',
    read: mailAddress,
  }),
  'notify.smtp.ca_file': setting<string | undefined>({
    env: 'HAIDANG_SMTP_CA_FILE',
    fallback: undefined,
    fallbackText: "the machine's own authorities",
    does: 'PEM file of the authority that signed the certificate of the mail server.',
    read: text(1, 4000),
  }),
  'notify.webhooks': setting<readonly WebhookSettings[]>({
    fallback: NO_NOTIFY.webhooks,
    fallbackText: 'none',
    does: 'Programs that take notices by HTTP, signed: a list of `{id, url, secret_file, kinds, ca_file}`. Addresses inside the state network stand in `outbound.allow_private` too.',
    read: webhooks,
  }),
  'notify.on_call': setting<readonly OnCallEntry[]>({
    fallback: NO_NOTIFY.onCall,
    fallbackText: 'nobody',
    does: 'Who is on call at which hours of `time_zone`: a list of `{days: [sat, sun], from: "17:00", to: "08:00", people: [lan]}`; into the next morning where `to` is not after `from`.',
    read: onCall,
  }),
  'notify.console': setting<string | undefined>({
    env: 'HAIDANG_CONSOLE_ADDRESS',
    fallback: undefined,
    fallbackText: 'none',
    does: 'Address at which browsers reach this console, such as `https://soc.example.vn`; links in notices begin with it.',
    read: webAddress,
  }),
  'notify.alerts': setting({
    fallback: NO_NOTIFY.alerts,
    does: 'Whether a new critical alert, and a collector that stopped reporting, is told to those on call.',
    read: yesOrNo,
  }),
  'notify.agency_silent_minutes': setting({
    fallback: NO_NOTIFY.agencySilentMinutes,
    does: 'Minutes after which an agency from which nothing comes any more is told to those on call, with `notify.alerts`; 0: never.',
    read: integer(0, 10_080),
  }),
  'notify.give_up_hours': setting({
    fallback: NO_NOTIFY.giveUpHours,
    does: 'Hours after which a notice that no mail server or web hook took is given up.',
    read: integer(1, 720),
  }),
  'notify.keep_days': setting({
    fallback: NO_NOTIFY.keepDays,
    does: 'Days that notices are kept with what became of them.',
    read: integer(1, 3_650),
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
  'collector.geo.country': setting<string | undefined>({
    env: 'HAIDANG_GEO_COUNTRY',
    fallback: undefined,
    fallbackText: 'none',
    does: 'MMDB file that tells the country of public addresses, for the local collector of `haidang up`; see collector.md.',
    read: text(1, 4000),
  }),
  'collector.geo.as': setting<string | undefined>({
    env: 'HAIDANG_GEO_AS',
    fallback: undefined,
    fallbackText: 'none',
    does: 'MMDB file that tells the autonomous system of public addresses, for the same collector.',
    read: text(1, 4000),
  }),
  'collector.internal_networks': setting<readonly string[] | undefined>({
    fallback: undefined,
    fallbackText: 'private, loopback and link-local ones',
    does: 'Networks (CIDR) that are inside, by which the same collector tells the direction of connections.',
    read: networks,
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
  'opensearch.upkeep_at': setting({
    fallback: '01:30',
    does: 'Time of day, in `time_zone`, at which one of the servers settles old days of the cluster and takes a snapshot. See store-opensearch.md.',
    read: timeOfDay,
  }),
  'opensearch.settle_after_days': setting({
    fallback: 10,
    does: 'Full days after which a day of the cluster takes no events any more: its index is merged, and moved where nodes are told apart.',
    read: integer(9, 3650),
  }),
  'opensearch.tier_attribute': setting<string | undefined>({
    fallback: undefined,
    fallbackText: 'none',
    does: "Attribute that tells the cluster's nodes apart (`node.attr.NAME`): new days go to nodes where it is `hot`, settled days to those where it is `warm`.",
    read: attributeName,
  }),
  'opensearch.snapshot_folder': setting<string | undefined>({
    fallback: undefined,
    fallbackText: 'no snapshots',
    does: 'Folder for nightly snapshots, the same on every node of the cluster and named in its `path.repo`.',
    read: text(1, 4000),
  }),
  'opensearch.snapshot_keep': setting({
    fallback: 14,
    does: 'Nightly snapshots that stay.',
    read: integer(1, 400),
  }),
  log_level: setting({
    env: 'HAIDANG_LOG_LEVEL',
    fallback: 'info',
    does: 'Least level that is logged: trace, debug, info, warn, error, fatal or silent.',
    read: oneOf('trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'),
  }),
} as const;

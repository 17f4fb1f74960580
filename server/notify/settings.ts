import { isIP } from 'node:net';
import { isMailAddress } from './mail-address.ts';
import { NOTICE_KINDS, type NoticeKind } from './record.ts';

/** The mail server that notices leave by. */
export interface SmtpSettings {
  readonly host: string;
  readonly port: number;
  /** `starttls`: refused where the server does not offer it; `none`: to this machine alone. */
  readonly security: 'starttls' | 'tls' | 'none';
  readonly user: string | undefined;
  /** First line: the password; read anew for each mail. */
  readonly passwordFile: string | undefined;
  /** Address of the sender. */
  readonly from: string;
  readonly caFile: string | undefined;
}

/** A program elsewhere that takes notices by HTTP. */
export interface WebhookSettings {
  readonly id: string;
  readonly url: string;
  /** First line: the secret that signs; read anew for each notice. */
  readonly secretFile: string;
  /** What it takes; every kind where none is named. */
  readonly kinds: readonly NoticeKind[];
  readonly caFile: string | undefined;
}

export const WEEKDAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;
export type Weekday = (typeof WEEKDAYS)[number];

/** Who is on call at which hours; where `to` is not after `from` it goes on into the next morning. */
export interface OnCallEntry {
  readonly days: readonly Weekday[];
  /** `HH:MM`. */
  readonly from: string;
  readonly to: string;
  readonly people: readonly string[];
}

/** Everything that the configuration says of notices. */
export interface NotifySettings {
  /** Undefined: nothing goes by mail. */
  readonly smtp: SmtpSettings | undefined;
  readonly webhooks: readonly WebhookSettings[];
  readonly onCall: readonly OnCallEntry[];
  /** Where browsers reach the console: links in notices begin with it. */
  readonly console: string | undefined;
  /** Whether a critical alert, and a collector that fell silent, is a notice. */
  readonly alerts: boolean;
  /** For how long nothing may come from an agency before it is a notice; 0: never. */
  readonly agencySilentMinutes: number;
  readonly giveUpHours: number;
  readonly keepDays: number;
  readonly timeZone: string;
}

/** Nothing is set up: notices are seen in the console alone. */
export const NO_NOTIFY: NotifySettings = {
  smtp: undefined,
  webhooks: [],
  onCall: [],
  console: undefined,
  alerts: true,
  agencySilentMinutes: 15,
  giveUpHours: 24,
  keepDays: 400,
  timeZone: 'Asia/Ho_Chi_Minh',
};

/** What the configuration gives for the mail server, one by one. */
export interface SmtpValues extends Omit<SmtpSettings, 'host' | 'from' | 'security'> {
  readonly host: string | undefined;
  readonly from: string | undefined;
  readonly security: string;
}

/** The mail server of the single settings. @throws Error where they do not go together. */
export function smtpOf({ host, from, security, ...values }: SmtpValues): SmtpSettings | undefined {
  if (host === undefined) return undefined;
  if (from === undefined)
    throw new Error('"notify.smtp.from" must be set where "notify.smtp.host" is: mail has a sender.');
  if ((values.user === undefined) !== (values.passwordFile === undefined))
    throw new Error('"notify.smtp.user" and "notify.smtp.password_file" belong together; set both, or neither.');
  if (security === 'none' && !isHere(host))
    throw new Error(
      `"notify.smtp.security" none would send to ${host} in the clear; set it to starttls or tls, or send by a mail server on this machine.`,
    );
  return { ...values, host, from, security: security as SmtpSettings['security'] };
}

function isHere(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}

/** A mail address as a setting. */
export function mailAddress(value: unknown): string | undefined {
  if (typeof value === 'string' && isMailAddress(value)) return value;
  throw new Error('must be a mail address such as soc@cantho.gov.vn, without a name around it.');
}

type Fields = Readonly<Record<string, unknown>>;

/** Reads `notify.webhooks`. */
export function webhooks(value: unknown): readonly WebhookSettings[] {
  if (!Array.isArray(value) || value.length > 20) throw new Error('must be a list of at most 20 web hooks.');
  const read = value.map((one, at) => webhook(one, `entry ${at + 1}`));
  const ids = read.map(({ id }) => id);
  const twice = ids.find((id, at) => ids.indexOf(id) !== at);
  if (twice !== undefined) throw new Error(`names the web hook "${twice}" twice.`);
  return read;
}

function webhook(value: unknown, where: string): WebhookSettings {
  const { id, url, secret_file: secretFile, kinds = [], ca_file: caFile, ...more } = mapOf(value, where);
  known(more, where);
  if (typeof id !== 'string' || !/^[a-z0-9][a-z0-9-]{0,63}$/.test(id))
    throw new Error(`${where}: "id" must be 1 to 64 of a-z, 0-9 and "-".`);
  const isAddress =
    typeof url === 'string' && url.length <= 1_000 && URL.canParse(url) && /^https?:$/.test(new URL(url).protocol);
  if (!isAddress || new URL(url).username !== '') throw new Error(`${where}: "url" must be an https address.`);
  if (typeof secretFile !== 'string' || secretFile === '')
    throw new Error(`${where}: "secret_file" must name the file with the secret that signs.`);
  if (!Array.isArray(kinds) || !kinds.every((one) => NOTICE_KINDS.includes(one)))
    throw new Error(`${where}: "kinds" must be a list of ${NOTICE_KINDS.join(', ')}.`);
  if (caFile !== undefined && (typeof caFile !== 'string' || caFile === ''))
    throw new Error(`${where}: "ca_file" must name a file.`);
  return { id, url, secretFile, kinds: kinds as NoticeKind[], caFile };
}

/** Reads `notify.on_call`. */
export function onCall(value: unknown): readonly OnCallEntry[] {
  if (!Array.isArray(value) || value.length > 200) throw new Error('must be a list of at most 200 entries.');
  return value.map((one, at) => {
    const where = `entry ${at + 1}`;
    const { days = WEEKDAYS, from, to, people, ...more } = mapOf(one, where);
    known(more, where);
    if (!Array.isArray(days) || days.length === 0 || !days.every((day) => WEEKDAYS.includes(day)))
      throw new Error(`${where}: "days" must be a list of ${WEEKDAYS.join(', ')}.`);
    for (const time of [from, to])
      if (typeof time !== 'string' || !/^([01]\d|2[0-3]):[0-5]\d$/.test(time))
        throw new Error(`${where}: "from" and "to" must be times of day such as "17:00".`);
    const isName = (name: unknown) => typeof name === 'string' && /^[a-z][a-z0-9._-]{0,31}$/.test(name);
    if (!Array.isArray(people) || people.length === 0 || people.length > 50 || !people.every(isName))
      throw new Error(`${where}: "people" must be a list of names of users.`);
    return { days: days as Weekday[], from: from as string, to: to as string, people: people as string[] };
  });
}

function mapOf(value: unknown, where: string): Fields {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Fields;
  throw new Error(`${where} must hold "key: value" lines.`);
}

function known(more: Fields, where: string): void {
  const [wrong] = Object.keys(more);
  if (wrong !== undefined) throw new Error(`${where}: there is no "${wrong.slice(0, 50)}" here; see notify.md.`);
}

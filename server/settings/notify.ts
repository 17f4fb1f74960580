import { webAddress } from '../accounts/oidc/settings.ts';
import {
  mailAddress,
  NO_NOTIFY,
  type NotifySettings,
  type OnCallEntry,
  onCall,
  smtpOf,
  type WebhookSettings,
  webhooks,
} from '../notify/settings.ts';
import { integer, oneOf, text, yesOrNo } from '../system/setting-readers.ts';
import { absolutePath, setting, type ValuesOf } from './setting.ts';

/** Who hears of what, and by which way. */
export const NOTIFY_SETTINGS = {
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
} as const;

/** The settings as one. @throws Error where they do not go together */
export function notifySettings(values: ValuesOf<typeof NOTIFY_SETTINGS>, timeZone: string): NotifySettings {
  return {
    smtp: smtpOf({
      host: values['notify.smtp.host'],
      port: values['notify.smtp.port'],
      security: values['notify.smtp.security'],
      user: values['notify.smtp.user'],
      passwordFile: absolutePath(values['notify.smtp.password_file']),
      from: values['notify.smtp.from'],
      caFile: absolutePath(values['notify.smtp.ca_file']),
    }),
    webhooks: values['notify.webhooks'],
    onCall: values['notify.on_call'],
    console: values['notify.console'],
    alerts: values['notify.alerts'],
    agencySilentMinutes: values['notify.agency_silent_minutes'],
    giveUpHours: values['notify.give_up_hours'],
    keepDays: values['notify.keep_days'],
    timeZone,
  };
}

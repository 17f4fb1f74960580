import { readFile } from 'node:fs/promises';
import { oneLine } from './mail-address.ts';
import type { SmtpSettings } from './settings.ts';

/** A mail of plain text to one person. */
export interface Mail {
  readonly to: string;
  readonly subject: string;
  readonly text: string;
  readonly language: string;
  /** The same for each attempt, so that a mail that arrived although its answer was lost is known again (RFC 5322 §3.6.4). */
  readonly messageId: string;
}

/** How sending ended; what is `permanent` is not tried again. */
export type Sent =
  | { readonly outcome: 'delivered'; readonly answer: string }
  | { readonly outcome: 'failed'; readonly permanent: boolean; readonly reason: string };

/** What is worth trying has an answer within this time, milliseconds. */
const PATIENCE_MS = 15_000;
const MOST_REASON = 500;

/** Hands a mail to the mail server (RFC 5321): by TLS or STARTTLS, with the certificate checked, and never in the clear off this machine. */
export async function sendMail(settings: SmtpSettings, mail: Mail): Promise<Sent> {
  let secrets: { readonly ca: string | undefined; readonly password: string | undefined };
  try {
    const { caFile, passwordFile } = settings;
    secrets = {
      ca: caFile && (await readFile(caFile, 'utf8')),
      password: passwordFile && (await firstLine(passwordFile)),
    };
  } catch (error) {
    return { outcome: 'failed', permanent: false, reason: reasonOf(error) };
  }
  // Loaded where mail is sent: most starts send none.
  const { createTransport } = await import('nodemailer');
  const { host, port, security, user, from } = settings;
  const transport = createTransport({
    ...{ host, port },
    secure: security === 'tls',
    requireTLS: security === 'starttls',
    ignoreTLS: security === 'none',
    ...(user === undefined ? {} : { auth: { user, pass: secrets.password ?? '' } }),
    tls: { minVersion: 'TLSv1.2', ...(secrets.ca === undefined ? {} : { ca: secrets.ca }) },
    connectionTimeout: PATIENCE_MS,
    greetingTimeout: PATIENCE_MS,
    socketTimeout: PATIENCE_MS,
    dnsTimeout: PATIENCE_MS,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  try {
    const { response } = await transport.sendMail({
      envelope: { from, to: [mail.to] },
      from: { name: 'Hải Đăng', address: from },
      to: { name: '', address: mail.to },
      subject: oneLine(mail.subject),
      text: mail.text,
      textEncoding: 'base64',
      messageId: mail.messageId,
      // Programs that answer mail by themselves leave these alone (RFC 3834 §5).
      headers: { 'Auto-Submitted': 'auto-generated', 'Content-Language': mail.language },
    });
    return { outcome: 'delivered', answer: oneLine(response, MOST_REASON) };
  } catch (error) {
    const { responseCode = 0, code = '' } = error as { readonly responseCode?: number; readonly code?: string };
    // A mailbox that does not exist will not exist in an hour; a wrong password of ours is mended by us.
    const permanent = responseCode >= 500 && (code === 'EENVELOPE' || code === 'EMESSAGE');
    return { outcome: 'failed', permanent, reason: reasonOf(error) };
  } finally {
    transport.close();
  }
}

/** The first line of a file. @throws Error that names the file */
export async function firstLine(path: string): Promise<string> {
  const [line = ''] = (await readFile(path, 'utf8')).split(/\r?\n/, 1);
  return line;
}

/** Why something failed, in one line. */
export function reasonOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return oneLine(text === '' ? 'It failed without a reason.' : text, MOST_REASON);
}

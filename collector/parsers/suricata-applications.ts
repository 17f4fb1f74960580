import type { Draft } from './draft.ts';
import { isAddress, relate } from './draft.ts';
import type { JsonObject } from './json-object.ts';
import { objectAt } from './json-object.ts';
import { put } from './put.ts';

const MAX_ADDRESSES = 64;
/** What an account is called where none was given. */
const NOBODY = new Set(['', '<empty>', '<none>', 'anonymous@']);

function textAt(from: JsonObject | undefined, key: string): string | undefined {
  const value = from?.[key];
  return typeof value === 'string' && !NOBODY.has(value) ? value : undefined;
}

function textsAt(from: JsonObject | undefined, key: string): string[] {
  const value = from?.[key];
  return Array.isArray(value)
    ? value.filter((each): each is string => typeof each === 'string' && each !== '').slice(0, MAX_ADDRESSES)
    : [];
}

/** The bare address of `<a@example.org>` and `A Name <a@example.org>` (RFC 5322 §3.4). */
function bareAddress(text: string): string {
  return /<([^<>\s]{1,320})>\s*$/.exec(text)?.[1] ?? text.trim();
}

function putAddresses(draft: Draft, field: string, texts: readonly string[]): void {
  const addresses = texts.map(bareAddress).filter((each) => each.includes('@'));
  if (addresses.length > 0) put(draft, field, [...new Set(addresses)]);
}

function readMail(eve: JsonObject, draft: Draft): void {
  const smtp = objectAt(eve, 'smtp');
  const mail = objectAt(eve, 'email');
  if (!smtp && !mail) return;
  if (draft.event.category && !draft.event.category.includes('email')) draft.event.category.push('email');
  const sender = textAt(mail, 'from');
  putAddresses(draft, 'email.from.address', sender === undefined ? [] : [sender]);
  putAddresses(draft, 'email.to.address', textsAt(mail, 'to'));
  putAddresses(draft, 'email.cc.address', textsAt(mail, 'cc'));
  put(draft, 'email.subject', textAt(mail, 'subject'));
  put(draft, 'email.message_id', textAt(mail, 'message_id')?.replace(/^<|>$/g, ''));
  put(draft, 'email.x_mailer', textAt(mail, 'x_mailer'));
  const files = textsAt(mail, 'attachment');
  if (files.length > 0)
    put(
      draft,
      'email.attachments',
      files.map((name) => ({ file: { name } })),
    );
  // Without the message's own header the envelope tells.
  const from = textAt(smtp, 'mail_from');
  const to = textsAt(smtp, 'rcpt_to');
  if (sender === undefined && from !== undefined) putAddresses(draft, 'email.from.address', [from]);
  if (textsAt(mail, 'to').length === 0) putAddresses(draft, 'email.to.address', to);
}

function readSmb(eve: JsonObject, draft: Draft): void {
  const smb = objectAt(eve, 'smb');
  if (!smb) return;
  const account = objectAt(smb, 'ntlmssp');
  put(draft, 'user.name', textAt(account, 'user'));
  put(draft, 'user.domain', textAt(account, 'domain'));
  const file = textAt(smb, 'filename');
  if (file !== undefined) {
    put(draft, 'file.path', file);
    put(draft, 'file.name', file.slice(file.lastIndexOf('\\') + 1));
  }
  const status = textAt(smb, 'status');
  if (status === 'STATUS_SUCCESS') draft.event.outcome = 'success';
  else if (/DENIED|FAILURE|_NOT_FOUND|WRONG_PASSWORD|LOCKED|DISABLED|EXPIRED|INVALID/.test(status ?? ''))
    draft.event.outcome = 'failure';
}

function readKerberos(eve: JsonObject, draft: Draft): void {
  const krb5 = objectAt(eve, 'krb5');
  if (!krb5) return;
  const name = textAt(krb5, 'cname');
  if (name !== undefined) {
    put(draft, 'user.name', name);
    put(draft, 'user.domain', textAt(krb5, 'realm'));
  }
  const message = textAt(krb5, 'msg_type');
  if (message === 'KRB_ERROR') draft.event.outcome = 'failure';
  else if (message === 'KRB_AS_REP' || message === 'KRB_TGS_REP') draft.event.outcome = 'success';
}

/** Moves people, files and addresses of the less common protocols of EVE to their fields; the rest stays as it is. */
export function readApplication(eve: JsonObject, draft: Draft): void {
  readMail(eve, draft);
  readSmb(eve, draft);
  readKerberos(eve, draft);
  const ftp = objectAt(eve, 'ftp');
  if (textAt(ftp, 'command') === 'USER') put(draft, 'user.name', textAt(ftp, 'command_data'));
  put(draft, 'user.name', textAt(objectAt(objectAt(eve, 'mqtt') ?? {}, 'connect'), 'username'));
  const name = textAt(objectAt(eve, 'quic'), 'sni');
  if (name !== undefined) {
    put(draft, 'tls.client.server_name', name);
    relate(draft, 'hosts', name);
  }
  const lease = textAt(objectAt(eve, 'dhcp'), 'assigned_ip');
  if (lease !== undefined && lease !== '0.0.0.0' && isAddress(lease)) relate(draft, 'ip', lease);
}

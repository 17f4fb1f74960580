import { createHmac } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { HaidangError } from '../errors.ts';
import { askOutside, type OutboundPolicy } from '../system/outbound.ts';
import { firstLine, reasonOf, type Sent } from './send-mail.ts';
import type { WebhookSettings } from './settings.ts';

const PATIENCE_MS = 15_000;
const MOST_ANSWER = 64 * 1024;
const LEAST_SECRET = 16;
/** What will not be taken however often it is sent. */
const REFUSED = new Set([400, 410, 413, 415, 422]);

/** The signature of a body that is sent at a second since 1970: HMAC-SHA-256 over `<timestamp>.<body>`, lower-case hexadecimal. */
export function signatureOf(secret: string, timestamp: number, body: string): string {
  return createHmac('sha256', secret).update(`${timestamp}.${body}`).digest('hex');
}

/** Posts a notice to a web hook, signed; addresses outside of the public Internet take `outbound.allow_private`. */
export async function sendWebhook(
  { url, secretFile, caFile }: WebhookSettings,
  { id, body }: { readonly id: string; readonly body: string },
  { policy, now }: { readonly policy: OutboundPolicy; readonly now: () => number },
): Promise<Sent> {
  try {
    const secret = await firstLine(secretFile);
    if (secret.length < LEAST_SECRET)
      return failed(`The secret in ${secretFile} has fewer than ${LEAST_SECRET} characters.`);
    const ca = caFile && (await readFile(caFile, 'utf8'));
    const timestamp = Math.floor(now() / 1000);
    const { status } = await askOutside(url, policy, {
      method: 'POST',
      body,
      timeoutMs: PATIENCE_MS,
      maxBytes: MOST_ANSWER,
      headers: {
        'content-type': 'application/json',
        'content-length': String(Buffer.byteLength(body)),
        'user-agent': 'haidang',
        'haidang-notice': encodeURIComponent(id),
        'haidang-timestamp': String(timestamp),
        'haidang-signature': `v1=${signatureOf(secret, timestamp, body)}`,
      },
      ...(ca ? { tls: { ca } } : {}),
    });
    if (status >= 200 && status < 300) return { outcome: 'delivered', answer: `HTTP ${status}` };
    return failed(`The web hook answered HTTP ${status}.`, REFUSED.has(status));
  } catch (error) {
    return failed(reasonOf(error), false, error instanceof HaidangError ? error : undefined);
  }
}

function failed(reason: string, permanent = false, known?: HaidangError): Sent {
  const advice = known?.code === 'HD_OUTBOUND' ? ' See "outbound.allow_private".' : '';
  return { outcome: 'failed', permanent, reason: `${reason}${advice}` };
}

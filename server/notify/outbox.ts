import { hash } from 'node:crypto';
import { HaidangError } from '../errors.ts';
import { SYSTEM } from '../identity.ts';
import { isConflict } from '../incidents/relay.ts';
import type { Log } from '../log.ts';
import { waitOf } from '../sharing/backoff.ts';
import type { RecordStore, Versioned } from '../store/record-store.ts';
import type { OutboundPolicy } from '../system/outbound.ts';
import { manyLines, oneLine } from './mail-address.ts';
import { type Delivery, type NoticeRecord, settleNotice } from './record.ts';
import { type Sent, sendMail } from './send-mail.ts';
import { sendWebhook } from './send-webhook.ts';
import type { NotifySettings } from './settings.ts';

const AT_ONCE = 8;
const TRIES = 20;
const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;
const SWEPT_AT_ONCE = 200;

/** What leaves of notices: mail and web hooks, each tried again until it is taken or given up. */
export interface NoticeOutbox {
  /** Sends what is due, at most eight at once, and gives how many were tried; `signal` breaks it off. */
  deliver(check: () => Promise<void>, signal: AbortSignal): Promise<number>;
  /** Removes notices that are older than they are kept. */
  sweep(check: () => Promise<void>): Promise<void>;
}

/** Opens the outbox. */
export function openOutbox(options: {
  readonly records: RecordStore;
  readonly settings: NotifySettings;
  readonly policy: OutboundPolicy;
  readonly log: Pick<Log, 'warn'>;
  readonly now: () => number;
  readonly random?: () => number;
}): NoticeOutbox {
  const { records, settings, policy, log, now, random = Math.random } = options;
  const view = records.as(SYSTEM);
  let sweptAt = Number.NEGATIVE_INFINITY;

  const isoNow = (after = 0) => new Date(now() + after).toISOString();

  async function send(id: string, notice: NoticeRecord, delivery: Delivery): Promise<Sent> {
    if (delivery.channel === 'webhook') {
      const hook = settings.webhooks.find((one) => one.id === delivery.to);
      if (!hook)
        return { outcome: 'failed', permanent: true, reason: 'The web hook is no longer in the configuration.' };
      return sendWebhook(hook, { id, body: webhookBody(id, notice, settings.console) }, { policy, now });
    }
    if (!settings.smtp)
      return { outcome: 'failed', permanent: true, reason: 'No mail server is in the configuration any more.' };
    const { title, text } = notice.texts[delivery.language];
    const link = settings.console && notice.path ? `\n\n${settings.console}${notice.path}` : '';
    return sendMail(settings.smtp, {
      to: delivery.address,
      subject: `[Hải Đăng] ${oneLine(title)}`,
      text: `${manyLines(title)}\n\n${manyLines(text)}${link}\n`,
      language: delivery.language,
      messageId: messageIdOf(id, delivery, settings.smtp.from),
    });
  }

  function ended(delivery: Delivery, sent: Sent): Delivery {
    const attempts = delivery.attempts + 1;
    if (sent.outcome === 'delivered') {
      const { answer } = sent;
      return { ...delivery, attempts, state: 'delivered', dueAt: null, problem: null, deliveredAt: isoNow(), answer };
    }
    const isOver = now() - Date.parse(delivery.since) >= settings.giveUpHours * HOUR_MS;
    const failed = { ...delivery, attempts, problem: sent.reason };
    if (sent.permanent || isOver) return { ...failed, state: 'dead', dueAt: null };
    return { ...failed, dueAt: isoNow(waitOf(attempts, random)) };
  }

  /** Tries one way of one notice, and keeps how it went. */
  async function attempt({ id, document }: Versioned<NoticeRecord>, delivery: Delivery, check: () => Promise<void>) {
    await check();
    const sent = await send(id, document, delivery);
    for (let again = 1; ; again += 1) {
      const found = await view.get('notice', id);
      if (!found) return;
      const deliveries = found.document.deliveries.map((one) =>
        isSame(one, delivery) && one.state === 'waiting' ? ended(one, sent) : one,
      );
      await check();
      try {
        await view.replace('notice', id, settleNotice({ ...found.document, deliveries }), found.version);
        return;
      } catch (error) {
        if (!isConflict(error) || again === TRIES) throw error;
      }
    }
  }

  return {
    async deliver(check, signal) {
      const at = isoNow();
      const { records: waiting } = await view.find('notice', {
        where: { due: [1] },
        orderBy: { field: 'dueAt', descending: false },
        limit: AT_ONCE,
      });
      const tries = waiting
        .flatMap((notice) => notice.document.deliveries.map((delivery) => ({ notice, delivery })))
        .filter(({ delivery: { state, dueAt } }) => state === 'waiting' && dueAt !== null && dueAt <= at)
        .slice(0, AT_ONCE);
      const done = Promise.all(
        tries.map(({ notice, delivery }) =>
          attempt(notice, delivery, check).catch((error) => {
            if (error instanceof HaidangError && error.code === 'HD_LEASE_LOST') throw error;
            if (!signal.aborted)
              log.warn({ err: error, notice: notice.id }, 'A notice could not be sent; it is tried again.');
          }),
        ),
      );
      await Promise.race([done, aborted(signal)]);
      return tries.length;
    },
    async sweep(check) {
      if (Math.abs(now() - sweptAt) < HOUR_MS) return;
      const before = new Date(now() - settings.keepDays * DAY_MS).toISOString();
      const { records: oldest } = await view.find('notice', {
        where: { due: [0] },
        orderBy: { field: 'at', descending: false },
        limit: SWEPT_AT_ONCE,
      });
      const old = oldest.filter(({ document }) => document.at < before);
      for (const { id } of old) {
        await check();
        await view.remove('notice', id);
      }
      // Where there may be more, the next look goes on.
      if (old.length < SWEPT_AT_ONCE) sweptAt = now();
    },
  };
}

/** What a web hook gets: the notice in all languages, without names of people. */
export function webhookBody(
  id: string,
  { kind, level, at, path, texts }: NoticeRecord,
  consoleAddress: string | undefined,
): string {
  const link = consoleAddress !== undefined && path !== null ? `${consoleAddress}${path}` : null;
  return JSON.stringify({ id, kind, level, at, path, link, texts });
}

function isSame(one: Delivery, other: Delivery): boolean {
  return one.channel === other.channel && one.to === other.to;
}

function messageIdOf(id: string, { to, since }: Delivery, from: string): string {
  const domain = from.split('@').at(-1) ?? 'localhost';
  return `<${hash('sha256', `${id} ${to} ${since}`, 'hex').slice(0, 40)}@${domain}>`;
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((done) => signal.addEventListener('abort', () => done(), { once: true }));
}

import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { EnrolmentAnswer } from '../../ecs/enrolment.ts';
import { reasonOf } from '../errors.ts';
import type { Log } from '../log.ts';
import { askOnce, openTls, type Way } from './dial.ts';
import { writeSecret } from './files.ts';
import { newKey, requestFor } from './key.ts';
import { machineHeader } from './machine.ts';

const LOOK_EVERY_MS = 3_600_000;
const FIRST_RETRY_MS = 60_000;

export interface RenewalOptions {
  readonly way: () => Way;
  /** Path of the file with certificate and key. */
  readonly identity: string;
  /** Path of the authority's certificate. */
  readonly ca: string;
  readonly machine?: string | null;
  readonly log: Log;
  /** The server's time, as far as it is known: a machine with a wrong clock renews in time too. */
  readonly now: () => number;
  /** Called when the new certificate is on disk. */
  readonly onRenewed: () => void;
}

/** The renewing of a certificate, by itself. */
export interface Renewal {
  /** Renews where it is time; gives whether it did. */
  look(): Promise<boolean>;
  stop(): void;
}

/** Renews a certificate when two thirds of its time are over, with a new key; looks every hour. */
export function startRenewal({ way, identity, ca, machine, log, now, onRenewed }: RenewalOptions): Renewal {
  let timer: NodeJS.Timeout | undefined;
  let isStopped = false;

  const look = async () => {
    const before = readFileSync(identity, 'utf8');
    if (!isDue(new X509Certificate(before), now())) return false;
    const key = newKey();
    const there = way();
    const tls = await openTls(there, { ca: readFileSync(ca, 'utf8'), cert: before, key: before, verify: true });
    const { status, body } = await askOnce(
      tls,
      there.server,
      'POST',
      '/v1/renew',
      { csr: requestFor(key) },
      undefined,
      machineHeader(machine),
    );
    if (status !== 200) throw new Error(`the server answered ${status}: ${body.slice(0, 300)}`);
    const { certificate, notAfter } = JSON.parse(body) as EnrolmentAnswer;
    // In one file and one step: a crash leaves the old pair or the new one.
    writeSecret(identity, `${certificate.trimEnd()}\n${key}`);
    log.info({ notAfter }, 'the certificate was renewed');
    onRenewed();
    return true;
  };
  const again = (milliseconds: number) => {
    if (isStopped) return;
    timer = setTimeout(run, milliseconds);
    timer.unref();
  };
  const run = () => {
    look().then(
      () => again(LOOK_EVERY_MS),
      (error) => {
        log.warn({ reason: reasonOf(error) }, 'the certificate could not be renewed; it is tried again');
        again(FIRST_RETRY_MS * (5 + Math.random() * 10));
      },
    );
  };
  again(Math.random() * FIRST_RETRY_MS);
  return {
    look,
    stop() {
      isStopped = true;
      clearTimeout(timer);
    },
  };
}

/** Whether two thirds of a certificate's time are over. */
export function isDue(certificate: X509Certificate, now: number): boolean {
  const from = certificate.validFromDate.getTime();
  const to = certificate.validToDate.getTime();
  return now >= from + ((to - from) * 2) / 3;
}

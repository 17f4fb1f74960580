import { HaidangError } from '../errors.ts';

const MINUTE_MS = 60_000;

/** Counts what anybody may try without a certificate, so that guessing and flooding are slow. */
export interface Attempts {
  /** Before the work. @throws HaidangError `HD_TOO_MANY` */
  begin(address: string): void;
  /** Whether a failure may still be written to the audit trail: a flood must not fill it. */
  mayAudit(): boolean;
}

/** So many attempts a minute from one address, and from all; so many failures a minute are audited. */
export function countAttempts(
  limits: { readonly perAddress: number; readonly inAll: number; readonly audited: number },
  now: () => number,
): Attempts {
  let begun = now();
  let all = 0;
  let audited = 0;
  let addresses = new Map<string, number>();
  const roll = () => {
    const at = now();
    if (at - begun < MINUTE_MS && at >= begun) return;
    begun = at;
    all = 0;
    audited = 0;
    addresses = new Map();
  };
  return {
    begin(address) {
      roll();
      const own = (addresses.get(address) ?? 0) + 1;
      if (own > limits.perAddress || all >= limits.inAll) {
        const retryAfter = Math.max(1, Math.ceil((begun + MINUTE_MS - now()) / 1000));
        throw new HaidangError('HD_TOO_MANY', 'Too many enrolments were tried within a minute.', { retryAfter });
      }
      addresses.set(address, own);
      all++;
    },
    mayAudit() {
      roll();
      audited++;
      return audited <= limits.audited;
    },
  };
}

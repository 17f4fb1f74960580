import { createPublicKey } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { pino } from 'pino';
import { openAccounts } from '../../server/accounts/accounts.ts';
import { openAuthority } from '../../server/authority/authority.ts';
import { newPrivateKey } from '../../server/authority/certificates.ts';
import { type AgencyId, type CollectorId, SYSTEM } from '../../server/identity.ts';
import { openEmbeddedStore } from '../../server/store/embedded/open.ts';
import { PASSWORD } from '../e2e/harness.ts';

/** A machine that may connect: its certificate and key, PEM. */
export interface Machine {
  readonly certificate: string;
  readonly key: string;
}

/** People and machines of a province, laid into a data folder before its server starts. */
export interface Province {
  readonly authority: string;
  readonly machines: readonly Machine[];
  /** A session's cookie of each analyst. */
  readonly cookies: readonly string[];
}

/** The account that signs in while others work. */
export const SIGNS_IN = 'newcomer';

/** Makes analysts with a session each, and enrolled collectors; all analysts have one password, whose slow hash is made once. */
export async function layOut(data: string, analysts: number, collectors: number): Promise<Province> {
  mkdirSync(data, { recursive: true, mode: 0o700 });
  const log = pino({ level: 'silent' });
  const { events, records } = await openEmbeddedStore({ folder: join(data, 'store'), log });
  try {
    const authority = await openAuthority(join(data, 'authority'));
    const accounts = openAccounts({ records, folder: data });
    const view = records.as(SYSTEM);
    const first = {
      user: 'analyst-0',
      displayName: 'x',
      role: 'analyst',
      agencies: 'all',
      password: PASSWORD,
    } as const;
    await accounts.users.add(first, 'bench');
    const made = await view.get('user', first.user);
    if (!made) throw new Error('The first analyst was not made.');
    // Signs in again and again: an account has only so many sessions, and those of the analysts are to stay.
    await view.create('user', SIGNS_IN, { ...made.document, name: SIGNS_IN });
    const cookies: string[] = [];
    for (let place = 0; place < analysts; place += 1) {
      const name = `analyst-${place}`;
      if (place > 0) await view.create('user', name, { ...made.document, name });
      cookies.push(`haidang_session=${(await accounts.sessions.start(name)).token}`);
    }
    const createdAt = new Date().toISOString();
    const contact = { person: '', phone: '', email: '', address: '' };
    await view.create('agency', 'one', { name: 'One', contact, securityLevel: 3, createdAt });
    const machines: Machine[] = [];
    for (let place = 0; place < collectors; place += 1) {
      const id = `machine${String(place).padStart(4, '0')}` as CollectorId;
      const agency = 'one' as AgencyId;
      const key = newPrivateKey();
      const publicKey = createPublicKey(key).export({ type: 'spki', format: 'pem' }) as string;
      const { certificate, fingerprint, notAfter } = await authority.issueCollector({
        collector: id,
        agency,
        publicKey,
      });
      machines.push({ certificate, key });
      const known = {
        agency,
        name: id,
        fingerprint,
        notAfter,
        revoked: false,
        createdAt,
        lastSeenAt: null,
        status: null,
      };
      await view.create('collector', id, { ...known, counters: [] });
    }
    return { authority: authority.certificate, machines, cookies };
  } finally {
    await events.close();
    await records.close();
  }
}

import { createPrivateKey, createPublicKey, randomInt, X509Certificate } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type AgencyId, type CollectorId, SYSTEM } from '../identity.ts';
import type { CollectorRecord } from '../store/record-kinds.ts';
import type { RecordStore } from '../store/record-store.ts';
import { type Authority, fingerprintOf, needsRenewal } from './authority.ts';
import { newPrivateKey } from './certificates.ts';
import { readIfThere, writeWhole } from './secret-file.ts';

const ALPHABET = 'abcdefghijklmnopqrstuvwxyz0123456789';

/** Where the local collector finds its identity. */
export interface LocalCollector {
  readonly id: CollectorId;
  readonly certificatePath: string;
  readonly keyPath: string;
  readonly authorityPath: string;
  /** ISO 8601; call again before, at best daily: it renews when a third is left. */
  readonly notAfter: string;
  readonly renewed: boolean;
}

export interface LocalCollectorOptions {
  readonly authority: Authority;
  readonly records: RecordStore;
  /** Gets `id`, `collector.key` (0600) and `collector.crt`. */
  readonly folder: string;
  readonly agency: AgencyId;
  /** How it is shown, for instance this machine's name. */
  readonly name: string;
  readonly now?: () => number;
}

/**
 * Gives the collector inside `haidang up` a certificate and a record, as enrolment does for others; keeps its id over
 * restarts. A revoked local collector stays revoked.
 */
export async function ensureLocalCollector(options: LocalCollectorOptions): Promise<LocalCollector> {
  const { authority, records, folder, agency } = options;
  const now = (options.now ?? Date.now)();
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const [idPath, keyPath, certificatePath] = ['id', 'collector.key', 'collector.crt'].map((name) =>
    join(folder, name),
  ) as [string, string, string];
  const id = await ensureId(idPath);

  let key = await readIfThere(keyPath);
  if (key === undefined) {
    key = newPrivateKey();
    await writeWhole(keyPath, key, 0o600);
  }
  const publicKey = createPublicKey(readKey(key, keyPath)).export({ type: 'spki', format: 'pem' }) as string;

  const view = records.as(SYSTEM);
  const known = await view.get('collector', id);
  let certificate = await readIfThere(certificatePath);
  const good =
    certificate !== undefined &&
    isGood(certificate, key, authority.certificate, now) &&
    known !== undefined &&
    known.document.fingerprint === fingerprintOf(certificate);
  if (good && certificate !== undefined && known.document.agency === agency && known.document.name === options.name) {
    return {
      id,
      certificatePath,
      keyPath,
      authorityPath: authority.certificatePath,
      notAfter: known.document.notAfter,
      renewed: false,
    };
  }

  let { fingerprint, notAfter } = known?.document ?? { fingerprint: '', notAfter: '' };
  if (!good) {
    const issued = await authority.issueCollector({ collector: id, agency, publicKey });
    ({ fingerprint, notAfter, certificate } = issued);
  }
  // The record first: a certificate on disk that the server does not know would lock the collector out.
  await register(records, id, known?.document, { agency, name: options.name, fingerprint, notAfter, now });
  if (!good && certificate !== undefined) await writeWhole(certificatePath, certificate, 0o644);
  return { id, certificatePath, keyPath, authorityPath: authority.certificatePath, notAfter, renewed: !good };
}

async function ensureId(path: string): Promise<CollectorId> {
  const kept = (await readIfThere(path))?.trim();
  if (kept !== undefined) {
    if (/^[a-z0-9]{4,32}$/.test(kept)) return kept as CollectorId;
    throw new Error(
      `${path} holds no collector id (4 to 32 of a-z, 0-9): restore it, or remove it to begin as a new collector.`,
    );
  }
  const id = `c${Array.from({ length: 7 }, () => ALPHABET[randomInt(ALPHABET.length)]).join('')}`;
  await writeWhole(path, `${id}\n`, 0o644);
  return id as CollectorId;
}

interface Registration {
  readonly agency: AgencyId;
  readonly name: string;
  readonly fingerprint: string;
  readonly notAfter: string;
  readonly now: number;
}

async function register(
  records: RecordStore,
  id: CollectorId,
  before: CollectorRecord | undefined,
  { now, ...part }: Registration,
): Promise<void> {
  const view = records.as(SYSTEM);
  if (!before) {
    const createdAt = new Date(now).toISOString();
    const fresh = { ...part, revoked: false, createdAt, lastSeenAt: null, status: null, counters: [] };
    await view.create('collector', id, fresh);
    return;
  }
  // Read anew: the ingest side writes counters into the same record.
  for (let attempt = 0; ; attempt++) {
    const current = await view.get('collector', id);
    if (!current)
      throw new Error(`The record of the local collector ${id} vanished while it was being renewed; start again.`);
    const previous = current.document.fingerprint;
    const document = {
      ...current.document,
      ...part,
      ...(previous === part.fingerprint ? {} : { previousFingerprint: previous }),
    };
    try {
      await view.replace('collector', id, document, current.version);
      return;
    } catch (error) {
      if (attempt >= 5) throw error;
    }
  }
}

function readKey(key: string, path: string): ReturnType<typeof createPrivateKey> {
  try {
    return createPrivateKey(key);
  } catch (cause) {
    throw new Error(`${path} is not a readable private key: remove it and collector.crt, and a new one is made.`, {
      cause,
    });
  }
}

function isGood(certificate: string, key: string, root: string, now: number): boolean {
  try {
    const read = new X509Certificate(certificate);
    return (
      !needsRenewal(read, now) &&
      read.checkPrivateKey(createPrivateKey(key)) &&
      read.verify(new X509Certificate(root).publicKey)
    );
  } catch {
    return false;
  }
}

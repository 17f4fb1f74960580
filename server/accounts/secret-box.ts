import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { mkdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { readIfThere, writeWhole } from '../authority/secret-file.ts';

/** Keeps short secrets at rest under AES-256-GCM (NIST SP 800-38D); its keys are a file beside the authority's, mode 0600. */
export interface SecretBox {
  /** `owner` is bound to the text: moved to another record, it does not open. */
  seal(text: string, owner: string): string;
  /** @throws Error where it was changed, belongs to another owner, or its key is gone. */
  open(sealed: string, owner: string): string;
  /** Whether it was sealed under an older key, so that it should be sealed anew. */
  isOld(sealed: string): boolean;
}

const SEALED = /^v1\.[0-9a-f]{12}\.[\w-]{16}\.[\w-]{22}\.[\w-]*$/;

/** Whether a text is one that a box sealed. */
export function isSealed(text: string): boolean {
  return SEALED.test(text);
}

interface Key {
  readonly id: string;
  readonly key: Buffer;
}

/** Path of the keys in a data folder: a line each, the newest first. */
export function secretKeysPath(data: string): string {
  return join(data, 'authority', 'secrets.key');
}

/** Names the key that sealed a text. */
export function keyOf(sealed: string): string {
  return sealed.split('.')[1] ?? '';
}

/** The ids of the keys in the file, newest first; empty where there is no file yet. @throws Error where it is damaged */
export async function secretKeyIds(data: string): Promise<string[]> {
  const path = secretKeysPath(data);
  const text = await readIfThere(path);
  return text === undefined ? [] : parse(text, path).map(({ id }) => id);
}

/**
 * Opens the box, and makes the first key where there is none. `current` names the key to seal with, where it is not the newest.
 * @throws Error where others can read the file.
 */
export async function openSecretBox(data: string, current?: string): Promise<SecretBox> {
  const path = secretKeysPath(data);
  let text = await readIfThere(path);
  if (text === undefined) {
    text = lineOf(newKey());
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    await writeWhole(path, text, 0o600);
  }
  await mustBePrivate(path);
  const keys = parse(text, path);
  return boxOf(keys, keys.find(({ id }) => id === current) ?? keys[0]);
}

/** Puts a new key in front; what older ones sealed still opens. */
export async function addSecretKey(data: string): Promise<void> {
  const path = secretKeysPath(data);
  await openSecretBox(data);
  await writeWhole(path, lineOf(newKey()) + ((await readIfThere(path)) ?? ''), 0o600);
}

/** Takes all keys away but the newest: nothing that an older one sealed opens from then on. */
export async function keepNewestKey(data: string): Promise<void> {
  const path = secretKeysPath(data);
  const [newest] = parse((await readIfThere(path)) ?? '', path);
  if (newest) await writeWhole(path, lineOf(newest), 0o600);
}

/** @throws Error where a file's mode lets others read it; says how to mend it. */
export async function mustBePrivate(path: string): Promise<void> {
  const { mode } = await stat(path);
  if ((mode & 0o077) !== 0)
    throw new Error(`${path} can be read by other users of this machine; run: chmod 600 ${path}`);
}

function boxOf(keys: readonly Key[], current: Key | undefined): SecretBox {
  if (!current) throw new Error('There is no key to seal secrets with.');
  return {
    seal(text, owner) {
      const nonce = randomBytes(12);
      const cipher = createCipheriv('aes-256-gcm', current.key, nonce).setAAD(Buffer.from(owner));
      const body = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
      return ['v1', current.id, ...[nonce, cipher.getAuthTag(), body].map((part) => part.toString('base64url'))].join(
        '.',
      );
    },
    open(sealed, owner) {
      const [version, id, nonce = '', tag = '', body = ''] = sealed.split('.');
      const key = keys.find((one) => one.id === id);
      if (version !== 'v1' || !key) throw new Error('A stored secret cannot be opened: its key is not in secrets.key.');
      const decipher = createDecipheriv('aes-256-gcm', key.key, Buffer.from(nonce, 'base64url'), { authTagLength: 16 });
      decipher.setAAD(Buffer.from(owner)).setAuthTag(Buffer.from(tag, 'base64url'));
      return Buffer.concat([decipher.update(Buffer.from(body, 'base64url')), decipher.final()]).toString('utf8');
    },
    isOld: (sealed) => keyOf(sealed) !== current.id,
  };
}

function newKey(): Key {
  return { id: randomBytes(6).toString('hex'), key: randomBytes(32) };
}

function lineOf({ id, key }: Key): string {
  return `${id} ${key.toString('base64')}\n`;
}

function parse(text: string, path: string): Key[] {
  return text
    .trim()
    .split('\n')
    .map((line) => {
      const [id = '', encoded = ''] = line.split(' ');
      const key = Buffer.from(encoded, 'base64');
      if (!/^[0-9a-f]{12}$/.test(id) || key.length !== 32)
        throw new Error(`${path} is damaged: restore it from a backup.`);
      return { id, key };
    });
}

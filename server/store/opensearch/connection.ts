import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import type { ClientOptions } from '@opensearch-project/opensearch';

/** Where a cluster is and how it is spoken to; plain data, so that threads can share it. */
export interface ClusterAddress {
  /** One address, or several of the same cluster parted by commas: `https://user:password@host:9200`. */
  readonly url: string;
  /** File with the certificate of the authority that signed the nodes', PEM; the machine's own authorities where absent. */
  readonly caFile?: string | undefined;
  readonly user?: string | undefined;
  /** File whose first line is the password; read again where the cluster no longer takes the one before. */
  readonly passwordFile?: string | undefined;
}

/** The addresses of a cluster, each checked. @throws Error that says what is wrong and repeats no password */
export function readAddresses(text: string): URL[] {
  const addresses = text.split(',').map((part) => part.trim());
  return addresses.map((address) => {
    if (URL.canParse(address) && /^https?:$/.test(new URL(address).protocol)) return new URL(address);
    throw new Error('is no address of a cluster; write it like https://host:9200, several parted by commas');
  });
}

/** The client's options for a cluster; user and password go with each request (`Credentials`). */
export function clientOptions({ url, caFile }: ClusterAddress): ClientOptions {
  const nodes = readAddresses(url).map((address) => {
    address.username = '';
    address.password = '';
    return address.href;
  });
  const ca = caFile === undefined ? undefined : readFileSync(caFile, 'utf8');
  return { nodes, ...(ca === undefined ? {} : { ssl: { ca } }) };
}

/** User and password as they are to be sent. */
export class Credentials {
  readonly #user: string | undefined;
  readonly #file: string | undefined;
  #header: string | undefined;

  /** @throws Error where the password file cannot be read */
  constructor({ url, user, passwordFile }: ClusterAddress) {
    const [first] = readAddresses(url);
    this.#user = user ?? (first?.username ? decodeURIComponent(first.username) : undefined);
    this.#file = passwordFile;
    const password = this.#file === undefined ? decodeURIComponent(first?.password ?? '') : this.#readNow();
    this.#header = this.#headerOf(password);
  }

  get headers(): Readonly<Record<string, string>> {
    return this.#header === undefined ? {} : { authorization: this.#header };
  }

  /** Reads the file again; true where it holds another password now. */
  async renew(): Promise<boolean> {
    if (this.#file === undefined) return false;
    const before = this.#header;
    try {
      this.#header = this.#headerOf(firstLine(await readFile(this.#file, 'utf8')));
    } catch {
      // It may be written just now; the password before is kept.
      return false;
    }
    return this.#header !== before;
  }

  #readNow(): string {
    return firstLine(readFileSync(this.#file as string, 'utf8'));
  }

  #headerOf(password: string): string | undefined {
    if (this.#user === undefined) return undefined;
    return `Basic ${Buffer.from(`${this.#user}:${password}`).toString('base64')}`;
  }
}

function firstLine(text: string): string {
  return (/^[^\r\n]*/.exec(text) ?? [''])[0];
}

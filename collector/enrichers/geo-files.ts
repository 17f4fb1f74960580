import { reasonOf } from '../errors.ts';
import type { Log } from '../log.ts';
import type { FindAddress } from './address-book.ts';
import { type AddressTable, readAddressTable, unusable } from './address-file.ts';

/** The files that countries and networks are read from; absolute paths. */
export interface GeoPaths {
  readonly country: string | undefined;
  readonly as: string | undefined;
}

/** How one of the files is. */
export interface GeoFileState {
  readonly path: string;
  /** What the file calls itself, and when it was made (ISO 8601); null where none is in use. */
  readonly table: { readonly kind: string; readonly builtAt: string } | null;
  /** Why the file that is there now is not in use; the one before may still be. */
  readonly error: string | null;
}

/** The tables in use, which follow their files. */
export interface GeoFiles {
  readonly country: FindAddress;
  readonly as: FindAddress;
  state(): readonly GeoFileState[];
  /** Looks now whether a file was replaced; it is done once a minute anyway. */
  look(): Promise<void>;
  stop(): void;
}

const LOOK_MS = 60_000;

/** Opens the files; one that is absent or damaged is told, and events go on without it. `onChange` comes after a table was replaced. */
export async function openGeoFiles(paths: GeoPaths, log: Log, onChange: () => void): Promise<GeoFiles> {
  const country = new GeoFile(paths.country, log, onChange);
  const as = new GeoFile(paths.as, log, onChange);
  const look = async () => {
    await country.look();
    await as.look();
  };
  await look();
  const isUsed = paths.country !== undefined || paths.as !== undefined;
  const timer = isUsed ? setInterval(() => void look(), LOOK_MS) : undefined;
  timer?.unref();
  return {
    country: (address) => country.find(address),
    as: (address) => as.find(address),
    state: () => [country, as].flatMap((file) => file.state() ?? []),
    look,
    stop: () => clearInterval(timer),
  };
}

class GeoFile {
  readonly #path: string | undefined;
  readonly #log: Log;
  readonly #onChange: () => void;
  #table: AddressTable | undefined;
  #error: string | null = null;

  constructor(path: string | undefined, log: Log, onChange: () => void) {
    this.#path = path;
    this.#log = log;
    this.#onChange = onChange;
  }

  find(address: string): Readonly<Record<string, unknown>> | undefined {
    try {
      return this.#table?.find(address);
    } catch (error) {
      // Damaged where nobody had looked yet: the rest of such a table is not to be believed either.
      this.#table = undefined;
      this.#fail(unusable(String(this.#path), error).message);
      return undefined;
    }
  }

  state(): GeoFileState | undefined {
    if (this.#path === undefined) return undefined;
    const table = this.#table && { kind: this.#table.kind.slice(0, 100), builtAt: isoOf(this.#table.builtAt) };
    return { path: this.#path, table: table ?? null, error: this.#error };
  }

  async look(): Promise<void> {
    if (this.#path === undefined) return;
    try {
      const table = await readAddressTable(this.#path, this.#table?.stamp);
      if (table) {
        this.#table = table;
        this.#log.info({ file: this.#path, kind: table.kind }, 'a table of addresses is in use');
        this.#onChange();
      }
      this.#error = null;
    } catch (error) {
      this.#fail(reasonOf(error));
    }
  }

  #fail(reason: string): void {
    if (this.#error !== reason) this.#log.warn({ file: this.#path, reason }, 'a table of addresses cannot be used');
    this.#error = reason;
  }
}

function isoOf(date: Date): string {
  return Number.isNaN(date.getTime()) ? '' : date.toISOString();
}

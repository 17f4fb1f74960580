import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

const FILES = ['/etc/machine-id', '/var/lib/dbus/machine-id'];

/**
 * Tells this machine from others without telling which it is: a hash of machine-id(5), which systemd wants never to be
 * shown as it is. Null where there is none.
 */
export function machineHash(files: readonly string[] = FILES): string | null {
  for (const file of files) {
    try {
      const id = readFileSync(file, 'utf8').trim();
      if (/^[0-9a-f]{32}$/.test(id)) return createHash('sha256').update(`haidang collector ${id}`).digest('hex');
    } catch {
      // The next one may be there.
    }
  }
  return null;
}

/** The header that says which machine a request comes from: a copy of the disk elsewhere is refused by it. */
export function machineHeader(machine: string | null = machineHash()): Readonly<Record<string, string>> {
  return machine === null ? {} : { 'haidang-machine': machine };
}

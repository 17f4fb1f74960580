import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import type { InputPort } from './ports.ts';

/** State of a listening TCP socket in proc(5). */
const LISTENS = '0A';
const MOST_SOCKETS = 100_000;

/** Inodes of the sockets that listen on a port, on any address (proc(5), `/proc/net/tcp`). */
function listeners({ port, isUdp }: InputPort): Set<string> {
  const found = new Set<string>();
  for (const table of isUdp ? ['udp', 'udp6'] : ['tcp', 'tcp6']) {
    let text: string;
    try {
      text = readFileSync(`/proc/net/${table}`, 'utf8');
    } catch {
      continue;
    }
    for (const line of text.split('\n', MOST_SOCKETS).slice(1)) {
      const [, local = '', , state, , , , , , inode] = line.trim().split(/\s+/);
      if (inode === undefined || (!isUdp && state !== LISTENS)) continue;
      if (Number.parseInt(local.split(':')[1] ?? '', 16) === port) found.add(inode);
    }
  }
  return found;
}

/** Whether a process holds the socket that listens on a port; undefined where this user, or system, cannot tell. */
export function listensOn(pid: number, port: InputPort): boolean | undefined {
  const sockets = listeners(port);
  if (sockets.size === 0) return undefined;
  try {
    const links = readdirSync(`/proc/${pid}/fd`).map((fd) => {
      try {
        return readlinkSync(`/proc/${pid}/fd/${fd}`);
      } catch {
        return '';
      }
    });
    return links.some((link) => sockets.has(/^socket:\[(\d+)\]$/.exec(link)?.[1] ?? ''));
  } catch {
    return undefined;
  }
}

/** Log lines written for the tests, in the formats of the real programs; the same seed gives the same lines. */

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** A small generator of repeatable numbers below `limit`. */
export function numbers(seed: number): (limit: number) => number {
  let state = seed >>> 0;
  return (limit) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 0x1_0000_0000) * limit);
  };
}

/** `Nov 22 08:15:04`, RFC 3164 §4.1.2, in UTC. */
export function syslogTime(milliseconds: number): string {
  const at = new Date(milliseconds);
  const day = String(at.getUTCDate()).padStart(2, ' ');
  return `${MONTHS[at.getUTCMonth()]} ${day} ${at.toISOString().slice(11, 19)}`;
}

/** `22/Nov/2026:08:15:04 +0000`, as Apache and nginx write it. */
export function accessTime(milliseconds: number): string {
  const at = new Date(milliseconds);
  const day = String(at.getUTCDate()).padStart(2, '0');
  return `${day}/${MONTHS[at.getUTCMonth()]}/${at.getUTCFullYear()}:${at.toISOString().slice(11, 19)} +0000`;
}

/** A day of a server's auth.log: sign-ins, sudo, cron, and one address guessing passwords. Every line is unique. */
export function authLog(
  lines: number,
  options: { seed?: number; endsAt: number; host?: string; stepMs?: number },
): string[] {
  const number = numbers(options.seed ?? 7);
  const host = options.host ?? 'web-01';
  const users = ['lan', 'minh', 'sokha', 'hanh', 'backup'];
  const step = options.stepMs ?? 1000;
  const start = options.endsAt - lines * step;
  return Array.from({ length: lines }, (_, index) => {
    const head = (program: string) => `${syslogTime(start + index * step)} ${host} ${program}`;
    const user = users[number(users.length)] ?? 'lan';
    const pid = 1000 + index;
    const port = 20000 + (index % 40000);
    const kind = number(10);
    if (kind < 5) return `${head(`sshd[${pid}]:`)} Failed password for root from 203.0.113.66 port ${port} ssh2`;
    if (kind < 6) {
      return `${head(`sshd[${pid}]:`)} Failed password for invalid user ${user}${index} from 198.51.100.${1 + number(200)} port ${port} ssh2`;
    }
    if (kind < 7) return `${head(`sshd[${pid}]:`)} Accepted publickey for ${user} from 192.0.2.10 port ${port} ssh2`;
    if (kind < 8)
      return `${head('sudo:')}     ${user} : TTY=pts/${index} ; PWD=/home/${user} ; USER=root ; COMMAND=/usr/bin/apt update`;
    if (kind < 9) return `${head(`CRON[${pid}]:`)} pam_unix(cron:session): session opened for user root by (uid=0)`;
    return `${head(`sshd[${pid}]:`)} Connection closed by 203.0.113.66 port ${port} [preauth]`;
  });
}

/** Ordinary requests in the combined format. Every line is unique. */
export function accessLog(lines: number, options: { seed?: number; endsAt: number; stepMs?: number }): string[] {
  const number = numbers(options.seed ?? 11);
  const pages = ['/', '/tin-tuc', '/dich-vu-cong/ho-so', '/van-ban', '/km/news', '/en/services'];
  const step = options.stepMs ?? 250;
  const start = options.endsAt - lines * step;
  return Array.from({ length: lines }, (_, index) => {
    const page = `${pages[number(pages.length)]}?id=${index}`;
    const status = number(30) === 0 ? 404 : 200;
    return `192.0.2.${1 + number(250)} - - [${accessTime(start + index * step)}] "GET ${page} HTTP/1.1" ${status} ${200 + number(9000)} "-" "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"`;
  });
}

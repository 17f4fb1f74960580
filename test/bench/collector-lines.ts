import { closeSync, openSync, writeSync } from 'node:fs';

const AGENTS = [
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36',
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:144.0) Gecko/20100101 Firefox/144.0',
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Mobile/15E148 Safari/604.1',
  'Mozilla/5.0 (Linux; Android 14; SM-A546E) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Mobile Safari/537.36',
  'Zabbix',
  'curl/7.88.1',
  '-',
];
const PAGES = ['/', '/thu-tuc', '/dich-vu-cong/nop-ho-so', '/tra-cuu', '/api/v1/ho-so', '/dang-nhap', '/tin-tuc'];
const FILES = ['/assets/app.3f9c.js', '/assets/site.91ab.css', '/images/logo.png', '/favicon.ico', '/fonts/noto.woff2'];
const REFERRERS = [
  '-',
  'https://dichvucong.example.test/',
  'https://dichvucong.example.test/tra-cuu',
  'https://www.google.com/',
];
const METHODS = ['GET', 'GET', 'GET', 'GET', 'GET', 'POST', 'GET', 'HEAD'];
const STATUSES = [200, 200, 200, 200, 200, 304, 200, 302, 404, 200, 200, 401, 200, 500, 200, 200];

/** A random source that gives the same numbers every time. */
function random(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

/**
 * Writes access lines as a portal's nginx writes them (combined format; a few clients at a time, IPv6 among them, some
 * hundred requests a second), each different by its query or its request number. Gives the bytes written.
 */
export function writeAccessLog(path: string, count: number): number {
  const pick = random(7);
  const one = <T>(list: readonly T[]): T => list[pick(list.length)] as T;
  const clients = Array.from({ length: 4_000 }, (_, n) =>
    n % 9 === 0
      ? `2001:db8:${pick(65_536).toString(16)}::${pick(65_535).toString(16)}`
      : `203.0.${pick(114)}.${pick(256)}`,
  );
  const file = openSync(path, 'w');
  let bytes = 0;
  let text = '';
  const flush = () => {
    bytes += writeSync(file, text);
    text = '';
  };
  for (let n = 0; n < count; n++) {
    const second = Math.floor(n / 400);
    const clock = [Math.floor(second / 3600) % 24, Math.floor(second / 60) % 60, second % 60];
    const time = clock.map((part) => String(part).padStart(2, '0')).join(':');
    const target = n % 3 === 0 ? `${one(FILES)}?v=${n}` : `${one(PAGES)}?ma=H${pick(1e9)}&trang=${pick(40)}&so=${n}`;
    const size = pick(9) === 0 ? 0 : pick(60_000);
    text += `${one(clients)} - - [22/Nov/2026:${time} +0700] "${one(METHODS)} ${target} HTTP/${pick(5) === 0 ? '2.0' : '1.1'}" ${one(STATUSES)} ${size} "${one(REFERRERS)}" "${one(AGENTS)}"\n`;
    if (text.length > 1_000_000) flush();
  }
  flush();
  closeSync(file);
  return bytes;
}

/**
 * The TAXII server with many objects: how fast they are added over HTTP, how long a page takes from the first to the last,
 * and a hundred provinces that push at once. Prints one JSON document; times are medians in milliseconds over HTTP, on one
 * connection, of pages of 100 objects. Exit code 1 where the last page takes more than twice as long as the first and 10 ms
 * more, or a status is wrong.
 * Usage: npm run bench:taxii [-- OBJECTS [PROVINCES]]
 */
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { basic, indicator, startNational, TYPE } from '../server/taxii/national.ts';
import { pushAtOnce } from './taxii-provinces.ts';

const total = Math.max(10_000, Number(process.argv[2] ?? 1_000_000));
const provinces = Number(process.argv[3] ?? 100);
const PER_ENVELOPE = 1_000;
const PAGE = 100;
const SAMPLES = 25;
const USER = ['bench', 'một mật khẩu để đo'] as const;
const headers = { accept: TYPE, 'content-type': TYPE, authorization: basic(...USER) };

const national = await startNational(null);
try {
  const connection = await national.connection();
  await connection.ask('POST', '/api/v1/taxii/accounts', { name: USER[0], password: USER[1] });
  await connection.ask('POST', '/api/v1/taxii/roots', { name: 'bench', title: 'Bench' });
  const collection = { root: 'bench', title: 'Bench' };
  const { id } = await connection.ask<{ id: string }>('POST', '/api/v1/taxii/collections', collection);
  const rights = { canRead: true, canWrite: true };
  await connection.ask('PUT', `/api/v1/taxii/collections/${id}/grants/${USER[0]}`, rights);
  const objects = `${national.url}/bench/collections/${id}/objects/`;
  const manifest = `${national.url}/bench/collections/${id}/manifest/`;

  let spent = 0;
  const cpu = process.cpuUsage();
  for (let first = 0; first < total; first += PER_ENVELOPE) {
    const body = JSON.stringify({ objects: Array.from({ length: PER_ENVELOPE }, (_, index) => made(first + index)) });
    const begun = performance.now();
    const answer = await fetch(objects, { method: 'POST', headers, body });
    const status = (await answer.json()) as { success_count: number };
    spent += performance.now() - begun;
    if (status.success_count !== PER_ENVELOPE) throw new Error(`an envelope was not taken whole: ${answer.status}`);
  }
  const { user, system } = process.cpuUsage(cpu);
  const bytes = statSync(join(national.config.data, 'store', 'taxii.db')).size;
  console.error(`${total} objects added in ${(spent / 1000).toFixed(1)} s`);

  // Every object is read once, so that the last page is really the last.
  const cursors = new Map<number, string>();
  let read = 0;
  let next = '';
  for (let at = 0; ; at += 1_000) {
    const answer = await get(`${manifest}?limit=1000${next}`);
    read += answer.body.objects?.length ?? 0;
    cursors.set(at, answer.headers.get('x-taxii-date-added-last') ?? '');
    if (!answer.body.more) break;
    next = `&next=${answer.body.next}`;
  }
  if (read !== total) throw new Error(`${read} of ${total} objects came back`);
  const middle = cursors.get(Math.floor(total / 2000) * 1_000) ?? '';
  const end = cursors.get(total - 2_000) ?? '';

  const pages = async (query: string) => ({
    first: await median(`${objects}?limit=${PAGE}${query}`),
    middle: await median(`${objects}?limit=${PAGE}${query}`, middle),
    last: await median(`${objects}?limit=${PAGE}${query}`, end),
  });
  const page_of_100_ms = {
    latest: await pages(''),
    all_versions: await pages('&match[version]=all'),
    of_a_type: await pages('&match[type]=malware'),
    of_two_types: await pages('&match[type]=malware,indicator'),
  };
  const one_object_ms = await median(`${objects}${made(Math.floor(total / 2))['id']}/`);
  const manifest_of_1000_ms = await median(`${manifest}?limit=1000`, middle);
  const at_once = await pushAtOnce({ url: national.url, root: 'bench', connection, provinces });
  await connection.close();
  console.log(
    JSON.stringify({
      objects: total,
      objects_per_s: Math.round((total / spent) * 1000),
      cpu_us_per_object: Math.round((user + system) / total),
      bytes_per_object: Math.round(bytes / total),
      page_of_100_ms,
      one_object_ms,
      manifest_of_1000_ms,
      at_once,
    }),
  );
  const steep = Object.entries(page_of_100_ms).filter(([, { first, last }]) => last > 2 * first && last > first + 10);
  for (const [name] of steep) console.error(`the last page (${name}) takes longer than the first`);
  if (steep.length > 0 || at_once.wrong > 0) process.exitCode = 1;
} finally {
  await national.stop();
}

/** One in ten is malware, so that a type is rare enough to be looked for. */
function made(number: number): Record<string, unknown> {
  const object = indicator(number);
  if (number % 10 !== 0) return object;
  return { ...object, type: 'malware', id: String(object['id']).replace('indicator', 'malware'), is_family: false };
}

interface Page {
  readonly objects?: readonly unknown[];
  readonly more?: boolean;
  readonly next?: string;
}

async function get(url: string): Promise<{ headers: Headers; body: Page }> {
  const answer = await fetch(url, { headers: { accept: TYPE, authorization: headers.authorization } });
  if (!answer.ok) throw new Error(`${url}: ${answer.status} ${await answer.text()}`);
  return { headers: answer.headers, body: (await answer.json()) as Page };
}

/** How long pages take from a moment on, each begun where the one before ended by `next`. */
async function median(url: string, from?: string): Promise<number> {
  const times: number[] = [];
  const start = from === undefined ? url : `${url}${url.includes('?') ? '&' : '?'}added_after=${from}`;
  let next = '';
  for (let sample = 0; sample < SAMPLES; sample++) {
    const begun = performance.now();
    const { body } = await get(start + next);
    times.push(performance.now() - begun);
    next = body.next === undefined ? '' : `&next=${body.next}`;
  }
  times.sort((a, b) => a - b);
  return Math.round((times[Math.floor(SAMPLES / 2)] ?? 0) * 10) / 10;
}

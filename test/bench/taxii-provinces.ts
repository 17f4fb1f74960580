import type { Connection } from '../../server/commands/connection.ts';
import { basic, indicator, TYPE } from '../server/taxii/national.ts';

/** What came of provinces that all push at the same moment. */
export interface AtOnce {
  readonly provinces: number;
  readonly objects: number;
  readonly objects_per_s: number;
  /** Times until an envelope was answered, milliseconds; those that were sent away and came again with them. */
  readonly answered_ms: { readonly p50: number; readonly p99: number; readonly most: number };
  /** Answers that said to come again, and connections that ended before one. */
  readonly sent_away: number;
  /** Statuses that do not say what was sent, and objects that are not there; must be 0. */
  readonly wrong: number;
  /** Memory of this process, which is both sides, before and at most, MiB. */
  readonly rss_mib: { readonly before: number; readonly most: number };
}

const ENVELOPES = 3;
const OBJECTS = 1_000;
/** Numbers of objects that the rest of the benchmark has not. */
const FROM = 100_000_000;
const SAMPLE_MS = 20;

/** A hundred accounts push into one inbox that they cannot read, each its envelopes at the same moment. */
export async function pushAtOnce(options: {
  readonly url: string;
  readonly root: string;
  readonly connection: Connection;
  readonly provinces: number;
}): Promise<AtOnce> {
  const { url, root, connection, provinces } = options;
  const made = { root, title: 'Inbox' };
  const { id } = await connection.ask<{ id: string }>('POST', '/api/v1/taxii/collections', made);
  const accounts = Array.from({ length: provinces }, (_, at) => [`tinh-${at}`, `mật khẩu của tỉnh ${at}`] as const);
  const centre = ['centre', 'mật khẩu của trung tâm'] as const;
  for (const [name, password] of [...accounts, centre]) {
    await connection.ask('POST', '/api/v1/taxii/accounts', { name, password });
    const rights = { canRead: name === centre[0], canWrite: true };
    await connection.ask('PUT', `/api/v1/taxii/collections/${id}/grants/${name}`, rights);
  }
  const inbox = `${url}/${root}/collections/${id}/`;
  const times: number[] = [];
  let [sentAway, wrong] = [0, 0];
  const before = process.memoryUsage.rss();
  let most = before;
  const sampling = setInterval(() => {
    most = Math.max(most, process.memoryUsage.rss());
  }, SAMPLE_MS);
  const began = performance.now();
  await Promise.all(
    accounts.flatMap((account, at) =>
      Array.from({ length: ENVELOPES }, async (_, envelope) => {
        const first = FROM + (at * ENVELOPES + envelope) * OBJECTS;
        const objects = Array.from({ length: OBJECTS }, (_, object) => indicator(first + object));
        const asked = performance.now();
        const status = await push(`${inbox}objects/`, account, JSON.stringify({ objects }));
        times.push(performance.now() - asked);
        const kept = await read(`${url}/${root}/status/${status}/`, account);
        const ids = (kept['successes'] as { id: string }[] | undefined)?.map((one) => one.id) ?? [];
        const isRight =
          kept['status'] === 'complete' &&
          kept['failure_count'] === 0 &&
          ids.length === OBJECTS &&
          ids.every((one, index) => one === objects[index]?.['id']);
        if (!isRight) wrong += 1;
      }),
    ),
  );
  const seconds = (performance.now() - began) / 1000;
  clearInterval(sampling);
  const objects = provinces * ENVELOPES * OBJECTS;
  wrong += objects - (await countAll(`${inbox}manifest/?limit=1000`, centre));
  times.sort((a, b) => a - b);
  const at = (share: number) => Math.round(times[Math.min(times.length - 1, Math.floor(share * times.length))] ?? 0);
  return {
    provinces,
    objects,
    objects_per_s: Math.round(objects / seconds),
    answered_ms: { p50: at(0.5), p99: at(0.99), most: at(1) },
    sent_away: sentAway,
    wrong,
    rss_mib: { before: Math.round(before / 2 ** 20), most: Math.round(most / 2 ** 20) },
  };

  /** Sends until it is taken, as long as it is told to come again; gives the status' id. */
  async function push(to: string, account: readonly [string, string], body: string): Promise<string> {
    for (;;) {
      const headers = { accept: TYPE, 'content-type': TYPE, authorization: basic(...account) };
      const answer = await fetch(to, { method: 'POST', headers, body }).catch(() => undefined);
      if (!answer) {
        // Sent away before it had written its body: the connection ends under it.
        sentAway += 1;
        await new Promise((go) => setTimeout(go, 5_000));
        continue;
      }
      const text = await answer.text();
      if (answer.status === 202) return (JSON.parse(text) as { id: string }).id;
      if (answer.status !== 429 && answer.status !== 503) throw new Error(`${to}: ${answer.status} ${text}`);
      sentAway += 1;
      const seconds = Number(answer.headers.get('retry-after') ?? 1);
      await new Promise((go) => setTimeout(go, seconds * 1000));
    }
  }
}

async function read(url: string, account: readonly [string, string]): Promise<Record<string, unknown>> {
  const answer = await fetch(url, { headers: { accept: TYPE, authorization: basic(...account) } });
  if (!answer.ok) throw new Error(`${url}: ${answer.status} ${await answer.text()}`);
  return (await answer.json()) as Record<string, unknown>;
}

async function countAll(url: string, account: readonly [string, string]): Promise<number> {
  let count = 0;
  let next = '';
  for (;;) {
    const page = await read(url + next, account);
    count += (page['objects'] as unknown[] | undefined)?.length ?? 0;
    if (page['more'] !== true) return count;
    next = `&next=${String(page['next'])}`;
  }
}

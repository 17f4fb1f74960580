import { afterEach, describe, expect, it } from 'vitest';
import { WorkerClient } from '../../../server/store/embedded/worker-client.ts';

const errors: { readonly detail: object; readonly text: string }[] = [];
const log = {
  info: () => {},
  warn: () => {},
  error: (detail: object, text: string) => void errors.push({ detail, text }),
};
let client: WorkerClient | undefined;

afterEach(async () => {
  await client?.close();
  errors.length = 0;
});

describe('a worker that dies', () => {
  it('fails the calls under way, is reported, and answers again', async () => {
    client = new WorkerClient(new URL('./dying-worker.ts', import.meta.url), 'test', () => ({}), log);
    expect(await client.call('double', 4)).toBe(8);
    const [dead, beside] = await Promise.allSettled([client.call('die', undefined), client.call('die', undefined)]);
    for (const outcome of [dead, beside]) {
      expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'HD_STORE_DOWN', retryAfter: 2 } });
    }
    expect(errors).toMatchObject([{ detail: { worker: 'test', err: { message: 'asked to die' } } }]);
    expect(errors[0]?.text).toContain('started again');
    await expect.poll(() => client?.call('double', 5).catch(() => 0), { timeout: 20_000 }).toBe(10);
  });

  it('gives the sentence of an error, and refuses calls once closed', async () => {
    client = new WorkerClient(new URL('./dying-worker.ts', import.meta.url), 'test', () => ({}), log);
    await expect(client.call('nonsense', 1)).rejects.toThrow(/knows no call "nonsense"/);
    await client.close();
    await expect(client.call('double', 1)).rejects.toMatchObject({ code: 'HD_STORE_DOWN' });
  });
});

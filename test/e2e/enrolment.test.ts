import { type ChildProcess, spawn } from 'node:child_process';
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { needs } from '../needs.ts';
import { openBrowser, signIn } from './browser.ts';
import { Installation, until } from './harness.ts';

const CLI = fileURLToPath(new URL('../../bin/cli.ts', import.meta.url));
const chromium = needs('chromium');

describe('a collector of another machine, from the token to the revocation', () => {
  let province: Installation;
  let collector: ChildProcess | undefined;
  let id: string;
  let folder: string;
  let browser: Browser | undefined;

  beforeAll(async () => {
    province = await Installation.create();
    await province.up();
    folder = join(province.folder, 'agency');
  });
  afterAll(async () => {
    collector?.kill('SIGKILL');
    await browser?.close();
    await province?.remove();
  });

  const mine = async () => {
    const { out } = await province.cli(['collector', 'list', '--json', '--config', province.config]);
    const lines = out.trim().split('\n').filter(Boolean);
    return lines
      .map((line) => JSON.parse(line) as { id: string; agency: string; state: string })
      .find((one) => one.id === id);
  };

  it('enrols by a token of the command line, and its events arrive', async () => {
    const added = await province.cli(['agency', 'add', 'so-y-te', '--name', 'Sở Y tế', '--config', province.config]);
    expect(added.code).toBe(0);
    const made = await province.cli([
      'collector',
      'token',
      '--agency',
      'so-y-te',
      '--expires',
      '1h',
      '--config',
      province.config,
    ]);
    expect(made.err).toContain('for one collector, once');
    // The line to run is whole, with the port that collectors really reach.
    expect(made.err).toMatch(new RegExp(`enrol --server https://[^ ]+:${province.ingestPort} --token hd1\\.`));
    const server = `https://127.0.0.1:${province.ingestPort}`;
    const enrol = ['collector', 'enrol', '--server', server, '--folder', folder, '--lang', 'en', '--token'];
    expect((await province.cli([...enrol, made.out.trim()])).out).toContain('of agency so-y-te');
    const again = await province.cli([...enrol.with(5, join(province.folder, 'other')), made.out.trim()]);
    expect(again).toMatchObject({ code: 1, err: expect.stringContaining('used already') });

    const config = join(folder, 'collector.yaml');
    const log = join(province.folder, 'agency.log');
    writeFileSync(log, '');
    const text = readFileSync(config, 'utf8').replace(/^inputs:.*$/m, `inputs: [{type: file, paths: [${log}]}]`);
    writeFileSync(config, text);
    id = /^id: (\S+)/m.exec(text)?.[1] ?? '';
    collector = spawn(process.execPath, [CLI, 'collector', '--config', config], { stdio: 'ignore' });
    const now = new Date().toISOString();
    appendFileSync(log, `${now} yt01 sshd[9]: Failed password for root from 203.0.113.9 port 4022 ssh2\n`);
    await until(
      'the event is in the store',
      async () => {
        const { out } = await province.cli(['query', 'host.name: yt01', '--json', '--config', province.config]);
        return out.includes('"so-y-te"') ? true : undefined;
      },
      60_000,
    );
    await until('it is well', async () => ((await mine())?.state === 'well' ? true : undefined));
  }, 180_000);

  it.runIf(chromium)(
    'stands in the console, with what is wrong and what to do',
    async () => {
      browser = await openBrowser(chromium as string);
      const page: Page = await (await browser.newContext({ locale: 'en-GB' })).newPage();
      await signIn(page, province);
      await page.getByRole('link', { name: 'Collectors' }).first().click();
      await page.locator(`[data-collector="${id}"]`).getByText('Sở Y tế').waitFor();
      await page.getByLabel('Agency').selectOption('so-y-te');
      await page.getByRole('button', { name: 'Make a token' }).click();
      const line = await page.locator('[data-token]').textContent();
      expect(line).toContain(`:${province.ingestPort} --token hd1.`);
      const shot = process.env['HAIDANG_SHOT'];
      if (shot) await page.screenshot({ path: shot });
      await page
        .getByRole('button', { name: /Revoke the certificate of/ })
        .first()
        .waitFor();
    },
    60_000,
  );

  it('takes a policy of its group by version, and may be silent for as long as was set', async () => {
    const cli = async (...args: string[]) => province.cli(['collector', ...args, '--config', province.config]);
    const file = join(province.folder, 'policy.yaml');
    writeFileSync(file, 'inputs: [{type: nonsense}]\n');
    expect(await cli('policy', 'check', file)).toMatchObject({
      code: 1,
      out: expect.stringContaining(':1: input_type'),
    });
    writeFileSync(file, 'bandwidth: 4 Mbit/s\n');
    expect((await cli('policy', 'set', 'slow', file)).code).toBe(0);
    writeFileSync(file, 'bandwidth: 2 Mbit/s\n');
    expect((await cli('policy', 'set', 'slow', file)).code).toBe(0);
    expect((await cli('policy', 'group', id, 'slow')).code).toBe(0);
    expect((await cli('policy', 'rollback', 'slow', '1')).out).toContain('version 3');
    expect((await cli('policy', 'versions', 'slow')).out).toContain('text of 1');
    expect((await cli('policy', 'list')).out).toContain('slow');
    expect((await cli('silence', 'set', 'file:*', 'never')).code).toBe(0);
    expect((await cli('silence', 'list')).out).toContain('never');
    expect((await cli('silence', 'remove', 'file:*')).code).toBe(0);
    expect((await cli('silence', 'remove', 'file:*')).code).toBe(1);
  }, 120_000);

  it('is cut off when its certificate is revoked', async () => {
    const revoked = await province.cli(['collector', 'revoke', id, '--config', province.config]);
    expect(revoked.code).toBe(0);
    expect((await mine())?.state).toBe('revoked');
    const doctor = await province.cli(['collector', 'doctor', '--folder', folder, '--lang', 'vi']);
    expect(doctor.code).toBe(1);
    expect(doctor.out).toContain('Máy chủ không chấp nhận chứng thư này.');
  }, 60_000);
});

import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { configurationReference, loadConfig } from '../../../server/config.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'haidang-config-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function file(text: string): Promise<string> {
  const path = join(folder, `${Math.random().toString(36).slice(2)}.yaml`);
  await writeFile(path, text);
  return path;
}

describe('configuration of the server', () => {
  it('has defaults for everything', async () => {
    const config = await loadConfig(undefined, {});
    expect(config).toMatchObject({
      host: '127.0.0.1',
      port: 8080,
      ingest: { host: '127.0.0.1', port: 8443 },
      syslogPort: 5514,
      timeZone: 'Asia/Ho_Chi_Minh',
      disk: { warnPercent: 85, stopPercent: 95 },
      collector: { inputs: 'auto' },
    });
  });

  it('takes the file over defaults and the environment over the file', async () => {
    const path = await file('port: 9000\nagency:\n  id: so-noi-vu\n  name: Sở Nội vụ\ndisk:\n  warn_percent: 70\n');
    const config = await loadConfig(path, { HAIDANG_PORT: '9100' });
    expect(config.port).toBe(9100);
    expect(config.agency).toMatchObject({ id: 'so-noi-vu', name: 'Sở Nội vụ' });
    expect(config.disk.warnPercent).toBe(70);
    expect(config.collector.timeZone).toBeUndefined();
  });

  it('reads an empty file as no settings', async () => {
    expect((await loadConfig(await file('# nothing yet\n'), {})).port).toBe(8080);
  });

  const wrong: [name: string, text: string, message: RegExp][] = [
    ['an unknown key', 'port: 1\nprot: 2\n', /:2: there is no setting "prot"/],
    ['an unknown key in a section', 'disk:\n  warn: 2\n', /:2: there is no setting "disk.warn"/],
    ['a wrong type', 'data: x\nport: many\n', /:2: "port" must be a whole number/],
    ['a port out of range', 'port: 70000\n', /:1: "port" must be a whole number from 0 to 65535/],
    ['a section without keys', 'disk: 5\n', /:1: "disk" must hold/],
    ['broken YAML', 'port: [1\n', /:\d+: this is no YAML/],
    ['a list instead of keys', '- port\n', /:1: the file must hold/],
    ['an address that others reach, without TLS', 'host: 0.0.0.0\ntls: {mode: off}\n', /in the clear/],
    ['an address that is none', 'host: soc.example.vn\n', /:1: "host" must be an address of this machine/],
    ['a network that is none', 'outbound: {allow_private: [10.0.0.0/33]}\n', /:1: "outbound.allow_private" must be/],
    ['an unknown time zone', 'time_zone: Asia/Hanoi-ish\n', /:1: "time_zone" must be an IANA/],
    [
      'an unknown time zone of the local collector',
      'collector: {time_zone: Mars/Base}\n',
      /:1: "collector.time_zone" must be an IANA/,
    ],
    ['an agency id with capitals', 'agency: {id: SNV}\n', /:1: "agency.id" must be/],
    ['warning after stopping', 'disk: {warn_percent: 96, stop_percent: 90}\n', /"disk.warn_percent" must not be above/],
    ['inputs that are text', 'collector: {inputs: all}\n', /"collector.inputs" must be "auto" or a list/],
  ];
  it.each(wrong)('refuses %s by key and line', async (_name, text, message) => {
    await expect(loadConfig(await file(text), {})).rejects.toThrow(message);
  });

  it('names the environment variable that is wrong', async () => {
    await expect(loadConfig(undefined, { HAIDANG_PORT: 'x' })).rejects.toThrow(
      /Environment variable HAIDANG_PORT must/,
    );
  });

  it('takes the cluster of OPENSEARCH_URL, and refuses what is no address without quoting it', async () => {
    const url = 'https://soc:secret@127.0.0.1:9200';
    expect((await loadConfig(undefined, { OPENSEARCH_URL: url })).openSearchUrl).toBe(url);
    expect((await loadConfig(undefined, { OPENSEARCH_URL: '' })).openSearchUrl).toBeUndefined();
    for (const wrong of ['secret', 'ftp://soc:secret@host']) {
      const error = await loadConfig(undefined, { OPENSEARCH_URL: wrong }).catch((thrown) => thrown);
      expect(error).toMatchObject({ exitCode: 2, message: expect.stringContaining('no address') });
      expect(error.message).not.toContain('secret');
    }
  });

  it('refuses a first password that is too short, without quoting it', async () => {
    const error = await loadConfig(undefined, { HAIDANG_ADMIN_PASSWORD: 'qwerty1' }).catch((thrown) => thrown);
    expect(error.message).toMatch(/8 characters/);
    expect(error.message).not.toContain('qwerty1');
  });

  it('names a file that is not there', async () => {
    await expect(loadConfig(join(folder, 'absent.yaml'), {})).rejects.toThrow(/absent.yaml cannot be read \(ENOENT\)/);
  });

  it('has a current reference page', async () => {
    const page = await readFile(new URL('../../../docs/configuration.md', import.meta.url), 'utf8');
    expect(page).toBe(configurationReference());
  });
});

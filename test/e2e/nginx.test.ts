import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { AlertList } from '../../server/alerts/schema.ts';
import { needs } from '../needs.ts';
import { freePort, Installation, until } from './harness.ts';

const nginx = needs('nginx');
const curl = needs('curl');

describe.skipIf(!nginx || !curl)('a real nginx is attacked with curl', () => {
  let installation: Installation;
  let server: ChildProcess;
  let site: string;

  beforeAll(async () => {
    installation = await Installation.create({
      inputs: (folder) => [{ type: 'file', paths: [join(folder, 'access.log')], from: 'start' }],
    });
    const { folder } = installation;
    const port = await freePort();
    site = `http://127.0.0.1:${port}`;
    writeFileSync(
      join(folder, 'nginx.conf'),
      [
        'daemon off; master_process off; worker_processes 1;',
        `pid ${folder}/nginx.pid; error_log ${folder}/error.log;`,
        'events { worker_connections 64; }',
        'http {',
        `  access_log ${folder}/access.log combined;`,
        ...['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `  ${name}_temp_path ${folder}/${name};`),
        `  server { listen 127.0.0.1:${port}; location / { return 200 "ok"; } }`,
        '}',
        '',
      ].join('\n'),
    );
    server = spawn(nginx ?? '', ['-p', folder, '-c', join(folder, 'nginx.conf')], { stdio: 'ignore' });
    await until('nginx answers', async () => ((await fetch(site)).ok ? true : undefined));
    await installation.up();
  });

  afterAll(async () => {
    server?.kill('SIGKILL');
    await installation?.remove();
  });

  test('its access log raises web alerts', async () => {
    const ask = (path: string, ...more: string[]) =>
      execFileSync(curl ?? '', ['-s', '-o', '/dev/null', '--path-as-is', ...more, `${site}${path}`]);
    ask('/download?file=../../../../etc/passwd');
    ask('/tin-tuc?id=1%27%20UNION%20SELECT%20username,password%20FROM%20users--');
    ask('/', '-A', 'sqlmap/1.8.2#stable (https://sqlmap.org)');
    ask('/.env');

    const alerts = await until('four kinds of web alert', async () => {
      const list = await installation.api<AlertList>('/api/v1/alerts');
      return list.alerts.length >= 4 ? list.alerts : undefined;
    });
    const titles = alerts.map((alert) => alert.title.en.toLowerCase()).join('\n');
    expect(titles).toMatch(/traversal/);
    expect(titles).toMatch(/sql/);
    expect(titles).toMatch(/scanning tool/);
    for (const alert of alerts) expect(alert.entities['source.ip']?.values).toEqual(['127.0.0.1']);
  });
});

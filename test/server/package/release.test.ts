import { execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { judgeAudit } from '../../../server/package/audit-gate.ts';
import { compileSource } from '../../../server/package/compile.ts';
import { lockedPackages } from '../../../server/package/locked-packages.ts';
import { makeRelease } from '../../../server/package/release.ts';
import { makeSbom, type Sbom, sbomProblems, stable } from '../../../server/package/sbom.ts';
import { tarOf } from '../../../server/package/tar.ts';
import { freePort, until } from '../../e2e/harness.ts';
import { keepLog, keysBelow } from '../../kept-logs.ts';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const SECONDS = 1_795_000_000;
let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'haidang-release-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('a release', () => {
  it('is the same bytes when it is made again, and its checksum is beside it', { timeout: 240_000 }, () => {
    const options = { seconds: SECONDS, withNode: false };
    const first = makeRelease(ROOT, join(folder, 'one'), options);
    const second = makeRelease(ROOT, join(folder, 'two'), options);
    expect(second.sha256).toBe(first.sha256);
    const bytes = readFileSync(first.archive);
    expect(createHash('sha256').update(bytes).digest('hex')).toBe(first.sha256);
    const told = execFileSync('sha256sum', ['-c', `${first.archive}.sha256`], {
      cwd: join(folder, 'one'),
      encoding: 'utf8',
    });
    expect(told).toContain('OK');
    const names = execFileSync('tar', ['-tzf', first.archive], { encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 }).split(
      '\n',
    );
    expect(
      names.filter((name) =>
        /^[^/]+\/(test|\.git|\.ci)\/|\/\.cache\/|^[^/]+\/(server|rules|collector|ecs|bin)\/.*\.ts$/.test(name),
      ),
    ).toEqual([]);
    for (const part of [
      'bin/haidang',
      'bin/cli.js',
      'server/main.js',
      'console/dist/index.html',
      'haidang.cdx.json',
      'LICENSE',
      'node_modules/fastify/package.json',
    ])
      expect(
        names.some((name) => name.endsWith(`/${part}`)),
        part,
      ).toBe(true);
    expect(names.some((name) => /node_modules\/(vitest|typescript|vite|playwright-core|@biomejs)\//.test(name))).toBe(
      false,
    );
  });

  it('starts from where it was unpacked, with nothing of the sources beside it', { timeout: 240_000 }, async () => {
    const { archive } = makeRelease(ROOT, join(folder, 'one'), { seconds: SECONDS, withNode: false });
    const away = join(folder, 'away');
    mkdirSync(away);
    execFileSync('tar', ['-xzf', archive, '-C', away]);
    const [home = ''] = execFileSync('ls', [away], { encoding: 'utf8' }).trim().split('\n');
    const cli = join(away, home, 'bin/haidang');
    const [port, ingest, syslog] = [await freePort(), await freePort(), await freePort()];
    const config = join(away, 'haidang.yaml');
    writeFileSync(
      config,
      `collector: {inputs: [{type: syslog, host: 127.0.0.1, port: ${syslog}, udp: true, tcp: true}]}\n`,
    );
    const env = {
      PATH: process.env['PATH'] ?? '',
      HOME: away,
      HAIDANG_DATA: join(away, 'data'),
      HAIDANG_PORT: String(port),
      HAIDANG_INGEST_PORT: String(ingest),
      HAIDANG_SYSLOG_PORT: String(syslog),
      HAIDANG_ADMIN_PASSWORD: 'mot-mat-khau-dai-cho-thu',
    };
    const child = spawn(process.execPath, [cli, 'up', '--config', config], {
      env,
      cwd: away,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let said = '';
    child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
    const over = new Promise<number | null>((ended) => child.once('exit', ended));
    try {
      await until(
        'the release is ready',
        async () => {
          if (child.exitCode !== null) throw new Error(said.slice(-2_000));
          return (await fetch(`http://127.0.0.1:${port}/readyz`)).ok || undefined;
        },
        120_000,
      );
      expect(await (await fetch(`http://127.0.0.1:${port}/`)).text()).toContain('<script type="module"');
      // The collector's process, the workers of the store and of detection, and the command line all run from there.
      await until(
        'the local collector tells its state',
        async () => {
          const out = execFileSync(process.execPath, [cli, 'collector', 'list', '--json', '--config', config], {
            env,
            encoding: 'utf8',
          });
          return /"lastSeenAt":"/.test(out) || undefined;
        },
        120_000,
      );
      const rules = execFileSync(process.execPath, [cli, 'rules', 'check', join(away, home, 'rules/packs')], {
        env,
        encoding: 'utf8',
      });
      expect(rules).not.toContain('HD_');
      child.kill('SIGTERM');
      expect(await over).toBe(0);
    } finally {
      child.kill('SIGKILL');
      await over;
      keepLog('the release', said, keysBelow(join(away, 'data')));
    }
  });
});

describe('compiling', () => {
  it('keeps lines and columns, and names what it loads as JavaScript', () => {
    const source = readFileSync(join(ROOT, 'bin/cli.ts'), 'utf8');
    const made = compileSource(ROOT, 'bin/cli.ts');
    expect(made.split('\n')).toHaveLength(source.split('\n').length);
    expect(made).toContain("import('../server/commands/up.js')");
    expect(made).not.toMatch(/\.ts['"]/);
  });
});

describe('the archive', () => {
  it('is read by tar with long names, links and modes as they were given', () => {
    const long = `${'a'.repeat(90)}/${'b'.repeat(90)}.txt`;
    const file = join(folder, 'x.tar');
    writeFileSync(
      file,
      tarOf(
        [
          { path: long, mode: 0o644, body: Buffer.from('long') },
          { path: 'b/run', mode: 0o755, body: Buffer.from('x'.repeat(1_000)) },
          { path: 'b/link', mode: 0o777, body: Buffer.alloc(0), link: 'run' },
        ],
        SECONDS,
      ),
    );
    const listed = execFileSync('tar', ['-tvf', file], { encoding: 'utf8' });
    expect(listed).toMatch(/-rwxr-xr-x root\/root +1000 .* b\/run/);
    expect(listed).toContain('b/link -> run');
    expect(listed).toContain(long);
    expect(() => tarOf([{ path: 'x'.repeat(300), mode: 0o644, body: Buffer.alloc(0) }], SECONDS)).toThrow(/too long/);
  });
});

describe('the bill of materials', () => {
  it('names every package of production once, with its hash, and is the same each time', { timeout: 120_000 }, () => {
    const text = makeSbom(ROOT);
    expect(makeSbom(ROOT)).toBe(text);
    const sbom = JSON.parse(text) as Sbom;
    expect(sbomProblems(sbom)).toEqual([]);
    const listed = new Set((sbom.components ?? []).map(({ purl }) => decodeURIComponent(purl ?? '')));
    for (const { name, version, optional } of lockedPackages(ROOT))
      if (!optional) expect(listed, name).toContain(`pkg:npm/${name}@${version}`);
    expect([...listed].join()).not.toMatch(/npm\/(vitest|vite|typescript)@/);
  });

  it('is refused where a package is missing from it or has no hash', () => {
    const good = {
      bomFormat: 'CycloneDX',
      specVersion: '1.5',
      components: [{ 'bom-ref': 'a@1', name: 'a', version: '1', purl: 'pkg:npm/a@1', hashes: [{}] }],
    };
    expect(sbomProblems(good)).toEqual([]);
    expect(sbomProblems({ ...good, components: [] })).toHaveLength(1);
    expect(sbomProblems({ ...good, dependencies: [{ ref: 'a@1', dependsOn: ['b@2'] }] })).toEqual([
      'b@2 is needed and not listed.',
    ]);
    expect(sbomProblems({ ...good, components: [{ ...good.components[0], hashes: [] } as never] })).toEqual([
      'a has no hash.',
    ]);
    expect(stable({ ...good, serialNumber: 'urn:uuid:1' }).serialNumber).toBe(
      stable({ ...good, serialNumber: 'urn:uuid:2' }).serialNumber,
    );
  });
});

describe('the gate of known weaknesses', () => {
  const via = [
    { name: 'x', title: 'Reads too far', url: 'https://github.com/advisories/GHSA-aaaa-bbbb-cccc', severity: 'high' },
  ];
  const report = (vulnerabilities: object) => JSON.stringify({ auditReportVersion: 2, vulnerabilities });
  const exception = { advisory: 'GHSA-aaaa-bbbb-cccc', package: 'x', reason: 'Not reached.', until: '2026-12-31' };

  it('is green where nothing is known, or what is known was accepted for now', () => {
    expect(judgeAudit(report({}), [], '2026-11-23').code).toBe(0);
    expect(judgeAudit(report({ x: { via }, y: { via: ['x'] } }), [exception], '2026-11-23').code).toBe(0);
  });
  it('is red for what is open, for an exception that ended, and for one that nothing needs', () => {
    expect(judgeAudit(report({ x: { via } }), [], '2026-11-23')).toMatchObject({
      code: 1,
      lines: [expect.stringMatching(/x: high: Reads/)],
    });
    expect(judgeAudit(report({ x: { via } }), [exception], '2027-01-01')).toMatchObject({
      code: 1,
      lines: [expect.stringMatching(/ended/)],
    });
    expect(judgeAudit(report({}), [exception], '2026-11-23')).toMatchObject({
      code: 1,
      lines: [expect.stringMatching(/not needed/)],
    });
  });
  it.each([
    '',
    'no JSON',
    '{"error":{"summary":"request failed"}}',
    '{"error":{"summary":""},"message":"404"}',
    '{"auditReportVersion":2}',
    'null',
  ])('is never green where nothing was asked: %s', (text) => {
    expect(judgeAudit(text, [], '2026-11-23')).toMatchObject({
      code: 2,
      lines: [expect.stringMatching(/^Nothing was audited: \S/)],
    });
  });
});

import { execFile, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Built, build } from '../../../collector/package/build.ts';
import { injectProgram } from '../../../collector/package/elf-note.ts';
import small from '../../../collector/process.json' with { type: 'json' };
import { type FleetLab, openFleetLab } from '../../server/fleet/lab.ts';
import { programIn } from './read-elf.ts';

const UNIT = new URL('../../../collector/package/haidang-collector.service', import.meta.url);
let folder: string;
let built: Built;
let lab: FleetLab;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'hd-package-'));
  built = await build('x64', folder);
  lab = await openFleetLab();
}, 240_000);
afterAll(async () => {
  await lab?.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Runs the executable with no Node in PATH, and with options that must not count. */
function run(args: readonly string[], input = ''): Promise<{ code: number; out: string; err: string }> {
  const env = {
    PATH: '/nonexistent',
    NODE_OPTIONS: '--no-such-option',
    HAIDANG_COLLECTOR: join(folder, 'c'),
    LANG: 'vi_VN.UTF-8',
  };
  return new Promise((resolve) => {
    const child = execFile(built.executable, [...args], { env, cwd: '/' }, (error, out, err) =>
      resolve({ code: error ? Number(error.code ?? 1) : 0, out, err }),
    );
    child.stdin?.end(input);
  });
}

describe('the packaged collector', () => {
  it('says its version without Node on the machine', async () => {
    const { version } = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')) as {
      version: string;
    };
    expect(await run(['--version'])).toMatchObject({ code: 0, out: `${version}\n` });
  });

  it('parses', async () => {
    const line = 'Nov 20 08:00:00 web01 sshd[9]: Failed password for root from 203.0.113.9 port 4022 ssh2';
    const { code, out } = await run(['parse', '--parser', 'openssh', '-'], `${line}\n`);
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ source: { ip: '203.0.113.9' }, user: { name: 'root' } });
  });

  it('enrols in the language of the machine, finds itself well, and its events arrive', async () => {
    const log = join(folder, 'app.log');
    writeFileSync(log, 'Nov 20 08:00:00 web01 sshd[9]: Failed password for root from 203.0.113.9 port 4022 ssh2\n');
    expect(await run(['enrol', '--server', lab.url, '--token', 'hd1.cut'])).toMatchObject({
      code: 1,
      err: expect.stringContaining('Mã đăng ký không đầy đủ'),
    });
    const enrolled = await run(['enrol', '--server', lab.url, '--token', '-'], `${await lab.token()}\n`);
    expect(enrolled.err).toBe('');
    expect(enrolled.out).toContain('Đã đăng ký');
    const config = join(folder, 'c', 'collector.yaml');
    const text = readFileSync(config, 'utf8').replace(/^inputs:.*$/m, `inputs: [{type: file, paths: [${log}]}]`);
    writeFileSync(config, text);
    const idle = await run(['doctor', '--lang', 'en']);
    expect(idle.out).toContain('The collector does not run');
    expect(idle.out).not.toContain('All is well.');

    const child = spawn(built.executable, ['--config', config], {
      env: { PATH: '/usr/bin:/bin' },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let said = '';
    child.stderr.on('data', (piece: Buffer) => {
      said += piece.toString();
    });
    try {
      for (const end = Date.now() + 30_000; lab.stored.length === 0; ) {
        if (Date.now() > end || child.exitCode !== null) throw new Error(`nothing arrived: ${said}`);
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      const rss = Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1]) / 1024;
      expect(rss).toBeLessThan(150);
      const doctor = await run(['doctor', '--lang', 'km']);
      expect(doctor.out).toContain('អ្វីៗទាំងអស់ល្អ');
      expect(doctor.code).toBe(0);
    } finally {
      const gone = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGTERM');
      await gone;
    }
  }, 60_000);

  it.runIf(existsSync('/usr/bin/dpkg-deb'))(
    'is a package that dpkg reads, with a unit that may do little',
    async () => {
      const list = await new Promise<string>((resolve, reject) =>
        execFile('/usr/bin/dpkg-deb', ['-c', built.deb ?? ''], (error, out) => (error ? reject(error) : resolve(out))),
      );
      expect(list).toMatch(/-rwxr-xr-x root\/root +\d+ .* \.\/usr\/bin\/haidang-collector/);
      expect(list).toContain('./lib/systemd/system/haidang-collector.service');
      const fields = await new Promise<string>((resolve, reject) =>
        execFile('/usr/bin/dpkg-deb', ['-f', built.deb ?? ''], (error, out) => (error ? reject(error) : resolve(out))),
      );
      expect(fields).toContain('Architecture: amd64');
      const unit = readFileSync(UNIT, 'utf8');
      for (const line of ['DynamicUser=yes', 'ProtectSystem=strict', 'MemoryMax=150M', 'NoNewPrivileges=yes'])
        expect(unit).toContain(line);
      expect(unit).toMatch(/^CPUQuota=\d+%$/m);
      expect(unit).toMatch(/^CapabilityBoundingSet=$/m);
      for (const [name, value] of Object.entries(small.environment))
        expect(unit).toContain(`Environment=${name}=${value}\n`);
    },
  );

  it('is read by the tables of its own executable: the loader finds the program', () => {
    const found = programIn(readFileSync(built.executable));
    expect([found.machine, found.fuse, found.loadedTable]).toEqual([62, '1', true]);
    expect(found.program.includes('haidang-collector')).toBe(true);
  });

  it.runIf(existsSync('/usr/bin/systemd-analyze'))(
    'has a unit that systemd takes without a word, and calls safe',
    async () => {
      const unit = readFileSync(UNIT, 'utf8').replace('/usr/bin/haidang-collector', built.executable);
      const path = join(folder, 'haidang-collector.service');
      writeFileSync(path, unit);
      const ask = (...args: string[]) =>
        new Promise<{ readonly failed: boolean; readonly said: string }>((resolve) =>
          execFile('/usr/bin/systemd-analyze', args, (error, out, err) =>
            resolve({ failed: error !== null, said: out + err }),
          ),
        );
      expect(await ask('verify', '--recursive-errors=no', path)).toEqual({ failed: false, said: '' });
      const { failed, said } = await ask('security', '--offline=true', '--threshold=25', '--no-pager', path);
      expect(said).toMatch(/exposure level for haidang-collector\.service: [0-2]\.\d OK/);
      expect(failed).toBe(false);
    },
  );
});

describe('what puts the program into Node', () => {
  it('refuses what is no such executable, or has one already', () => {
    expect(() => injectProgram(Buffer.alloc(4096), Buffer.from('x'))).toThrow('no 64-bit');
    const elf = Buffer.alloc(4096);
    elf.write('\x7fELF\x02\x01', 'latin1');
    expect(() => injectProgram(elf, Buffer.from('x'))).toThrow('no place');
    expect(() => injectProgram(readFileSync(built.executable), Buffer.from('x'))).toThrow('already');
  });
});

import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { build } from '../../../collector/package/build.ts';
import { openBrowser, signIn } from '../../e2e/browser.ts';
import { Installation, until } from '../../e2e/harness.ts';
import { needs } from '../../needs.ts';

/**
 * `npm run test:install`: a fresh Debian with systemd as its first process, in a folder; into it the collector is installed
 * by the line of docs/install-collector.en.md and nothing else, and its events must arrive at a server. Root, and a network
 * the first time, for the fresh Debian, which is kept.
 */
const SUITE = 'bookworm';
const KEPT = join(homedir(), '.cache/haidang', `debian-root-${SUITE}`);
const KEPT_PICTURE = join(homedir(), '.cache/haidang', 'install-console.png');
const DOCUMENT = new URL('../../../docs/install-collector.en.md', import.meta.url);
const BOOT_MS = 180_000;
const EVENT_MS = 240_000;

function has(program: string): boolean {
  return ['/usr/bin', '/usr/sbin', '/bin', '/sbin'].some((folder) => existsSync(join(folder, program)));
}

function checkMachine(): void {
  if (process.getuid?.() !== 0) throw new Error('This starts a Debian of its own in a folder: run it as root.');
  const missing = [
    ...(has('systemd-nspawn') ? [] : ['systemd-container']),
    ...(existsSync(KEPT) || has('mmdebstrap') ? [] : ['mmdebstrap']),
  ];
  if (missing.length > 0) throw new Error(`Install what is missing: apt-get install ${missing.join(' ')}.`);
}

/** A fresh Debian, fetched once. */
function freshDebian(): void {
  if (existsSync(KEPT)) return;
  const beside = `${KEPT}.${process.pid}`;
  mkdirSync(join(KEPT, '..'), { recursive: true });
  execFileSync('mmdebstrap', ['--variant=minbase', '--include=systemd,systemd-sysv,dbus', SUITE, beside], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  renameSync(beside, KEPT);
}

/** The one line of the guide, with this server and token. */
function commandOfGuide(server: string, token: string, deb: string): string {
  const line = /^ *(apt install .*)$/m.exec(readFileSync(DOCUMENT, 'utf8'))?.[1];
  if (line === undefined) throw new Error('The guide has no line that begins with "apt install".');
  const said = line
    .replace(/\.\/haidang-collector_\S+\.deb/, `./${deb}`)
    .replace(/https:\/\/SERVER:8443/, server)
    .replace(/--token TOKEN/, `--token ${token}`);
  if (!said.includes(server) || !said.includes(token) || !said.includes(deb))
    throw new Error(`The line of the guide has another form than this knows: ${line}`);
  return said;
}

/** Waits until the console shows the event, as whoever sits before it sees it; gives where its picture is. */
async function seenInConsole(province: Installation, chromium: string, picture: string): Promise<string> {
  const browser = await openBrowser(chromium);
  try {
    const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
    await signIn(page, province);
    await page.goto(`${province.url}/search?kql=${encodeURIComponent('source.ip: 203.0.113.9')}`);
    await page.locator('main li[data-index]', { hasText: 'Failed password for root' }).first().waitFor();
    await page.screenshot({ path: picture });
    return picture;
  } finally {
    await browser.close();
  }
}

/** A machine with a systemd of its own, sharing nothing but the network. */
class Machine {
  readonly #child: ChildProcess;
  #leader = 0;

  constructor(root: string) {
    const args = ['--quiet', '--register=no', '--keep-unit', '--console=pipe', '--boot', `--directory=${root}`];
    this.#child = spawn('systemd-nspawn', args, { stdio: ['ignore', 'ignore', 'inherit'] });
  }

  async booted(): Promise<void> {
    await until(
      'the services of the machine run',
      () => {
        // Looked for each time: the first child is a helper, which starts the machine's first process and ends.
        if (!this.#findLeader()) return undefined;
        return /running|degraded/.test(this.run('systemctl is-system-running || true')) ? true : undefined;
      },
      BOOT_MS,
    );
  }

  #findLeader(): true | undefined {
    if (this.#child.exitCode !== null) throw new Error('systemd-nspawn has ended');
    const [first] = readFileSync(`/proc/${this.#child.pid}/task/${this.#child.pid}/children`, 'utf8').trim().split(' ');
    this.#leader = Number(first);
    return this.#leader > 0 ? true : undefined;
  }

  /** What a command inside prints. @throws where it fails */
  run(command: string): string {
    const spaces = ['--mount', '--uts', '--ipc', '--pid', '--root', '--wd', '--cgroup'];
    return execFileSync(
      'nsenter',
      [`--target=${this.#leader}`, ...spaces, '--', 'sh', '-c', `cd /root && ${command}`],
      {
        encoding: 'utf8',
        env: {
          PATH: '/usr/sbin:/usr/bin:/sbin:/bin',
          LANG: 'C.UTF-8',
          HOME: '/root',
          DEBIAN_FRONTEND: 'noninteractive',
        },
        stdio: ['ignore', 'pipe', 'pipe'],
        timeout: 300_000,
      },
    );
  }

  /** Shuts down, as a person does. */
  async powerOff(): Promise<void> {
    const gone = new Promise((resolve) => this.#child.once('exit', resolve));
    this.run('systemctl poweroff');
    await gone;
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null) return;
    const gone = new Promise((resolve) => this.#child.once('exit', resolve));
    try {
      if (this.#leader > 0) process.kill(this.#leader, 'SIGKILL');
    } catch {
      // It has ended.
    }
    this.#child.kill('SIGKILL');
    await gone;
  }
}

async function main(): Promise<void> {
  checkMachine();
  freshDebian();
  const work = mkdtempSync(join(tmpdir(), 'haidang-install-'));
  const steps: Record<string, number> = {};
  let at = Date.now();
  const step = (name: string) => {
    steps[name] = Math.round((Date.now() - at) / 100) / 10;
    at = Date.now();
    console.error(`${name}: ${steps[name]} s`);
  };
  let province: Installation | undefined;
  let machine: Machine | undefined;
  try {
    const { deb = '' } = await build('x64', work);
    step('the package is built');
    province = await Installation.create();
    await province.up();
    const asAdmin = async (...args: string[]) => {
      const { code, out, err } = await (province as Installation).cli([
        ...args,
        '--config',
        (province as Installation).config,
      ]);
      if (code !== 0) throw new Error(`haidang ${args.join(' ')}: ${err}`);
      return out.trim();
    };
    await asAdmin('agency', 'add', 'so-y-te', '--name', 'Sở Y tế');
    const token = await asAdmin('collector', 'token', '--agency', 'so-y-te', '--expires', '1h');
    step('a server runs and has given a token');
    const root = join(work, 'root');
    execFileSync('cp', ['-a', KEPT, root]);
    copyFileSync(deb, join(root, 'root', basename(deb)));
    machine = new Machine(root);
    await machine.booted();
    step('a fresh machine has started');

    const begun = Date.now();
    machine.run(commandOfGuide(`https://127.0.0.1:${province.ingestPort}`, token, basename(deb)));
    step('the line of the guide has run');
    const log = (port: number) =>
      machine?.run(`logger -t sshd -p auth.warning "Failed password for root from 203.0.113.9 port ${port} ssh2"`);
    const arrives = (port: number) =>
      until(
        'the event is in the store of the server',
        async () => {
          const out = await asAdmin('query', `source.ip: 203.0.113.9 and source.port: ${port}`, '--json');
          return out === ''
            ? undefined
            : (JSON.parse(out.split('\n')[0] ?? '') as Record<string, Record<string, unknown>>);
        },
        EVENT_MS,
      );
    log(4022);
    const event = await arrives(4022);
    step('an event is in the store');
    const seconds = Math.round((Date.now() - begun) / 100) / 10;
    if (event['organization']?.['id'] !== 'so-y-te')
      throw new Error(`The event is of another agency: ${JSON.stringify(event)}`);
    const chromium = needs('chromium');
    const picture = chromium && (await seenInConsole(province, chromium, KEPT_PICTURE));
    const inConsole = Math.round((Date.now() - begun) / 100) / 10;
    step(chromium ? 'the event is in the console' : 'no Chromium: the console was not looked at');

    const doctor = machine.run('haidang-collector doctor --lang en');
    if (!doctor.includes('All is well.')) throw new Error(`The doctor is not content:\n${doctor}`);
    const shown = (name: string) => machine?.run(`systemctl show haidang-collector -p ${name} --value`).trim() ?? '';
    const user = machine.run(`stat -c %u /proc/${shown('MainPID')}`).trim();
    if (user === '0') throw new Error('The service runs as root.');
    machine.run(`kill -9 ${shown('MainPID')}`);
    log(4023);
    await arrives(4023);
    step('killed, started again by systemd, and the next event is in the store');
    machine.run('systemctl stop haidang-collector');
    log(4024);
    machine.run('journalctl --sync');
    await machine.powerOff();
    machine = new Machine(root);
    await machine.booted();
    await arrives(4024);
    step('started again, and what was logged before with nobody reading is in the store');
    for (const [user, fault] of [
      ['setpriv --reuid=65534 --clear-groups', 'sudo'],
      ['', 'Mọi thứ đều tốt.'],
    ]) {
      const said = machine.run(`${user} haidang-collector doctor --lang vi || true`);
      if (!said.includes(fault as string)) throw new Error(`The doctor does not say "${fault}":\n${said}`);
    }
    const id = /^id: (\S+)/m.exec(machine.run('cat /var/lib/haidang-collector/collector.yaml'))?.[1] ?? '';
    await asAdmin('collector', 'revoke', id);
    const ill = machine.run('haidang-collector doctor --lang vi || true');
    if (!ill.includes('Máy chủ không chấp nhận chứng thư này.'))
      throw new Error(`The doctor does not see that the certificate was revoked:\n${ill}`);
    log(4025);
    const another = await asAdmin('collector', 'token', '--agency', 'so-y-te', '--expires', '1h');
    const said = machine.run(
      `haidang-collector enrol --server https://127.0.0.1:${province.ingestPort} --token ${another} --lang en`,
    );
    // What it says is to be done next is done.
    machine.run(said.trim().split('\n').at(-1) ?? 'false');
    await arrives(4025);
    step('revoked, enrolled again, and what was logged meanwhile is in the store');
    const exposure =
      machine.run('systemd-analyze security haidang-collector --no-pager || true').trim().split('\n').at(-1) ?? '';
    const facts = {
      user,
      memoryMax: shown('MemoryMax'),
      memory: shown('MemoryCurrent'),
      cpuQuota: shown('CPUQuotaPerSecUSec'),
    };
    machine.run('apt-get purge -y -qq haidang-collector');
    const left = machine.run(
      'ls -d /var/lib/haidang-collector /var/lib/private/haidang-collector /usr/bin/haidang-collector 2>/dev/null || true',
    );
    if (left !== '') throw new Error(`Purged, and there is still ${left}`);
    step('purged without a trace');
    console.log(JSON.stringify({ fromNothingToEvents: seconds, inConsole, picture, steps, ...facts, exposure }));
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string };
    console.error(`${(error as Error).message}\n${stdout}${stderr}`);
    process.exitCode = 1;
    try {
      console.error(machine?.run('journalctl -u haidang-collector -n 40 --no-pager -o cat || true'));
    } catch {
      // The machine itself may be what failed.
    }
  } finally {
    await machine?.stop();
    await province?.remove();
    rmSync(work, { recursive: true, force: true });
  }
}

await main().catch((error: unknown) => {
  console.error((error as Error).message);
  process.exitCode = 1;
});

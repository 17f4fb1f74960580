import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { needs } from '../needs.ts';
import { until } from './harness.ts';
import { type RealProgram, succeeds } from './senders-programs.ts';

/** A sender that runs, and how to end it. */
export interface Sender {
  readonly child: ChildProcess;
  /** What it said on standard error. */
  said(): string;
}

/** Starts a program whose failures are to be seen. */
export function start(command: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): Sender {
  const child = spawn(command, args, { env: { ...process.env, ...env }, stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.on('data', (piece: Buffer) => {
    said = (said + piece.toString()).slice(-4_000);
  });
  return { child, said: () => said };
}

/** Ends a sender and waits until it is gone. */
export async function end(sender: Sender | undefined): Promise<void> {
  const child = sender?.child;
  if (!child || child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  const late = setTimeout(() => child.kill('SIGKILL'), 5_000);
  await gone;
  clearTimeout(late);
}

/** Waits for a sender; where it ended instead, tells what it said. */
export function whenReady<T>(
  sender: Sender,
  what: string,
  probe: () => T | undefined | Promise<T | undefined>,
): Promise<T> {
  return until(
    what,
    async () => {
      if (sender.child.exitCode === null) return probe();
      throw new Error(`${what}: the program has ended: ${sender.said()}`);
    },
    60_000,
  );
}

/** syslog-ng that takes what it is told on a socket, and sends it on by TCP (RFC 6587) or TLS, with its usual formats. */
export async function startSyslogNg(
  program: RealProgram,
  folder: string,
  port: number,
): Promise<{ sender: Sender; socket: string }> {
  mkdirSync(folder, { recursive: true });
  const at = (name: string) => join(folder, name);
  const socket = at('in.sock');
  writeFileSync(
    at('syslog-ng.conf'),
    `@version: 3.38
options { stats-freq(0); keep-hostname(yes); use-dns(no); flush-lines(1); time-reopen(1); };
source s { unix-dgram("${socket}" flags(syslog-protocol)); };
destination bsd { network("127.0.0.1" port(${port}) transport("tcp") persist-name("bsd")); };
destination ietf { syslog("127.0.0.1" port(${port}) transport("tcp") persist-name("ietf")); };
log { source(s); destination(bsd); destination(ietf); };
`,
  );
  const modules = program.root === '' ? [] : [`--module-path=${join(program.root, 'usr/lib/syslog-ng/3.38')}`];
  const files = ['-f', at('syslog-ng.conf'), '-R', at('persist'), '-p', at('pid'), '-c', at('ctl')];
  const sender = start(program.path, ['-F', '--no-caps', ...files, ...modules], program.env);
  await whenReady(sender, 'syslog-ng listens', () => (existsSync(socket) ? true : undefined));
  return { sender, socket };
}

/** Apache with its usual log formats, and a page that asks for a password. */
export async function startApache(program: string, folder: string, port: number): Promise<Sender> {
  const at = (name: string) => join(folder, name);
  mkdirSync(at('www/rieng'), { recursive: true });
  writeFileSync(at('www/index.html'), 'Cổng thông tin\n');
  writeFileSync(at('www/rieng/index.html'), 'x\n');
  // htpasswd(1): lan, mat-khau, as SHA-1.
  writeFileSync(at('users'), 'lan:{SHA}HWrmKWNDzJ07BNQ52utQRRwPcEI=\n');
  const modules = ['mpm_event', 'authn_core', 'authn_file', 'authz_core', 'authz_user', 'auth_basic', 'dir', 'mime'];
  const isRoot = process.getuid?.() === 0;
  writeFileSync(
    at('apache.conf'),
    [
      `ServerRoot "${folder}"`,
      `PidFile "${at('apache.pid')}"`,
      'ServerName portal.example.gov.vn',
      `Listen 127.0.0.1:${port}`,
      ...modules.map((name) => `LoadModule ${name}_module /usr/lib/apache2/modules/mod_${name}.so`),
      ...(isRoot ? ['User www-data', 'Group www-data'] : []),
      'TypesConfig /dev/null',
      'StartServers 1',
      `DocumentRoot "${at('www')}"`,
      `ErrorLog "${at('error.log')}"`,
      'LogFormat "%h %l %u %t \\"%r\\" %>s %O \\"%{Referer}i\\" \\"%{User-Agent}i\\"" combined',
      `CustomLog "${at('access.log')}" combined`,
      `<Directory "${at('www')}">`,
      '  Require all granted',
      '</Directory>',
      '<Location "/rieng">',
      '  AuthType Basic',
      '  AuthName x',
      `  AuthUserFile "${at('users')}"`,
      '  Require valid-user',
      '</Location>',
      '',
    ].join('\n'),
  );
  const sender = start(program, ['-f', at('apache.conf'), '-D', 'FOREGROUND']);
  await whenReady(sender, 'Apache answers', async () =>
    (await fetch(`http://127.0.0.1:${port}/`)).ok ? true : undefined,
  );
  return sender;
}

/** How a command comes to be root of at least a namespace; undefined where this machine allows neither. */
export function asRoot(): readonly string[] | undefined {
  if (process.getuid?.() === 0) return [];
  const own = ['--map-root-user', '--map-auto'];
  return succeeds('unshare', [...own, 'true']) ? ['unshare', ...own] : undefined;
}

/**
 * Postfix with queues, configuration and log in a folder, and no mail that ever leaves: it takes mail for one domain and
 * throws it away. Its programs change users, so it is root, be it of a namespace alone.
 */
export async function startPostfix(
  program: RealProgram,
  root: readonly string[],
  folder: string,
  port: number,
): Promise<Sender> {
  const at = (name: string) => join(folder, name);
  for (const name of ['conf', 'queue', 'data']) mkdirSync(at(name), { recursive: true });
  const sbin = program.root === '' ? '/usr/lib/postfix/sbin' : join(program.root, 'usr/lib/postfix/sbin');
  const settings = {
    compatibility_level: '3.6',
    queue_directory: at('queue'),
    data_directory: at('data'),
    daemon_directory: sbin,
    command_directory: join(program.root, '/usr/sbin'),
    shlib_directory: join(program.root, '/usr/lib/postfix'),
    meta_directory: at('conf'),
    // Users that every Debian has: of its own, only an installation would make some.
    mail_owner: 'daemon',
    setgid_group: 'mail',
    import_environment: 'MAIL_CONFIG LD_LIBRARY_PATH',
    maillog_file: at('mail.log'),
    maillog_file_prefixes: folder,
    inet_interfaces: '127.0.0.1',
    inet_protocols: 'ipv4',
    myhostname: 'mail.example.gov.vn',
    mydestination: 'example.gov.vn',
    local_transport: 'discard',
    local_recipient_maps: '',
    alias_maps: '',
    alias_database: '',
    mynetworks: '192.0.2.0/28',
    smtpd_relay_restrictions: 'reject_unauth_destination',
  };
  writeFileSync(
    at('conf/main.cf'),
    Object.entries(settings)
      .map(([name, value]) => `${name} = ${value}\n`)
      .join(''),
  );
  const services = [
    `127.0.0.1:${port} inet n - n - - smtpd`,
    'cleanup unix n - n - 0 cleanup',
    'qmgr unix n - n 300 1 qmgr',
    'rewrite unix - - n - - trivial-rewrite',
    ...['bounce', 'defer', 'trace'].map((name) => `${name} unix - - n - 0 bounce`),
    'discard unix - - n - - discard',
    'error unix - - n - - error',
    'anvil unix - - n - 1 anvil',
    'postlog unix-dgram n - n - 1 postlogd',
  ];
  writeFileSync(at('conf/master.cf'), `${services.join('\n')}\n`);
  const own = 'active bounce corrupt defer deferred flush hold incoming saved trace private';
  writeFileSync(
    at('start'),
    [
      'set -e',
      `cd "${folder}"`,
      `for name in ${own}; do install -d -o daemon -m 700 queue/$name; done`,
      'install -d -o daemon -g mail -m 730 queue/maildrop',
      'install -d -o daemon -g mail -m 710 queue/public',
      'install -d -m 755 queue/pid',
      'chown daemon data',
      `exec "${sbin}/master" -c "${at('conf')}"`,
      '',
    ].join('\n'),
  );
  chmodSync(folder, 0o755);
  const [command, ...args] = [...root, 'sh', at('start')];
  const sender = start(command ?? 'sh', args, program.env);
  await whenReady(sender, 'Postfix listens', () => (existsSync(at('queue/public/qmgr')) ? true : undefined));
  return sender;
}

/** The real journald; undefined where it is not there, or this user may have no namespace for it. A failure with `CI=true`. */
export function journald(): string | undefined {
  const program = ['/lib/systemd/systemd-journald', '/usr/lib/systemd/systemd-journald'].find((path) =>
    existsSync(path),
  );
  const isAllowed = process.getuid?.() === 0 && succeeds('unshare', ['--mount', 'true']);
  if (program !== undefined && isAllowed && needs('journalctl') && needs('systemd-cat')) return program;
  if (process.env['CI'] === 'true')
    throw new Error('journald cannot run here (root and systemd), and CI must test against it');
  return undefined;
}

/** A journald in a namespace whose `/run` is its own, so that the machine's is left alone, with the journal in a folder. */
export async function startJournald(
  program: string,
  folder: string,
): Promise<{ readonly sender: Sender; readonly inside: readonly string[]; readonly journalctl: string }> {
  const at = (name: string) => join(folder, name);
  mkdirSync(at('journal'), { recursive: true });
  mkdirSync(at('bin'));
  const settings = ['Storage=volatile', 'ReadKMsg=no', 'Audit=no', 'ForwardToSyslog=no', 'RateLimitIntervalSec=0'];
  writeFileSync(at('journald.conf'), `[Journal]\n${settings.join('\n')}\n`);
  writeFileSync(
    at('start'),
    [
      'set -e',
      'mount --make-rprivate /',
      'mount -t tmpfs tmpfs /run',
      'mkdir -p /run/systemd/journal /run/log/journal',
      `mount --bind "${at('journal')}" /run/log/journal`,
      `if [ -e /etc/systemd/journald.conf ]; then mount --bind "${at('journald.conf')}" /etc/systemd/journald.conf; fi`,
      `exec ${program}`,
      '',
    ].join('\n'),
  );
  // What the collector calls: the machine's own command, on this journal.
  const real = needs('journalctl') ?? '';
  writeFileSync(at('bin/journalctl'), `#!/bin/sh\nexec ${real} --directory="${at('journal')}" "$@"\n`);
  chmodSync(at('bin/journalctl'), 0o755);
  const sender = start('unshare', ['--mount', 'sh', at('start')]);
  const inside = ['nsenter', `--target=${sender.child.pid}`, '--mount', '--'];
  const [command = '', ...args] = inside;
  await whenReady(sender, 'journald listens', () =>
    succeeds(command, [...args, 'test', '-S', '/run/systemd/journal/stdout']) ? true : undefined,
  );
  return { sender, inside, journalctl: at('bin') };
}

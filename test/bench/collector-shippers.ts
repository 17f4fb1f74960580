import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stringify } from 'yaml';
import started from '../../collector/process.json' with { type: 'json' };
import type { Certificates } from '../collector/receiver.ts';

/** What a run is made of. */
export interface Run {
  readonly folder: string;
  /** Where documents are taken (`_bulk`); undefined: the file is read. */
  readonly bulkPort: number | undefined;
  /** The log to read. */
  readonly file: string;
  readonly port: number;
  readonly certificates: Certificates;
}

/** How a program that ships logs is started. */
export interface Shipper {
  readonly name: string;
  readonly wire: 'frames' | 'lines';
  /** Writes the configuration and gives the command; a text instead says why it cannot run here. */
  command(
    run: Run,
  ): { readonly program: string; readonly args: readonly string[]; readonly env?: NodeJS.ProcessEnv } | string;
}

const CLI = fileURLToPath(new URL('../../bin/cli.ts', import.meta.url));

const haidang: Shipper = {
  name: 'haidang',
  wire: 'frames',
  command({ folder, file, port, bulkPort, certificates: { ca, certificate, key } }) {
    const config = join(folder, 'collector.yaml');
    const inputs = [bulkPort === undefined ? { type: 'file', paths: [file] } : { type: 'http', port: bulkPort }];
    writeFileSync(
      config,
      stringify({ id: 'c0bench1', server: `https://127.0.0.1:${port}`, ca, certificate, key, spool: 'spool', inputs }),
    );
    const profile = process.env['HAIDANG_BENCH_PROFILE'];
    const more = (process.env['HAIDANG_BENCH_FLAGS'] ?? '').split(' ').filter(Boolean);
    const profiled = profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profile}`];
    return {
      program: process.execPath,
      // As `haidang up` and the launcher start it.
      args: [...started.flags, ...more, ...profiled, CLI, 'collector', '--config', config],
      env: {
        ...started.environment,
        HAIDANG_LOG_LEVEL: 'warn',
        NODE_COMPILE_CACHE: fileURLToPath(new URL('../../node_modules/.cache/compile', import.meta.url)),
      },
    };
  },
};

function find(name: string): string | undefined {
  const folders = ['/usr/sbin', '/sbin', ...(process.env['PATH'] ?? '').split(delimiter)];
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path));
}

/** Reliable disk buffer: every message is on the disk's queue before it counts as read. */
const syslogNg: Shipper = {
  name: 'syslog-ng',
  wire: 'lines',
  command({ folder, file, port, certificates: { ca, certificate, key } }) {
    // Its package excludes rsyslog's: it may have been unpacked elsewhere.
    const root = process.env['HAIDANG_BENCH_SYSLOG_NG'] ?? '';
    const program = root === '' ? find('syslog-ng') : join(root, 'usr/sbin/syslog-ng');
    if (program === undefined || !existsSync(program)) {
      return 'not installed; unpack its packages with dpkg -x and name the folder in HAIDANG_BENCH_SYSLOG_NG';
    }
    const config = join(folder, 'syslog-ng.conf');
    mkdirSync(join(folder, 'queue'));
    writeFileSync(
      config,
      `@version: 3.38
options { stats-freq(0); };
source s { file("${file}" follow-freq(1) flags(no-parse)); };
destination d { network("127.0.0.1" port(${port}) transport("tls") template("$MSG\\n")
  tls(ca-file("${ca}") cert-file("${certificate}") key-file("${key}") peer-verify(required-trusted))
  disk-buffer(reliable(yes) disk-buf-size(2147483648) mem-buf-size(10485760) dir("${join(folder, 'queue')}"))); };
log { source(s); destination(d); flags(flow-control); };
`,
    );
    const libraries = ['usr/lib/x86_64-linux-gnu', 'lib/x86_64-linux-gnu', 'usr/lib/syslog-ng'].map((path) =>
      join(root, path),
    );
    const own = (name: string) => join(folder, `syslog-ng.${name}`);
    return {
      program,
      args: [
        '-F',
        '--no-caps',
        '-f',
        config,
        '-R',
        own('persist'),
        '-p',
        own('pid'),
        '-c',
        own('ctl'),
        ...(root === '' ? [] : [`--module-path=${join(root, 'usr/lib/syslog-ng/3.38')}`]),
      ],
      ...(root === '' ? {} : { env: { LD_LIBRARY_PATH: libraries.join(':') } }),
    };
  },
};

/** A queue on disk; like syslog-ng's without fdatasync, which takes rsyslog minutes for 50,000 lines. */
const rsyslog: Shipper = {
  name: 'rsyslog',
  wire: 'lines',
  command({ folder, file, port, certificates: { ca, certificate, key } }) {
    const program = find('rsyslogd');
    if (program === undefined) return 'not installed';
    if (!existsSync('/usr/lib/x86_64-linux-gnu/rsyslog/lmnsd_ossl.so'))
      return 'its TLS driver (rsyslog-openssl) is not installed';
    const config = join(folder, 'rsyslog.conf');
    writeFileSync(
      config,
      `global(workDirectory="${folder}" defaultNetstreamDriverCAFile="${ca}"
  defaultNetstreamDriverCertFile="${certificate}" defaultNetstreamDriverKeyFile="${key}")
module(load="imfile")
template(name="line" type="string" string="%msg%\\n")
input(type="imfile" file="${file}" tag="nginx" reopenOnTruncate="on")
action(type="omfwd" target="127.0.0.1" port="${port}" protocol="tcp" template="line" TCP_Framing="traditional"
  streamDriver="ossl" streamDriverMode="1" streamDriverAuthMode="x509/certvalid" action.resumeRetryCount="-1"
  queue.type="Disk" queue.filename="bench" queue.maxDiskSpace="4g" queue.checkpointInterval="1000"
  queue.dequeueBatchSize="1024")
`,
    );
    return { program, args: ['-n', '-f', config, '-i', join(folder, 'rsyslog.pid')] };
  },
};

/** All that the bench knows how to run, ours first. */
export const SHIPPERS: readonly Shipper[] = [haidang, syslogNg, rsyslog];

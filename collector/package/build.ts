import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { rolldown } from 'rolldown';
import small from '../process.json' with { type: 'json' };
import { debPackage, type PackedFile } from './deb.ts';
import { injectProgram } from './elf-note.ts';
import { ARCHITECTURES, type Architecture, pinnedNode } from './pinned-node.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const HERE = fileURLToPath(new URL('.', import.meta.url));

/** What a build made. */
export interface Built {
  readonly executable: string;
  readonly deb: string | undefined;
}

/** Compiles the collector to one CommonJS file without any package beside it. */
export async function bundle(file: string): Promise<void> {
  const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string };
  const made = await rolldown({
    input: join(HERE, 'main.ts'),
    platform: 'node',
    transform: { define: { HAIDANG_VERSION: JSON.stringify(version) } },
    logLevel: 'silent',
  });
  await made.write({ file, format: 'cjs', codeSplitting: false, minify: false });
  await made.close();
}

/**
 * Makes the executable of one architecture, and its Debian package; needs no network where the pinned Node of that
 * architecture is at hand. `node` names its file.
 */
export async function build(
  architecture: Architecture,
  folder: string,
  options: { readonly deb?: boolean; readonly node?: string | undefined } = {},
): Promise<Built> {
  const node = pinnedNode(architecture, options.node);
  mkdirSync(folder, { recursive: true });
  const work = mkdtempSync(join(tmpdir(), 'haidang-package-'));
  try {
    const program = join(work, 'program.cjs');
    await bundle(program);
    const config = join(work, 'sea.json');
    const blob = join(work, 'program.blob');
    const settings = {
      main: program,
      output: blob,
      disableExperimentalSEAWarning: true,
      // What stands in NODE_OPTIONS of the machine is not for this program.
      execArgvExtension: 'none',
      execArgv: small.flags,
      // Both are made by running the program, and hold for the machine that ran it alone: not for another architecture.
      useSnapshot: false,
      useCodeCache: false,
    };
    writeFileSync(config, JSON.stringify(settings));
    execFileSync(process.execPath, ['--experimental-sea-config', config], { stdio: 'pipe' });
    const executable = join(folder, `haidang-collector-linux-${architecture}`);
    writeFileSync(executable, injectProgram(strip(node, work, architecture), readFileSync(blob)));
    chmodSync(executable, 0o755);
    if (options.deb === false) return { executable, deb: undefined };
    const deb = join(folder, `haidang-collector_${versionOf()}_${ARCHITECTURES[architecture].debian}.deb`);
    writeFileSync(deb, debPackage(...contents(executable, architecture), Math.floor(Date.now() / 1000)));
    return { executable, deb };
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** Node without its symbols, where the machine has a `strip` that knows the architecture; else as it is. */
function strip(node: Buffer, work: string, architecture: Architecture): Buffer {
  const gnu = architecture === 'arm64' ? 'aarch64-linux-gnu-strip' : 'x86_64-linux-gnu-strip';
  const whole = join(work, 'node');
  const small = join(work, 'node.stripped');
  writeFileSync(whole, node);
  for (const program of process.arch === architecture ? ['strip', gnu] : [gnu, 'llvm-strip']) {
    try {
      execFileSync(program, ['-o', small, whole], { stdio: 'pipe' });
      return readFileSync(small);
    } catch {
      // The next one may know it.
    }
  }
  return node;
}

function versionOf(): string {
  return (JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string }).version;
}

function contents(executable: string, architecture: Architecture): [PackedFile[], PackedFile[]] {
  const body = readFileSync(executable);
  const control = [
    'Package: haidang-collector',
    `Version: ${versionOf()}`,
    `Architecture: ${ARCHITECTURES[architecture].debian}`,
    'Maintainer: Hai Dang <haidang@localhost>',
    'Section: admin',
    'Priority: optional',
    `Installed-Size: ${Math.ceil(body.length / 1024)}`,
    'Depends: libc6 (>= 2.28), libstdc++6, libgcc-s1',
    'Description: log collector of the provincial event monitor',
    ' Reads logs of this machine, keeps them in a disk buffer and sends them to the province.',
    '',
  ].join('\n');
  const script = (text: string) => ({ mode: 0o755, body: Buffer.from(`#!/bin/sh\nset -e\n${text}`) });
  const reload = 'if [ -d /run/systemd/system ]; then systemctl daemon-reload || true; ';
  return [
    [
      { path: 'control', mode: 0o644, body: Buffer.from(control) },
      {
        path: 'postinst',
        ...script(`${reload}systemctl try-restart haidang-collector.service || true; fi\n`),
      },
      {
        path: 'prerm',
        ...script(
          'if [ "$1" = remove ] && [ -d /run/systemd/system ]; then systemctl disable --now haidang-collector.service || true; fi\n',
        ),
      },
      {
        path: 'postrm',
        // "remove" keeps the identity and what waits to be sent; "purge" is asked for when both are to go.
        ...script(
          `if [ "$1" = purge ]; then rm -rf /var/lib/haidang-collector /var/lib/private/haidang-collector; fi\n${reload}fi\n`,
        ),
      },
    ],
    [
      { path: 'usr/bin/haidang-collector', mode: 0o755, body },
      {
        path: 'lib/systemd/system/haidang-collector.service',
        mode: 0o644,
        body: readFileSync(join(HERE, 'haidang-collector.service')),
      },
      { path: 'usr/share/doc/haidang-collector/copyright', mode: 0o644, body: readFileSync(join(ROOT, 'LICENSE')) },
    ],
  ];
}

const USAGE = `Usage: npm run package:collector -- [--arch x64|arm64] [--out DIR] [--node FILE]

Makes the collector's executable and Debian package into DIR (dist): of one architecture, or of all whose Node can be had.
FILE is the pinned Node of the architecture named, for machines without a network.`;

/** The command: 0 where all that was asked for is made, 1 where it is not, 2 on bad usage. */
async function main(): Promise<number> {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({
    options: { out: text, arch: text, node: text, help: { type: 'boolean', short: 'h' } },
  });
  const asked = Object.keys(ARCHITECTURES).filter((one) => values.arch === undefined || values.arch === one);
  if (values.help || asked.length === 0 || (values.node !== undefined && values.arch === undefined)) {
    console.log(USAGE);
    return values.help ? 0 : 2;
  }
  let code = 0;
  for (const architecture of asked as Architecture[]) {
    try {
      const { executable, deb } = await build(architecture, resolve(values.out ?? 'dist'), { node: values.node });
      console.log(`${executable}\n${deb}`);
    } catch (error) {
      console.error(`${architecture}: ${(error as Error).message}`);
      if (values.arch !== undefined || architecture === process.arch) code = 1;
    }
  }
  return code;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) process.exitCode = await main();

import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { rolldown } from 'rolldown';
import { debPackage, type PackedFile } from './deb.ts';
import { injectProgram } from './elf-note.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const HERE = fileURLToPath(new URL('.', import.meta.url));
const ARCHITECTURES = { x64: 'amd64', arm64: 'arm64' } as const;
type Architecture = keyof typeof ARCHITECTURES;

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

/** Makes the executable of one architecture, and its Debian package; needs no network. */
export async function build(
  architecture: Architecture,
  folder: string,
  options: { readonly deb: boolean } = { deb: true },
): Promise<Built> {
  const node = join(ROOT, 'node_modules', `node-linux-${architecture}`, 'bin', 'node');
  if (!existsSync(node)) throw new Error(`The pinned Node for ${architecture} is not installed (${node}).`);
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
      execArgv: ['--max-semi-space-size=2'],
      useSnapshot: false,
      useCodeCache: false,
    };
    writeFileSync(config, JSON.stringify(settings));
    execFileSync(process.execPath, ['--experimental-sea-config', config], { stdio: 'pipe' });
    const executable = join(folder, `haidang-collector-linux-${architecture}`);
    writeFileSync(executable, injectProgram(strip(node, work, architecture), readFileSync(blob)));
    chmodSync(executable, 0o755);
    if (!options.deb) return { executable, deb: undefined };
    const deb = join(folder, `haidang-collector_${versionOf()}_${ARCHITECTURES[architecture]}.deb`);
    writeFileSync(deb, debPackage(...contents(executable, architecture), Math.floor(Date.now() / 1000)));
    return { executable, deb };
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** Node without its symbols, where the machine has a `strip` that knows the architecture; else as it is. */
function strip(node: string, work: string, architecture: Architecture): Buffer {
  const own =
    process.arch === architecture
      ? 'strip'
      : architecture === 'arm64'
        ? 'aarch64-linux-gnu-strip'
        : 'x86_64-linux-gnu-strip';
  const small = join(work, 'node');
  try {
    execFileSync(own, ['-o', small, node], { stdio: 'pipe' });
    return readFileSync(small);
  } catch {
    return readFileSync(node);
  }
}

function versionOf(): string {
  return (JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string }).version;
}

function contents(executable: string, architecture: Architecture): [PackedFile[], PackedFile[]] {
  const body = readFileSync(executable);
  const control = [
    'Package: haidang-collector',
    `Version: ${versionOf()}`,
    `Architecture: ${ARCHITECTURES[architecture]}`,
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

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({ options: { out: { type: 'string', default: 'dist' } } });
  const folder = resolve(values.out);
  for (const architecture of Object.keys(ARCHITECTURES) as Architecture[]) {
    try {
      const { executable, deb } = await build(architecture, folder);
      console.log(`${executable}\n${deb}`);
    } catch (error) {
      console.error(`${architecture}: ${(error as Error).message}`);
      if (architecture === 'x64') process.exitCode = 1;
    }
  }
}

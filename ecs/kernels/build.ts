import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import asc from 'assemblyscript/asc';

/** The kernels, by the name of their source and of what is made of it. */
export const KERNELS = ['line', 'words'] as const;

/** WebAssembly pages of 64 KiB that each kernel's memory begins with: all it lays out. */
const PAGES: Readonly<Record<(typeof KERNELS)[number], number>> = { line: 96, words: 196 };

/** Compiles one kernel; gives the text of the file that holds it. */
export async function compileKernel(name: (typeof KERNELS)[number]): Promise<string> {
  let binary: Uint8Array | undefined;
  const { error, stderr } = await asc.main(
    [
      `source/${name}.ts`,
      ...['-O3', '--noAssert', '--runtime', 'stub', '--enable', 'simd', '--use', 'abort='],
      ...['--initialMemory', String(PAGES[name]), '--outFile', 'out.wasm'],
      ...['--baseDir', fileURLToPath(new URL('.', import.meta.url))],
    ],
    {
      writeFile: (_file, contents) => {
        if (typeof contents !== 'string') binary = contents;
      },
    },
  );
  if (error || !binary) throw new Error(`The kernel ${name} does not compile: ${stderr.toString() || error}`);
  const lines =
    Buffer.from(binary)
      .toString('base64')
      .match(/.{1,110}/g) ?? [];
  return [
    `// Made of source/${name}.ts by \`npm run build:kernels\`.`,
    `export const ${name.toUpperCase()}_KERNEL: string =`,
    `${lines.map((line) => `  '${line}'`).join(' +\n')};`,
    '',
  ].join('\n');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const name of KERNELS) writeFileSync(new URL(`${name}.wasm.ts`, import.meta.url), await compileKernel(name));
}

import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { compileKernel, KERNELS } from '../../ecs/kernels/build.ts';

describe('the kernels', () => {
  it.each(KERNELS)('%s is what its source compiles to', async (name) => {
    const file = new URL(`../../ecs/kernels/${name}.wasm.ts`, import.meta.url);
    expect(await readFile(file, 'utf8'), 'npm run build:kernels makes it anew').toBe(await compileKernel(name));
  });
});

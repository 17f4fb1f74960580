const modules = new Map<string, WebAssembly.Module>();

/** What a kernel gives; its memory is made once and never grows, so views of it stay. */
export type Kernel<Functions> = Functions & { readonly memory: WebAssembly.Memory };

/** A new instance of a kernel, with a memory of its own. `base64`: as `<name>.wasm.ts` holds it. */
export function instanceOf<Functions>(base64: string): Kernel<Functions> {
  let module = modules.get(base64);
  if (module === undefined) {
    module = new WebAssembly.Module(Buffer.from(base64, 'base64'));
    modules.set(base64, module);
  }
  return new WebAssembly.Instance(module).exports as Kernel<Functions>;
}

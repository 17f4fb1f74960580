import type { Readable } from 'node:stream';
import { reasonOf } from '../errors.ts';
import type { Input, InputContext } from './input.ts';
import { type CutLines, LineStream } from './lines.ts';

/** Reads lines from standard input, and ends with it. */
export class StdinInput implements Input {
  readonly #parser: string;
  readonly #context: InputContext;
  readonly #stream: Readable;
  #running = false;
  #finish: () => void = () => undefined;
  readonly ended = new Promise<void>((resolve) => {
    this.#finish = resolve;
  });

  constructor(options: { readonly parser: string }, context: InputContext, stream: Readable = process.stdin) {
    this.#parser = options.parser;
    this.#context = context;
    this.#stream = stream;
  }

  async start(): Promise<void> {
    this.#running = true;
    void this.#read().finally(this.#finish);
  }

  async stop(): Promise<void> {
    if (!this.#running) return;
    this.#stream.destroy();
    await this.ended;
  }

  async #read(): Promise<void> {
    const { intake, log } = this.#context;
    const source = intake.open('stdin', this.#context.parserFor(this.#parser, { isLocal: true }));
    const lines = new LineStream();
    const put = ({ lines: cut, marks, empty, consumed }: CutLines) =>
      source.put({ lines: cut, marks, empty, bytes: consumed });
    try {
      for await (const chunk of this.#stream as AsyncIterable<Buffer | string>) {
        for (const cut of lines.push(Buffer.from(chunk as Buffer))) put(cut);
        if (intake.behind) await intake.whenReady();
      }
    } catch (error) {
      log.debug({ reason: reasonOf(error) }, 'standard input was closed');
    }
    const rest = lines.flush(false);
    if (rest) put(rest);
  }
}

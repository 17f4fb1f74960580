import { constants, createZstdCompress, type ZstdCompress, zstdCompress } from 'node:zlib';

const PARAMS = { [constants.ZSTD_c_compressionLevel]: 2 };
/** More than nearly every frame takes compressed, so that one turn on the thread pool is enough. */
const OUT_BYTES = 128 * 1024;

/** Compresses a single text to a frame of its own, the same bytes as a `Compressor` gives. */
export function compressOnce(plain: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    zstdCompress(plain, { params: PARAMS }, (error, frame) => (error ? reject(error) : resolve(frame)));
  });
}

/**
 * Compresses one text after the other on the thread pool, each to a zstd frame of its own (RFC 8878). One context for
 * all of them: making one costs more time and memory than compressing a frame with it.
 */
export class Compressor {
  #stream: ZstdCompress | undefined;
  #parts: Buffer[] = [];
  #last: Promise<unknown> = Promise.resolve();

  /** The frame; `plain` may be changed again when it is there. */
  compress(plain: Buffer): Promise<Buffer> {
    const frame = this.#last.then(() => this.#one(plain));
    this.#last = frame.catch(() => undefined);
    return frame;
  }

  #one(plain: Buffer): Promise<Buffer> {
    this.#stream ??= this.#open();
    const stream = this.#stream;
    return new Promise((resolve, reject) => {
      stream.write(plain, (error) => {
        const parts = this.#parts;
        this.#parts = [];
        if (!error) resolve(parts.length === 1 ? (parts[0] as Buffer) : Buffer.concat(parts));
        else {
          this.#stream = undefined;
          stream.destroy();
          reject(error);
        }
      });
    });
  }

  #open(): ZstdCompress {
    // Every write is a whole frame.
    const stream = createZstdCompress({ chunkSize: OUT_BYTES, flush: constants.ZSTD_e_end, params: PARAMS });
    stream.on('data', (part: Buffer) => this.#parts.push(part));
    // Whoever waits for the write hears of it there.
    stream.on('error', () => undefined);
    return stream;
  }
}

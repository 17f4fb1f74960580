import { execFileSync } from 'node:child_process';
import { closeSync, openSync, rmSync, writeSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';

/** A network between collector and server that can be cut, slow, or take everything and answer nothing. */
export class Network {
  mode: 'open' | 'cut' | 'slow' | 'half-open' = 'open';
  readonly #sockets = new Set<Socket>();
  readonly #server = createServer((near) => {
    if (this.mode === 'cut') return void near.destroy();
    const far = connect(this.target, '127.0.0.1');
    for (const socket of [near, far]) {
      this.#sockets.add(socket);
      socket.on('error', () => socket.destroy());
      socket.on('close', () => {
        this.#sockets.delete(socket);
        near.destroy();
        far.destroy();
      });
    }
    const pass = (from: Socket, to: Socket) =>
      from.on('data', (chunk: Buffer) => {
        if (this.mode === 'half-open') return;
        if (this.mode === 'open') return void to.write(chunk);
        from.pause();
        setTimeout(() => {
          to.write(chunk);
          from.resume();
        }, 20);
      });
    pass(near, far);
    pass(far, near);
  });
  /** The server's port. */
  target = 0;

  async listen(): Promise<number> {
    await new Promise<void>((done) => this.#server.listen(0, '127.0.0.1', done));
    return (this.#server.address() as AddressInfo).port;
  }

  cut(): void {
    this.mode = 'cut';
    for (const socket of this.#sockets) socket.destroy();
  }

  close(): void {
    this.cut();
    this.#server.close();
  }
}

/** A disk of 24 MiB over a folder, where this user may mount one; others have no disk that can be filled. */
export class SmallDisk {
  readonly #folder: string;
  readonly isMounted: boolean;

  constructor(folder: string) {
    this.#folder = folder;
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=24m', 'tmpfs', folder], { stdio: 'ignore' });
      this.isMounted = true;
    } catch {
      this.isMounted = false;
    }
  }

  /** Takes every byte that is left. */
  fill(): void {
    const file = openSync(join(this.#folder, 'ballast'), 'a');
    try {
      for (let size = 1024 * 1024; size >= 4_096; ) {
        try {
          if (writeSync(file, Buffer.alloc(size)) < size) throw new Error('written in part');
        } catch {
          size /= 2;
        }
      }
    } finally {
      closeSync(file);
    }
  }

  /** Gives back what `fill` took. */
  free(): void {
    rmSync(join(this.#folder, 'ballast'), { force: true });
  }

  unmount(): void {
    if (this.isMounted) execFileSync('umount', ['-l', this.#folder]);
  }
}

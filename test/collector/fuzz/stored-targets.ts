import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { CompressedTail, compressedSiblings, newMark } from '../../../collector/inputs/compressed-tail.ts';
import { makeCutter } from '../../../collector/inputs/cutter.ts';
import { BodyBudget, HttpFault, readBody } from '../../../collector/inputs/http-body.ts';
import type { Log } from '../../../collector/log.ts';
import { DISK } from '../../../collector/spool/files.ts';
import { scanSegment } from '../../../collector/spool/record.ts';
import { Spool } from '../../../collector/spool/spool.ts';
import { WIRE_LIMITS } from '../../../ecs/wire.ts';
import { HaidangError } from '../../../server/errors.ts';
import { BatchPreparer } from '../../../server/store/embedded/batch-preparer.ts';
import { decodeFrame, lineOfFrame } from '../../../server/store/frame.ts';
import { readLine } from '../../../server/store/line.ts';
import { quietLog } from '../receiver.ts';
import type { Dice } from './mutate.ts';
import { frame, frameText, segment } from './samples.ts';
import { mayRefuse, must, type Target } from './target.ts';

const BODY_BYTES = 1024 * 1024;
/** Texts that become far larger when they are unpacked. */
const BOMB = Buffer.alloc(40 * 1024 * 1024, 'a');
const BOMBS = [gzipSync(BOMB), deflateSync(BOMB), zstdCompressSync(BOMB)];

async function inFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'haidang-fuzz-'));
  try {
    await work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A body that comes in pieces, as `readBody` takes it of a request. */
function requestOf(body: Buffer, encoding: string, dice: Dice): IncomingMessage {
  const stream = new PassThrough();
  const half = dice.below(body.length + 1);
  stream.write(body.subarray(0, half));
  stream.end(body.subarray(half));
  return Object.assign(stream, { headers: { 'content-encoding': encoding } }) as unknown as IncomingMessage;
}

const spoolTarget: Target = {
  name: 'a damaged spool',
  seeds: [segment(3), segment(1)],
  async run(bytes, dice) {
    await inFolder(async (folder) => {
      writeFileSync(join(folder, '0000000001.seg'), bytes);
      if (dice.below(2) === 0) writeFileSync(join(folder, '0000000002.seg'), segment(2));
      if (dice.below(4) === 0) writeFileSync(join(folder, 'acked'), bytes.subarray(0, dice.below(20)));
      const spool = await Spool.open({ folder, files: DISK, log: quietLog() as unknown as Log });
      const found: number[] = [];
      for (let at = spool.acked; ; ) {
        const next = await spool.frameAfter(at);
        if (!next || found.length > 100) break;
        must(next.number > at, 'the frames of a spool go backwards');
        at = next.number;
        found.push(at);
      }
      await spool.close();
      must(found.length <= 8, `${found.length} frames came of a few`);
      must(readdirSync(folder).length <= 16, 'the spool made files without end');
    });
  },
};

/** What lies on a disk or comes packed: the spool, compressed files and bodies, and frames as the server opens them. */
export function storedTargets(): Target[] {
  const preparer = new BatchPreparer();
  return [
    {
      name: 'records of a segment',
      seeds: [segment(4)],
      run(bytes) {
        let at = 0;
        for (const found of scanSegment(bytes)) {
          must(found.offset === at, 'bytes of a segment belong to nothing');
          at = found.kind === 'record' ? found.offset + 24 + found.payload.length : found.end;
        }
        must(at === bytes.length, 'the end of a segment was not looked at');
      },
    },
    spoolTarget,
    {
      name: 'frames as they travel',
      seeds: [frame(3), frame(0), ...BOMBS.slice(2)],
      run(bytes) {
        const opened = mayRefuse(HaidangError, () => decodeFrame(bytes));
        if (opened) must(opened.text.bytes.length <= WIRE_LIMITS.frameBytesPlain, 'a frame past its bound');
      },
    },
    {
      name: 'frames with other contents',
      seeds: [frameText(3), frameText(1)].map((text) => Buffer.from(text)),
      run(bytes) {
        const body = zstdCompressSync(bytes);
        const opened = mayRefuse(HaidangError, () => decodeFrame(body));
        if (!opened) return;
        const { header } = opened;
        const origin = { agency: 'so-y-te', collector: header.collector, receivedAt: '2026-11-22T10:00:00.000Z', body };
        const prepared = preparer.prepare(origin, opened);
        const bad = new Set(prepared.badLines.map(({ line }) => line));
        for (let at = 0; at <= header.last - header.first; at++) {
          const start = `${header.day}-${header.collector}-${header.epoch}-${header.first + at}-`;
          const read = readLine(lineOfFrame(opened, at), start);
          must(
            (typeof read === 'string') === bad.has(at),
            `line ${at} is good one way and bad the other: ${String(read)}`,
          );
        }
      },
    },
    {
      name: 'packed bodies',
      seeds: [gzipSync('một\n'.repeat(50)), deflateSync('{"a":1}\n'), zstdCompressSync('hai\n'), ...BOMBS],
      async run(bytes, dice) {
        const budget = new BodyBudget(2 * BODY_BYTES);
        const held = { bytes: 0 };
        const encoding = dice.pick(['gzip', 'deflate', 'zstd', 'identity', '', 'br', 'x-gzip']);
        try {
          const body = await readBody(requestOf(bytes, encoding, dice), BODY_BYTES, budget, held);
          must(body.length <= BODY_BYTES, `a body of ${body.length} bytes`);
        } catch (error) {
          if (!(error instanceof HttpFault)) throw error;
        }
        must(held.bytes <= BODY_BYTES, `${held.bytes} bytes are held`);
        budget.give(held.bytes);
        must(budget.take(2 * BODY_BYTES), 'bytes of the budget are gone');
      },
    },
    {
      name: 'compressed files',
      seeds: [
        gzipSync('a line of text\n'.repeat(500)),
        zstdCompressSync('một dòng\n'.repeat(500)),
        ...BOMBS.slice(0, 1),
      ],
      async run(bytes, dice) {
        await inFolder(async (folder) => {
          writeFileSync(join(folder, dice.pick(['app.log.1.gz', 'app.log.1.zst'])), bytes);
          const [file] = await compressedSiblings(join(folder, 'app.log'));
          if (!file) return;
          const tail = new CompressedTail(
            file.path,
            newMark(file),
            makeCutter({ encoding: 'utf-8', start: undefined }),
          );
          let most = 0;
          for (let turns = 0; ; turns++) {
            must(turns < 400, 'a compressed file is read without end');
            const { more } = await tail.read(
              ({ lines }) => {
                most = Math.max(most, ...lines.map((line) => line.length));
              },
              () => true,
            );
            if (!more) break;
          }
          tail.close();
          must(most <= WIRE_LIMITS.recordBytes, `a line of ${most} characters`);
        });
      },
    },
  ];
}

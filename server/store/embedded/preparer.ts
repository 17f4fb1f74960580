import { type TransferListItem, workerData } from 'node:worker_threads';
import { HaidangError } from '../../errors.ts';
import { decodeFrame } from '../frame.ts';
import { BatchPreparer, type PreparedBatch } from './batch-preparer.ts';
import { serve } from './worker-server.ts';
import type { AppendCall } from './writer.ts';

/** What the preparing thread is started with. */
export interface PreparerSetup {
  readonly maxPastDays: number;
  readonly maxFutureDays: number;
}

const DAY_MS = 86_400_000;

const setup = workerData as PreparerSetup;
const preparer = new BatchPreparer();

/** Opens a batch's frame and takes its events apart, while the writer thread writes those before it. */
function prepare(call: AppendCall, transfer: TransferListItem[]): PreparedBatch {
  const frame = decodeFrame(call.body);
  const { header } = frame;
  if (header.collector !== call.collector) {
    throw new HaidangError(
      'HD_BATCH_MALFORMED',
      `The batch names collector ${header.collector}, the certificate ${call.collector}.`,
    );
  }
  const { day } = header;
  const start = Date.parse(`${day.slice(0, 4)}-${day.slice(4, 6)}-${day.slice(6)}T00:00:00.000Z`);
  const today = Math.floor(call.now / DAY_MS) * DAY_MS;
  const off = (start - today) / DAY_MS;
  if (off < -setup.maxPastDays || off > setup.maxFutureDays) {
    const limit = off < 0 ? `${setup.maxPastDays} days in the past` : `${setup.maxFutureDays} days in the future`;
    throw new HaidangError('HD_BATCH_DAY', `The batch is of day ${day}, more than ${limit} by this server's clock.`);
  }
  const batch = preparer.prepare(call, frame);
  const { body, times, shapes, columns, words } = batch;
  for (const { buffer } of [times, shapes, words, ...columns]) transfer.push(buffer);
  if (body.buffer.byteLength === body.byteLength) transfer.push(body.buffer as ArrayBuffer);
  return batch;
}

serve({ prepare, close: () => undefined });

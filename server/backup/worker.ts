import { parentPort, workerData } from 'node:worker_threads';
import { type BackupOptions, type BackupProgress, runBackup } from './run-backup.ts';
import type { BackupSummary } from './schema.ts';

/** What the thread is started with. */
export type BackupSetup = Pick<BackupOptions, 'data' | 'to' | 'config' | 'program' | 'keep' | 's3'>;

/** What it tells. */
export type BackupMessage =
  | { readonly progress: BackupProgress }
  | { readonly summary: BackupSummary }
  | { readonly failure: string };

const tell = (message: BackupMessage) => parentPort?.postMessage(message);

try {
  const summary = await runBackup({
    ...(workerData as BackupSetup),
    onProgress: (progress) => tell({ progress }),
  });
  tell({ summary });
} catch (error) {
  tell({ failure: error instanceof Error ? error.message : String(error) });
}

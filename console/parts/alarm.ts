import type { AlertRow } from '../../server/alerts/schema.ts';

const REMEMBERED = 10_000;

/**
 * Decides which live rows ring: critical, new, made after `startedAt` (ISO 8601, server time), each only once. Rows that
 * a reconnect brings again, and counts that grow, stay silent.
 */
export function makeAlarm(startedAt: string): (row: AlertRow) => boolean {
  const rung = new Set<string>();
  return (row) => {
    if (row.severity !== 'critical' || row.status !== 'new' || row.createdAt < startedAt || rung.has(row.id))
      return false;
    if (rung.size >= REMEMBERED) rung.clear();
    rung.add(row.id);
    return true;
  };
}

/** Two short tones, made here so that no sound file is needed. */
export function ring(context: AudioContext): void {
  for (const [delay, pitch] of [
    [0, 880],
    [0.22, 660],
  ] as const) {
    const tone = context.createOscillator();
    const volume = context.createGain();
    const from = context.currentTime + delay;
    tone.frequency.value = pitch;
    volume.gain.setValueAtTime(0.0001, from);
    volume.gain.exponentialRampToValueAtTime(0.25, from + 0.02);
    volume.gain.exponentialRampToValueAtTime(0.0001, from + 0.2);
    tone.connect(volume).connect(context.destination);
    tone.start(from);
    tone.stop(from + 0.22);
  }
}

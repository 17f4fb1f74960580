import type { Parsed } from '../store/frames.ts';
import { failures, success } from './world.ts';

/** Events of one frame; those stored before the rules came; all that will ever be. */
export const [FRAME, MISSED, STORED] = [3, 600, 900] as const;

/** Attacks of five addresses over hours, some of which log in afterwards; the same each time. */
export function story(): readonly Parsed[] {
  const lines: Parsed[] = [];
  for (let wave = 0; lines.length < STORED; wave++) {
    const ip = `203.0.113.${wave % 5}`;
    lines.push(...failures(8 + (wave % 7), wave * 50, 2, ip));
    if (wave % 3 === 0) lines.push(success(wave * 50 + 40, ip));
  }
  return lines.slice(0, STORED);
}

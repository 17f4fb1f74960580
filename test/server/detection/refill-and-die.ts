import { join } from 'node:path';
import { pino } from 'pino';
import { startDetection } from '../../../server/detection/detection.ts';
import { openEmbeddedStore } from '../../../server/store/embedded/open.ts';
import { batchOf } from '../store/frames.ts';
import { FRAME, MISSED, STORED, story } from './refill-story.ts';
import { BRUTE_FORCE, LOGIN_AFTER_FAILURES, testRules } from './world.ts';

/** Fills the gaps of two rules and goes on storing, as a server does, until it is killed; says how far it is. */
const log = pino({ level: 'silent' });
const now = () => Date.UTC(2026, 10, 20, 8, 0, 30);
const folder = join(process.argv[2] ?? '', 'store');
const { events, records } = await openEmbeddedStore({ folder, log, now, reserveBytes: 0, keepFreeBytes: 0 });
const detection = await startDetection({ events, records, rules: testRules(), log, onAlertsChanged: () => undefined });
for (const rule of [BRUTE_FORCE, LOGIN_AFTER_FAILURES]) {
  const gap = detection.spans().get(rule)?.gaps[0];
  if (gap?.state === 'open') await detection.refill(rule, { from: 1, to: MISSED });
}
const lines = story();
let next = (await events.lastSequence()) + 1;
let said = '';
for (;;) {
  if (next <= STORED) {
    const stored = await events.append(batchOf(lines.slice(next - 1, next - 1 + FRAME), { first: next }));
    if (stored.appended) detection.offer(stored.appended);
    next += FRAME;
  }
  const fills = detection.refills();
  const text = JSON.stringify({
    fills: fills.map(({ done }) => done),
    stored: next - 1,
    cursor: detection.state().cursor,
  });
  if (text !== said) process.stdout.write(`${text}\n`);
  said = text;
  await new Promise((resolve) => setTimeout(resolve, 1));
}

import { type Detection, type DetectionOptions, startDetection } from '../../../server/detection/detection.ts';
import { type Grouper, startGrouper } from '../../../server/detection/grouper.ts';
import { keepLease } from '../../../server/leases/keep.ts';
import { Leases } from '../../../server/leases/leases.ts';

const RENEW_MS = 1_000;

/**
 * Starts detection as a server that is alone does: on a store that servers share it takes the lease of grouping too, and groups what
 * it evaluated. Its cursor counts what is in alerts.
 */
export async function startAnyDetection(options: DetectionOptions): Promise<Detection> {
  const { events, records, rules, log, onAlertsChanged } = options;
  const { matches } = records;
  if (!matches) return startDetection(options);
  let grouper: Grouper | undefined;
  const detection = await startDetection({ node: 'main', ...options, onMatches: () => grouper?.wake() });
  // Its own from a start before, or free: nobody is waited for.
  const lease = await new Leases({ records, holder: 'main', silence: 8_000, now: Date.now }).tryAcquire('grouping');
  if (!lease) throw new Error('The lease of grouping is not to be had.');
  const kept = keepLease(lease, RENEW_MS, log);
  grouper = startGrouper({
    matches,
    events,
    records,
    rules: rules.rules,
    lease: kept,
    log,
    onAlertsChanged,
    onGrouped: (done) => detection.grouped(done['main']),
  });
  return {
    ...detection,
    async use(next) {
      await detection.use(next);
      grouper?.use(next.rules);
    },
    async stop() {
      await grouper?.stop();
      await kept.release();
      await detection.stop();
    },
  };
}

import { join } from 'node:path';
import { type Clock, CorrectedClock } from '../../collector/clock.ts';
import type { InputContext } from '../../collector/inputs/input.ts';
import { Intake } from '../../collector/intake.ts';
import { Ledger } from '../../collector/ledger.ts';
import type { Log } from '../../collector/log.ts';
import { parseLine } from '../../collector/parsers/index.ts';
import { DISK, type SpoolFiles } from '../../collector/spool/files.ts';
import { Spool } from '../../collector/spool/spool.ts';
import { quietLog } from './receiver.ts';

/** A spool with its intake and all that an input is given, without an output: what was read stays to be looked at. */
export interface CollectorBench {
  readonly spool: Spool;
  readonly ledger: Ledger;
  readonly intake: Intake;
  readonly context: InputContext;
  readonly log: ReturnType<typeof quietLog>;
}

/** Opens a spool below a folder; clock and disk are the real ones unless given. */
export async function openBench(
  folder: string,
  options: { clock?: Clock; files?: SpoolFiles } = {},
): Promise<CollectorBench> {
  const told = quietLog();
  const log = told as unknown as Log;
  const spool = await Spool.open({ folder: join(folder, 'spool'), files: options.files ?? DISK, log });
  const ledger = new Ledger(spool.restored);
  const intake = new Intake('c0test01', spool, ledger, options.clock ?? new CorrectedClock(), log);
  const parserFor: InputContext['parserFor'] = (parser) => (line, now) =>
    parseLine(line, parser, { now, timeZone: 'UTC' });
  return { spool, ledger, intake, context: { intake, log, parserFor }, log: told };
}

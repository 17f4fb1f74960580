import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import type { CollectorStatus } from '../ecs/wire.ts';
import { CorrectedClock } from './clock.ts';
import type { CollectorConfig } from './config.ts';
import { openOwnParsers } from './custom-parsers/own-parsers.ts';
import { portOf, tryPort } from './doctor/ports.ts';
import { openEnricher } from './enrichers/index.ts';
import { openSocket } from './enrol/dial.ts';
import { machineHash, machineHeader } from './enrol/machine.ts';
import { type CheckedPolicy, keptPolicies, type PolicyWatch, watchPolicy } from './enrol/policy.ts';
import { startRenewal } from './enrol/renewal.ts';
import { CollectorError, reasonOf } from './errors.ts';
import { watchHealth } from './health.ts';
import { makeInputs } from './inputs/index.ts';
import type { Input, InputContext } from './inputs/input.ts';
import { Intake, type RecordParser } from './intake.ts';
import { Ledger } from './ledger.ts';
import type { Log } from './log.ts';
import { boundBandwidth, minuteIn } from './outputs/bandwidth.ts';
import { ServerOutput } from './outputs/server.ts';
import { lineText, type OwnParsers, objectEvent, parseLine } from './parsers/index.ts';
import type { ParserHint } from './record.ts';
import { DISK, readSmall } from './spool/files.ts';
import { lockSpool } from './spool/lock.ts';
import { Spool } from './spool/spool.ts';
import { programVersion } from './version.ts';

/** A collector at work. */
export interface RunningCollector {
  /** Stops reading, brings what was read to disk, sends for at most `sendMs`, and lets go of everything. */
  stop(sendMs?: number): Promise<void>;
  /** Resolves when every input has come to its end; never where one has none. */
  readonly ended: Promise<void>;
  /** What the status report says now. */
  status(): CollectorStatus;
  /** Asks the server for a newer policy now; it is asked once a minute anyway. */
  lookForPolicy(): Promise<void>;
  /** Looks now whether the policy on trial works; it is looked every ten seconds anyway. */
  lookAtTrial(): Promise<void>;
}

const SEND_BEFORE_EXIT_MS = 2_000;
const FLUSH_BEFORE_EXIT_MS = 2_000;

/** Starts a collector: spool, output, inputs, in this order, so that nothing is read before it can be kept. */
export async function startCollector(
  config: CollectorConfig,
  log: Log,
  given: { readonly trialMs?: number } = {},
): Promise<RunningCollector> {
  const startedAt = new Date().toISOString();
  const collectorVersion = programVersion();
  const machine = machineHash();
  try {
    await DISK.makeFolder(config.spool);
  } catch (error) {
    throw new CollectorError(
      'HD_SPOOL_FOLDER',
      `Cannot make the spool folder ${config.spool}: ${reasonOf(error)}.`,
      error,
    );
  }
  const lock = lockSpool(config.spool);
  const clockPath = join(config.spool, 'clock');
  const clock = new CorrectedClock(Number(await readSmall(DISK, clockPath)) || 0);
  const spool = await Spool.open({ folder: config.spool, files: DISK, log, maxBytes: config.spoolMax }).catch(
    (error) => {
      lock.release();
      throw new CollectorError('HD_SPOOL_FOLDER', `Cannot open the spool ${config.spool}: ${reasonOf(error)}.`, error);
    },
  );
  const ledger = new Ledger(spool.restored);
  const enricher = await openEnricher({ geo: config.geo, internalNetworks: config.internalNetworks, clock, log });
  const intake = new Intake(config.id, spool, ledger, clock, log, enricher);

  let policy: PolicyWatch | undefined;
  const health = watchHealth({
    spool,
    spoolFolder: config.spool,
    clock,
    certificate: config.certificate,
    machine,
    policy: () => policy?.state() ?? { version: null, failed: null },
    sending: () => ({ server: output.server.host, limit: bandwidth.limit(), sent: bandwidth.sent }),
    geo: () => enricher.state(),
  });
  const status = (): CollectorStatus => ({
    collector: config.id,
    epoch: intake.epoch,
    version: collectorVersion,
    startedAt,
    waiting: spool.waiting,
    quarantined: spool.quarantined,
    sources: [...ledger.all()].map((source) => source.status()),
    health: health(),
  });
  const bandwidth = boundBandwidth({ rules: config.bandwidth, minute: minuteIn(config.timeZone) });
  const way = (server = output.server) => ({ server, proxy: config.proxy, proxyCa: config.proxyCa });
  const output: ServerOutput = new ServerOutput(
    spool,
    {
      server: config.server,
      others: config.servers.slice(1),
      bandwidth,
      credentials: () => ({
        ca: readFileSync(config.ca, 'utf8'),
        certificate: readFileSync(config.certificate, 'utf8'),
        key: readFileSync(config.key, 'utf8'),
      }),
      status,
      headers: machineHeader(machine),
      openSocket: config.proxy ? (server) => openSocket(way(server)) : undefined,
      onClock: (now, askedAt, answeredAt) => {
        if (!clock.learn(now, askedAt, answeredAt)) return;
        if (Math.abs(clock.offset) > 2_000)
          log.warn({ offsetMs: clock.offset }, "this machine's clock differs from the server's");
        DISK.replace(clockPath, `${clock.offset}\n`, false).catch((error) =>
          log.debug({ err: error }, 'clock offset not kept'),
        );
      },
    },
    log,
  );
  output.start();
  const renewal = config.renew
    ? startRenewal({
        way,
        identity: config.certificate,
        ca: config.ca,
        log,
        now: () => clock.now(),
        onRenewed: () => output.reconnect(),
      })
    : undefined;

  let own = openOwnParsers(config.parsers);
  const context: InputContext = {
    intake,
    log,
    parserFor: (parser, origin) => makeParser(config.timeZone, parser, origin, own),
  };
  // A policy speaks for enrolled collectors alone: the one of `haidang up` has the server's own configuration.
  const kept = config.renew ? keptPolicies(config, log) : undefined;
  let inForce: CheckedPolicy | undefined;
  let inputs: Input[] = [];
  const startInputs = async (from: CheckedPolicy | undefined) => {
    own = openOwnParsers([...config.parsers, ...(from?.parsers ?? [])]);
    bandwidth.use(from?.bandwidth);
    inputs = await makeInputs({ ...config, inputs: from?.inputs ?? config.inputs }, context);
    for (const input of inputs) await input.start();
    inForce = from;
  };
  const stopInputs = async () => {
    for (const input of inputs) await input.stop();
    inputs = [];
    await intake.flush();
    intake.closeAll();
  };
  await startInputs(kept?.tried ?? kept?.passed);
  if (kept) {
    const apply = async (next: CheckedPolicy | undefined) => {
      const before = inForce;
      await stopInputs();
      try {
        // An input waits for a port that is taken; a policy that asks for one is not right for this machine.
        for (const port of (next?.inputs ?? []).map(portOf)) if (port) await tryPort(port);
        await startInputs(next);
      } catch (error) {
        await stopInputs();
        await startInputs(before);
        throw error;
      }
    };
    const signs = {
      sources: () => [...ledger.all()].map((source) => source.status()),
      acked: () => spool.acked,
      waiting: () => spool.waiting.frames,
      isConnected: () => output.isConnected,
    };
    policy = watchPolicy({ config, log, way, apply, signs, trialMs: given.trialMs }, kept);
  }
  log.info(
    { collector: config.id, epoch: intake.epoch, inputs: inputs.length, spool: config.spool },
    'collector started',
  );

  const never = new Promise<void>(() => undefined);
  let stopping: Promise<void> | undefined;
  const stop = async (sendMs: number) => {
    renewal?.stop();
    policy?.stop();
    enricher.stop();
    for (const input of inputs) await input.stop();
    await Promise.race([intake.flush(), new Promise((resolve) => setTimeout(resolve, FLUSH_BEFORE_EXIT_MS))]);
    await output.drain(sendMs);
    await output.stop();
    await spool.close();
    lock.release();
    log.info({ waiting: spool.waiting }, 'collector stopped');
  };
  return {
    stop: (sendMs = SEND_BEFORE_EXIT_MS) => {
      stopping ??= stop(sendMs);
      return stopping;
    },
    ended: Promise.all(inputs.length === 0 ? [never] : inputs.map((input) => input.ended ?? never)).then(
      () => undefined,
    ),
    status,
    lookForPolicy: async () => policy?.look(),
    lookAtTrial: async () => policy?.lookAtTrial(),
  };
}

/** The parser of one source, with its own memory of what `auto` found last. */
function makeParser(
  timeZone: string,
  parser: string,
  origin: { readonly path?: string; readonly isLocal: boolean },
  own: OwnParsers,
): RecordParser {
  const hint: ParserHint = {};
  const base = {
    timeZone,
    ...(origin.isLocal ? { host: hostname() } : {}),
    ...(origin.path === undefined ? {} : { path: origin.path }),
  };
  let context = { ...base, now: 0 };
  const at = (now: number) => {
    if (context.now !== now) context = { ...base, now };
    return context;
  };
  const parse = (line: string, now: number, program?: string) =>
    parseLine(line, parser, program === undefined ? at(now) : { ...at(now), program }, hint, own);
  return Object.assign(parse, {
    ownClock: origin.isLocal,
    text: (line: string, now: number, id: string) => lineText(line, parser, at(now), id, hint),
    ofObject: (object: Record<string, unknown>, line: string, now: number) =>
      objectEvent(object, line, parser, at(now)),
  });
}

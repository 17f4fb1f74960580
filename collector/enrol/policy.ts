import { verify, X509Certificate } from 'node:crypto';
import { accessSync, constants, globSync, readFileSync, realpathSync } from 'node:fs';
import type { SignedPolicy } from '../../ecs/enrolment.ts';
import { LOCAL_KEYS, type PolicyContent } from '../../ecs/policy.ts';
import { type BandwidthRule, readBandwidth } from '../../ecs/rates.ts';
import type { CollectorHealth } from '../../ecs/wire.ts';
import type { CollectorConfig } from '../config.ts';
import { openOwnParsers, type ParserSource } from '../custom-parsers/own-parsers.ts';
import { CollectorError, reasonOf } from '../errors.ts';
import { type InputConfig, readInputs } from '../input-config.ts';
import type { Log } from '../log.ts';
import { askOnce, openTls, type Way } from './dial.ts';
import { machineHeader } from './machine.ts';
import { type FailedPolicy, type PolicyFiles, policyFiles } from './policy-files.ts';
import { beginTrial, type PolicySigns, type PolicyTrial } from './trial.ts';

const LOOK_EVERY_MS = 60_000;
const FIRST_LOOK_MS = 3_000;
const TRIAL_LOOK_MS = 10_000;
/** Ends of the process within a trial past which it is the policy's fault. */
const MOST_STARTS = 3;

/** A policy whose signature and contents are checked. */
export interface CheckedPolicy {
  readonly group: string;
  readonly version: number;
  /** Undefined: those of this machine's own configuration. */
  readonly inputs: readonly InputConfig[] | undefined;
  /** Undefined: as this machine's own configuration has it. */
  readonly bandwidth: readonly BandwidthRule[] | undefined;
  /** Parsers that it brings, after those of this machine. */
  readonly parsers: readonly ParserSource[];
  readonly signed: SignedPolicy;
}

/** A policy that this collector does not take over, and why. */
export class PolicyError extends Error {}

/**
 * Checks a policy of the server: signed by the authority that this machine enrolled with, readable, its files all inside
 * folders that this machine's own configuration allows. @throws PolicyError
 */
export function checkPolicy(
  signed: SignedPolicy,
  config: Pick<CollectorConfig, 'ca' | 'id' | 'allowFolders' | 'syslogPort' | 'certificate' | 'key' | 'parsers'>,
): CheckedPolicy {
  const authority = new X509Certificate(readFileSync(config.ca));
  const isSigned = verify(
    'sha256',
    Buffer.from(signed.policy),
    authority.publicKey,
    Buffer.from(signed.signature, 'base64'),
  );
  if (!isSigned) throw new PolicyError('It is not signed by the authority of this collector.');
  const { group, version, inputs, bandwidth, parsers: texts = [] } = JSON.parse(signed.policy) as PolicyContent;
  if (!Number.isSafeInteger(version)) throw new PolicyError('It has no version.');
  const rules = bandwidth === undefined ? undefined : readBandwidth(bandwidth);
  if (bandwidth !== undefined && !rules) throw new PolicyError('Its bandwidth is neither a rate nor a list of them.');
  if (inputs !== undefined && !Array.isArray(inputs)) throw new PolicyError('Its inputs are no list.');
  for (const input of (inputs ?? []) as Record<string, unknown>[]) {
    for (const key of LOCAL_KEYS) {
      if (input[key] !== undefined && typeof input[key] !== 'boolean')
        throw new PolicyError(`"${key}" names files, which only this machine's own configuration may do.`);
    }
    if (Array.isArray(input['paths']))
      for (const path of input['paths']) mustBeAllowed(String(path), config.allowFolders);
  }
  const fault = (keys: readonly (string | number)[], what: string) =>
    new CollectorError('HD_CONFIG_KEY', `policy ${version}: ${keys.join('.')} ${what}.`);
  try {
    const parsers = readParsers(texts, version);
    const own = openOwnParsers([...config.parsers, ...parsers]);
    const place = { ...config, base: '/', fault, parserNames: [...own.byName.keys()] };
    const read = inputs === undefined ? undefined : readInputs(inputs, place);
    if (read === 'auto') throw new PolicyError('Its inputs are no list.');
    return { group, version, inputs: read, bandwidth: rules, parsers, signed };
  } catch (error) {
    throw new PolicyError(reasonOf(error));
  }
}

function readParsers(texts: unknown, version: number): readonly ParserSource[] {
  if (!Array.isArray(texts) || !texts.every((text) => typeof text === 'string'))
    throw new PolicyError('Its "parsers" are no list of texts.');
  return texts.map((text: string, place) => ({ from: `policy ${version}, parser ${place + 1}`, text }));
}

function mustBeAllowed(path: string, folders: readonly string[]): void {
  const isInside = (name: string) =>
    folders.some((folder) => name.startsWith(folder.endsWith('/') ? folder : `${folder}/`));
  if (!isInside(path) || /\.\.|[{}\0]/.test(path)) {
    throw new PolicyError(`${path} is in no folder of "allow_folders" of this machine (${folders.join(', ')}).`);
  }
  for (const file of globSync(path).slice(0, 1_000)) {
    if (!isInside(realpathSync(file)))
      throw new PolicyError(`${file} leads out of the folders that this machine allows.`);
    try {
      accessSync(file, constants.R_OK);
    } catch (error) {
      throw new PolicyError(reasonOf(error));
    }
  }
}

export interface PolicyOptions {
  readonly config: CollectorConfig;
  readonly log: Log;
  /** The server to ask. */
  readonly way: () => Way;
  /**
   * Puts a policy to work, or this machine's own configuration; where that fails, what was before works again and the
   * reason is thrown.
   */
  readonly apply: (policy: CheckedPolicy | undefined) => Promise<void>;
  readonly signs: PolicySigns;
  readonly now?: () => number;
  readonly trialMs?: number | undefined;
}

/** The policy in force here, and the looking for a newer one. */
export interface PolicyWatch {
  state(): Required<CollectorHealth['policy']>;
  look(): Promise<void>;
  /** Looks whether the policy on trial works. */
  lookAtTrial(): Promise<void>;
  stop(): void;
}

/** What a start begins with. */
export interface KeptPolicies {
  readonly files: PolicyFiles;
  /** The last one that passed its trial. */
  readonly passed: CheckedPolicy | undefined;
  /** One that was on trial when the collector ended. */
  readonly tried: CheckedPolicy | undefined;
}

/** The policies taken over last, for a start without the server. One that ends the collector again and again has failed. */
export function keptPolicies(config: CollectorConfig, log: Log): KeptPolicies {
  const files = policyFiles(config.spool, log);
  const read = (signed: SignedPolicy | undefined) => {
    if (!signed) return undefined;
    try {
      return checkPolicy(signed, config);
    } catch (error) {
      log.warn({ reason: reasonOf(error) }, 'a kept policy is not used');
      return undefined;
    }
  };
  const passed = read(files.passed());
  const onTrial = files.tried();
  const tried = read(onTrial?.signed);
  if (!onTrial || !tried) return { files, passed, tried: undefined };
  if (onTrial.starts >= MOST_STARTS) {
    files.fail({
      group: tried.group,
      version: tried.version,
      reason: 'The collector ended several times while it tried the policy.',
    });
    return { files, passed, tried: undefined };
  }
  files.try({ ...onTrial, starts: onTrial.starts + 1 });
  return { files, passed, tried };
}

/** Looks once a minute for a newer policy, checks it, takes it over, and goes back where it does not work. */
export function watchPolicy(options: PolicyOptions, { files, passed, tried }: KeptPolicies): PolicyWatch {
  const { config, log, way, apply, signs, trialMs } = options;
  const now = options.now ?? Date.now;
  /** Where a policy that fails goes back to. */
  let good = passed;
  let failed: FailedPolicy | null = files.failed() ?? null;
  let onTrial: { readonly policy: CheckedPolicy; readonly trial: PolicyTrial } | undefined;
  const begin = (policy: CheckedPolicy) => {
    onTrial = { policy, trial: beginTrial(signs, now, trialMs) };
  };
  if (tried) begin(tried);

  const fail = (group: string, version: number, error: unknown) => {
    onTrial = undefined;
    failed = { group, version, reason: reasonOf(error).slice(0, 900) };
    files.fail(failed);
    log.error(failed, 'the new policy is not taken over; the one before stays in force');
  };
  const takeOver = async (signed: SignedPolicy, group: string, offered: number) => {
    let checked: CheckedPolicy;
    try {
      checked = checkPolicy(signed, config);
    } catch (error) {
      // What is in force goes on: on trial or not.
      const before = onTrial;
      fail(group, offered, error);
      onTrial = before;
      if (before) files.try({ signed: before.policy.signed, starts: 1 });
      return;
    }
    // On disk first: if the policy ends the process, the next start knows what it was about.
    files.try({ signed, starts: 1 });
    try {
      await apply(checked);
    } catch (error) {
      fail(group, offered, error);
      // The apply went back to what was before; where that was on trial itself, the last good one is safer.
      await apply(good);
      return;
    }
    failed = null;
    begin(checked);
    log.info({ version: checked.version }, 'a new policy is in force, on trial');
  };
  const look = async () => {
    const cert = readFileSync(config.certificate, 'utf8');
    const ca = readFileSync(config.ca, 'utf8');
    const there = way();
    const tls = await openTls(there, { ca, cert, key: readFileSync(config.key, 'utf8'), verify: true });
    const { status, body } = await askOnce(
      tls,
      there.server,
      'GET',
      '/v1/policy',
      undefined,
      undefined,
      machineHeader(),
    );
    if (status !== 200) return;
    const signed = JSON.parse(body) as SignedPolicy | { readonly policy: null };
    if (signed.policy === null) return;
    const content = JSON.parse(signed.policy) as { readonly group?: unknown; readonly version?: unknown };
    const group = String(content.group).slice(0, 64);
    const offered = Number(content.version);
    // Never back: an old policy with its good signature is refused. Nor again what failed.
    const seen = Number(files.seen()[group] ?? 0);
    const isOther =
      (onTrial?.policy ?? good)?.group !== group && !(failed?.group === group && failed.version === offered);
    if (!(isOther ? offered >= seen : offered > seen)) return;
    files.see(group, offered);
    await takeOver(signed as SignedPolicy, group, offered);
  };
  const lookAtTrial = async () => {
    if (!onTrial) return;
    const { policy, trial } = onTrial;
    const verdict = trial.look();
    if (verdict.kind === 'wait') return;
    if (verdict.kind === 'well') {
      onTrial = undefined;
      good = policy;
      files.pass(policy.signed);
      log.info({ version: policy.version }, 'the policy works');
      return;
    }
    fail(policy.group, policy.version, verdict.reason);
    await apply(good);
  };
  // One after the other: both change what is in force.
  let work: Promise<void> = Promise.resolve();
  const inTurn = (act: () => Promise<void>) => {
    const done = work.then(act);
    work = done.catch(() => undefined);
    return done;
  };
  const run = () =>
    inTurn(look).catch((error) => log.debug({ reason: reasonOf(error) }, 'no policy could be asked for'));
  const first = setTimeout(run, FIRST_LOOK_MS).unref();
  const timer = setInterval(run, LOOK_EVERY_MS).unref();
  const trialTimer = setInterval(
    () =>
      inTurn(lookAtTrial).catch((error) => log.error({ err: error }, 'the policy before could not be taken up again')),
    TRIAL_LOOK_MS,
  ).unref();
  return {
    state: () => ({
      version: (onTrial?.policy ?? good)?.version ?? null,
      failed: failed && { version: failed.version, reason: failed.reason },
      trial: onTrial !== undefined,
    }),
    look: () => inTurn(look),
    lookAtTrial: () => inTurn(lookAtTrial),
    stop() {
      clearTimeout(first);
      clearInterval(timer);
      clearInterval(trialTimer);
    },
  };
}

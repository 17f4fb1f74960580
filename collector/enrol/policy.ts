import { verify, X509Certificate } from 'node:crypto';
import { accessSync, constants, globSync, readFileSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import type { SignedPolicy } from '../../ecs/enrolment.ts';
import type { CollectorConfig } from '../config.ts';
import { CollectorError, reasonOf } from '../errors.ts';
import { type InputConfig, readInputs } from '../input-config.ts';
import type { Log } from '../log.ts';
import { askOnce, openTls } from './dial.ts';
import { readIfAny, writeSecret } from './files.ts';
import { machineHeader } from './machine.ts';

const LOOK_EVERY_MS = 60_000;
const FIRST_LOOK_MS = 3_000;

/** A policy whose signature and contents are checked. */
export interface CheckedPolicy {
  readonly version: number;
  readonly inputs: readonly InputConfig[];
  readonly signed: SignedPolicy;
}

/** A policy that this collector does not take over, and why. */
export class PolicyError extends Error {}

/** Keys that name files of this machine: what a server may not ask for. */
const LOCAL_KEYS = ['secrets', 'tls', 'ca'] as const;

/**
 * Checks a policy of the server: signed by the authority that this machine enrolled with, readable, its files all inside
 * folders that this machine's own configuration allows. @throws PolicyError
 */
export function checkPolicy(
  signed: SignedPolicy,
  config: Pick<CollectorConfig, 'ca' | 'id' | 'allowFolders' | 'syslogPort' | 'certificate' | 'key'>,
): CheckedPolicy {
  const authority = new X509Certificate(readFileSync(config.ca));
  const isSigned = verify(
    'sha256',
    Buffer.from(signed.policy),
    authority.publicKey,
    Buffer.from(signed.signature, 'base64'),
  );
  if (!isSigned) throw new PolicyError('It is not signed by the authority of this collector.');
  const { version, inputs } = JSON.parse(signed.policy) as { readonly version: number; readonly inputs: unknown };
  if (!Array.isArray(inputs) || !Number.isSafeInteger(version)) throw new PolicyError('It has no list of inputs.');
  for (const input of inputs as Record<string, unknown>[]) {
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
    const read = readInputs(inputs, { ...config, base: '/', fault });
    if (read === 'auto') throw new PolicyError('It has no list of inputs.');
    return { version, inputs: read, signed };
  } catch (error) {
    throw new PolicyError(reasonOf(error));
  }
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
  /** Puts the inputs of a policy to work; where that fails, those before work again and the reason is thrown. */
  readonly apply: (inputs: readonly InputConfig[]) => Promise<void>;
}

/** The policy in force here, and the looking for a newer one. */
export interface PolicyWatch {
  state(): {
    readonly version: number | null;
    readonly failed: { readonly version: number; readonly reason: string } | null;
  };
  look(): Promise<void>;
  stop(): void;
}

/** The policy taken over last, for a start without the server. */
export function keptPolicy(config: CollectorConfig, log: Log): CheckedPolicy | undefined {
  const text = readIfAny(pathOf(config));
  if (text === undefined) return undefined;
  try {
    return checkPolicy(JSON.parse(text) as SignedPolicy, config);
  } catch (error) {
    log.warn({ reason: reasonOf(error) }, 'the kept policy is not used; the inputs of the configuration are');
    return undefined;
  }
}

function pathOf({ spool }: CollectorConfig): string {
  return join(spool, 'policy.json');
}

/** Looks once a minute for a newer policy, checks it, and takes it over or says why not. */
export function watchPolicy({ config, log, apply }: PolicyOptions, begun: CheckedPolicy | undefined): PolicyWatch {
  let version = begun?.version ?? null;
  let failed: { version: number; reason: string } | null = null;

  const look = async () => {
    const identity = readFileSync(config.certificate, 'utf8');
    const ca = readFileSync(config.ca, 'utf8');
    const tls = await openTls(config, { ca, cert: identity, key: readFileSync(config.key, 'utf8'), verify: true });
    const { status, body } = await askOnce(
      tls,
      config.server,
      'GET',
      '/v1/policy',
      undefined,
      undefined,
      machineHeader(),
    );
    if (status !== 200) return;
    const signed = JSON.parse(body) as SignedPolicy | { readonly policy: null };
    if (signed.policy === null) return;
    const offered = Number((JSON.parse(signed.policy) as { version?: unknown }).version);
    // Never back: an old policy with its good signature is refused. Nor again what failed.
    if (!(offered > (version ?? 0)) || failed?.version === offered) return;
    try {
      const checked = checkPolicy(signed as SignedPolicy, config);
      await apply(checked.inputs);
      version = checked.version;
      failed = null;
      writeSecret(pathOf(config), JSON.stringify(signed));
      log.info({ version }, 'a new policy is in force');
    } catch (error) {
      failed = { version: offered, reason: reasonOf(error).slice(0, 900) };
      log.error(failed, 'the new policy is not taken over; the one before stays in force');
    }
  };
  const run = () => look().catch((error) => log.debug({ reason: reasonOf(error) }, 'no policy could be asked for'));
  const first = setTimeout(run, FIRST_LOOK_MS).unref();
  const timer = setInterval(run, LOOK_EVERY_MS).unref();
  const stop = () => {
    clearTimeout(first);
    clearInterval(timer);
  };
  return { state: () => ({ version, failed }), look, stop };
}

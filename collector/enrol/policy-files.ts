import { join } from 'node:path';
import type { SignedPolicy } from '../../ecs/enrolment.ts';
import type { Log } from '../log.ts';
import { readIfAny, removeFile, writeSecret } from './files.ts';

/** A policy that did not work, and why. */
export interface FailedPolicy {
  readonly group: string;
  readonly version: number;
  readonly reason: string;
}

/** A policy on trial: how often the collector was started with it. */
export interface TriedPolicy {
  readonly signed: SignedPolicy;
  readonly starts: number;
}

/** Groups that a collector was in. */
const MOST_GROUPS = 100;

/** What is kept of policies in the folder of the spool, for a start without the server. */
export interface PolicyFiles {
  /** The one that passed its trial last. */
  passed(): SignedPolicy | undefined;
  tried(): TriedPolicy | undefined;
  failed(): FailedPolicy | undefined;
  try(policy: TriedPolicy): void;
  /** Highest version of each group that was looked at here: none of them is gone back to. */
  seen(): Readonly<Record<string, number>>;
  see(group: string, version: number): void;
  /** The one on trial works. */
  pass(signed: SignedPolicy): void;
  /** The one on trial does not work, or was never taken over. */
  fail(failed: FailedPolicy): void;
}

/** Opens the files in a folder; what cannot be read is as if it were not there. */
export function policyFiles(folder: string, log: Log): PolicyFiles {
  const at = (name: string) => join(folder, name);
  const read = <T>(name: string): T | undefined => {
    const text = readIfAny(at(name));
    if (text === undefined) return undefined;
    try {
      return JSON.parse(text) as T;
    } catch (error) {
      log.warn({ err: error, name }, 'a file of the policy is damaged and is left out');
      return undefined;
    }
  };
  const write = (name: string, value: unknown) => writeSecret(at(name), JSON.stringify(value));
  return {
    passed: () => read('policy.json'),
    tried: () => read('policy-trial.json'),
    failed: () => read('policy-failed.json'),
    seen: () => read('policy-versions.json') ?? {},
    see(group, version) {
      const others = Object.entries(read<Record<string, number>>('policy-versions.json') ?? {});
      write('policy-versions.json', { ...Object.fromEntries(others.slice(-MOST_GROUPS)), [group]: version });
    },
    try: (policy) => write('policy-trial.json', policy),
    pass(signed) {
      write('policy.json', signed);
      removeFile(at('policy-trial.json'));
      removeFile(at('policy-failed.json'));
    },
    fail(failed) {
      write('policy-failed.json', failed);
      removeFile(at('policy-trial.json'));
    },
  };
}

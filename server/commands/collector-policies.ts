import { readFile } from 'node:fs/promises';
import { safeJson } from '../../ecs/safe-json.ts';
import type { FleetSettings, Policy, PolicyCheck, PolicyGroups, PolicyVersions } from '../fleet/schema.ts';
import { UsageError } from './arguments.ts';
import { table } from './terminal.ts';

/** Asks the running server. */
export type Ask = <T>(method: 'GET' | 'POST' | 'PUT', path: string, body?: unknown) => Promise<T>;

const BASE = '/api/v1/collectors';
const of = (group: string) => `${BASE}/policies/${encodeURIComponent(group)}`;

/** `haidang collector policy …`: what groups of collectors read, by version. 1 where a checked file has faults. */
export async function runPolicy(ask: Ask, act = '', first?: string, second?: string): Promise<number> {
  if (act === 'list' && first === undefined) {
    const { groups } = await ask<PolicyGroups>('GET', `${BASE}/policies`);
    const rows = groups.map(({ group, version, collectors, running, failed }) => [
      group,
      version === null ? '-' : String(version),
      String(collectors),
      running.map((one) => `${one.version ?? 'own'}: ${one.collectors.length}`).join(', ') || '-',
      String(failed.length),
    ]);
    console.log(table(['group', 'version', 'collectors', 'running', 'went back'], rows, [1, 2, 4]));
    return 0;
  }
  if (act === 'show' && second === undefined) {
    console.log(safeJson(await ask<Policy>('GET', of(first ?? 'default')), 2));
    return 0;
  }
  if (act === 'versions' && second === undefined) {
    const { versions } = await ask<PolicyVersions>('GET', `${of(first ?? 'default')}/versions`);
    const rows = versions.map(({ version, at, by, restores }) => [
      String(version),
      at,
      by,
      restores === null ? '' : `text of ${restores}`,
    ]);
    console.log(table(['version', 'at', 'by', ''], rows, [0]));
    return 0;
  }
  if (act === 'check' && first !== undefined && second === undefined) {
    const yaml = await readFile(first, 'utf8');
    const { faults } = await ask<PolicyCheck>('POST', `${BASE}/policies/check`, { yaml });
    for (const { line, code, detail } of faults) console.log(`${first}:${line}: ${code} ${detail}`.trimEnd());
    if (faults.length === 0) console.log('The policy can be used.');
    return faults.length === 0 ? 0 : 1;
  }
  if (act === 'set' && first !== undefined && second !== undefined) {
    const { version } = await ask<Policy>('PUT', of(first), { yaml: await readFile(second, 'utf8') });
    console.log(`Policy ${first} has version ${version}; collectors take it within a minute.`);
    return 0;
  }
  if (act === 'rollback' && first !== undefined && /^\d{1,9}$/.test(second ?? '')) {
    const { version } = await ask<Policy>('POST', `${of(first)}/rollback`, { version: Number(second) });
    console.log(`Policy ${first} has version ${version}, with the text of version ${second}.`);
    return 0;
  }
  if (act === 'group' && first !== undefined && second !== undefined) {
    await ask('PUT', `${BASE}/${encodeURIComponent(first)}/group`, { group: second });
    console.log(`Collector ${first} is in group ${second}.`);
    return 0;
  }
  throw new UsageError(
    'say "policy list", "show [GROUP]", "versions [GROUP]", "check FILE", "set GROUP FILE", "rollback GROUP VERSION" or "group ID GROUP"; --help tells more.',
  );
}

/** What `silence` was asked. */
export interface SilenceOrder {
  readonly act: string | undefined;
  readonly source: string | undefined;
  readonly time: string | undefined;
  readonly collector: string | undefined;
}

/** `haidang collector silence …`: for how long sources may say nothing. */
export async function runSilence(ask: Ask, { act, source, time, collector = '*' }: SilenceOrder): Promise<number> {
  const { silence } = await ask<FleetSettings>('GET', `${BASE}/settings`);
  if (act === 'list' && source === undefined) {
    const rows = silence.map((one) => [one.collector, one.source, one.minutes === 0 ? 'never' : String(one.minutes)]);
    console.log(table(['collector', 'source', 'minutes'], rows, [2]));
    return 0;
  }
  const isOther = (one: FleetSettings['silence'][number]) => one.source !== source || one.collector !== collector;
  if (act === 'set' && source !== undefined && /^(never|[1-9]\d{0,5})$/.test(time ?? '')) {
    const minutes = time === 'never' ? 0 : Number(time);
    // The first that fits holds: what is set now is to hold over what was set before.
    await ask('PUT', `${BASE}/settings`, { silence: [{ collector, source, minutes }, ...silence.filter(isOther)] });
    console.log(
      minutes === 0 ? `${source} may be silent for ever.` : `${source} may be silent for ${minutes} minutes.`,
    );
    return 0;
  }
  if (act === 'remove' && source !== undefined && time === undefined) {
    const rest = silence.filter(isOther);
    if (rest.length === silence.length) {
      console.error(`Nothing is set for ${source} of collector ${collector}.`);
      return 1;
    }
    await ask('PUT', `${BASE}/settings`, { silence: rest });
    console.log(`${source} is watched by its own rhythm again.`);
    return 0;
  }
  throw new UsageError(
    'say "silence list", "silence set SOURCE MINUTES|never" or "silence remove SOURCE"; --help tells more.',
  );
}

import { safeJson } from '../../ecs/safe-json.ts';
import type { HealthList, ReloadAnswer } from '../rules/schema.ts';
import { readArguments, UsageError } from './arguments.ts';
import type { Connection } from './connection.ts';
import { overConnection } from './run-act.ts';
import { plain, table } from './terminal.ts';

const OPTIONS = { json: { type: 'boolean' }, now: { type: 'boolean' }, config: { type: 'string' } } as const;

async function ask<T>(
  args: readonly string[],
  name: string,
  act: (connection: Connection, json: boolean, now: boolean) => Promise<T>,
): Promise<T> {
  const { values, positionals } = readArguments(args, OPTIONS);
  if (positionals.length > 0) throw new UsageError(`rules ${name} takes no file; --help tells more.`);
  if (values.now && name !== 'health') throw new UsageError('--now goes with health.');
  return overConnection(values.config, (connection) => act(connection, values.json === true, values.now === true));
}

/** `haidang rules reload` */
export async function reload(args: readonly string[]): Promise<number> {
  return ask(args, 'reload', async (connection, json) => {
    const { added, changed, removed, problems } = await connection.ask<ReloadAnswer>('POST', '/api/v1/rules/reload');
    if (json) console.log(safeJson({ added, changed, removed, problems }));
    else {
      const server = connection.running ? '' : ' No server runs; it reads them when it starts.';
      console.log(`${added.length} added, ${changed.length} changed, ${removed.length} removed.${server}`);
      for (const [sign, ids] of [['+', added] as const, ['~', changed] as const, ['-', removed] as const]) {
        for (const id of ids) console.log(`${sign} ${plain(id)}`);
      }
      for (const { file, line, column, code, message } of problems)
        console.error(plain(`${file}:${line}:${column} ${code} ${message}`));
    }
    return problems.length > 0 ? 1 : 0;
  });
}

/** `haidang rules health` */
export async function health(args: readonly string[]): Promise<number> {
  return ask(args, 'health', async (connection, json, now) => {
    const { rules, problems } = await connection.ask<HealthList>(now ? 'POST' : 'GET', '/api/v1/rules/health');
    if (!connection.running) console.error('No server runs: nothing is watched now.');
    if (json) {
      for (const { health: own, ...rule } of rules) console.log(safeJson({ ...rule, ...own }));
      for (const problem of problems) console.log(safeJson({ ...problem, state: 'refused' }));
    } else {
      const order = ['dead', 'waiting', 'ok'];
      const sorted = rules.toSorted((a, b) => order.indexOf(a.health.state) - order.indexOf(b.health.state));
      const rows = sorted.map(({ title, health: own }) => [
        own.state,
        plain(title),
        own.lastMatch?.slice(0, 19) ?? 'never',
        own.selfTest === null ? '' : own.selfTest.passed ? 'passed' : 'FAILED',
        own.nanosecondsPerEvent === null ? '' : String(own.nanosecondsPerEvent),
        own.reasons.join(', '),
      ]);
      console.log(table(['state', 'rule', 'last match', 'self-test', 'ns/event', 'why'], rows, [4]));
      for (const { file, line, column, code, message } of problems)
        console.log(plain(`refused ${file}:${line}:${column} ${code} ${message}`));
    }
    return problems.length > 0 || rules.some(({ health: own }) => own.state === 'dead') ? 1 : 0;
  });
}

import { safeJson } from '../../ecs/safe-json.ts';
import type { IncidentSettings } from '../incidents/schema.ts';
import { UsageError } from './arguments.ts';
import type { Connection } from './connection.ts';
import type { Act } from './run-act.ts';
import { plain, table } from './terminal.ts';

const PATH = '/api/v1/incidents/settings';

/** Options of these acts beside those of the others on incidents. */
export const SETTINGS_OPTIONS = { off: { type: 'boolean' } } as const;

interface SettingsValues {
  readonly severity?: string;
  readonly off?: boolean;
  readonly json?: boolean;
}

/** The act on what makes incidents by itself that a command line names; undefined where it names none. @throws UsageError */
export function readSettingsAct(
  [act, ...names]: readonly string[],
  { severity, off = false, json = false }: SettingsValues,
): Act | undefined {
  const tell = (settings: IncidentSettings): number => {
    console.log(json ? safeJson(settings) : page(settings));
    return 0;
  };
  const change = (changed: (settings: IncidentSettings) => IncidentSettings) => async (connection: Connection) =>
    tell(await connection.ask('PUT', PATH, changed(await connection.ask('GET', PATH))));

  if (act === 'settings' && names.length === 0) return async (connection) => tell(await connection.ask('GET', PATH));
  if (act === 'by-rule' && names.length === 1) {
    if (off === (severity !== undefined)) throw new UsageError('say --severity S, or --off.');
    const rule = names[0] as string;
    return change(({ byRule, allow }) => ({
      byRule: [
        ...byRule.filter((one) => one.rule !== rule),
        ...(severity === undefined
          ? []
          : [{ rule, severity: severity as IncidentSettings['byRule'][number]['severity'] }]),
      ],
      allow,
    }));
  }
  if (act === 'allow' && names.length > 0)
    return change(({ byRule, allow }) => {
      const others = allow.filter((name) => !names.includes(name));
      return { byRule, allow: off ? others : [...others, ...names] };
    });
  return undefined;
}

function page({ byRule, allow }: IncidentSettings): string {
  const rules =
    byRule.length === 0
      ? 'No alert becomes an incident by itself.'
      : table(
          ['rule', 'incident from'],
          byRule.map(({ rule, severity }) => [rule, severity]),
          [0],
        );
  const names = allow.length === 0 ? ['  (nothing)'] : allow.map((name) => `  ${plain(name)}`);
  return [rules, '', 'Never an indicator:', ...names].join('\n');
}

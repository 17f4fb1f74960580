import { safeJson } from '../../ecs/safe-json.ts';
import type { Emergencies, Emergency, NewEmergency } from '../accounts/schema.ts';
import { loadConfig } from '../config.ts';
import { readArguments, readNumber, UsageError } from './arguments.ts';
import { connect } from './connection.ts';
import { plain, table } from './terminal.ts';

const HELP = `Usage: haidang break-glass open USER --reason TEXT [--minutes N] [--config FILE]
       haidang break-glass close USER [--config FILE]
       haidang break-glass list [--json] [--config FILE]

Makes USER an administrator of all agencies for N minutes (60 unless set, at most 480), for the night on which nobody else is there.
It raises a critical alert, is in the audit log with the reason, is shown to everybody who is signed in, and ends by itself.`;

/** `haidang break-glass` */
export async function run(args: readonly string[]): Promise<number> {
  const text = { type: 'string' } as const;
  const { values, positionals } = readArguments(args, {
    reason: text,
    minutes: text,
    config: text,
    json: { type: 'boolean' },
  });
  if (values.help) {
    console.log(HELP);
    return 0;
  }
  const [act, user, ...more] = positionals;
  const { reason } = values;
  const isOpen = act === 'open' && user !== undefined;
  const isKnown = isOpen || (act === 'close' && user !== undefined) || (act === 'list' && user === undefined);
  if (!isKnown || more.length > 0)
    throw new UsageError(
      'say "haidang break-glass open USER --reason TEXT", "close USER" or "list"; --help tells more.',
    );
  if (isOpen && (reason === undefined || reason.trim().length < 10))
    throw new UsageError(
      'opening takes --reason with at least 10 characters: whoever reads the audit log wants to know why.',
    );
  const minutes = readNumber('minutes', values.minutes, 60, 480);
  const connection = await connect(await loadConfig(values.config));
  const path = `/api/v1/users/${encodeURIComponent(user ?? '')}/emergency`;
  try {
    if (isOpen) {
      const wanted: NewEmergency = { reason: reason ?? '', minutes };
      const { until } = await connection.ask<Emergency>('POST', path, wanted);
      console.log(plain(`${user} is an administrator of all agencies until ${until}.`));
    } else if (act === 'close') {
      await connection.ask('DELETE', path);
      console.log(plain(`Emergency access of ${user} is over.`));
    } else {
      const { emergencies } = await connection.ask<Emergencies>('GET', '/api/v1/emergencies');
      if (values.json) for (const emergency of emergencies) console.log(safeJson(emergency));
      else
        console.log(emergencies.length === 0 ? 'No emergency access is open.' : table(HEADING, emergencies.map(cells)));
    }
    return 0;
  } finally {
    await connection.close();
  }
}

const HEADING = ['user', 'since', 'until', 'opened by', 'reason'];

function cells({ user, startedAt, until, by, reason }: Emergency): string[] {
  return [user, startedAt, until, by, reason];
}

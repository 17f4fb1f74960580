import { expect, it } from 'vitest';
import english from '../../../console/i18n/en.json' with { type: 'json' };
import { RSIT } from '../../../ecs/rsit.ts';
import { IncidentOutcome, IncidentStatus } from '../../../server/incidents/schema.ts';
import { MOVES } from '../../../server/incidents/states.ts';

it('the console has a text for each class, state and outcome of the server', () => {
  const keys = [
    ...Object.keys(RSIT).map((name) => `rsit.${name}`),
    ...Object.values(RSIT).flatMap((types) => types.map((type) => `rsit.type.${type}`)),
    ...IncidentStatus.enum.map((status) => `incident.status.${status}`),
    ...IncidentOutcome.enum.map((outcome) => `incident.outcome.${outcome}`),
  ];
  for (const key of keys) expect(english, key).toHaveProperty([key]);
  expect(Object.keys(MOVES).sort()).toEqual([...IncidentStatus.enum].sort());
});

import { expect, it } from 'vitest';
import english from '../../../console/i18n/en.json' with { type: 'json' };
import { RSIT_CLASSES } from '../../../console/incidents/rsit.ts';
import { RSIT } from '../../../server/incidents/rsit.ts';
import { IncidentOutcome, IncidentStatus } from '../../../server/incidents/schema.ts';
import { MOVES } from '../../../server/incidents/states.ts';

it('the console knows the classes, states and outcomes of the server, with a text for each', () => {
  expect(RSIT_CLASSES).toEqual(RSIT);
  const keys = [
    ...Object.keys(RSIT).map((name) => `rsit.${name}`),
    ...IncidentStatus.enum.map((status) => `incident.status.${status}`),
    ...IncidentOutcome.enum.map((outcome) => `incident.outcome.${outcome}`),
  ];
  for (const key of keys) expect(english, key).toHaveProperty([key]);
  expect(Object.keys(MOVES).sort()).toEqual([...IncidentStatus.enum].sort());
});

import type { Coverage, IncidentFigures, POSTURE_REASONS, Posture, ServiceState } from './schema.ts';

type Reason = (typeof POSTURE_REASONS)[number];
type Level = Posture['level'];

/** Share of agencies below which the picture is too thin to be called normal. */
const LEAST_COVERED = 0.8;
const LEVELS: readonly Level[] = ['normal', 'elevated', 'high', 'severe'];

/** How bad each reason makes it, worst first: the order of the answer. */
const MAKES: readonly (readonly [Reason, Level])[] = [
  ['critical-incident', 'severe'],
  ['high-incident', 'high'],
  ['critical-alert', 'high'],
  ['service-altered', 'high'],
  ['open-incident', 'elevated'],
  ['high-alert', 'elevated'],
  ['service-down', 'elevated'],
  ['coverage-low', 'elevated'],
];

/** The posture of the province: the worst that any of its reasons makes it. Nothing but the figures beside it goes in. */
export function postureOf(figures: {
  readonly incidents: Pick<IncidentFigures, 'open' | 'openBySeverity'>;
  readonly newAlerts: { readonly critical: number; readonly high: number };
  readonly services: readonly Pick<ServiceState, 'state'>[];
  readonly coverage: Pick<Coverage, 'agencies' | 'covered'>;
}): Posture {
  const { incidents, newAlerts, services, coverage } = figures;
  const holds: Readonly<Record<Reason, boolean>> = {
    'critical-incident': incidents.openBySeverity.critical > 0,
    'high-incident': incidents.openBySeverity.high > 0,
    'open-incident': incidents.open > 0,
    'critical-alert': newAlerts.critical > 0,
    'high-alert': newAlerts.high > 0,
    'service-altered': services.some(({ state }) => state === 'altered'),
    'service-down': services.some(({ state }) => state === 'down'),
    'coverage-low': coverage.covered < coverage.agencies * LEAST_COVERED,
  };
  const reasons = MAKES.filter(([reason]) => holds[reason]);
  const worst = Math.max(0, ...reasons.map(([, level]) => LEVELS.indexOf(level)));
  return { level: LEVELS[worst] ?? 'normal', reasons: reasons.map(([reason]) => reason) };
}

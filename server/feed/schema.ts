import { type Static, type TSchema, Type } from 'typebox';

const Count = (description: string) => Type.Integer({ minimum: 0, description });
const orNull = <T extends TSchema>(type: T) => Type.Union([type, Type.Null()]);
/** A count that is withheld, as `null`, where it is small. */
const Guarded = (description: string) => Type.Union([Type.Integer({ minimum: 0 }), Type.Null()], { description });

const BySeverity = Type.Object({
  critical: Count('Of severity critical'),
  high: Count('Of severity high'),
  medium: Count('Of severity medium'),
  low: Count('Of severity low'),
  informational: Count('Of severity informational'),
});

/** Why the posture is what it is. */
export const POSTURE_REASONS = [
  'critical-incident',
  'high-incident',
  'open-incident',
  'critical-alert',
  'high-alert',
  'service-altered',
  'service-down',
  'coverage-low',
] as const;

export const Posture = Type.Object({
  level: Type.Enum(['normal', 'elevated', 'high', 'severe'], { description: 'The worst that any reason makes it' }),
  reasons: Type.Array(Type.Enum(POSTURE_REASONS), { description: 'Worst first' }),
});
export type Posture = Static<typeof Posture>;

export const IncidentFigures = Type.Object({
  open: Count('Not resolved or closed'),
  openBySeverity: BySeverity,
  openByStatus: Type.Object({
    open: Count('Nobody has begun'),
    investigating: Count('Under way'),
    contained: Count('Contained, not resolved yet'),
  }),
  reportedLastDay: Count('Written down within 24 hours'),
  reportedLast7Days: Count('Written down within seven days'),
  reportedLast30Days: Count('Written down within thirty days'),
  closedLast30Days: Count('Closed within thirty days'),
  byClassLast30Days: Type.Record(Type.String(), Guarded('Written down within thirty days'), {
    description: 'By class of the Reference Security Incident Taxonomy; small counts are null',
  }),
  medianHoursToClose: Type.Union([Type.Number(), Type.Null()], {
    description: 'From detection to closing, of those closed within thirty days; null where they are few',
  }),
});
export type IncidentFigures = Static<typeof IncidentFigures>;

export const AlertFigures = Type.Object({
  open: Count('New, or somebody is at it'),
  openBySeverity: BySeverity,
  unhandled: Count('New: nobody has begun'),
});
export type AlertFigures = Static<typeof AlertFigures>;

export const ServiceState = Type.Object({
  service: Type.String({ description: 'Address of the site, without query' }),
  state: Type.Enum(['up', 'degraded', 'altered', 'down', 'unknown'], {
    description:
      'degraded: its certificate is not valid; altered: words or page are not what they were; unknown: nobody looked within the hour',
  }),
  checkedAt: orNull(Type.String({ description: 'When somebody looked last, ISO 8601' })),
  checksLastDay: Count('Looks within 24 hours'),
  availabilityLastDay: Type.Union([Type.Number({ minimum: 0, maximum: 100 }), Type.Null()], {
    description: 'Percent of the looks at which it answered; null where they are few, or too many to count',
  }),
  certificateDays: orNull(Type.Integer({ description: 'Days until the certificate ends' })),
});
export type ServiceState = Static<typeof ServiceState>;

export const Coverage = Type.Object({
  agencies: Count('Agencies on record'),
  covered: Count('Agencies with a collector that speaks'),
  bySecurityLevel: Type.Array(
    Type.Object({
      level: Type.Integer({ minimum: 1, maximum: 5 }),
      agencies: Guarded('Agencies of this level'),
      covered: Guarded('Of these, with a collector that speaks'),
    }),
    { description: 'Levels with few agencies have null' },
  ),
  collectors: Type.Object({
    total: Count('Not revoked'),
    well: Count('Nothing to do'),
    attention: Count('They speak, and something is to be done'),
    broken: Count('They do not speak, or a copy of them does'),
  }),
  sources: Type.Object({
    total: Count('Sources of collectors that speak'),
    silent: Count('That should have spoken'),
    failing: Count('That cannot be read'),
  }),
  waitingEvents: Count('Collected and not yet here'),
});
export type Coverage = Static<typeof Coverage>;

/** `GET /api/v1/feed`: the province in figures. */
export const Feed = Type.Object({
  version: Type.Literal(1),
  at: Type.String({ description: 'When it was counted, ISO 8601; at most a minute ago' }),
  smallestCount: Type.Integer({ description: 'Smaller counts of finer breakdowns are withheld' }),
  posture: Posture,
  incidents: IncidentFigures,
  alerts: AlertFigures,
  services: Type.Array(ServiceState),
  coverage: Coverage,
});
export type Feed = Static<typeof Feed>;

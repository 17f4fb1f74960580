import type { IncidentDetail } from '../../server/incidents/schema.ts';
import { useText } from '../i18n/language.tsx';
import type { TextKey, Translate } from '../i18n/messages.ts';
import { Visible } from '../parts/log-text.tsx';
import { Time } from '../parts/time.tsx';
import { rsitName } from './rsit-name.ts';

type Step = IncidentDetail['timeline'][number];

/** Notes of these acts are what a person wrote, or what was named. */
const NOTED = new Set([
  'status',
  'alert',
  'alert-removed',
  'alert-elsewhere',
  'merged',
  'unmerged',
  'part-of',
  'parted',
  'custody',
  'request',
  'acknowledged',
  'remark',
]);

function word(t: Translate, act: string, value: string | null | undefined): string {
  if (value === null || value === undefined || value === '')
    return t(act === 'rsit' ? 'incident.rsitNone' : 'alert.nobody');
  if (act === 'status') return t(`incident.status.${value}` as TextKey);
  if (act === 'severity') return t(`severity.${value}` as TextKey);
  if (act === 'rsit') return rsitName(t, value);
  return act === 'tlp' ? `TLP:${value.toUpperCase()}` : value;
}

/** What programs that act for somebody outside are called: `inbound:<source>` by the name of the source. */
function namesOf({ tasks }: IncidentDetail): ReadonlyMap<string, string> {
  return new Map(tasks.flatMap(({ request }) => (request ? [[`inbound:${request.source}`, request.name]] : [])));
}

function sentence(t: Translate, { kind, act, by, from, to, note }: Step, names: ReadonlyMap<string, string>): string {
  if (kind === 'event') return t(act === 'last' ? 'incident.event.last' : 'incident.event.first', { note: note ?? '' });
  const values = { by: names.get(by ?? '') ?? by ?? '', from: word(t, act, from), to: word(t, act, to) };
  return t(act === 'status' ? 'timeline.status' : (`incident.act.${act}` as TextKey), values);
}

/** What happened and what was done, oldest first. */
export function IncidentTimeline({ detail }: { readonly detail: IncidentDetail }) {
  const t = useText();
  const names = namesOf(detail);
  return (
    <ol className="space-y-2 border-l-2 border-line pl-4">
      {detail.timeline.map((step, place) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: steps have no ids, and the list is drawn whole.
        <li key={place} className={step.kind === 'event' ? 'font-medium' : ''}>
          <span className="block text-small text-muted">
            <Time at={step.at} />
          </span>
          <span className="block break-words">
            <Visible text={sentence(t, step, names)} prose />
          </span>
          {step.kind === 'act' && step.note && NOTED.has(step.act) && (
            <p className="mt-1 rounded-md bg-surface px-3 py-1 break-words whitespace-pre-wrap">
              <Visible text={step.note} prose />
            </p>
          )}
        </li>
      ))}
    </ol>
  );
}

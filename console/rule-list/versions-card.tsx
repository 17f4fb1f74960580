import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import type { RuleDetail } from '../../server/rules/schema.ts';
import { putJson } from '../api/client.ts';
import { useText } from '../i18n/language.tsx';
import { KeyHint } from '../parts/key-hint.tsx';
import { Visible } from '../parts/log-text.tsx';
import { ScrollRegion } from '../parts/scroll-region.tsx';
import { ProblemNotice } from '../parts/states.tsx';
import { Time } from '../parts/time.tsx';
import { useToast } from '../parts/toasts.tsx';
import { useAttempt } from '../parts/use-attempt.ts';
import { changedParts, type DiffLine, lineDiff } from './line-diff.ts';
import { Yaml } from './yaml.tsx';

type Version = RuleDetail['versions'][number];
const VIEWS = ['before', 'now', 'whole'] as const;

/** Every wording a rule was in force with: who brought it, what it changed, and bringing it back. */
export function VersionsCard({ detail, mayEdit }: { readonly detail: RuleDetail; readonly mayEdit: boolean }) {
  const t = useText();
  const { versions } = detail;
  return (
    <section className="card" aria-labelledby="versions">
      <h2 id="versions" className="px-4 pt-3 pb-2 font-semibold">
        {t('rules.versions')}
        <KeyHint keys="v" />
      </h2>
      {versions.length === 0 && <p className="px-4 pb-3 text-muted">{t('rules.noVersions')}</p>}
      <ol className="divide-y divide-line">
        {versions.map((version, place) => (
          <VersionRow
            key={version.version}
            version={version}
            before={versions[place + 1]}
            detail={detail}
            mayEdit={mayEdit}
          />
        ))}
      </ol>
    </section>
  );
}

function VersionRow({
  version: { version, yaml, at, by },
  before,
  detail,
  mayEdit,
}: {
  readonly version: Version;
  readonly before: Version | undefined;
  readonly detail: RuleDetail;
  readonly mayEdit: boolean;
}) {
  const t = useText();
  const toast = useToast();
  const queries = useQueryClient();
  const [open, setOpen] = useState(false);
  const { busy, error, run } = useAttempt();
  // Exceptions and the rules behind it make versions of one text too: with that text there is nothing to bring back.
  const isSameText = yaml === detail.yaml;
  // A rule that is off has no version in force: the latest of its text stands for it.
  const inForce = detail.rule.version ?? detail.versions.find((one) => one.yaml === detail.yaml)?.version;
  const bringBack = async (): Promise<void> => {
    await run(async () => {
      await putJson(`/rules/${encodeURIComponent(detail.rule.id)}`, { yaml });
      toast({ text: t('rules.rolledBack', { version }) });
      await queries.invalidateQueries({ queryKey: ['rules'] });
    });
  };
  return (
    <li data-version={version}>
      <div className="flex flex-wrap items-center gap-x-4 gap-y-2 px-4 py-2">
        <p className="min-w-0 flex-1 basis-72">
          <code>{version}</code> · {by === 'folder' ? t('rules.byFolder') : <Visible text={by} />} · <Time at={at} />
          {version === inForce && <span className="ml-2 font-semibold text-good">{t('rules.nowWording')}</span>}
        </p>
        <button type="button" className="button text-small" aria-expanded={open} onClick={() => setOpen(!open)}>
          {t('rules.diff.show')}
        </button>
        {mayEdit && !isSameText && (
          <button type="button" className="button text-small" disabled={busy} onClick={() => void bringBack()}>
            {t('rules.rollback')}
          </button>
        )}
      </div>
      {error !== undefined && (
        <div className="px-4 pb-3">
          <ProblemNotice error={error} />
        </div>
      )}
      {open && (
        <Comparison yaml={yaml} version={version} before={before?.yaml} now={isSameText ? undefined : detail.yaml} />
      )}
    </li>
  );
}

function Comparison({
  yaml,
  version,
  before,
  now,
}: {
  readonly yaml: string;
  readonly version: string;
  /** The wording before it, where one is kept. */
  readonly before: string | undefined;
  /** The wording now, where it is another one. */
  readonly now: string | undefined;
}) {
  const t = useText();
  const views = VIEWS.filter((one) => one === 'whole' || (one === 'before' ? before : now) !== undefined);
  const [view, setView] = useState<(typeof VIEWS)[number]>(views[0] ?? 'whole');
  return (
    <>
      <fieldset className="flex flex-wrap gap-2 px-4 pb-2" aria-label={t('rules.diff.show')}>
        {views.map((one) => (
          <button key={one} type="button" className="chip" aria-pressed={view === one} onClick={() => setView(one)}>
            {t(`rules.diff.${one}`)}
          </button>
        ))}
      </fieldset>
      {view === 'whole' && <Yaml text={yaml} label={version} />}
      {view === 'before' && before !== undefined && <Difference from={before} to={yaml} label={version} />}
      {view === 'now' && now !== undefined && <Difference from={now} to={yaml} label={version} />}
    </>
  );
}

const LOOKS = {
  same: { sign: ' ', className: 'text-muted' },
  removed: { sign: '−', className: 'bg-critical-ground' },
  added: { sign: '+', className: 'bg-selected font-semibold' },
} as const satisfies Readonly<Record<DiffLine['kind'], unknown>>;

/** Two texts compared line by line. */
export function Difference({
  from,
  to,
  label,
}: {
  readonly from: string;
  readonly to: string;
  readonly label: string;
}) {
  const t = useText();
  const parts = changedParts(lineDiff(from, to));
  const count = (kind: DiffLine['kind']): number => parts.filter((part) => part?.kind === kind).length;
  if (count('added') + count('removed') === 0) return <p className="px-4 pb-3 text-muted">{t('rules.diff.same')}</p>;
  return (
    <>
      <p className="px-4 pb-2 text-small text-muted">
        {t('rules.diff.counts', { added: count('added'), removed: count('removed') })}
      </p>
      <ScrollRegion
        className="max-h-[32rem] overflow-auto border-t border-line py-2 font-mono text-small"
        label={label}
        lang="en"
      >
        {parts.map((part, place) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: two texts compared once; lines do not move.
          <Line key={place} line={part} />
        ))}
      </ScrollRegion>
    </>
  );
}

/** A line, or with null the mark of lines left out. */
function Line({ line }: { readonly line: DiffLine | null }) {
  if (line === null) return <p className="px-4 text-muted">⋯</p>;
  const { kind, text } = line;
  const { sign, className } = LOOKS[kind];
  const content = (
    <span className="min-w-0 flex-1 break-words whitespace-pre-wrap">
      <Visible text={text} prose />
    </span>
  );
  return (
    <div className={`flex gap-2 px-4 ${className}`} data-change={kind}>
      <span className="w-3 shrink-0">{sign}</span>
      {kind === 'added' ? (
        <ins className="contents">{content}</ins>
      ) : kind === 'removed' ? (
        <del className="contents">{content}</del>
      ) : (
        content
      )}
    </div>
  );
}

import { type KeyboardEvent, useRef, useState } from 'react';
import type { ParserChanged, ParserProblem } from '../../server/parsers/schema.ts';
import { putJson } from '../api/client.ts';
import { useText } from '../i18n/language.tsx';
import { KeyHint } from '../parts/key-hint.tsx';
import { Visible } from '../parts/log-text.tsx';
import { ProblemNotice } from '../parts/states.tsx';
import { useAttempt } from '../parts/use-attempt.ts';
import { useKeys } from '../parts/use-keys.ts';
import { LineResults } from './line-results.tsx';
import { useTrial } from './use-trial.ts';

/** The text of a parser beside lines of the application: what becomes of them shows while either is written. */
export function Workbench({
  yaml,
  lines: givenLines,
  version,
  mayWrite,
  saved,
}: {
  readonly yaml: string;
  readonly lines: readonly string[];
  /** 0: it is new. */
  readonly version: number;
  readonly mayWrite: boolean;
  readonly saved: (changed: ParserChanged) => void;
}) {
  const t = useText();
  const [text, setText] = useState(yaml);
  const [lines, setLines] = useState(givenLines.join('\n'));
  const { busy, error, run } = useAttempt();
  const editor = useRef<HTMLTextAreaElement>(null);
  const input = useRef<HTMLTextAreaElement>(null);
  const trial = useTrial(text, lines);
  const { answer } = trial;
  useKeys({ e: () => editor.current?.focus(), l: () => input.current?.focus() });
  const save = async (): Promise<void> => {
    await run(async () => {
      const found = await trial.run();
      if (found && found.problems.length === 0) {
        const asked = `/parsers/${encodeURIComponent(found.name)}`;
        saved(await putJson<ParserChanged>(asked, { yaml: text, expected: version }));
      }
    });
  };
  const hear = (event: KeyboardEvent): void => {
    if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    void trial.run();
  };
  return (
    <div className="grid items-start gap-4 lg:grid-cols-2">
      <section className="card min-w-0 space-y-3 p-4" aria-labelledby="parser-text">
        <h2 id="parser-text" className="font-semibold">
          {t('parsers.text')}
          <KeyHint keys="e" />
        </h2>
        <textarea
          ref={editor}
          name="yaml"
          className="field min-h-[30rem] w-full font-mono text-small"
          aria-labelledby="parser-text"
          aria-describedby="parser-problems"
          spellCheck={false}
          readOnly={!mayWrite}
          value={text}
          onChange={(event) => setText(event.target.value)}
          onKeyDown={hear}
        />
        <div id="parser-problems">
          {answer && (
            <Problems problems={answer.problems} remarks={answer.remarks} go={(to) => goTo(editor.current, to)} />
          )}
          {answer?.problems.length === 0 && (
            <p role="status" className="text-good">
              {t('parsers.right', { count: answer.samples })}
            </p>
          )}
        </div>
        {error !== undefined && <ProblemNotice error={error} />}
        {mayWrite && (
          <button
            type="button"
            name="save"
            className="button button-primary"
            disabled={busy}
            onClick={() => void save()}
          >
            {t('parsers.save')}
          </button>
        )}
      </section>
      <section className="card min-w-0 space-y-3 p-4" aria-labelledby="parser-lines">
        <h2 id="parser-lines" className="font-semibold">
          {t('parsers.lines')}
          <KeyHint keys="l" />
        </h2>
        <p id="parser-lines-hint" className="text-small text-muted">
          {t('parsers.linesHint')}
        </p>
        <textarea
          ref={input}
          name="lines"
          className="field min-h-40 w-full font-mono text-small"
          aria-labelledby="parser-lines"
          aria-describedby="parser-lines-hint"
          spellCheck={false}
          value={lines}
          onChange={(event) => setLines(event.target.value)}
          onKeyDown={hear}
        />
        <button type="button" name="try" className="button" disabled={trial.busy} onClick={() => void trial.run()}>
          {t('parsers.try')}
          <KeyHint keys="Ctrl+Enter" />
        </button>
        {trial.error !== undefined && <ProblemNotice error={trial.error} />}
        {answer && answer.lines.length > 0 && <LineResults lines={answer.lines} />}
      </section>
    </div>
  );
}

function Problems({
  problems,
  remarks,
  go,
}: {
  readonly problems: readonly ParserProblem[];
  readonly remarks: readonly ParserProblem[];
  readonly go: (to: ParserProblem) => void;
}) {
  const t = useText();
  if (problems.length + remarks.length === 0) return null;
  const row = (one: ParserProblem) => (
    <li key={`${one.line}:${one.column}:${one.message}`} className="flex items-start gap-2">
      <button type="button" className="link shrink-0" onClick={() => go(one)}>
        {t('parsers.line', { line: one.line })}
      </button>
      <span className="min-w-0 break-words" lang="en">
        <Visible text={one.message} />
      </span>
    </li>
  );
  return (
    <>
      {problems.length > 0 && (
        <ul role="alert" className="space-y-1 text-critical" aria-label={t('parsers.problems')}>
          {problems.map(row)}
        </ul>
      )}
      {remarks.length > 0 && <ul className="space-y-1 text-muted">{remarks.map(row)}</ul>}
    </>
  );
}

/** Brings the keyboard to a place of the text. */
function goTo(editor: HTMLTextAreaElement | null, { line, column }: ParserProblem): void {
  if (!editor) return;
  const rows = editor.value.split('\n');
  const before = rows.slice(0, line - 1).reduce((sum, row) => sum + row.length + 1, 0);
  const end = before + (rows[line - 1]?.length ?? 0);
  editor.focus();
  editor.setSelectionRange(Math.min(before + column - 1, end), end);
}

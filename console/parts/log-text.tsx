import { useState } from 'react';
import { useText } from '../i18n/language.tsx';
import { visiblePieces } from './visible.ts';

/** Text that came from a log: never markup, and nothing in it hidden. */
export function Visible({ text, prose = false }: { readonly text: string; readonly prose?: boolean }) {
  let place = 0;
  return visiblePieces(text, prose).map((piece) => {
    place += 1;
    return 'text' in piece ? (
      piece.text
    ) : (
      <span key={place} className="unseen" dir="ltr">
        ‹{piece.unseen}›
      </span>
    );
  });
}

const SHOWN_AT_FIRST = 2_000;

/** A log line or value in fixed width; a very long one is cut until asked for. */
export function LogText({ text, className = '' }: { readonly text: string; readonly className?: string }) {
  const t = useText();
  const [all, setAll] = useState(false);
  const cut = !all && text.length > SHOWN_AT_FIRST;
  return (
    <span className={`log ${className}`} dir="ltr" lang="und">
      <Visible text={cut ? text.slice(0, SHOWN_AT_FIRST) : text} />
      {cut && (
        <button type="button" className="link ml-2 font-sans" onClick={() => setAll(true)}>
          {t('common.showRest', { count: text.length - SHOWN_AT_FIRST })}
        </button>
      )}
    </span>
  );
}

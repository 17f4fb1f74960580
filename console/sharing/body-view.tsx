import { useState } from 'react';
import { useFormat, useText } from '../i18n/language.tsx';

/** Objects that are drawn at first: a large bundle must not hold the page up. */
const SHOWN = 40;

/** The bytes that leave, one object a paragraph; what is not shown at first can be asked for. */
export function BodyView({ body, sha256 }: { readonly body: string; readonly sha256: string }) {
  const t = useText();
  const format = useFormat();
  const [all, setAll] = useState(false);
  const { objects } = JSON.parse(body) as { readonly objects: readonly object[] };
  const shown = all ? objects : objects.slice(0, SHOWN);
  return (
    <>
      <p className="text-small break-all text-muted">
        {t('sharing.size', { objects: objects.length, bytes: format.bytes(new Blob([body]).size) })} · SHA-256 {sha256}
      </p>
      <pre
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is reached by keyboard.
        tabIndex={0}
        className="log mt-2 max-h-96 overflow-auto rounded-md border border-line p-3 text-small"
        dir="ltr"
      >
        {shown.map((object) => `${JSON.stringify(object, null, 2)}\n`).join('')}
      </pre>
      {!all && objects.length > SHOWN && (
        <button type="button" className="button mt-2" onClick={() => setAll(true)}>
          {t('sharing.showAll', { count: objects.length })}
        </button>
      )}
    </>
  );
}

import { useId, useState } from 'react';
import { useText } from '../i18n/language.tsx';
import { Visible } from './log-text.tsx';

/** Chooses a file and hands it over at once; the browser's own control speaks its own language, so that its words are ours. */
export function FileButton({
  label,
  busy,
  add,
}: {
  readonly label: string;
  readonly busy: boolean;
  readonly add: (file: File) => Promise<unknown>;
}) {
  const t = useText();
  const id = useId();
  const [sending, setSending] = useState<string>();
  const [count, setCount] = useState(0);
  const take = async (file: File | undefined): Promise<void> => {
    if (!file) return;
    setSending(file.name);
    await add(file);
    setSending(undefined);
    // A new element, so that the same file can be chosen again.
    setCount((before) => before + 1);
  };
  return (
    // The hidden input stays within its line (relative): else the focus would scroll the whole page away.
    <p className="relative mt-3 flex flex-wrap items-center gap-x-3 gap-y-1">
      <input
        key={count}
        id={id}
        type="file"
        className="peer sr-only"
        disabled={busy}
        onChange={(event) => void take(event.currentTarget.files?.[0])}
      />
      <label
        htmlFor={id}
        className="button cursor-pointer peer-focus-visible:outline-2 peer-focus-visible:outline-offset-2 peer-focus-visible:outline-accent peer-disabled:opacity-60"
      >
        {label}
      </label>
      <span role="status" className="min-w-0 text-small break-words text-muted">
        {sending !== undefined && (
          <>
            {t('file.sending')} <Visible text={sending} prose />
          </>
        )}
      </span>
    </p>
  );
}

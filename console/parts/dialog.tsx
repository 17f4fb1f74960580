import { type ReactNode, useEffect, useId, useRef } from 'react';
import { useText } from '../i18n/language.tsx';
import { Icon } from './icons.tsx';

/** A modal dialog: the native element keeps the focus inside, closes on Escape and gives the focus back. */
export function Dialog({
  title,
  close,
  children,
}: {
  readonly title: string;
  readonly close: () => void;
  readonly children: ReactNode;
}) {
  const t = useText();
  const element = useRef<HTMLDialogElement>(null);
  const heading = useId();
  useEffect(() => {
    const dialog = element.current;
    const before = document.activeElement;
    dialog?.showModal();
    return () => {
      dialog?.close();
      if (before instanceof HTMLElement && before.isConnected) before.focus();
    };
  }, []);
  return (
    <dialog
      ref={element}
      aria-labelledby={heading}
      className="over w-[min(36rem,calc(100vw-2rem))]"
      onCancel={(event) => {
        event.preventDefault();
        close();
      }}
      onKeyDown={(event) => event.stopPropagation()}
    >
      <div className="flex items-center justify-between gap-4 border-b border-line px-4 py-2">
        <h2 id={heading} className="font-semibold">
          {title}
        </h2>
        <button type="button" className="button button-quiet" onClick={close} aria-label={t('common.close')}>
          <Icon name="close" />
        </button>
      </div>
      <div className="p-4">{children}</div>
    </dialog>
  );
}

/** A labelled form field. */
export function Field({
  label,
  hint,
  children,
}: {
  readonly label: string;
  readonly hint?: string;
  readonly children: ReactNode;
}) {
  return (
    // biome-ignore lint/a11y/noLabelWithoutControl: the control is the child, inside the label.
    <label className="block">
      <span className="mb-1 block font-medium">{label}</span>
      {children}
      {hint && <span className="mt-1 block text-small text-muted">{hint}</span>}
    </label>
  );
}

/** The end of a dialog's form: going back, or sending. */
export function DialogButtons({
  busy,
  close,
  label,
}: {
  readonly busy: boolean;
  readonly close: () => void;
  readonly label?: string;
}) {
  const t = useText();
  return (
    <div className="flex justify-end gap-2">
      <button type="button" className="button" onClick={close}>
        {t('common.cancel')}
      </button>
      <button type="submit" className="button button-primary" disabled={busy}>
        {label ?? t('incident.save')}
      </button>
    </div>
  );
}

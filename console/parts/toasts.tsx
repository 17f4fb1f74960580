import { createContext, type ReactNode, useCallback, useContext, useState } from 'react';
import { useText } from '../i18n/language.tsx';
import { Icon } from './icons.tsx';
import { ProblemNotice } from './states.tsx';

/** A short word about what was done, with a way back for ten seconds. */
export interface Toast {
  readonly text: string;
  readonly undo?: () => void;
  readonly error?: unknown;
}

const ToastContext = createContext<((toast: Toast) => void) | undefined>(undefined);
/** How long an act can be taken back, in milliseconds. */
export const UNDO_MS = 10_000;

/** Shows one toast at a time at the foot of the page. */
export function ToastProvider({ children }: { readonly children: ReactNode }) {
  const t = useText();
  const [shown, setShown] = useState<Toast & { readonly number: number }>();
  const show = useCallback((toast: Toast) => {
    const number = performance.now();
    setShown({ ...toast, number });
    setTimeout(() => setShown((now) => (now?.number === number ? undefined : now)), UNDO_MS);
  }, []);
  const hide = (): void => setShown(undefined);
  return (
    <ToastContext value={show}>
      {children}
      <div
        role="status"
        className="pointer-events-none fixed inset-x-0 bottom-16 z-30 flex justify-center px-4 *:pointer-events-auto"
      >
        {shown && (
          <div className="over flex max-w-xl items-center gap-3 px-4 py-2">
            {shown.error === undefined ? (
              <span className="min-w-0">{shown.text}</span>
            ) : (
              <ProblemNotice error={shown.error} />
            )}
            {shown.undo && (
              <button
                type="button"
                className="button"
                onClick={() => {
                  hide();
                  shown.undo?.();
                }}
              >
                {t('common.undo')}
              </button>
            )}
            <button type="button" className="button button-quiet" onClick={hide} aria-label={t('common.close')}>
              <Icon name="close" />
            </button>
          </div>
        )}
      </div>
    </ToastContext>
  );
}

/** Shows a toast. */
export function useToast(): (toast: Toast) => void {
  const show = useContext(ToastContext);
  if (!show) throw new Error('ToastProvider is missing above this element.');
  return show;
}

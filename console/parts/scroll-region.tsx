import type { ReactNode, Ref } from 'react';

/** A named part of the page that scrolls by itself; a stop of the tab key, as it must be moved without a mouse. */
export function ScrollRegion({
  label,
  className,
  children,
  lang,
  ref,
}: {
  readonly label: string;
  readonly className: string;
  readonly children: ReactNode;
  readonly lang?: string;
  readonly ref?: Ref<HTMLElement>;
}) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by key.
    <section ref={ref} tabIndex={0} aria-label={label} lang={lang} className={className}>
      {children}
    </section>
  );
}

import type { SharePreview } from '../../server/sharing/schema.ts';
import { useText } from '../i18n/language.tsx';
import type { TextKey } from '../i18n/messages.ts';
import { Visible } from '../parts/log-text.tsx';

type SharedText = SharePreview['texts'][number];

/** A text that a person wrote, with the places marked that are cut before it leaves. */
export function MarkedText({ text }: { readonly text: SharedText }) {
  const t = useText();
  const pieces: { readonly at: number; readonly text: string; readonly kind?: string }[] = [];
  let at = 0;
  for (const { kind, start, end } of text.cuts) {
    if (start > at) pieces.push({ at, text: text.before.slice(at, start) });
    pieces.push({ at: start, text: text.before.slice(start, end), kind });
    at = end;
  }
  if (at < text.before.length) pieces.push({ at, text: text.before.slice(at) });
  return (
    <p className="break-words whitespace-pre-wrap">
      {pieces.map((piece) =>
        piece.kind === undefined ? (
          <Visible key={piece.at} text={piece.text} prose />
        ) : (
          <mark key={piece.at} className="rounded-sm bg-warn-ground px-0.5 text-text line-through">
            <Visible text={piece.text} prose />
            <span className="sr-only"> ({t(`sharing.cut.${piece.kind}` as TextKey)})</span>
          </mark>
        ),
      )}
    </p>
  );
}

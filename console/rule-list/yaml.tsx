import { Visible } from '../parts/log-text.tsx';
import { ScrollRegion } from '../parts/scroll-region.tsx';

/** The text of a rule, as it is written; what cannot be seen in it is shown. */
export function Yaml({ text, label }: { readonly text: string; readonly label: string }) {
  return (
    <ScrollRegion className="max-h-[32rem] overflow-auto border-t border-line px-4 py-2" label={label}>
      <pre className="font-mono text-small break-words whitespace-pre-wrap" lang="en">
        <Visible text={text.replaceAll('\r\n', '\n')} prose />
      </pre>
    </ScrollRegion>
  );
}

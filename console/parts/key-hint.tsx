/** The key that leads to what stands beside it; only where there is room, and to the eye alone: the list of keys says it to all. */
export function KeyHint({ keys }: { readonly keys: string }) {
  return (
    <span
      aria-hidden="true"
      className="ml-2 hidden rounded border border-line px-1.5 align-middle text-small font-normal text-muted xl:inline-block"
    >
      {keys}
    </span>
  );
}

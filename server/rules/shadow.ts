/** How the ids of rules begin that only count what an exception keeps from alerting. */
const PREFIX = 'exception:';

/** Id of the rule that counts what one exception of a rule hides. */
export function shadowId(rule: string, exception: string): string {
  return `${PREFIX}${exception}:${rule}`;
}

/** Whether a rule only counts what an exception hides, and so raises no alert. */
export function isShadow(id: string): boolean {
  return id.startsWith(PREFIX);
}

/** The exception and rule of a shadow's id. */
export function shadowOf(id: string): { readonly exception: string; readonly rule: string } | undefined {
  if (!isShadow(id)) return undefined;
  const rest = id.slice(PREFIX.length);
  const at = rest.indexOf(':');
  return at < 0 ? undefined : { exception: rest.slice(0, at), rule: rest.slice(at + 1) };
}

import { HaidangError } from '../errors.ts';
import type { SignedIn } from './sessions.ts';

/** The name of the person who asks about their own account. @throws HaidangError `HD_FORBIDDEN` */
export function ownName({ identity }: SignedIn): string {
  if (identity.kind === 'user') return identity.name;
  throw new HaidangError('HD_FORBIDDEN', 'The control socket is no user with an account of its own; name one.');
}

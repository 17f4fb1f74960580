import type { SignedIn } from '../accounts/sessions.ts';
import type { AgencyBook } from './names.ts';
import { withSubtrees } from './tree.ts';

/** What sessions and tokens have in common: they say who somebody is, at each request and for connections that stay open. */
interface Lookup {
  find(token: string, ...more: string[]): Promise<SignedIn | undefined>;
  check(session: string): Promise<SignedIn | undefined>;
}

/**
 * The same sessions or tokens, whose people see what is below their agencies in the tree of this moment: a user's record names the top
 * alone, and no other place of the program knows of trees.
 */
export function seeingSubtrees<Book extends Lookup>(book: Book, agencies: Pick<AgencyBook, 'all'>): Book {
  const widened = async (found: SignedIn | undefined): Promise<SignedIn | undefined> => {
    if (!found || found.identity.agencies === 'all') return found;
    const scope = withSubtrees(found.identity.agencies, await agencies.all());
    return { ...found, identity: { ...found.identity, agencies: scope } };
  };
  const find = book.find.bind(book);
  const check = book.check.bind(book);
  return {
    ...book,
    find: async (token: string, ...more: string[]) => widened(await find(token, ...more)),
    check: async (session: string) => widened(await check(session)),
  };
}

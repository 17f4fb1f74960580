import { describe, expect, it } from 'vitest';
import { plain, table } from '../../../server/commands/terminal.ts';

describe('terminal output', () => {
  it('lets no control or direction character of a log line through', () => {
    const hostile = 'a\u001b[2J\u001b]0;owned\u0007b\rc\nd\u009be\u202ef\u200bg';
    expect(plain(hostile)).toBe('a·[2J·]0;owned·b·c·d·e·f·g');
  });
  it('keeps Vietnamese and Khmer text', () => {
    expect(plain('Sở Nội vụ – មន្ទីរ\tx')).toBe('Sở Nội vụ – មន្ទីរ\tx');
  });
  it('lines columns up by what is seen', () => {
    expect(
      table(
        ['name', 'n'],
        [
          ['Sở'.normalize('NFD'), '5'],
          ['abc', '12'],
        ],
        [1],
      ),
    ).toBe('name   n\nSở     5\nabc   12'.replace('Sở', 'Sở'.normalize('NFD')));
  });
});

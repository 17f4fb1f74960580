import { describe, expect, it } from 'vitest';
import { attackOf } from '../../../server/rules/attack.ts';

describe('ATT&CK of a rule', () => {
  it('reads techniques, sub-techniques and tactics from tags, and leaves other tags', () => {
    expect(
      attackOf(['attack.credential-access', 'attack.t1110.001', 'attack.T1190', 'attack.t9999', 'cve.2021.44228']),
    ).toEqual({
      techniques: [
        { id: 'T1110.001', name: 'Password Guessing' },
        { id: 'T1190', name: 'Exploit Public-Facing Application' },
        { id: 'T9999', name: 'T9999' },
      ],
      tactics: ['Credential Access'],
    });
  });
});

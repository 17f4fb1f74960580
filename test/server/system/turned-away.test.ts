import { describe, expect, it } from 'vitest';
import { type TurnedAway, tellTurnedAway } from '../../../server/system/turned-away.ts';

const ONE: TurnedAway = { client: '192.0.2.1', code: 'HD_ORIGIN', route: '/api/v1/alerts', who: undefined };

function teller() {
  const clock = { now: 1_000 };
  const lines: Readonly<Record<string, unknown>>[] = [];
  const tell = tellTurnedAway({ warn: (facts: object) => void lines.push({ ...facts }) } as never, () => clock.now);
  return { clock, lines, tell };
}

describe('requests that are turned away', () => {
  it('stand in the log with who, why and where, each once a minute', () => {
    const { clock, lines, tell } = teller();
    for (let count = 0; count < 5; count += 1) tell(ONE);
    tell({ ...ONE, code: 'HD_TOO_MANY', who: 'lan' });
    expect(lines).toEqual([
      { client: '192.0.2.1', code: 'HD_ORIGIN', route: '/api/v1/alerts' },
      { client: '192.0.2.1', code: 'HD_TOO_MANY', route: '/api/v1/alerts', who: 'lan' },
    ]);
    clock.now += 60_000;
    tell(ONE);
    expect(lines.slice(2)).toEqual([
      { requests: 4 },
      { client: '192.0.2.1', code: 'HD_ORIGIN', route: '/api/v1/alerts' },
    ]);
  });

  it('leave out what everybody meets who mistypes', () => {
    const { lines, tell } = teller();
    for (const code of ['HD_NOT_FOUND', 'HD_KQL_SYNTAX', 'HD_WRONG_PASSWORD', 'HD_NOT_SIGNED_IN'])
      tell({ ...ONE, code });
    expect(lines).toEqual([]);
  });

  it('fill no log, however many addresses they come from', () => {
    const { clock, lines, tell } = teller();
    for (let at = 0; at < 10_000; at += 1) tell({ ...ONE, client: `2001:db8:${at.toString(16)}:0::/64` });
    expect(lines).toHaveLength(30);
    clock.now += 60_000;
    tell(ONE);
    expect(lines[30]).toEqual({ requests: 9_970 });
  });
});

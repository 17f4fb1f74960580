import { describe, expect, it } from 'vitest';
import { networkHolds, parseIp, parseNetwork } from '../../../rules/query/ip-address.ts';
import { agencyTable, plainNetwork } from '../../../server/agencies/networks.ts';
import type { AgencyId } from '../../../server/identity.ts';

const [A, B, C] = ['so-a', 'so-b', 'so-c'] as unknown as [AgencyId, AgencyId, AgencyId];

function table(agencies: Record<string, { networks?: string[]; sources?: string[] }>, set: AgencyId[] = [A, B, C]) {
  return agencyTable(set, new Map(Object.entries(agencies)));
}

describe('whose an address is', () => {
  it('is told by the longest network around it', () => {
    const found = table({
      [A]: { networks: ['10.0.0.0/8', '2001:db8::/32'] },
      [B]: { networks: ['10.1.0.0/16', '2001:db8:1::/48', '192.0.2.7'] },
      [C]: { networks: ['10.1.2.0/24', '10.9.9.9/32', '2001:db8:1:8000::/49'] },
    });
    const of = (address: string) => found.ofAddress(address);
    expect(['10.9.9.8', '10.1.9.1', '10.1.2.255', '10.9.9.9', '11.0.0.1'].map(of)).toEqual([A, B, C, C, undefined]);
    expect(['2001:db8:2::1', '2001:db8:1::1', '2001:db8:1:8000::1', '2001:db9::'].map(of)).toEqual([
      A,
      B,
      C,
      undefined,
    ]);
    expect(['192.0.2.7', '192.0.2.8', '::ffff:10.1.2.3', 'nobody', '', 'x'.repeat(99)].map(of)).toEqual([
      B,
      undefined,
      C,
      undefined,
      undefined,
      undefined,
    ]);
  });

  it('is the same as looking through all networks, for any of them', () => {
    let seed = 7;
    const random = (below: number) => {
      seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31;
      return seed % below;
    };
    const own: Record<string, { networks: string[] }> = Object.fromEntries(
      [A, B, C].map((id) => [id, { networks: [] }]),
    );
    const all: { network: string; agency: AgencyId }[] = [];
    const taken = new Set<string>();
    for (let n = 0; n < 300; n++) {
      const agency = [A, B, C][random(3)] as AgencyId;
      const network =
        n % 2
          ? `10.${random(4)}.${random(4)}.${random(256)}/${random(33)}`
          : `fd00:${random(4)}:${random(4)}::${random(16)}/${random(129)}`;
      const plain = String(plainNetwork(network));
      if (taken.has(plain)) continue;
      taken.add(plain);
      own[agency]?.networks.push(network);
      all.push({ network, agency });
    }
    const found = table(own);
    const differ: string[] = [];
    for (let n = 0; n < 3_000; n++) {
      const address =
        n % 2 ? `10.${random(5)}.${random(5)}.${random(256)}` : `fd00:${random(5)}:${random(5)}::${random(20)}`;
      const ip = parseIp(address);
      const holding = all.filter(({ network }) => {
        const parsed = parseNetwork(network);
        return parsed && ip !== undefined && networkHolds(parsed, ip);
      });
      holding.sort((a, b) => (parseNetwork(b.network)?.bits ?? 0) - (parseNetwork(a.network)?.bits ?? 0));
      if (holding[0]?.agency !== found.ofAddress(address)) differ.push(address);
    }
    expect(differ).toEqual([]);
  });

  it('is nobody’s outside the set', () => {
    const found = table({ [A]: {}, [C]: { networks: ['10.0.0.0/8'], sources: ['*'] } }, [A, B]);
    expect(found.isEmpty).toBe(true);
    expect([found.ofAddress('10.1.1.1'), found.ofSource('file:/x')]).toEqual([undefined, undefined]);
  });
});

describe('whose a source is', () => {
  it('is told by the longest pattern, whatever the case', () => {
    const found = table({
      [A]: { sources: ['file:/var/log/portal/*'] },
      [B]: { sources: ['file:/var/log/portal/xa-1*.log', 'syslog-udp:*'] },
      [C]: { sources: ['file:/srv/x.log'] },
    });
    const of = (source: string) => found.ofSource(source);
    expect(of('file:/var/log/portal/xa-2.log')).toBe(A);
    expect(of('file:/VAR/log/portal/XA-1-cu.log')).toBe(B);
    expect(of('file:/var/log/portal/xa-1.log.gz')).toBe(A);
    expect(of('syslog-udp:127.0.0.1:5514')).toBe(B);
    expect([of('file:/srv/x.log'), of('file:/srv/x.log2'), of('stdin')]).toEqual([C, undefined, undefined]);
  });

  it('does not let one part of a name stand for two parts of a pattern', () => {
    const found = table({ [A]: { sources: ['ab*bc'] }, [B]: { sources: ['x*y*y*z'] } });
    expect(['abc', 'abbc', 'ab-bc'].map((name) => found.ofSource(name))).toEqual([undefined, A, A]);
    expect(['xyz', 'xyyz', 'x-y-y-z'].map((name) => found.ofSource(name))).toEqual([undefined, B, B]);
  });
});

it('two spellings of a network are one', () => {
  expect(plainNetwork('10.1.2.3/16')).toBe(plainNetwork('10.1.0.0/16'));
  expect(plainNetwork('2001:DB8::/32')).toBe(plainNetwork('2001:db8:0:0::1/32'));
  expect(plainNetwork('10.1.0.0/16')).not.toBe(plainNetwork('10.1.0.0/17'));
  expect(plainNetwork('::ffff:10.1.0.0/112')).toBe(plainNetwork('10.1.0.0/16'));
  expect(plainNetwork('10.1.0/16')).toBeUndefined();
});

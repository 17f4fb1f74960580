import { describe, expect, it } from 'vitest';
import { isAllowedHost, isOwnOrigin } from '../../../server/system/origin.ts';

describe('Host and Origin', () => {
  it.each(['127.0.0.1:8080', 'localhost:8080', 'LOCALHOST', '[::1]:8080', '127.0.0.1:9999'])(
    'allows host %s',
    (host) => {
      expect(isAllowedHost(host, [])).toBe(true);
    },
  );
  it.each([undefined, '', 'evil.example', '127.0.0.1.evil.example', 'localhost.evil.example:8080', '[::2]', 'a:b:c'])(
    'refuses host %s',
    (host) => {
      expect(isAllowedHost(host, [])).toBe(false);
    },
  );
  it('allows a host that the operator listed', () => {
    expect(isAllowedHost('soc.example.vn', ['soc.example.vn'])).toBe(true);
    expect(isAllowedHost('x.soc.example.vn', ['soc.example.vn'])).toBe(false);
  });
  it('takes the page of this very host and port, or no browser at all', () => {
    expect(isOwnOrigin('http://127.0.0.1:8080', '127.0.0.1:8080')).toBe(true);
    expect(isOwnOrigin(undefined, '127.0.0.1:8080')).toBe(true);
  });
  it.each(['null', 'http://127.0.0.1:8081', 'http://localhost:8080', 'http://evil.example', ''])(
    'refuses origin %s',
    (origin) => {
      expect(isOwnOrigin(origin, '127.0.0.1:8080')).toBe(false);
    },
  );
});
